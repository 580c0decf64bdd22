"""The bundle: five or six files in a plain zip or a folder. Reading writes nothing and trusts no size or checksum."""

import os
import stat
import struct
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

CERTIFICATE, PAGE, REPORT = "certificate.json", "certificate.md", "report.json"
TRANSCRIPT, ENVELOPE = "transcript.ndjson.gz", "statement.dsse.json"
SIGNED = (CERTIFICATE, PAGE, REPORT, TRANSCRIPT)
"""The members whose digests the statement gives."""

MEMBERS = (*SIGNED, ENVELOPE)
"""The members of every bundle, in the order in which the zip has them."""

PLAN = "campaign.json"
"""The member that the bundle of a campaign has beside them, before the envelope: what was asked in which shard."""

NAMES = (*SIGNED, PLAN, ENVELOPE)
"""The names that members can have, and no others."""

LARGEST = 64 * 1024 * 1024
"""The largest size of a bundle, and the largest stated size of a member, in bytes."""

LARGEST_ENVELOPE = 1024 * 1024
"""The largest size of the envelope, in bytes: nothing else is read before its signature is found valid."""

_LARGEST_DIRECTORY = 64 * 1024
_END_OF_DIRECTORY = struct.Struct("<4s4H2LH")

_EPOCH = (1980, 1, 1, 0, 0, 0)
_LOCAL_HEADER = struct.Struct("<4s5H3L2H")


