"""What follows from the table of open points outside of the kit's own rooms.

`python -m fencepost.conformance.commands.choices_page` prints the contract's choices; with a file, docs/contract.md, it
prints that page with the table of choices made anew.
"""

import json
import re
import sys
from pathlib import Path

from fencepost.reference.open_points import OPEN_POINTS, OpenPoint

_TABLE = re.compile(r"(?<=\| key \| values \| what is open \|\n\| --- \| --- \| --- \|\n)(\|.*\n)+")


def choices_file() -> str:
    """The file adapters/fencepost/adapters/contract/choices.json."""
    rows = (f"  {json.dumps(point.key)}: {json.dumps(point.answers)}" for point in OPEN_POINTS)
    return "{\n" + ",\n".join(rows) + "\n}\n"


def with_choices(page: str) -> str:
    """The page with a row for each open point; a page without the table's head stays as it is."""
    rows = "".join(map(_row, OPEN_POINTS))
    return _TABLE.sub(lambda _: rows, page)


def _row(point: OpenPoint) -> str:
    values = ", ".join(f"`{answer}`" for answer in point.answers)
    values += ", or an object of block to either" if point.key == "reserved-ranges" else ""
    return f"| `{point.key}` | {values} | {point.shown} |\n"


if __name__ == "__main__":
    pages = [Path(name).read_text(encoding="utf-8") for name in sys.argv[1:]]
    sys.stdout.write(with_choices(pages[0]) if pages else choices_file())
