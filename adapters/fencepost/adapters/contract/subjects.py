"""Subject strings: from `stdio:…`, `http://…`, `library:…` or `NAME[:ARGS]` to a connection."""

import difflib
from collections.abc import Callable
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import cast

from fencepost.adapters.contract.faults import SubjectError
from fencepost.adapters.contract.protocol import AdapterCarrier, Carrier, Connection, FactoryCarrier, Timeouts

CARRIERS = "fencepost.carriers"
ADAPTERS = "fencepost.adapters"
ENGINES = "fencepost.engines"


def carriers() -> dict[str, EntryPoint]:
    """The installed carriers by the word before the colon."""
    return {point.name: point for point in entry_points(group=CARRIERS)}


def adapters() -> dict[str, EntryPoint]:
    """The installed adapters by name, shipped and third-party."""
    return {point.name: point for point in entry_points(group=ADAPTERS)}


def engines() -> dict[str, Path]:
    """The adapter files that are subjects by name: `NAME.CARRIER.toml` beside a registered package's `__init__.py`."""
    packages = (point.load() for point in entry_points(group=ENGINES))
    files = (path for package in packages for path in sorted(Path(package.__file__).parent.glob("*.*.toml")))
    return {path.name.partition(".")[0]: path for path in files}


def open_subject(subject: str, *, timeouts: Timeouts | None = None, profile: str | None = None) -> Connection:
    """A connection to the subject; `SubjectError` with the near misses where the string names nothing.

    A registered adapter that has a parameter `profile` is opened as that profile. No other subject learns of it.
    """
    timeouts = timeouts or Timeouts()
    name, _, rest = subject.partition(":")
    carrier = carriers().get(name)
    if carrier is not None:
        address = subject if name in ("http", "https") else rest
        return cast("Carrier", carrier.load())(address, timeouts=timeouts)
    if name in adapters():
        library = import_module(carriers()["library"].module)  # a registered adapter makes a Python object
        return cast("AdapterCarrier", library.connect_adapter)(name, rest, profile=profile, timeouts=timeouts)
    file = engines().get(name)
    if file is not None:
        if name != subject:
            raise SubjectError(subject=subject, reason=f"{name} takes nothing after its name")
        of_file = carriers()[Path(file.stem).suffix.removeprefix(".")]
        return cast("Carrier", of_file.load())(str(file), timeouts=timeouts)
    raise _names_nothing(subject)


def check_form(subject: str) -> None:
    """`SubjectError` where the string begins with no carrier, adapter or engine; nothing is opened."""
    if subject.partition(":")[0] not in {*carriers(), *adapters(), *engines()}:
        raise _names_nothing(subject)


def _names_nothing(subject: str) -> SubjectError:
    """Why a string names nothing that can be opened, with the near misses."""
    name = subject.partition(":")[0]
    is_folder, is_file = _is_there(subject)
    if is_folder:
        meant = "Name the program or the file in it: stdio:PROGRAM, cli:FILE.toml, rest:FILE.toml."
        return SubjectError(subject=subject, reason="this is a folder", try_instead=meant)
    is_path = any(sign in name for sign in "/\\") or Path(name).suffix in (".py", ".js", ".sh") or is_file
    if is_path and name == subject:
        return SubjectError(
            subject=subject, reason="a path alone does not say how to ask it", try_instead=_meant_by(subject)
        )
    known = sorted({*(f"{word}:" for word in carriers()), *adapters(), *engines()})
    near = difflib.get_close_matches(name, [word.rstrip(":") for word in known], n=1, cutoff=0.5)
    meant = f"Did you mean {near[0]!r}?" if near else f"Known: {', '.join(known)}."
    return SubjectError(subject=subject, reason=f"no carrier or adapter is called {name!r}", try_instead=meant)


def _meant_by(path: str) -> str:
    """The subjects that may be meant by the path of a file alone."""
    file = Path(path)
    if file.suffix == ".toml":
        return f"Did you mean 'rest:{path}', 'cli:{path}' or 'azure:{path}'?"
    program = path if any(sign in path for sign in "/\\") else f"./{path}"
    in_python = f", or 'library:{file.stem}:NAME', an object in it" if file.suffix == ".py" else ""
    return f"Did you mean 'stdio:{program}', which starts it as a program{in_python}?"


def _is_there(name: str) -> tuple[bool, bool]:
    """Whether a folder, and whether a file, has this name; a name that can be none's has neither."""
    try:
        return bool(name) and Path(name).is_dir(), Path(name).is_file()
    except OSError:  # the name is too long
        return False, False


def open_factory(factory: Callable[[], object], *, timeouts: Timeouts | None = None) -> Connection:
    """A connection to the Python object that the factory makes, by the library carrier and found as that is.

    The factory is asked at the first call, and again after a time-out; one that fails is the answer to that call.
    """
    library = import_module(carriers()["library"].module)
    return cast("FactoryCarrier", library.connect_factory)(factory, timeouts=timeouts or Timeouts())
