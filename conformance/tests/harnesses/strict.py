"""A correct vault that writes down every call and dies of a call that its statement does not offer: `strict.py LOG`.

The vault is `my_vault.py`, which knows nothing of the kit. Here it offers the four methods that every harness has, and
its process ends at once, without an answer, when any other method is called, or when `describe` is not the first call.
"""

import importlib
import json
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "programs"))

my_vault = importlib.import_module("my_vault")
OFFERED = ("describe", "reset", "putRules", "decide", "shutdown")


def main() -> None:
    vault = my_vault.MyVault(my_vault.TODAY)
    is_first = True
    with Path(sys.argv[1]).open("a", encoding="utf-8") as log:
        for line in sys.stdin.buffer:
            method = json.loads(line)["method"]
            log.write(f"{method}\n")
            log.flush()
            if method not in OFFERED or (is_first and method != "describe"):
                os._exit(9)
            is_first = False
            answer = my_vault.answer(vault, line)
            if method == "describe":
                answer["result"]["features"] = []
            sys.stdout.write(json.dumps(answer) + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
