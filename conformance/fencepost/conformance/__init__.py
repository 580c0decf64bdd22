"""The conformance kit: strategies, clauses, suite, plugin and command. Its public names are loaded when first used."""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fencepost.conformance.vendor import conformance_suite

_HOME = {
    "conformance_suite": "vendor",
}

__all__ = ["conformance_suite"]


def __getattr__(name: str) -> object:
    """The public name, from the module that defines it: pytest loads the plugin in runs that need nothing else."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
