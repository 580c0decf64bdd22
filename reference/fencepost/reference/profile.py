"""A profile: the numbers, names and open points of one edition of the specification, loaded from TOML."""

import difflib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType

from fencepost.reference.open_points import ANSWERS


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A Microsoft service: its name in requests, its scenario (for information), and whether it is trusted."""

    name: str
    scenario: str
    trusted: bool


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Profile:
    """One edition of the specification; a profile is equal to itself alone.

    `prefix_31`, `prefix_32` and `missing_endpoint` are `accept` or `reject`, `trusted_scenarios` is `connection`; each
    is `open` where the edition leaves it open, and only there does a choice count. `scope` says in a sentence what
    the profile covers and what it leaves out. `choices` holds the answer to each open point, None where none is chosen;
    `reserved-ranges` may hold a mapping of block to answer. `always_denies` is true for an implementation without a
    default action: its vaults deny from their first moment on. `has_all_recordings` is false where little traffic of
    the edition's time was recorded.
    """

    name: str
    title: str
    source: str
    scope: str
    max_ip_rules: int
    max_virtual_network_rules: int
    prefix_31: str
    prefix_32: str
    missing_endpoint: str
    trusted_scenarios: str
    services: tuple[Service, ...]
    choices: Mapping[str, object]
    always_denies: bool = False
    has_all_recordings: bool = True

    @property
    def trusted_services(self) -> frozenset[str]:
        """The names of the services that are trusted."""
        return frozenset(service.name for service in self.services if service.trusted)

    def choice(self, key: str) -> str | None:
        """The answer chosen for an open point, or None; `KeyError` for an unknown key."""
        value = self.choices[key]
        return value if isinstance(value, str) else None

    def reserved_range(self, block: str) -> str | None:
        """The answer chosen for one reserved block (`reject` or `accept`), or None."""
        value = self.choices["reserved-ranges"]
        if isinstance(value, Mapping):
            answer = value.get(block)
            return answer if isinstance(answer, str) else None
        return value if isinstance(value, str) else None

    def with_choices(self, choices: Mapping[str, object]) -> "Profile":
        """The profile with these open points answered; `KeyError` names an unknown one."""
        unknown = sorted(set(choices) - set(self.choices))
        if unknown:
            raise KeyError(f"{self.name} has no open point called {', '.join(unknown)}")
        return replace(self, choices=MappingProxyType({**self.choices, **choices}))

    def always_denying(self) -> "Profile":
        """The profile for an implementation without a default action."""
        return replace(self, always_denies=True)

    def with_trusted_services(self, names: frozenset[str]) -> "Profile":
        """The profile in which exactly these of its services are trusted."""
        return replace(
            self, services=tuple(replace(service, trusted=service.name in names) for service in self.services)
        )


@dataclass(kw_only=True, eq=False)
class UnknownProfile(LookupError):
    """No profile of that name is shipped; `near` holds similar names."""

    name: str
    known: tuple[str, ...]
    near: tuple[str, ...]

    def __str__(self) -> str:
        meant = f"; did you mean {' or '.join(self.near)}?" if self.near else ""
        return f"no profile is called {self.name!r}{meant} (known: {', '.join(self.known)})"


def profile_names() -> tuple[str, ...]:
    """The names of the shipped profiles."""
    folder = files("fencepost.reference") / "profiles"
    return tuple(sorted(Path(entry.name).stem for entry in folder.iterdir() if entry.name.endswith(".toml")))


def load_profile(name: str) -> Profile:
    """A shipped profile by name; `UnknownProfile` with similar names if there is none.

    >>> load_profile("keyvault-2018-preview").max_ip_rules
    127
    """
    names = profile_names()
    if name not in names:
        near = tuple(difflib.get_close_matches(name, names, n=3, cutoff=0.4))
        raise UnknownProfile(name=name, known=names, near=near)
    text = (files("fencepost.reference") / "profiles" / f"{name}.toml").read_text(encoding="utf-8")
    return profile_from_toml(text)


def profile_from_toml(text: str) -> Profile:
    """A profile from its TOML text; `KeyError` or `tomllib.TOMLDecodeError` if the text is not a profile."""
    data = tomllib.loads(text)
    unsettled = Profile(
        name=data["name"],
        title=data["title"],
        source=data["source"],
        scope=data.get("scope", ""),
        max_ip_rules=data["limits"]["ip-rules"],
        max_virtual_network_rules=data["limits"]["virtual-network-rules"],
        prefix_31=data["prefixes"]["31"],
        prefix_32=data["prefixes"]["32"],
        missing_endpoint=data["missing-service-endpoint"],
        trusted_scenarios=data["trusted-scenarios"],
        services=tuple(Service(**service) for service in data["services"]),
        choices=MappingProxyType(dict.fromkeys(ANSWERS)),
        has_all_recordings=data.get("has-all-recordings", True),
    )
    return unsettled.with_choices(data["choices"])
