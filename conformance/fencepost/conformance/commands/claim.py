"""Keeps two runs out of one folder: the second is refused, with the process id of the first."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from fencepost.conformance.commands.usage import usage

FILE_NAME = ".fencepost-run"
"""The file in a folder that is in use. It holds the process id, and is locked until its process ends."""


@contextmanager
def claimed(**folders: Path | None) -> Iterator[None]:
    """Claim the folders, by the options that name them; bad usage if another run uses one or it cannot be written."""
    with ExitStack() as stack:
        by_place = {os.path.realpath(path): (option, path) for option, path in folders.items() if path is not None}
        for option, path in by_place.values():
            stack.enter_context(_claim(f"--{option}", path))
        yield


@contextmanager
def _claim(option: str, folder: Path) -> Iterator[None]:
    path = folder.absolute() / FILE_NAME  # whatever becomes the working directory
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o644)
    except OSError as error:
        raise usage(f"{option}: nothing can be written into {folder}: {error.strerror or error}") from None
    try:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            first = os.read(file, 20).decode("ascii", "replace").strip()
            text = f"another run uses {folder}: the process {first or 'is not known'}"
            raise usage(f"{option}: {text}. Wait until it ends, or name another folder.") from None
        os.ftruncate(file, 0)
        os.write(file, f"{os.getpid()}\n".encode("ascii"))
        try:
            yield
        finally:
            path.unlink(missing_ok=True)
    finally:
        os.close(file)
