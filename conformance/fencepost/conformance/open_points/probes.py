"""How each open point of the specification shows in a subject's answers."""

from collections.abc import Callable, Mapping, Sequence

from fencepost.adapters.contract.vocabulary import DATA_OPERATIONS, RESERVED_BLOCKS
from fencepost.conformance.capabilities import Ability
from fencepost.conformance.generate.callers import trusted_callers
from fencepost.conformance.generate.networks import NO_ENDPOINTS, plain_subnets
from fencepost.conformance.judging.verdicts import UNSEEN
from fencepost.conformance.lockstep.wire import WireRules, wire_rules
from fencepost.conformance.open_points.prober import OUTSIDE, Prober
from fencepost.reference import Caller, Network, Request, Subnet, block_from_cidr
from fencepost.reference import text_from_address as text
from fencepost.reference.open_points import OPEN_POINTS

Probe = Callable[[Prober], str | None]
"""Finds the answer to an open point, in the words of its choices; None if the subject cannot be asked."""


def _needs(*abilities: Ability) -> Callable[[Probe], Probe]:
    """Of a subject without these abilities the probe finds nothing, and asks nothing."""

    def of_able(probe: Probe) -> Probe:
        return lambda prober: probe(prober) if prober.capabilities.abilities.issuperset(abilities) else None

    return of_able


def _reading(value: str, inside: Sequence[str], beside: Sequence[str], lenient: str) -> Probe:
    """A probe of one spelling: refused, accepted as the range that it resembles, or as something else."""

    @_needs(Ability.REFUSALS)
    def probe(prober: Prober) -> str | None:
        if not prober.put(wire_rules([value])):
            return "reject"
        admitted = prober.admits(*inside, *beside, text(OUTSIDE))
        wanted = [True] * len(inside) + [False] * (len(beside) + 1)
        if admitted == wanted:
            return lenient
        shown = [address for address, is_in in zip((*inside, *beside, text(OUTSIDE)), admitted, strict=True) if is_in]
        return f"other: {value!r} admits {', '.join(shown) or 'none of its addresses'}"

    return probe


def _all_of(*probes: Probe) -> Probe:
    """One point asked in several ways: their common answer, or all answers."""

    def probe(prober: Prober) -> str | None:
        found = [answer for one in probes if (answer := one(prober)) is not None]
        if len(set(found)) == 1:
            return found[0]
        return f"mixed: {', '.join(found)}" if found else None

    return probe


def _accepts(*acls: WireRules, lenient: str = "accept") -> Probe:
    """Whether each rule set is accepted by a new vault."""

    def single(one: WireRules) -> Probe:
        return _needs(Ability.REFUSALS)(lambda prober: lenient if prober.put(one) else "reject")

    return _all_of(*(single(one) for one in acls))


def _spelled(key: str, *more: Probe) -> Probe:
    """The probe of a point by the spellings in its row: refused, or read as its second answer reads them."""
    (point,) = (point for point in OPEN_POINTS if point.key == key)
    lenient = point.answers[1]
    return _all_of(
        *(
            _reading(one.value, one.admits, one.beside, lenient)
            if one.admits
            else _accepts(wire_rules([one.value]), lenient=lenient)
            for one in point.spellings
        ),
        *more,
    )


@_needs(Ability.REFUSALS)
def _superset_matches(prober: Prober) -> str | None:
    samples = (("172.0.0.0/8", "172.20.1.2"), ("192.168.0.0/15", "192.168.3.4"), ("126.0.0.0/7", "127.3.2.1"))
    found = {
        "yes" if prober.admits(address)[0] else "no" for value, address in samples if prober.put(wire_rules([value]))
    }
    if len(found) == 2:
        return "mixed: yes, no"
    return found.pop() if found else None


@_needs(Ability.REFUSALS)
def _reserved(prober: Prober) -> str | None:
    found = {}
    for block in RESERVED_BLOCKS:
        inner = text(block_from_cidr(block).first + 77)
        answers = {prober.put(wire_rules([value])) for value in (block, inner)}
        if len(answers) == 1:
            found[block] = "accept" if answers.pop() else "reject"
    if len(set(found.values())) == 1 and len(found) == len(RESERVED_BLOCKS):
        return found[RESERVED_BLOCKS[0]]
    return ", ".join(f"{block} {answer}" for block, answer in found.items()) or None


@_needs(Ability.REFUSALS, Ability.INCREMENTAL)
def _added_with_host_bits(prober: Prober) -> str | None:
    """How a range with host bits is read that is added to an empty set."""
    if not prober.put(wire_rules(())):
        return None
    if not prober.write("addIpRule", {"value": "40.1.2.128/24"}):
        return "reject"
    admitted = prober.admits("40.1.2.0", "40.1.2.255", "40.1.1.255", "40.1.3.0")
    return "mask" if admitted == [True, True, False, False] else "other: '40.1.2.128/24' added"


