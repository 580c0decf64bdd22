"""`cli:`, way = "batch": lines are read as they come, in whatever pieces, and each by just one mapping."""

import pytest
from fencepost.adapters.cli.lines import LineReading
from fencepost.adapters.cli.sections import Says
from fencepost.adapters.declared.reading import Broken

LISTS = LineReading(
    where="decide", mappings={"allow": Says(line=r"(?P<key>\S+) .*yes.*"), "deny": Says(line=r"(?P<key>\S+) .*no.*")}
)
SENT = ["1.1.1.1", "2.2.2.2", "3.3.3.3"]
OUTPUT = "3.3.3.3 no\n1.1.1.1 yes \u00e9\n2.2.2.2 no".encode()


@pytest.mark.parametrize("size", [1, 2, 7, 100])
def test_lines_that_come_in_pieces_are_the_same_lines(size: int) -> None:
    batch = LISTS.batch(SENT)
    for start in range(0, len(OUTPUT), size):
        batch.hear(OUTPUT[start : start + size])
    outcomes, firsts = batch.outcomes()
    assert outcomes == ["allow", "deny", "deny"]
    assert firsts == {"allow": ("1.1.1.1", "1.1.1.1 yes \u00e9"), "deny": ("3.3.3.3", "3.3.3.3 no")}


@pytest.mark.parametrize(
    ("output", "says"),
    [
        (b"1.1.1.1 yes no\n2.2.2.2 perhaps\n3.3.3.3 no\n", "what allow and deny fit"),
        (b"1.1.1.1 perhaps\n2.2.2.2 yes no\n3.3.3.3 no\n", "what no mapping fits"),
        (b"1.1.1.1 yes\n2.2.2.2 yes\n4.4.4.4 no\n", "a line about '4.4.4.4'"),
        (b"1.1.1.1 yes\n2.2.2.2 yes\n3.3.3.3 yes\n1.1.1.1 no\n", "two that differ"),
        (b"1.1.1.1 yes\n1.1.1.1 yes\n2.2.2.2 yes\n", "a line about '3.3.3.3', got none"),
    ],
)
def test_lines_that_only_come_out_even_in_number_are_broken(output: bytes, says: str) -> None:
    batch = LISTS.batch(SENT)
    batch.hear(output)
    with pytest.raises(Broken) as broken:
        batch.outcomes()
    assert says in str(broken.value)


def test_the_same_line_twice_is_one_answer() -> None:
    batch = LISTS.batch(SENT[:1])
    batch.hear(b"1.1.1.1 yes\n1.1.1.1 yes\n")
    assert batch.outcomes()[0] == ["allow"]
