"""The adapter file of the carrier `rest:` that tests change, and what opens it on a small service."""

from collections.abc import Callable, Iterator
from pathlib import Path

from fencepost.adapters.contract import (
    Connection,
    Timeouts,
    open_subject,
)
from small_service import SmallService

HEADER = 'source = { header = "X-Forwarded-For", hop = "only" }'
FILE = f"""
[subject]
name = "service"
version = "1.0"
profile = "keyvault"
features = ["ip-rules-only", "data-plane-only", "decisions-only"]
[service]
base = "http://127.0.0.1:PORT"
concurrency = 4
[rules]
form = "json-list"
[rules.put]
path = "/rules"
body = "${{rules}}"
accepted = {{ status = 200 }}
refused = {{ status = 400 }}
[default-action]
is = "emulated"
[decide]
path = "/secret"
{HEADER}
allow = {{ status = 200 }}
deny = {{ status = 403 }}
"""
SEEN = 'deny = { status = 403 }\nseen = { header = "X-Seen" }'
Opening = Callable[..., Connection]


def services() -> Iterator[SmallService]:
    """A small service that runs."""
    made = SmallService()
    yield made
    made.end()


def openings(tmp_path: Path, service: SmallService) -> Iterator[Opening]:
    """A function that writes the file with some texts replaced, and opens it on the service."""
    opened = []

    def opened_with(*changes: tuple[str, str], port: int | None = None, call: float = 10.0) -> Connection:
        text = FILE
        for before, after in changes:
            assert before in text
            text = text.replace(before, after)
        path = tmp_path / "fencepost.toml"
        path.write_text(text.replace("PORT", str(port or service.port)), encoding="utf-8")
        opened.append(open_subject(f"rest:{path}", timeouts=Timeouts(start=20.0, call=call)))
        return opened[-1]

    yield opened_with
    for connection in opened:
        connection.close()
