"""A second model of the firewall, written from the announcement and the public documents alone.

It shares no code with the reference and no way of computing: it scans lists, knows blocks by their first and last
address, and tries every answer of an open point. A set with both answers says that the documents leave the point open.
"""

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

EDITIONS = ("keyvault", "keyvault-2018-preview")


def number(text: str) -> int:
    a, b, c, d = text.split(".")
    return ((int(a) * 256 + int(b)) * 256 + int(c)) * 256 + int(d)


def dotted(value: int) -> str:
    return f"{value >> 24}.{value >> 16 & 255}.{value >> 8 & 255}.{value & 255}"


Span = tuple[int, int]
PRIVATE: tuple[Span, ...] = (
    (number("10.0.0.0"), number("10.255.255.255")),
    (number("172.16.0.0"), number("172.31.255.255")),
    (number("192.168.0.0"), number("192.168.255.255")),
)
RESERVED: tuple[Span, ...] = (
    (number("0.0.0.0"), number("0.255.255.255")),
    (number("100.64.0.0"), number("100.127.255.255")),
    (number("127.0.0.0"), number("127.255.255.255")),
    (number("169.254.0.0"), number("169.254.255.255")),
    (number("192.0.2.0"), number("192.0.2.255")),
    (number("198.51.100.0"), number("198.51.100.255")),
    (number("203.0.113.0"), number("203.0.113.255")),
    (number("224.0.0.0"), number("239.255.255.255")),
    (number("240.0.0.0"), number("255.255.255.255")),
)
ALL_RESERVED: tuple[Span, ...] = (*RESERVED[:-2], (number("224.0.0.0"), number("255.255.255.255")))
"""The same space with neighbours as one: 224.0.0.0/3 lies wholly in it, though in neither of its two blocks."""
DISPUTED: tuple[Span, ...] = (
    (number("168.63.129.16"), number("168.63.129.16")),
    (number("192.0.0.0"), number("192.0.0.255")),
    (number("192.31.196.0"), number("192.31.196.255")),
    (number("192.52.193.0"), number("192.52.193.255")),
    (number("192.88.99.0"), number("192.88.99.255")),
    (number("192.175.48.0"), number("192.175.48.255")),
    (number("198.18.0.0"), number("198.19.255.255")),
)
"""Space that one page calls reserved (private-link-diagnostics.md) or a registry does, and no page calls forbidden."""
TRUSTED_IN_2018 = (
    "Azure Virtual Machines deployment service",
    "Azure Resource Manager (ARM) template deployment service",
    "Azure Disk Encryption volume encryption service",
    "Azure Backup",
    "Exchange Online & SharePoint Online",
    "Azure Information Protection",
)
BLOCKED, SERVICE_BLOCKED, NO_TOKEN = (403, "ForbiddenByFirewall"), (403, "AccessDenied"), (401, None)
NO_PERMISSION = frozenset({(403, "AccessDenied"), (403, "ForbiddenByPolicy"), (403, "ForbiddenByRbac")})
NO_IPV4_RULE = (
    "", "public", "20.1.2", "20.1.2.3.4", "256.1.1.1", "20.1.2.3/33", "20.1.2.0/-1", "20.1.2.0/", "20.1.2.0/24/24",
    "20.1.2.3-20.1.2.9", "2001:db8::1", "2001:db8::/32", "::ffff:20.1.2.3", "0x14.1.2.3", "335676931", "20.1.2.3:443",
)  # fmt: skip
OPEN_POINTS: Mapping[str, tuple[str, ...]] = {
    "host-bits": ("reject", "mask"),
    "private-superset": ("reject", "accept"),
    "reserved-ranges": ("reject", "accept"),
    "superset-matches-private": ("yes", "no"),
    "prefix-31": ("reject", "accept"),
    "prefix-0": ("reject", "accept"),
    "missing-service-endpoint": ("reject", "accept"),
    "unauthenticated-and-blocked": ("401", "403"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """One vault as a caller meets it: the edition, the choices made, the rules, which subnets have the endpoint."""

    edition: str
    choices: Mapping[str, str]
    default_action: str
    bypass: str
    values: tuple[str, ...]
    listed: tuple[tuple[str, bool], ...]
    """Each listed subnet, and whether its rule says `ignoreMissingVnetServiceEndpoint`."""
    endpoints: Mapping[str, bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request, in the model's own words."""

    plane: str
    operation: str
    address: int
    subnet: str | None
    service: str | None
    trusted: bool | None
    token: bool
    permission: bool


def touches(span: Span, blocks: tuple[Span, ...]) -> bool:
    return any(span[0] <= last and first <= span[1] for first, last in blocks)


def inside(span: Span, blocks: tuple[Span, ...]) -> bool:
    return any(first <= span[0] and span[1] <= last for first, last in blocks)


def span_of(value: str) -> tuple[Span, bool, int]:
    """The span that a well-formed value means, whether it has host bits, and its prefix."""
    address, _, prefix = value.partition("/")
    length = int(prefix) if prefix else 32
    size = 2 ** (32 - length)
    first = number(address) // size * size
    return (first, first + size - 1), first != number(address), length


def settled(world: World, keys: tuple[str, ...]) -> Iterator[dict[str, str]]:
    """Every way to answer these open points: the choice where one is made, each possible answer where none is."""
    answers = [(world.choices[key],) if key in world.choices else OPEN_POINTS[key] for key in keys]
    for combination in itertools.product(*answers):
        yield dict(zip(keys, combination, strict=True))


def _goes_by_private_superset_alone(world: World) -> bool:
    """Whether a range around private space has been accepted, and nobody refuses reserved space."""
    accepted = world.choices.get("private-superset") == "accept"
    return accepted and world.choices.get("reserved-ranges") in (None, "accept")


def accepts_value(world: World, value: str) -> set[bool]:
    """Whether the value may come in; both answers where the documents leave it open."""
    if value in NO_IPV4_RULE:
        return {False}
    span, has_host_bits, prefix = span_of(value)
    answers: set[bool] = set()
    for point in settled(world, ("host-bits", "private-superset", "reserved-ranges", "prefix-31", "prefix-0")):
        is_too_small = prefix > 30 and "/" in value and world.edition == "keyvault-2018-preview"
        reasons = (
            has_host_bits and point["host-bits"] == "reject",
            is_too_small or (prefix == 31 and point["prefix-31"] == "reject"),
            prefix == 0 and point["prefix-0"] == "reject",
            inside(span, PRIVATE),
            prefix > 0 and touches(span, PRIVATE) and point["private-superset"] == "reject",
            inside(span, RESERVED) and point["reserved-ranges"] == "reject",
        )
        if any(reasons):
            answers.add(False)
        elif prefix == 0:  # where ranges that cover private space are refused, /0 may be refused as one of them
            answers |= {True, False} if point["private-superset"] == "reject" else {True}
        elif touches(span, PRIVATE) and _goes_by_private_superset_alone(world):
            answers.add(True)
        elif touches(span, DISPUTED) or (point["reserved-ranges"] == "reject" and touches(span, RESERVED)):
            answers |= {True, False}  # nobody has said what holds across the edge of a refused block
        else:
            answers.add(True)
    return answers


def endpoint_of(world: World, subnet: str) -> bool:
    return next(there for one, there in world.endpoints.items() if one.lower() == subnet.lower())


def accepts(world: World) -> set[bool]:
    """Whether the rule set may be put; both answers where the documents leave it open."""
    most_ip_rules, most_subnets = (127, 127) if world.edition == "keyvault-2018-preview" else (1000, 200)
    if len(world.values) > most_ip_rules or len(world.listed) > most_subnets:
        return {False}
    parts = [accepts_value(world, value) for value in world.values]
    for subnet, excused in world.listed:
        if endpoint_of(world, subnet):
            continue
        if world.edition == "keyvault":
            parts.append({excused})
        elif world.choices.get("missing-service-endpoint") == "accept":
            parts.append({True})
        else:  # the announcement says nothing of it, and knows no `ignoreMissingVnetServiceEndpoint`
            is_declared = world.choices.get("missing-service-endpoint") == "reject"
            parts.append({False} if is_declared and not excused else {True, False})
    if {False} in parts:
        return {False}
    return {True, False} if any(len(part) > 1 for part in parts) else {True}


def address_is_listed(world: World, address: int) -> set[bool]:
    """Whether an IP rule in force covers the caller's address; both answers where the documents leave it open."""
    here = (address, address)
    holding = [span for span in (span_of(value)[0] for value in world.values) if span[0] <= address <= span[1]]
    if not holding:
        return {False}
    if not touches(here, (*PRIVATE, *RESERVED, *DISPUTED)):
        return {True}
    if inside(here, RESERVED) and any(inside(span, ALL_RESERVED) for span in holding):
        return {True}
    chosen = world.choices.get("superset-matches-private")
    return {True} if chosen == "yes" else {False} if chosen == "no" and not inside(here, DISPUTED) else {True, False}


def is_trusted(world: World, call: Call) -> bool:
    return call.service in TRUSTED_IN_2018 if world.edition == "keyvault-2018-preview" else bool(call.trusted)


def network_lets_in(world: World, call: Call, *, by_trust: bool = True) -> set[bool]:
    """Whether the firewall lets the call through: any criterion is enough, and none can take back what another gave."""
    if call.plane == "control" or world.default_action == "Allow":
        return {True}
    if by_trust and world.bypass == "AzureServices" and is_trusted(world, call):
        return {True}
    listed = {subnet.lower() for subnet, _ in world.listed}
    if call.subnet is not None and call.subnet.lower() in listed and endpoint_of(world, call.subnet):
        return {True}
    return address_is_listed(world, call.address)


def outcome(world: World, call: Call) -> str:
    if not (call.token and call.permission):
        return "deny"
    answers = network_lets_in(world, call)
    return "open" if len(answers) > 1 else "allow" if True in answers else "deny"


def codes(world: World, call: Call) -> frozenset[tuple[int, str | None]] | None:
    """Every status and code that a denial may carry; None where nothing is compared."""
    if call.plane == "control":
        return None
    refused = {BLOCKED, SERVICE_BLOCKED} if call.service is not None else {BLOCKED}
    found: set[tuple[int, str | None]] = set()
    lets_in = network_lets_in(world, call)
    if not call.token:
        as_a_stranger = network_lets_in(world, call, by_trust=False)
        if True in as_a_stranger:
            found.add(NO_TOKEN)
        if False in as_a_stranger:
            for point in settled(world, ("unauthenticated-and-blocked",)):
                found |= {NO_TOKEN} if point["unauthenticated-and-blocked"] == "401" else refused
            if lets_in == {True} and world.choices.get("unauthenticated-and-blocked") != "401":
                found |= {NO_TOKEN, *refused}  # trust hangs on the token: which gate speaks first is open
        return frozenset(found)
    if call.permission:
        return frozenset(refused) if lets_in == {False} else None
    return frozenset((refused if False in lets_in else set()) | (NO_PERMISSION if True in lets_in else set()))
