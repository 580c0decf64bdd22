"""What a renderer is, and how renderers are found: by the entry-point group `fencepost.reports`."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Protocol, cast

from fencepost.reports.model import Report
from fencepost.reports.page import Page
from fencepost.reports.secrets import without_secrets

REPORTS = "fencepost.reports"


class Renderer(Protocol):
    """An object that an entry point of the group `fencepost.reports` names: it turns a report into text."""

    @property
    def file_name(self) -> str | None:
        """The file name under `--report DIR`; None for a renderer that is only shown."""
        ...

    def __call__(self, report: Report, *, page: Page) -> str:
        """The report as text, which is written in UTF-8. A renderer of files need not look at the page."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class FileRenderer:
    """A renderer that writes a file, the same for every page; secrets in the report are masked."""

    file_name: str
    write: Callable[[Report], str]

    def __call__(self, report: Report, *, page: Page) -> str:  # noqa: ARG002 - a file has no width
        """The text of the file."""
        return self.write(without_secrets(report))


@dataclass(frozen=True, slots=True, kw_only=True)
class TimedRenderer:
    """A renderer that writes a file with what the page knows of the run: its time, its source. Secrets are masked."""

    file_name: str
    write: Callable[[Report, Page], str]

    def __call__(self, report: Report, *, page: Page) -> str:
        """The text of the file."""
        return self.write(without_secrets(report), page)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScreenRenderer:
    """A renderer that is shown and not written; secrets in the report are masked."""

    draw: Callable[[Report, Page], str]
    file_name: None = None

    def __call__(self, report: Report, *, page: Page) -> str:
        """The text for the page."""
        return self.draw(without_secrets(report), page)


def renderers() -> dict[str, EntryPoint]:
    """The installed renderers by name, shipped and third-party."""
    return {point.name: point for point in sorted(entry_points(group=REPORTS), key=lambda point: point.name)}


def load_renderer(name: str) -> Renderer:
    """The renderer of that name; `KeyError` if none is installed."""
    return cast("Renderer", renderers()[name].load())


OnFailure = Callable[[str, Exception], None]
"""Called with the name and the exception of a renderer that fails."""


def write_files(
    report: Report, folder: Path, *, on_failure: OnFailure | None = None, page: Page | None = None
) -> tuple[Path, ...]:
    """Write the file of each installed renderer that has one; the folder is made if it does not exist.

    The page has the time of the run, where it is known. Each renderer, a third party's too, gets the report with its
    secrets masked. Nothing is written outside the folder: an existing link or pipe is replaced and not followed. A
    third party's renderer that fails is passed to `on_failure`, and the others still run; without `on_failure` its
    exception is raised. `OSError` if a file cannot be written.
    """
    report = without_secrets(report)
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name in renderers():
        try:
            renderer = load_renderer(name)
            _check_name(renderer.file_name)
            text = renderer(report, page=page or Page()) if renderer.file_name is not None else ""
        except Exception as error:
            if on_failure is None:
                raise
            on_failure(name, error)
            continue
        if renderer.file_name is not None:
            written.append(_write(folder, renderer.file_name, text))
    return tuple(written)


def _check_name(name: str | None) -> None:
    if name is not None and (Path(name).name != name or "\\" in name):
        raise ValueError(f"its file {name!r} would not be in the folder itself")


def _write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    if path.is_symlink() or path.is_fifo():
        path.unlink()
    path.write_text(text, encoding="utf-8", newline="\n")
    return path
