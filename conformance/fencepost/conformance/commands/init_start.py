"""The files of a start: templates of one kind, their blanks filled in, written where nothing is yet."""

import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

_SUFFIX = ".txt"
_COMMON = "common"


@dataclass(kw_only=True, eq=False)
class InTheWay(FileExistsError):
    """Files that a start would have to write over."""

    paths: tuple[str, ...]

    def __str__(self) -> str:
        return f"these files are there already: {', '.join(self.paths)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """A kind of start: its subject string as seen from its folder, and what fills the blanks of its templates."""

    kind: str
    subject: str
    blanks: Mapping[str, str]
    without: tuple[str, ...] = ()

    def write(self, into: Path) -> tuple[str, ...]:
        """Write all files and name them; `InTheWay` before anything is written where one is there already."""
        texts = dict(self._texts())
        there = tuple(name for name in texts if (into / name).exists())
        if there:
            raise InTheWay(paths=there)
        for name, text in texts.items():
            path = into / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return tuple(texts)

    def _texts(self) -> Iterator[tuple[str, str]]:
        blanks = {**self.blanks, "subject": self.subject, "quoted": shlex.quote(self.subject)}
        root = files("fencepost.conformance.commands").joinpath("init_templates")
        for folder in (self.kind, _COMMON):
            for name, template in _below(root.joinpath(folder), ""):
                if name not in self.without:
                    yield name, _filled(template.read_text(encoding="utf-8"), blanks)


def _below(folder: Traversable, path: str) -> Iterator[tuple[str, Traversable]]:
    for entry in sorted(folder.iterdir(), key=lambda one: one.name):
        name = f"{path}{entry.name}"
        if entry.is_dir():
            yield from _below(entry, f"{name}/")
        elif name.endswith(_SUFFIX):
            yield name.removesuffix(_SUFFIX), entry


def _filled(text: str, blanks: Mapping[str, str]) -> str:
    for name, value in blanks.items():
        text = text.replace(f"<<{name}>>", value)
    return text
