"""The parts of other files that follow from the open points and the clauses.

`python -m fencepost.conformance.commands.made_parts` prints the contract's choices. With a page written by hand, it
prints the page with its parts made anew: the table of choices of docs/contract.md, the README's number of clauses.
"""

import json
import re
import sys
from pathlib import Path

from fencepost.conformance.catalogue import catalogue
from fencepost.reference.open_points import OPEN_POINTS, OpenPoint

_TABLE = re.compile(r"(?<=\| key \| values \| what is open \|\n\| --- \| --- \| --- \|\n)(\|.*\n)+")
_NUMBERS = re.compile(r"asks \d+ clauses \(\d+ of an endpoint")


def choices_file() -> str:
    """The file adapters/fencepost/adapters/contract/choices.json."""
    rows = (f"  {json.dumps(point.key)}: {json.dumps(point.answers)}" for point in OPEN_POINTS)
    return "{\n" + ",\n".join(rows) + "\n}\n"


def with_parts(page: str) -> str:
    """The page with a row for each open point and the number of clauses, where it has them."""
    rows = "".join(map(_row, OPEN_POINTS))
    clauses = catalogue().clauses
    elsewhere = sum(clause.group != "wire" for clause in clauses)
    numbers = f"asks {elsewhere} clauses ({len(clauses)} of an endpoint"
    return _NUMBERS.sub(numbers, _TABLE.sub(lambda _: rows, page))


def _row(point: OpenPoint) -> str:
    values = ", ".join(f"`{answer}`" for answer in point.answers)
    values += ", or an object of block to either" if point.key == "reserved-ranges" else ""
    return f"| `{point.key}` | {values} | {point.shown} |\n"


if __name__ == "__main__":
    pages = [Path(name).read_text(encoding="utf-8") for name in sys.argv[1:]]
    sys.stdout.write(with_parts(pages[0]) if pages else choices_file())
