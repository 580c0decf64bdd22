"""Reads and writes files by their path: no more bytes than so many, and no waiting for a pipe that nobody uses."""

import errno
import os
import select
import tempfile
from pathlib import Path
from stat import S_ISFIFO
from typing import BinaryIO

LARGEST = 64 * 1024 * 1024
"""The largest size of a file that a command reads as a whole, in bytes."""

LONGEST_WAIT = 60.0
"""So many seconds may pass before anything comes through a pipe that somebody has opened."""

_PART = 1 << 20


def bytes_of(path: Path, *, most: int = LARGEST) -> bytes:
    """The bytes of the file, at most one more than `most`; `OSError` if it cannot be read.

    A pipe, as a shell makes it for `<(COMMAND)`, is read to its end. It is an error if nobody writes to it.
    """
    with open(path, "rb", buffering=0, opener=_at_once) as file:
        parts, left = list[bytes](), most + 1
        while left > 0 and (part := file.read(min(left, _PART))) != b"":
            if part is None:
                _wait(file, path)
                continue
            parts.append(part)
            left -= len(part)
        if not parts and S_ISFIFO(os.fstat(file.fileno()).st_mode):
            raise OSError(errno.ENXIO, "a pipe to which nobody writes", str(path))
        return b"".join(parts)


def opened_to_write(path: Path) -> BinaryIO:
    """The file, emptied, to be written; `OSError` if it cannot be written, or is a pipe that nobody reads."""
    try:
        file = open(path, "wb", opener=_at_once)  # noqa: SIM115 - the caller closes it
    except OSError as error:
        if error.errno != errno.ENXIO:
            raise
        raise OSError(error.errno, "a pipe that nobody reads", str(path)) from None
    os.set_blocking(file.fileno(), True)
    return file


def write_text(path: Path, text: str) -> None:
    """Make this the content of the file, in UTF-8 and with its last line ended; raises as `opened_to_write` does."""
    with opened_to_write(path) as file:
        file.write((text if text.endswith("\n") else f"{text}\n").encode())


def write_atomically(path: Path, data: bytes) -> None:
    """Write the file whole, or leave what was there: `OSError` where it cannot be written."""
    path.parent.mkdir(parents=True, exist_ok=True)
    number, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
    try:
        with os.fdopen(number, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _at_once(name: str, flags: int) -> int:
    return os.open(name, flags | os.O_NONBLOCK, 0o666)


def _wait(file: BinaryIO, path: Path) -> None:
    """Wait until the file has bytes or has ended; `TimeoutError` if neither happens."""
    poll = select.poll()
    poll.register(file, select.POLLIN)
    if not poll.poll(LONGEST_WAIT * 1000):
        raise TimeoutError(errno.ETIMEDOUT, f"nothing came for {LONGEST_WAIT:.0f} seconds", str(path))
