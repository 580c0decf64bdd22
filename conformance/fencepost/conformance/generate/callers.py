"""Callers: with and without token and permission, as one Microsoft service or another, for one operation or another."""

from collections.abc import Sequence
from dataclasses import replace
from random import Random

from fencepost.adapters.contract.vocabulary import CONTROL_OPERATIONS, DATA_OPERATIONS
from fencepost.conformance.capabilities import Capabilities
from fencepost.reference import Caller, Profile

UNKNOWN_SERVICES = ("Azure DevOps", "Contoso Billing")
"""Services that no profile trusts."""

_LATER_SERVICES = ("Azure Event Hubs", "App Service", "Azure App Service")
"""Services that only later lists have, not the announcement's.

Not asked: `Azure SQL`, `Azure Storage` and `Azure Data Lake Store`. The page of general availability, 2018-08-31,
trusts them, so an implementation that follows that page is right.
"""


def trusted_callers(profile: Profile, capabilities: Capabilities) -> list[Caller]:
    """Every trusted service; if requests state who is trusted, also meaningless names and no name."""
    if not capabilities.services:
        return []
    names = sorted(profile.trusted_services)
    if capabilities.by_attribute:
        every = dict.fromkeys(("Azure Backup", "App Services", *UNKNOWN_SERVICES, *names[:4]))
        named = [Caller(service=name, trusted=True) for name in every]
        return [*named, Caller(trusted=True)]  # the attribute alone decides
    return [Caller(service=name) for name in names]


def untrusted_callers(profile: Profile, capabilities: Capabilities) -> list[Caller]:
    """Services that are not trusted: unknown, announced but not yet there, and names similar to a trusted name.

    If requests state who is trusted, also names of trusted services, with that statement and without it.
    """
    if not capabilities.services:
        return []
    if capabilities.by_attribute:
        others = [*UNKNOWN_SERVICES, "Azure Backup", "App Services"]
        unmarked = [Caller(service=name) for name in sorted(profile.trusted_services)[:2]]
        return [*(Caller(service=name, trusted=False) for name in others), Caller(trusted=False), *unmarked]
    named = [service.name for service in profile.services if not service.trusted]
    if profile.trusted_scenarios == "connection":  # only there is each name given exactly
        named += _LATER_SERVICES
        named += [near for name in sorted(profile.trusted_services) for near in near_misses(name)]
    return [Caller(service=name) for name in (*UNKNOWN_SERVICES, *named)]


def near_misses(name: str) -> list[str]:
    """Names similar to a trusted service's: in other case, its beginning, its end, longer, and shorter.

    Not among them: a name without its parenthesis. The page of general availability writes `(ARM)` out of the name.
    """
    words = name.split(" ")
    return [
        name.lower(),
        name.upper(),
        *(" ".join(words[:count]) for count in range(1, len(words))),
        *(" ".join(words[count:]) for count in range(1, len(words))),
        f"{name} Vault",
        name[:-1],
        f"Microsoft {name}",
        f" {name} ",
        *([name.replace("&", "and")] if "&" in name else []),
    ]


def credentials(capabilities: Capabilities) -> list[tuple[bool, bool]]:
    """Every combination of token and permission that the subject judges, the full one first."""
    return [(True, True), (False, True), (True, False), (False, False)] if capabilities.credentials else [(True, True)]


def with_credentials(caller: Caller, pair: tuple[bool, bool]) -> Caller:
    """The caller with this token and this permission."""
    return replace(caller, authenticated=pair[0], authorized=pair[1])


def data_operation(random: Random) -> str:
    """A data-plane operation, every other time the plain one."""
    return "SecretGet" if random.randrange(2) else random.choice(DATA_OPERATIONS)


def control_operation(random: Random) -> str:
    """A control-plane operation."""
    return random.choice(CONTROL_OPERATIONS)


def some(random: Random, callers: Sequence[Caller], count: int) -> list[Caller]:
    """At most `count` of the callers, in random order."""
    return random.sample(list(callers), min(count, len(callers)))