def _duplicates(prober: Prober) -> str | None:
    if not prober.capabilities.refusals and prober.declared.get("duplicates") == "reject":
        return None
    twice = wire_rules(["20.1.2.3", "20.5.0.0/16", "20.1.2.3"])
    if not prober.put(twice):
        return "reject"
    found = _as_read_back(prober)
    # However often a value was written, removing a rule removes every rule that equals it.
    removed = prober.capabilities.incremental and prober.write("removeIpRule", {"value": "20.1.2.3"})
    if removed and prober.admits("20.1.2.3")[0]:
        return "other: a rule that was written twice still admits after it was removed"
    return found


def _as_read_back(prober: Prober) -> str:
    if not prober.capabilities.read_back:
        return UNSEEN
    shown = prober.values_read()
    return "keep" if len(shown) == 3 else "collapse" if len(shown) == 2 else f"other: read back as {shown}"


@_needs(Ability.REFUSALS)
def _duplicates_count(prober: Prober) -> str | None:
    if not prober.put(wire_rules(["20.1.2.3", "20.1.2.3"])):
        return None
    *values, one_more = (text((20 << 24) + 2 * n) for n in range(prober.profile.max_ip_rules + 1))
    if not prober.put(wire_rules([*values, values[0]])):
        return "yes"
    # A subject with another limit takes them however it counts: LIM-2 judges that.
    return None if prober.put(wire_rules([*values, one_more])) else "no"


@_needs(Ability.ENDPOINTS, Ability.REFUSALS)
def _missing_endpoint(prober: Prober) -> str | None:
    if prober.profile.missing_endpoint != "open":
        return None
    subnet = plain_subnets(1)[0]
    network = Network(subnets=(Subnet(id=subnet, service_endpoints=NO_ENDPOINTS[0]),))
    return "accept" if prober.put(wire_rules((), [subnet]), network) else "reject"


@_needs(Ability.ENDPOINTS, Ability.REFUSALS)
def _lost_endpoint(prober: Prober) -> str | None:
    subnet = plain_subnets(1)[0]
    if not prober.put(wire_rules((), [subnet]), Network(subnets=(Subnet(id=subnet),))):
        return None
    prober.lockstep.client.set_service_endpoints(subnet, NO_ENDPOINTS[0])
    prober.lockstep.changed()
    acls = wire_rules(["20.1.2.3"], [subnet])
    return "accept" if prober.write("putRules", {"networkAcls": acls}) else "reject"


@_needs(Ability.REFUSALS)
def _leading_zeros(prober: Prober) -> str | None:
    if not prober.put(wire_rules(["020.1.2.3"])):
        return "reject"
    decimal, octal, outside = prober.admits("20.1.2.3", "16.1.2.3", text(OUTSIDE))
    if outside or decimal == octal:
        return f"other: '020.1.2.3' admits 20.1.2.3: {decimal}, 16.1.2.3: {octal}, {text(OUTSIDE)}: {outside}"
    return "decimal" if decimal else "octal"


@_needs(Ability.REFUSALS, Ability.INCREMENTAL)
def _remove_unknown(prober: Prober) -> str | None:
    if not prober.put(wire_rules(["20.1.2.3"])):
        return None
    return "ignore" if prober.write("removeIpRule", {"value": "20.9.8.7"}) else "reject"


@_needs(Ability.REFUSALS)
def _enum_case(prober: Prober) -> str | None:
    words = {"none": wire_rules(["20.1.2.3"], bypass="none")}
    if prober.capabilities.default_action:
        words |= {word: wire_rules(["20.1.2.3"], default_action=word) for word in ("deny", "DENY")}
    found = {word: prober.put(acls) for word, acls in words.items()}
    if len(set(found.values())) == 2:
        return f"mixed: {', '.join(f'{word} {is_accepted}' for word, is_accepted in found.items())}"
    return "insensitive" if found["none"] else "sensitive"


@_needs(Ability.REFUSALS)
def _null_members(prober: Prober) -> str | None:
    members = ["bypass"]
    members += ["defaultAction"] if prober.capabilities.default_action else []
    members += ["virtualNetworkRules"] if prober.capabilities.subnets else []
    nulls: list[WireRules] = [{**wire_rules(["20.1.2.3"]), member: None} for member in members]
    return _accepts(*nulls, {**wire_rules(()), "ipRules": None}, lenient="as-absent")(prober)


