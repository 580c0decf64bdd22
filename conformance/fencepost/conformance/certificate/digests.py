"""Digests of the suite's own files and of the catalogue of clauses."""

import errno
import hashlib
import os
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

_PARTS = ("fencepost.conformance", "fencepost.reference", "fencepost.adapters.contract", "fencepost.reports")
_KINDS = (".py", ".toml")


def sha256(data: bytes) -> str:
    """The digest in hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def sha256_of_file(path: Path) -> str:
    """The digest of a file of any size; `OSError` if it cannot be read, or is a pipe or a device, which may not end.

    So may a file without a size that is not empty, as those below /proc.
    """
    if not path.is_file():
        raise OSError(errno.EINVAL, os.strerror(errno.EISDIR) if path.is_dir() else "no regular file", str(path))
    with open(path, "rb", buffering=0, opener=_at_once) as file:
        if os.fstat(file.fileno()).st_size == 0 and file.read(1) != b"":
            raise OSError(errno.EINVAL, "a file that states no size, and is not empty", str(path))
        return hashlib.file_digest(file, "sha256").hexdigest()


def _at_once(name: str, flags: int) -> int:
    return os.open(name, flags | os.O_NONBLOCK)


@cache
def suite_digest() -> str:
    """The digest of the suite's files: each file's path in the package and its own digest, in order."""
    listed = sorted(line for part in _PARTS for line in _files(files(part), part))
    return sha256("".join(listed).encode("utf-8"))


def catalogue_digest() -> str:
    """The digest of the catalogue of clauses."""
    return sha256((files("fencepost.conformance") / "catalogue.toml").read_bytes())


def _files(folder: Traversable, place: str) -> list[str]:
    found = []
    for entry in folder.iterdir():
        if entry.is_dir():
            found += _files(entry, f"{place}/{entry.name}") if entry.name != "__pycache__" else []
        elif entry.name.endswith(_KINDS):
            found.append(f"{place}/{entry.name} {sha256(entry.read_bytes())}\n")
    return found
