"""The open points of the specification: probed once before the clauses are asked, recorded, and held to if declared."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from fencepost.adapters.contract import Decision as Answer
from fencepost.adapters.contract import HarnessFault, Statement
from fencepost.adapters.contract.vocabulary import DATA_OPERATIONS, RESERVED_BLOCKS
from fencepost.conformance.case import AskStep, WriteStep
from fencepost.conformance.exchange import Exchange
from fencepost.conformance.generate.callers import trusted_callers
from fencepost.conformance.generate.networks import NO_ENDPOINTS, plain_subnets
from fencepost.conformance.offer import Offer
from fencepost.conformance.tally import Tally
from fencepost.conformance.wire import WireRules, wire_network, wire_rules
from fencepost.reference import Caller, Network, Profile, Request, Subnet, address_from_text, block_from_cidr
from fencepost.reference import text_from_address as text
from fencepost.reference.ledger import ANSWERS
from fencepost.reports.model import LedgerEntry

_OUTSIDE = address_from_text("33.44.55.66")
_FAULTS = 3
_T = TypeVar("_T")


@dataclass(slots=True)
class _Prober:
    """Asks the subject directly: what an open point comes to is its own answer, not a comparison."""

    exchange: Exchange
    profile: Profile
    offer: Offer
    network: Network = field(default_factory=Network)

    def put(self, acls: WireRules, network: Network | None = None) -> bool:
        """Whether a rule set is accepted by a new vault."""
        self.network = network or Network()
        self.exchange.client.reset(wire_network(self.network))
        self.exchange.meter.resets += 1
        return self.write("putRules", {"networkAcls": acls})

    def write(self, method: str, params: Mapping[str, object]) -> bool:
        """Whether a write is accepted now."""
        step = WriteStep(method=method, params=params)
        accepted = self.exchange.client.write(step.method, step.params).accepted
        self.exchange.meter.writes += 1
        self.exchange.changed()
        return accepted

    def outcomes(self, *requests: Request) -> list[str]:
        """What is decided now, or after the settle time, where the subject has one."""
        return [answer.outcome for answer in self.answers(*requests)]

    def answers(self, *requests: Request) -> list[Answer]:
        """The decisions themselves."""
        step = AskStep(requests=requests)
        self.exchange.meter.decisions += len(requests)
        return self.settled(lambda: self.exchange.client.decide(step.wire()))

    def values_read(self) -> list[str]:
        """The values of the IP rules as they are read back."""
        read = self.settled(self.exchange.client.get_rules)
        return [entry.value for entry in (read.ip_rules if read is not None else None) or ()]

    def settled(self, ask: Callable[[], _T]) -> _T:
        """The answer that stands: asked until the settle time is over, since here nobody knows the right one."""
        while True:
            is_over = self.exchange.has_settled()
            answer = ask()
            if is_over:
                return answer

    def admits(self, *addresses: str) -> list[bool]:
        """Which of the addresses are let in now."""
        requests = [Request(address=address_from_text(address)) for address in addresses]
        return [outcome == "allow" for outcome in self.outcomes(*requests)]


_Probe = Callable[[_Prober], str | None]


def settle_ledger(
    exchange: Exchange, statement: Statement, offer: Offer, tally: Tally
) -> tuple[Profile, tuple[LedgerEntry, ...]]:
    """The profile with every open point answered that was declared or could be found, and the ledger for the report.

    Nothing that looks for a refusal is sent to a subject that validates nothing.
    """
    profile = exchange.vault.profile
    prober = _Prober(exchange, profile, offer)
    entries, choices, faults = [], dict[str, object](), 0
    for key in ANSWERS:
        declared = statement.choices.get(key)
        found, detail = None, ""
        probe = _PROBES.get(key)
        if probe is not None and faults < _FAULTS:
            try:
                found = probe(prober)
                faults = 0
            except HarnessFault as fault:
                found, detail = "error", str(fault)
                faults += 1
                tally.faults += 1
        broken = _is_broken(key, declared, found)
        answer = _answer(key, declared, found, broken=broken)
        if answer is not None and key != "trusted-services":
            choices[key] = answer
            prober.profile = profile.with_choices(choices)
        entries.append(
            LedgerEntry(
                key=key,
                declared=_shown(declared),
                found=_shown(found),
                broken=broken,
                detail=detail,
            )
        )
    if not offer.refusals:
        choices["duplicates"] = "keep"  # repeated rules are certain for a subject that enforces what others validated
    return _with_names_that_it_knows(prober, profile.with_choices(choices)), tuple(entries)


def _shown(value: object) -> str | None:
    if isinstance(value, Mapping):
        return ", ".join(f"{block} {answer}" for block, answer in value.items())
    return value if isinstance(value, str) else None


def _answer(key: str, declared: object, found: object, *, broken: bool) -> object:
    """What the run goes by: the declared choice unless it is broken, else what a probe found, if that is an answer."""
    if declared is not None and not broken:
        return declared
    if key == "reserved-ranges" and isinstance(found, str) and " " in found:
        return dict(pair.split(" ") for pair in found.split(", "))
    return found if found in ANSWERS[key] else None


def _is_broken(key: str, declared: object, found: str | None) -> bool:
    """Whether a probe contradicts the declared choice. What a probe cannot tell apart is no contradiction."""
    if declared is None or found is None or found.startswith(("error", "accepted")):
        return False
    if key in ("prefix-spelling", "surrounding-blanks") and found.startswith("mixed"):
        return declared == "reject"  # some of it is accepted; which part an accepting one means, nobody can declare
    if key == "reserved-ranges":
        return any(_declared_for(declared, block) not in (None, answer) for block, answer in _by_block(found))
    return found != declared


def _declared_for(declared: object, block: str) -> object:
    return declared.get(block) if isinstance(declared, Mapping) else declared


def _by_block(found: str) -> list[tuple[str, str]]:
    if " " not in found:
        return [(block, found) for block in RESERVED_BLOCKS]
    return [(pair.split(" ")[0], pair.split(" ")[1]) for pair in found.split(", ")]


def _reading(value: str, inside: Sequence[str], beside: Sequence[str], lenient: str) -> _Probe:
    """A probe of one spelling: refused, or accepted as the range that it looks like, or as something else."""

    def probe(prober: _Prober) -> str | None:
        if not prober.offer.refusals:
            return None
        if not prober.put(wire_rules([value])):
            return "reject"
        admitted = prober.admits(*inside, *beside, text(_OUTSIDE))
        wanted = [True] * len(inside) + [False] * (len(beside) + 1)
        if admitted == wanted:
            return lenient
        shown = [address for address, is_in in zip((*inside, *beside, text(_OUTSIDE)), admitted, strict=True) if is_in]
        return f"other: {value!r} admits {', '.join(shown) or 'none of its addresses'}"

    return probe


def _all_of(*probes: _Probe) -> _Probe:
    """One point asked in several ways: their common answer, or all of them."""

    def probe(prober: _Prober) -> str | None:
        found = [answer for one in probes if (answer := one(prober)) is not None]
        if len(set(found)) == 1:
            return found[0]
        return f"mixed: {', '.join(found)}" if found else None

    return probe


def _accepts(*acls: WireRules, lenient: str = "accept") -> _Probe:
    """Whether each rule set is accepted by a new vault."""

    def single(one: WireRules) -> _Probe:
        return lambda prober: (lenient if prober.put(one) else "reject") if prober.offer.refusals else None

    return _all_of(*(single(one) for one in acls))


def _superset_matches(prober: _Prober) -> str | None:
    if not prober.offer.refusals:
        return None
    samples = (("172.0.0.0/8", "172.20.1.2"), ("192.168.0.0/15", "192.168.3.4"), ("127.0.0.0/8", "127.3.2.1"))
    found = {
        "yes" if prober.admits(address)[0] else "no" for value, address in samples if prober.put(wire_rules([value]))
    }
    if len(found) == 2:
        return "mixed: yes, no"
    return found.pop() if found else None


def _reserved(prober: _Prober) -> str | None:
    if not prober.offer.refusals:
        return None
    found = {}
    for block in RESERVED_BLOCKS:
        inner = text(block_from_cidr(block).first + 77)
        answers = {prober.put(wire_rules([value])) for value in (block, inner)}
        if len(answers) == 1:
            found[block] = "accept" if answers.pop() else "reject"
    if len(set(found.values())) == 1 and len(found) == len(RESERVED_BLOCKS):
        return found[RESERVED_BLOCKS[0]]
    return ", ".join(f"{block} {answer}" for block, answer in found.items()) or None


def _duplicates(prober: _Prober) -> str | None:
    if not prober.offer.refusals:
        return None
    twice = wire_rules(["20.1.2.3", "20.5.0.0/16", "20.1.2.3"])
    if not prober.put(twice):
        return "reject"
    found = _as_read_back(prober)
    # However often it was written, removing a rule takes away every one that equals it.
    removed = prober.offer.incremental and prober.write("removeIpRule", {"value": "20.1.2.3"})
    if removed and prober.admits("20.1.2.3")[0]:
        return "other: a rule that was written twice still admits after it was removed"
    return found


def _as_read_back(prober: _Prober) -> str:
    if not prober.offer.read_back:
        return "accepted: kept or collapsed, there is no reading back"
    shown = prober.values_read()
    return "keep" if len(shown) == 3 else "collapse" if len(shown) == 2 else f"other: read back as {shown}"


def _duplicates_count(prober: _Prober) -> str | None:
    if not prober.offer.refusals or not prober.put(wire_rules(["20.1.2.3", "20.1.2.3"])):
        return None
    values = [text((20 << 24) + 2 * n) for n in range(prober.profile.max_ip_rules)]
    return "no" if prober.put(wire_rules([*values, values[0]])) else "yes"


def _missing_endpoint(prober: _Prober) -> str | None:
    if not prober.offer.endpoints or not prober.offer.refusals or prober.profile.missing_endpoint != "ledger":
        return None
    subnet = plain_subnets(1)[0]
    network = Network(subnets=(Subnet(id=subnet, service_endpoints=NO_ENDPOINTS[0]),))
    return "accept" if prober.put(wire_rules((), [subnet]), network) else "reject"


def _lost_endpoint(prober: _Prober) -> str | None:
    if not prober.offer.endpoints or not prober.offer.refusals:
        return None
    subnet = plain_subnets(1)[0]
    if not prober.put(wire_rules((), [subnet]), Network(subnets=(Subnet(id=subnet),))):
        return None
    prober.exchange.client.set_service_endpoints(subnet, NO_ENDPOINTS[0])
    prober.exchange.changed()
    acls = wire_rules(["20.1.2.3"], [subnet])
    return "accept" if prober.write("putRules", {"networkAcls": acls}) else "reject"


def _leading_zeros(prober: _Prober) -> str | None:
    if not prober.offer.refusals:
        return None
    if not prober.put(wire_rules(["020.1.2.3"])):
        return "reject"
    decimal, octal, outside = prober.admits("20.1.2.3", "16.1.2.3", text(_OUTSIDE))
    if outside or decimal == octal:
        return f"other: '020.1.2.3' admits 20.1.2.3: {decimal}, 16.1.2.3: {octal}, {text(_OUTSIDE)}: {outside}"
    return "decimal" if decimal else "octal"


def _remove_unknown(prober: _Prober) -> str | None:
    if not prober.offer.refusals or not prober.offer.incremental or not prober.put(wire_rules(["20.1.2.3"])):
        return None
    return "ignore" if prober.write("removeIpRule", {"value": "20.9.8.7"}) else "reject"


def _enum_case(prober: _Prober) -> str | None:
    if not prober.offer.refusals:
        return None
    found = [
        prober.put(wire_rules(["20.1.2.3"], default_action="deny")),
        prober.put(wire_rules(["20.1.2.3"], bypass="none")),
        prober.put(wire_rules(["20.1.2.3"], default_action="DENY")),
    ]
    if len(set(found)) == 2:
        return f"mixed: deny {found[0]}, none {found[1]}, DENY {found[2]}"
    return "insensitive" if found[0] else "sensitive"


def _null_members(prober: _Prober) -> str | None:
    if not prober.offer.refusals:
        return None
    nulls: list[WireRules] = [
        {**wire_rules(["20.1.2.3"]), member: None} for member in ("bypass", "defaultAction", "virtualNetworkRules")
    ]
    return _accepts(*nulls, {**wire_rules(()), "ipRules": None}, lenient="as-absent")(prober)


def _default_of_bypass(prober: _Prober) -> str | None:
    trusted = trusted_callers(prober.profile, prober.offer)
    acls = {member: value for member, value in wire_rules(["20.1.2.3"]).items() if member != "bypass"}
    if not prober.offer.refusals or not trusted or not prober.put(acls):
        return None
    outcomes = prober.outcomes(*(Request(address=_OUTSIDE, caller=caller) for caller in trusted[:6]))
    if "allow" in outcomes:
        return "AzureServices"
    return "None" if "deny" in outcomes else None


def _default_of_action(prober: _Prober) -> str | None:
    acls = {member: value for member, value in wire_rules(["20.1.2.3"]).items() if member != "defaultAction"}
    if not prober.offer.refusals or not prober.put(acls):
        return None
    outcome = prober.outcomes(Request(address=_OUTSIDE))[0]
    return {"allow": "Allow", "deny": "Deny"}.get(outcome)


def _single_read_back(prober: _Prober) -> str | None:
    if not prober.offer.read_back or not prober.put(wire_rules(["20.1.2.3"])):
        return None
    shown = prober.values_read()
    return {"20.1.2.3": "bare", "20.1.2.3/32": "/32"}.get(shown[0]) if len(shown) == 1 else None


def _unauthenticated(prober: _Prober) -> str | None:
    if not prober.offer.codes or not prober.offer.credentials or not prober.put(wire_rules(["20.1.2.3"])):
        return None
    request = Request(address=_OUTSIDE, caller=Caller(authenticated=False))
    answer = prober.answers(request)[0]
    if answer.outcome == "inconclusive":
        return None
    return str(answer.status) if answer.status in (401, 403) else f"other: {answer.status}"


def _scenarios(prober: _Prober) -> str | None:
    """Only a subject that keeps today's list by name can tell scenarios apart."""
    trusted = trusted_callers(prober.profile, prober.offer)
    if prober.offer.by_attribute or prober.profile.choice("trusted-scenarios") is not None or not trusted:
        return None
    if not prober.put(wire_rules((), bypass="AzureServices")):
        return None
    found = set()
    for caller in trusted:
        outcomes = prober.outcomes(
            *(Request(address=_OUTSIDE, caller=caller, operation=operation) for operation in DATA_OPERATIONS)
        )
        if "allow" in outcomes:
            found.add("connection" if "deny" not in outcomes else "scenario")
    return "scenario" if "scenario" in found else "connection"