@_needs(Ability.REFUSALS)
def _default_of_bypass(prober: Prober) -> str | None:
    trusted = trusted_callers(prober.profile, prober.capabilities)
    acls = {member: value for member, value in wire_rules(["20.1.2.3"]).items() if member != "bypass"}
    if not trusted or not prober.put(wire_rules(["20.1.2.3"])):
        return None
    if not prober.write("putRules", {"networkAcls": acls}):  # earlier rules do not matter: the whole set is replaced
        return None
    outcomes = prober.outcomes(*(Request(address=OUTSIDE, caller=caller) for caller in trusted[:6]))
    if "allow" in outcomes:
        return "AzureServices"
    return "None" if "deny" in outcomes else None


@_needs(Ability.REFUSALS, Ability.DEFAULT_ACTION)
def _default_of_action(prober: Prober) -> str | None:
    acls = {member: value for member, value in wire_rules(["20.1.2.3"]).items() if member != "defaultAction"}
    if not prober.put(wire_rules(["20.1.2.3"])) or not prober.write("putRules", {"networkAcls": acls}):
        return None
    outcome = prober.outcomes(Request(address=OUTSIDE))[0]
    return {"allow": "Allow", "deny": "Deny"}.get(outcome)


@_needs(Ability.READ_BACK)
def _single_read_back(prober: Prober) -> str | None:
    if not prober.put(wire_rules(["20.1.2.3"])):
        return None
    shown = prober.values_read()
    return {"20.1.2.3": "bare", "20.1.2.3/32": "/32"}.get(shown[0]) if len(shown) == 1 else None


@_needs(Ability.CODES, Ability.CREDENTIALS)
def _unauthenticated(prober: Prober) -> str | None:
    if not prober.put(wire_rules(["20.1.2.3"])):
        return None
    request = Request(address=OUTSIDE, caller=Caller(authenticated=False))
    answer = prober.answers(request)[0]
    if answer.outcome == "inconclusive":
        return None
    return str(answer.status) if answer.status in (401, 403) else f"other: {answer.status}"


def _scenarios(prober: Prober) -> str | None:
    """A subject can distinguish scenarios only if it keeps today's list by name."""
    trusted = trusted_callers(prober.profile, prober.capabilities)
    if prober.capabilities.by_attribute or prober.profile.choice("trusted-scenarios") is not None or not trusted:
        return None
    if not prober.put(wire_rules((), bypass="AzureServices")):
        return None
    found = set()
    for caller in trusted:
        outcomes = prober.outcomes(
            *(
                Request(address=OUTSIDE, caller=caller, operation=operation)
                for operation in DATA_OPERATIONS
                if operation in prober.capabilities.operations
            )
        )
        if "allow" in outcomes:
            found.add("connection" if "deny" not in outcomes else "scenario")
    return "scenario" if "scenario" in found else "connection"


def _if_accepted(probe: Probe) -> Probe:
    """The probe, if the value is accepted: no document says which other characters are blanks."""

    def asked(prober: Prober) -> str | None:
        found = probe(prober)
        return None if found == "reject" else found

    return asked


def _prefix_0(prober: Prober) -> str | None:
    found = _spelled("prefix-0")(prober)
    # 0.0.0.0/0 also covers private space: a subject that refuses such ranges shows no answer to its own point.
    return None if found == "reject" and prober.profile.choice("private-superset") == "reject" else found


def _prefix_31(prober: Prober) -> str | None:
    return _spelled("prefix-31")(prober) if prober.profile.prefix_31 == "open" else None


PROBES: Mapping[str, Probe] = {
    **{point.key: _spelled(point.key) for point in OPEN_POINTS if point.spellings},
    "host-bits": _spelled("host-bits", _added_with_host_bits),
    "superset-matches-private": _superset_matches,
    "reserved-ranges": _reserved,
    "duplicates": _duplicates,
    "duplicates-count": _duplicates_count,
    "prefix-31": _prefix_31,
    "prefix-0": _prefix_0,
    "missing-service-endpoint": _missing_endpoint,
    "lost-service-endpoint": _lost_endpoint,
    "surrounding-blanks": _spelled(
        "surrounding-blanks",
        _if_accepted(_reading("20.1.2.3\n", ("20.1.2.3",), ("20.1.2.2", "20.1.2.4"), "strip")),
        _if_accepted(_reading("\t20.1.2.3", ("20.1.2.3",), ("20.1.2.2", "20.1.2.4"), "strip")),
    ),
    "leading-zeros": _leading_zeros,
    "remove-unknown": _remove_unknown,
    "enum-case": _enum_case,
    "null-members": _null_members,
    "default-of-bypass": _default_of_bypass,
    "default-of-default-action": _default_of_action,
    "single-address-read-back": _single_read_back,
    "unauthenticated-and-blocked": _unauthenticated,
    "trusted-scenarios": _scenarios,
}
"""The open points that can be probed: by their spellings, or by a probe of their own."""