@dataclass(kw_only=True, eq=False)
class NotABundle(ValueError):
    """The path holds no bundle, or no safe one; `place` is the name of the member at fault, if any."""

    path: Path
    place: str
    reason: str

    def __str__(self) -> str:
        return f"{self.path}: {f'{self.place}: ' if self.place else ''}{self.reason}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """The members of a bundle, and the byte at which its zip differs from a zip of these members (None if equal)."""

    members: Mapping[str, bytes]
    altered_at: int | None = None

    @property
    def signed(self) -> Mapping[str, bytes]:
        """The members whose digests the statement gives."""
        return {name: content for name, content in self.members.items() if name != ENVELOPE}


def packed(members: Mapping[str, bytes]) -> bytes:
    """The zip of these members, uncompressed; equal members give equal bytes."""
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name in filter(members.__contains__, NAMES):
            entry = zipfile.ZipInfo(name, date_time=_EPOCH)
            entry.create_system, entry.external_attr = 3, (stat.S_IFREG | 0o644) << 16
            archive.writestr(entry, members[name])
    return buffer.getvalue()


def write_bundle(members: Mapping[str, bytes], path: Path) -> None:
    """Write the whole zip or nothing; `FileExistsError` if the path exists."""
    if path.exists() or path.is_symlink():
        raise FileExistsError(f"{path} is there already")
    partial = path.with_name(f".{path.name}.partial")
    try:
        partial.write_bytes(packed(members))
        os.link(partial, path)
    finally:
        partial.unlink(missing_ok=True)


def read_envelope(path: Path) -> bytes:
    """The envelope of a zip or a folder, and no other member; raises as `read_bundle` does."""
    if path.is_dir():
        envelope = path / ENVELOPE
        if not envelope.exists():
            raise NotABundle(path=path, place=ENVELOPE, reason="missing")
        if not stat.S_ISREG(envelope.lstat().st_mode):
            raise NotABundle(path=path, place=ENVELOPE, reason="a link or something else that is no file")
        _check_size(path, ENVELOPE, envelope.stat().st_size, LARGEST_ENVELOPE)
        return envelope.read_bytes()
    _check_file(path)
    with path.open("rb") as file:
        entry = next(one for one in _entries(path, file) if one.filename == ENVELOPE)
        _check_size(path, ENVELOPE, max(entry.file_size, entry.compress_size), LARGEST_ENVELOPE)
        file.seek(max(0, entry.header_offset))
        return _content(path, file.read(_LOCAL_HEADER.size + entry.file_size + len(ENVELOPE)), entry, 0)


def read_bundle(path: Path) -> Bundle:
    """The members of a zip or a folder; `NotABundle` for anything else, `OSError` if it cannot be read."""
    if path.is_dir():
        return _from_folder(path)
    _check_file(path)
    data = path.read_bytes()
    members = {entry.filename: _content(path, data, entry) for entry in _entries(path, BytesIO(data))}
    again = packed(members)
    same = next((place for place, (one, other) in enumerate(zip(data, again, strict=False)) if one != other), None)
    if same is None and len(data) != len(again):
        same = min(len(data), len(again))
    return Bundle(members=members, altered_at=same)


def _check_file(path: Path) -> None:
    status = path.stat()
    if not stat.S_ISREG(status.st_mode):
        raise NotABundle(path=path, place="", reason="neither a file nor a folder")
    if status.st_size == 0:  # A file below /proc states no size, and may not end.
        raise NotABundle(path=path, place="", reason="empty, or a file that states no size")
    _check_size(path, "", status.st_size)


def _check_size(path: Path, place: str, size: int, most: int | None = None) -> None:
    most = LARGEST if most is None else most
    if size > most:
        raise NotABundle(path=path, place=place, reason=f"{size:,} bytes; no bundle has more than {most:,}")


def _from_folder(folder: Path) -> Bundle:
    names = sorted(entry.name for entry in folder.iterdir())
    _check_names(folder, names)
    members, total = {}, 0
    for name in filter(names.__contains__, NAMES):
        status = (folder / name).lstat()
        if not stat.S_ISREG(status.st_mode):
            raise NotABundle(path=folder, place=name, reason="a link or something else that is no file")
        total += status.st_size
        _check_size(folder, name, total)
        members[name] = (folder / name).read_bytes()
    return Bundle(members=members)


def _check_names(path: Path, names: list[str]) -> None:
    for name in names:
        if "/" in name or "\\" in name or name in (".", ".."):
            raise NotABundle(path=path, place=repr(name), reason="a member's name that leads elsewhere")
        if name not in NAMES:
            raise NotABundle(path=path, place=repr(name), reason=f"no member of a bundle; they are {', '.join(NAMES)}")
        if names.count(name) > 1:
            raise NotABundle(path=path, place=name, reason="there more than once")
    for name in MEMBERS:
        if name not in names:
            raise NotABundle(path=path, place=name, reason="missing")


def _entries(path: Path, file: BinaryIO) -> list[zipfile.ZipInfo]:
    """The entries of a zip, whose names and kinds are those of a bundle; the members themselves are not read."""
    _check_directory(path, file)
    try:
        with zipfile.ZipFile(file) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, NotImplementedError, ValueError, struct.error, OverflowError) as error:
        raise NotABundle(
            path=path, place=_last_begun(file), reason=f"no zip, or one that is cut short: {error}"
        ) from None
    _check_names(path, [entry.filename for entry in entries])
    for entry in entries:
        kind = stat.S_IFMT(entry.external_attr >> 16)
        if entry.is_dir() or kind not in (0, stat.S_IFREG):
            raise NotABundle(path=path, place=entry.filename, reason="a link or something else that is no file")
        if entry.compress_type != zipfile.ZIP_STORED or entry.flag_bits & 1:
            raise NotABundle(
                path=path, place=entry.filename, reason="compressed or encrypted; members are stored as is"
            )
    return entries


def _check_directory(path: Path, file: BinaryIO) -> None:
    """Refuse a zip whose directory is too large to be read into memory."""
    end = file.seek(0, os.SEEK_END)
    file.seek(max(0, end - 0xFFFF - _END_OF_DIRECTORY.size))
    tail = file.read()
    place = tail.rfind(b"PK\x05\x06")
    record = tail[place : place + _END_OF_DIRECTORY.size]
    if place >= 0 and len(record) == _END_OF_DIRECTORY.size:
        size = _END_OF_DIRECTORY.unpack(record)[5]
        if size > _LARGEST_DIRECTORY:
            raise NotABundle(
                path=path, place="", reason=f"its directory has {size:,} bytes; a bundle has six members at most"
            )
    file.seek(0)


def _last_begun(file: BinaryIO) -> str:
    """The last member with a header, which is where a zip without a directory was cut; empty if there is none."""
    file.seek(0)
    data = file.read(LARGEST)
    for name in reversed(NAMES):
        header = data.rfind(name.encode("ascii")) - _LOCAL_HEADER.size
        if header >= 0 and data[header : header + 4] == b"PK\x03\x04":
            return name
    return ""


def _content(path: Path, data: bytes, entry: zipfile.ZipInfo, offset: int | None = None) -> bytes:
    """The bytes of a member, without comparing its checksum: digests are compared later.

    `offset` is where in `data` the member's header begins, if not where the directory says.
    """
    begin = entry.header_offset if offset is None else offset
    start = begin + _LOCAL_HEADER.size
    header = data[begin:start]
    if entry.header_offset < 0 or len(header) < _LOCAL_HEADER.size or header[:4] != b"PK\x03\x04":
        raise NotABundle(path=path, place=entry.filename, reason="the zip's directory leads to something else")
    *_, name_length, extra_length = _LOCAL_HEADER.unpack(header)
    start += name_length + extra_length
    _check_size(path, entry.filename, max(entry.file_size, entry.compress_size))
    if entry.compress_size != entry.file_size or start + entry.file_size > len(data):
        raise NotABundle(path=path, place=entry.filename, reason="cut short")
    return data[start : start + entry.file_size]
