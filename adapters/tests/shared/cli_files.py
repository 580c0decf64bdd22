"""Adapter files of the carrier `cli:`, from which tests put files together."""

from collections.abc import Callable, Iterator
from pathlib import Path

from fencepost.adapters.contract import (
    Connection,
    Timeouts,
    open_subject,
)

HEAD = """
[subject]
name = "tool"
version = "1.0"
profile = "keyvault"
features = ["ip-rules-only", "data-plane-only", "decisions-only"]
"""
LISTED = """
[rules]
file = "rules.txt"
[default-action]
is = "emulated"
"""
GREP = 'grep -qxF -e "$2" -e 0.0.0.0/0 "$1" && echo in && exit 0; echo out; exit 1'
ONE = f"""
[decide]
run = ["sh", "-c", '''{GREP}''', "sh", "${{rules_file}}", "${{address}}"]
allow = {{ exit = 0, stdout = '^in$' }}
deny = {{ exit = 1, stdout = '^out$' }}
"""
STAYS = """
[rules]
form = "lines"
line = "${value}"
between = " "
[default-action]
is = "emulated"
[decide]
way = "stays"
run = ["python3", "-u", "-c", '''PROGRAM''']
rules = "rules ${rules}"
accepted = { line = 'ok' }
refused = { line = 'refused.*' }
each = "ask ${address}"
allow = { line = 'yes' }
deny = { line = 'no' }
"""
PROGRAM = """
import sys
rules = []
for line in sys.stdin:
    words = line.split()
    if words[0] == "rules":
        if "9.9.9.9" in words: print("refused: not nine"); continue
        rules = words[1:]; print("ok")
    elif words[1] == "6.6.6.6": print("a last word", file=sys.stderr); sys.exit(7)
    elif words[1] == "5.5.5.5": print("perhaps")
    elif words[1] == "4.4.4.4": import time; time.sleep(60)
    else: print("yes" if words[1] in rules or "0.0.0.0/0" in rules else "no")
"""
Opening = Callable[..., Connection]


def openings(tmp_path: Path) -> Iterator[Opening]:
    """A function that writes a file of these sections and opens it."""
    opened = []

    def opened_by(*sections: str, call: float = 10.0) -> Connection:
        path = tmp_path / "fencepost.toml"
        path.write_text("".join(sections), encoding="utf-8")
        opened.append(open_subject(f"cli:{path}", timeouts=Timeouts(start=20.0, call=call)))
        return opened[-1]

    yield opened_by
    for connection in opened:
        connection.close()