def _with_names_that_it_knows(prober: _Prober, profile: Profile) -> Profile:
    """Today's services are documented in short form only: a list by name is asked for the names that it knows.

    Where it knows none, all stay, and DEC-11 fails.
    """
    if prober.offer.by_attribute or profile.missing_endpoint == "ledger":
        return profile
    if profile.choice("trusted-scenarios") != "connection":
        return profile  # a name that is let in for one operation only is neither known nor unknown
    callers = trusted_callers(profile, prober.offer)
    try:
        if not callers or not prober.put(wire_rules((), bypass="AzureServices")):
            return profile
        outcomes = prober.outcomes(*(Request(address=_OUTSIDE, caller=caller) for caller in callers))
    except HarnessFault:
        return profile
    known = {str(caller.service) for caller, outcome in zip(callers, outcomes, strict=True) if outcome == "allow"}
    return profile.with_trusted_services(frozenset(known)) if known else profile


def _if_open(member: str, probe: _Probe) -> _Probe:
    """The probe, where the profile leaves the point open."""
    return lambda prober: probe(prober) if getattr(prober.profile, member) == "ledger" else None


def _if_accepted(probe: _Probe) -> _Probe:
    """The probe, where its value is accepted: which other characters are blanks, nobody has said."""

    def asked(prober: _Prober) -> str | None:
        found = probe(prober)
        return None if found == "reject" else found

    return asked


