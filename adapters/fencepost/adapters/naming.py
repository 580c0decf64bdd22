"""From `PACKAGE.MODULE:NAME`, or the name of a registered adapter, to a factory of an implementation."""

import difflib
import importlib
import inspect
import sys
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from fencepost.adapters.contract.faults import SubjectError
from fencepost.adapters.contract.subjects import ADAPTERS, adapters

_CONNECTING = "timeouts"
_FORM = "Write library:PACKAGE.MODULE:NAME; NAME is an object, a class or a factory without arguments."


def factory_of(address: str) -> Callable[[], object]:
    """A factory of the named object; it raises `SubjectError` if the name does not exist.

    `fencepost.adapters:NAME[:ARGS]` is the adapter registered by that name, made with ARGS.
    """
    module, _, name = address.partition(":")
    if module == ADAPTERS and name:
        registered, _, args = name.partition(":")
        return adapter_factory(registered, args)
    subject = f"library:{address}"
    if not all(part.isidentifier() for part in [*module.split("."), *name.split(".")]):
        raise SubjectError(subject=subject, reason="not the name of a Python object", try_instead=_FORM)
    return partial(_object, subject, module, name)


def adapter_factory(name: str, args: str, **given: object) -> Callable[[], object]:
    """A factory of the object that this adapter makes from `args`, and from those of `given` that it takes."""
    return partial(_adapter, name, args, given)


def makes_connections(name: str) -> bool:
    """Whether the adapter of this name makes connections, not Python objects."""
    point = adapters().get(name)
    return point is not None and _CONNECTING in inspect.signature(point.load()).parameters


def _adapter(name: str, args: str, given: Mapping[str, object]) -> object:
    known = adapters()
    if name not in known:
        raise SubjectError(
            subject=name, reason="no adapter is registered by this name", try_instead=_near(name, list(known))
        )
    factory: Callable[..., object] = known[name].load()
    takes = inspect.signature(factory).parameters
    return factory(args, **{word: value for word, value in given.items() if word in takes})


def _object(subject: str, module: str, name: str) -> object:
    found = _imported(subject, module)
    for part in name.split("."):
        if not hasattr(found, part):
            names = [candidate for candidate in dir(found) if not candidate.startswith("_")]
            owner = getattr(found, "__name__", type(found).__name__)
            raise SubjectError(
                subject=subject, reason=f"{owner} has no {part!r}", try_instead=_near(part, names) or _FORM
            )
        found = getattr(found, part)
    if isinstance(found, type) or (callable(found) and not hasattr(found, "describe")):
        return found()
    return found


def _imported(subject: str, module: str) -> object:
    # As with `python -m`, and permanently: an implementation may import its neighbours at any time.
    here = str(Path.cwd())
    if here not in sys.path and "" not in sys.path:
        sys.path.insert(0, here)
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{module}.".startswith(f"{error.name}."):
            raise  # The module exists; something that it imports does not.
        meant = subject.replace(module, module.removesuffix(".py"), 1)
        raise SubjectError(
            subject=subject,
            reason=f"there is no module {error.name!r}",
            try_instead=f"Did you mean {meant!r}?"
            if meant != subject
            else "Is it installed here, or beneath the current directory?",
        ) from None


def _near(name: str, known: list[str]) -> str:
    near = difflib.get_close_matches(name, known, n=3, cutoff=0.5)
    return f"Did you mean {' or '.join(repr(word) for word in near)}?" if near else ""
