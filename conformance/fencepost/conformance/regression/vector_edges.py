"""Vectors of edges and limits: the ends of ranges of each prefix length and of private space, and counts of rules."""

from collections.abc import Iterator, Mapping
from contextlib import suppress

from fencepost.conformance.generate.networks import plain_subnets
from fencepost.conformance.lockstep.case import AskStep, Case, WriteStep
from fencepost.conformance.lockstep.wire import network_from_wire, wire_rules
from fencepost.conformance.regression.expectations import Uncertain
from fencepost.conformance.regression.vector_candidate import Candidate, candidate
from fencepost.reference import (
    SERVICE_ENDPOINT,
    Block,
    Network,
    Profile,
    Request,
    Subnet,
    block_from_cidr,
    text_from_address,
)

EDGE, LIMIT = "EdgeCase", "Limit"
_MATCHES = {"superset-matches-private": "yes"}
_RESERVED = {"reserved-ranges": "accept"}
WIDE: Mapping[str, str] = {"private-superset": "accept", **_RESERVED, **_MATCHES}
"""What a subject has chosen that accepts the widest ranges, which all have private or special-purpose space in them."""

_THIRTY_ONE = {"prefix-31": "accept"}
_WIDE_ENDS = (
    ("0.0.0.0/1", WIDE),
    ("128.0.0.0/1", WIDE),
    ("64.0.0.0/2", {**_RESERVED, **_MATCHES}),
    ("128.0.0.0/2", {"private-superset": "accept", **_RESERVED}),
)
_PRIVATE_EDGES = (
    *("9.255.255.255", "10.0.0.0", "10.255.255.255", "11.0.0.0"),
    *("172.15.255.255", "172.16.0.0", "172.31.255.255", "172.32.0.0"),
    *("192.167.255.255", "192.168.0.0", "192.168.255.255", "192.169.0.0"),
)
_FIRST_OCTETS = (80, 9, 20, 33, 51, 65, 97, 131, 151, 177, 200, 219)
_BATCH = 1_024


def edges(profile: Profile) -> Iterator[Candidate]:
    """Both ends of ranges of each prefix length, asked in one call and one by one; then the edges of private space."""
    for value, choices in _WIDE_ENDS:
        yield from _ends(block_from_cidr(value), int(value[-1]), profile, choices)
    for bits in range(3, 33):
        for octet in _FIRST_OCTETS[:2]:
            size = 2 ** (32 - bits)
            first = ((octet << 24) + (0x00B5A3C7 if octet != _FIRST_OCTETS[0] else 0)) // size * size
            block = Block(first, first + size - 1)
            yield from [*_ends(block, bits, profile)] or _ends(block, bits, profile, _THIRTY_ONE)
    yield from _many(profile)
    for value in _PRIVATE_EDGES:
        yield from _certain(
            "VAL-3", f"{value} at an edge of private space", (_put(wire_rules([value])),), profile, EDGE
        )


def _ends(block: Block, bits: int, profile: Profile, choices: Mapping[str, str] | None = None) -> Iterator[Candidate]:
    asked = [one for one in (block.first - 1, block.first, block.last, block.last + 1) if 0 <= one < 2**32]
    requests = tuple(Request(address=one) for one in asked)
    put = _put(wire_rules([f"{text_from_address(block.first)}/{bits}"]))
    one_by_one = (AskStep(requests=(one,)) for one in requests)
    steps: tuple[WriteStep | AskStep, ...] = (put, AskStep(requests=requests), *one_by_one)
    text = f"both ends of a /{bits} and their neighbours"
    yield from _certain("DEC-4", text, steps, profile, EDGE, choices=choices)


def _many(profile: Profile) -> Iterator[Candidate]:
    """Twelve ranges, and a thousand addresses around their ends in one call."""
    blocks = []
    for place, octet in enumerate(_FIRST_OCTETS):
        size = 2 ** (24 - 2 * place)
        blocks.append((Block(octet << 24, (octet << 24) + size - 1), 8 + 2 * place))
    acls = wire_rules([f"{text_from_address(block.first)}/{bits}" for block, bits in blocks])
    each = _BATCH // len(blocks) // 4
    around = [end + step for block, _ in blocks for end in (block.first, block.last) for step in range(-each, each)]
    asked = tuple(Request(address=one) for one in dict.fromkeys(around))
    yield from _certain(
        "DEC-4", "a thousand addresses in one call", (_put(acls), AskStep(requests=asked)), profile, EDGE
    )


def limits(profile: Profile) -> Iterator[Candidate]:
    """As many rules of each list as there may be, and more by a single rule."""
    singles = [f"20.{1 + index // 250}.{index % 250}.1" for index in range(profile.max_ip_rules + 1)]
    subnets = plain_subnets(profile.max_virtual_network_rules + 1)
    network = Network(subnets=tuple(Subnet(id=one, service_endpoints=(SERVICE_ENDPOINT,)) for one in subnets))
    for clause, count in (("LIM-1", profile.max_ip_rules), ("LIM-2", profile.max_ip_rules + 1)):
        acls = wire_rules(singles[:count])
        yield from _certain(clause, f"{count} IP rules", (_put(acls),), profile, LIMIT)
    for clause, count in (
        ("LIM-3", profile.max_virtual_network_rules),
        ("LIM-4", profile.max_virtual_network_rules + 1),
    ):
        acls = wire_rules((), subnets[:count])
        yield from _certain(clause, f"{count} virtual network rules", (_put(acls),), profile, LIMIT, network)
    both = wire_rules(singles[:-1], subnets[:-1])
    yield from _certain("LIM-5", "both maxima at once", (_put(both),), profile, LIMIT, network)


def _put(acls: Mapping[str, object]) -> WriteStep:
    return WriteStep(method="putRules", params={"networkAcls": acls})


def _certain(
    clause: str,
    comment: str,
    steps: tuple[WriteStep | AskStep, ...],
    profile: Profile,
    flag: str,
    network: Network = network_from_wire(()),  # noqa: B008 - a value
    choices: Mapping[str, str] | None = None,
) -> Iterator[Candidate]:
    with suppress(Uncertain):
        yield candidate(clause, comment, Case(network=network, steps=steps), profile, flag, choices=choices)