def _prefix_0(prober: _Prober) -> str | None:
    found = _accepts(wire_rules(["0.0.0.0/0"]))(prober)
    # 0.0.0.0/0 covers private space as well: where such ranges are refused, its own point cannot be seen.
    return None if found == "reject" and prober.profile.choice("private-superset") == "reject" else found


_PROBES: Mapping[str, _Probe] = {
    "host-bits": _all_of(
        _reading("20.1.2.3/24", ("20.1.2.0", "20.1.2.3", "20.1.2.255"), ("20.1.1.255", "20.1.3.0"), "mask"),
        _reading("150.7.9.129/30", ("150.7.9.128", "150.7.9.131"), ("150.7.9.127", "150.7.9.132"), "mask"),
    ),
    "private-superset": _accepts(
        wire_rules(["172.0.0.0/8"]), wire_rules(["172.0.0.0/11"]), wire_rules(["192.168.0.0/15"])
    ),
    "superset-matches-private": _superset_matches,
    "reserved-ranges": _reserved,
    "duplicates": _duplicates,
    "duplicates-count": _duplicates_count,
    "prefix-31": _if_open(
        "prefix_31", _reading("20.1.2.2/31", ("20.1.2.2", "20.1.2.3"), ("20.1.2.1", "20.1.2.4"), "accept")
    ),
    "prefix-0": _prefix_0,
    "missing-service-endpoint": _missing_endpoint,
    "lost-service-endpoint": _lost_endpoint,
    "surrounding-blanks": _all_of(
        _reading(" 20.1.2.3", ("20.1.2.3",), ("20.1.2.2", "20.1.2.4"), "strip"),
        _reading("20.1.2.0/24 ", ("20.1.2.0", "20.1.2.255"), ("20.1.1.255", "20.1.3.0"), "strip"),
        _if_accepted(_reading("20.1.2.3\n", ("20.1.2.3",), ("20.1.2.2", "20.1.2.4"), "strip")),
        _if_accepted(_reading("\t20.1.2.3", ("20.1.2.3",), ("20.1.2.2", "20.1.2.4"), "strip")),
    ),
    "leading-zeros": _leading_zeros,
    "prefix-spelling": _all_of(
        _reading("20.1.2.0/024", ("20.1.2.0", "20.1.2.255"), ("20.1.1.255", "20.1.3.0"), "accept"),
        _reading("20.1.2.0/+24", ("20.1.2.0", "20.1.2.255"), ("20.1.1.255", "20.1.3.0"), "accept"),
    ),
    "netmask-form": _reading(
        "20.1.2.0/255.255.255.0", ("20.1.2.0", "20.1.2.255"), ("20.1.1.255", "20.1.3.0"), "accept"
    ),
    "hostmask-form": _reading("20.1.2.0/0.0.0.255", ("20.1.2.0", "20.1.2.255"), ("20.1.1.255", "20.1.3.0"), "accept"),
    "remove-unknown": _remove_unknown,
    "enum-case": _enum_case,
    "null-members": _null_members,
    "default-of-bypass": _default_of_bypass,
    "default-of-default-action": _default_of_action,
    "single-address-read-back": _single_read_back,
    "unauthenticated-and-blocked": _unauthenticated,
    "trusted-scenarios": _scenarios,
}
