"""Rule sets as Cedar policies: a translation of text into text, in which nothing is decided.

The vault is asked through a plane, the resource `Plane::"data"` or `Plane::"control"`. The firewall is a set of permits
on the data plane, one for each criterion that the rule set has; the token and the permission are a forbid over
everything. The context carries the caller's address, its subnet, `authenticated`, `authorized` and `trusted`.
"""

from collections.abc import Iterator, Sequence
from typing import Protocol, TypeAlias

from fencepost.adapters.contract.protocol import JsonObject
from fencepost.adapters.contract.vocabulary import SERVICE_ENDPOINT

TRUSTED_SERVICES: tuple[str, ...] = (
    "Azure Virtual Machines deployment service",
    "Azure Resource Manager (ARM) template deployment service",
    "Azure Disk Encryption volume encryption service",
    "Azure Backup",
    "Exchange Online & SharePoint Online",
    "Azure Information Protection",
)
"""The trusted services of the 2018 announcement, exactly as the contract spells them."""

IP_RULES_A_POLICY = 32
"""IP rules in one policy: the engine's cost grows with the policies, its parser's with the depth of an expression."""

Policies: TypeAlias = str
"""Cedar policies in the engine's own syntax."""


class Trust(Protocol):
    """The permits that let trusted services in under the bypass."""

    def __call__(self) -> Iterator[Policies]:
        """The permits, each with an `@id`."""
        ...


def by_attribute() -> Iterator[Policies]:
    """One permit: the request's attribute says that its caller is trusted."""
    yield _permit("bypass", "context has trusted && context.trusted")


def by_name() -> Iterator[Policies]:
    """A permit for each trusted service of the 2018 announcement, by its name."""
    for name in TRUSTED_SERVICES:
        yield _permit(f"bypass: {name}", f"principal == Service::{quoted(name)}")


def policies(network_acls: JsonObject, trust: Trust) -> Policies:
    """The policies of a rule set; `ValueError` if a member cannot be translated.

    An absent member has the default of a new vault: bypass AzureServices, default action Allow, no rules. Whether a
    value is an address or a range is left to the engine, which parses it when it first evaluates it.

    >>> print(policies({"bypass": "None", "defaultAction": "Deny", "ipRules": [{"value": "1.2.3.0/24"}]}, by_attribute))
    @id("control plane")
    permit(principal, action, resource == Plane::"control");
    @id("credentials")
    forbid(principal, action, resource) unless { context.authenticated && context.authorized };
    @id("ipRules[0]")
    permit(principal, action, resource == Plane::"data") when { context.address.isInRange(ip("1.2.3.0/24")) };
    """
    return "\n".join(_all(network_acls, trust))


def subnet_id(value: object) -> str:
    """A subnet id for the engine: in lower case, since ids are compared without regard to case (DEC-8)."""
    return _text("a subnet id", value).lower()


def quoted(text: str) -> str:
    r"""A Cedar string literal.

    >>> print(quoted('a "b"'))
    "a \u{22}b\u{22}"
    """
    plain = (char if char.isprintable() and char not in '"\\' else f"\\u{{{ord(char):x}}}" for char in text)
    return f'"{"".join(plain)}"'


def _all(network_acls: JsonObject, trust: Trust) -> Iterator[Policies]:
    yield '@id("control plane")\npermit(principal, action, resource == Plane::"control");'
    yield (
        '@id("credentials")\n'
        "forbid(principal, action, resource) unless { context.authenticated && context.authorized };"
    )
    if _switch(network_acls, "defaultAction", "Allow", "Deny") == "Allow":
        yield '@id("defaultAction")\npermit(principal, action, resource == Plane::"data");'
    if _switch(network_acls, "bypass", "AzureServices", "None") == "AzureServices":
        yield from trust()
    yield from _ip_rules([_text("an IP rule", entry["value"]) for entry in _entries(network_acls, "ipRules")])
    yield from _subnets([subnet_id(entry["id"]) for entry in _entries(network_acls, "virtualNetworkRules")])


def _ip_rules(values: Sequence[str]) -> Iterator[Policies]:
    for first in range(0, len(values), IP_RULES_A_POLICY):
        some = values[first : first + IP_RULES_A_POLICY]
        numbers = f"{first}" if len(some) == 1 else f"{first}..{first + len(some) - 1}"
        ranges = " || ".join(f"context.address.isInRange(ip({quoted(value)}))" for value in some)
        yield _permit(f"ipRules[{numbers}]", ranges)


def _subnets(ids: Sequence[str]) -> Iterator[Policies]:
    if ids:
        listed = ", ".join(f"Subnet::{quoted(text)}" for text in ids)
        through = f"context.subnet in ServiceEndpoint::{quoted(SERVICE_ENDPOINT)}"
        yield _permit("virtualNetworkRules", f"context has subnet && {through} && [{listed}].contains(context.subnet)")


def _permit(name: str, condition: str) -> Policies:
    return f'@id({quoted(name)})\npermit(principal, action, resource == Plane::"data") when {{ {condition} }};'


def _switch(network_acls: JsonObject, member: str, default: str, other: str) -> str:
    value = network_acls.get(member, default)
    if value not in (default, other):
        raise ValueError(f"$.{member}: expected {default!r} or {other!r}, got {value!r}")
    return default if value == default else other


def _entries(network_acls: JsonObject, member: str) -> Sequence[JsonObject]:
    value = network_acls.get(member, ())
    if not isinstance(value, (list, tuple)):
        raise ValueError(f"$.{member}: expected a list, got {value!r}")
    return value


def _text(what: str, value: object) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{what}: expected text, got {value!r}")
    return value
