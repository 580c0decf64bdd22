"""One process of an adapter file: input and outputs that no pipe holds, and processes that do not read their input."""

import time
from pathlib import Path

import pytest
from fencepost.adapters.declared.run import Run, environment

MUCH = b"0123456789\n" * 100_000


@pytest.mark.parametrize(
    ("script", "status", "stdout"),
    [
        ("cat", 0, MUCH),
        ("cat >&2; echo read", 0, b"read\n"),
        ("exit 3", 3, b""),
        ("exec <&-; echo unread", 0, b"unread\n"),
        (f"exec >&- 2>&-; test $(wc -c) = {len(MUCH)}", 0, b""),
    ],
    ids=["both ways", "to stderr", "ends", "closes its input", "closes its outputs"],
)
def test_a_process_has_its_whole_input_or_as_much_as_it_reads(script: str, status: int, stdout: bytes) -> None:
    run = Run(command=("sh", "-c", script), environment=environment({}), own={}, folder=Path("/"), stdin=MUCH)
    output = run.output(time.monotonic() + 20.0)
    assert (output.status, output.stdout) == (status, stdout)
