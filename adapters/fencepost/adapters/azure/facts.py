"""The recorded facts of Azure's wire as values: api-versions, open points and normal forms, each with its source."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from types import MappingProxyType


@dataclass(frozen=True, slots=True, kw_only=True)
class NormalForm:
    """One thing that the service does to what it was written before it is read back."""

    id: str
    text: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """The api-versions by family, serve's choices for what is not known by name, and the normal forms.

    `unauthorized_without_code` are the data plane's api-versions that word a 401 without its code.
    """

    api_versions: Mapping[str, frozenset[str]]
    unauthorized_without_code: frozenset[str]
    open_points: Mapping[str, str]
    normal_forms: tuple[NormalForm, ...]


def _load() -> Facts:
    data = tomllib.loads(files("fencepost.adapters.azure").joinpath("facts.toml").read_text("utf-8"))
    return Facts(
        api_versions=MappingProxyType({family: frozenset(known) for family, known in data["api-versions"].items()}),
        unauthorized_without_code=frozenset(data["words"]["unauthorized-without-code"]),
        open_points=MappingProxyType(data["open-points"]),
        normal_forms=tuple(NormalForm(**form) for form in data["normal-forms"]),
    )


FACTS = _load()
"""What is in `facts.toml`."""
