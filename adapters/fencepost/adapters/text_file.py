"""Reads a file of text that configures an adapter."""

import errno
import os
from pathlib import Path
from stat import S_ISREG

LARGEST = 16 * 1024 * 1024
"""The largest size of such a file, in bytes."""


def text_of(path: Path) -> str:
    """The UTF-8 text of the file; `OSError` if it cannot be read, is too large, or is a pipe or a device."""
    with open(path, "rb", opener=_at_once) as file:
        if not S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError(errno.EINVAL, "no regular file", str(path))
        data = file.read(LARGEST + 1)
    if len(data) > LARGEST:
        raise OSError(errno.EFBIG, f"larger than {LARGEST >> 20} MiB", str(path))
    return data.decode("utf-8")


def _at_once(name: str, flags: int) -> int:
    return os.open(name, flags | os.O_NONBLOCK)  # a pipe is opened although nobody writes to it
