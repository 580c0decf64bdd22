"""The parser profile: how an implementation reads many spellings, found by asking which callers it then admits."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from random import Random
from typing import Literal, TypeAlias

from fencepost.adapters.contract import Client, Decision, HarnessFault, RpcError
from fencepost.conformance.capabilities import Capabilities
from fencepost.conformance.generate import mistakes
from fencepost.conformance.generate.boundaries import edges
from fencepost.conformance.generate.networks import plain_subnets
from fencepost.conformance.generate.readings import Meaning, meanings
from fencepost.conformance.lockstep.case import AskStep, WriteStep, apply_write
from fencepost.conformance.lockstep.wire import WireRules, wire_network, wire_rules
from fencepost.conformance.reasons import QUESTIONS, REASONS
from fencepost.reference import (
    Block,
    Network,
    Profile,
    Request,
    Subnet,
    Vault,
    Verdict,
    address_from_text,
    cidr_from_block,
)
from fencepost.reference.open_points import OPEN_POINTS

Kind: TypeAlias = Literal["refused", "accepted", "unstable", "error", "open", "inconclusive"]

_FAR = tuple(address_from_text(one) for one in ("33.44.55.66", "98.76.54.32", "151.2.3.4", "203.5.6.7", "77.88.99.11"))
"""Addresses that no spelling names: a subject that admits them all admits everybody."""

_FAULTS = 3
_MOST_ADDRESSES = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class Spelling:
    """A value that a rule may be written with: its name, its remark, and its place.

    `member` is `ipRules`, `virtualNetworkRules`, `bypass` or `defaultAction`; `entry` is True where the value stands in
    the list in place of an object.
    """

    name: str
    reason: str
    member: str
    value: object
    entry: bool = False

    def acls(self) -> WireRules:
        """A rule set with this value alone, under Deny."""
        acls = wire_rules(())
        match self.member:
            case "ipRules":
                acls["ipRules"] = [self.value if self.entry else {"value": self.value}]
            case "virtualNetworkRules":
                acls["virtualNetworkRules"] = [self.value if self.entry else {"id": self.value}]
            case member:
                acls[member] = self.value
        return acls


class _NotAnswered(Exception):
    """The harness could not put the spelling as asked, or a request that shows its meaning."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The result of a spelling: refused, accepted as something, open, unstable, inconclusive, or a harness fault."""

    kind: Kind
    text: str

    def agrees_with(self, other: "Answer") -> bool:
        """Whether another answer is the same. If this answer is open, any answer agrees except a fault."""
        return self == other or (self.kind == "open" and other.kind in ("accepted", "refused"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One spelling, the subject's answer and the reference's reading."""

    spelling: Spelling
    subject: Answer
    reference: Answer

    @property
    def differs(self) -> bool:
        """Whether the subject certainly reads otherwise than the reference; a fault is no reading."""
        if self.subject.kind == "inconclusive":
            return False
        if self.subject.kind == "error":
            return self.reference.kind == "accepted"
        return not self.reference.agrees_with(self.subject)


_WELL_FORMED = (
    ("an address", "20.1.2.3"),
    ("the first public address", "1.0.0.0"),
    ("the last public address", "223.255.255.255"),
    ("an address with high octets", "191.10.18.255"),
    ("an address that ends in 0", "20.1.2.0"),
    ("a /3", "32.0.0.0/3"),
    ("a /8", "20.0.0.0/8"),
    ("a /12 beside private space", "172.32.0.0/12"),
    ("a /16", "20.1.0.0/16"),
    ("a /17 that is an upper half", "20.1.128.0/17"),
    ("a /24", "124.56.78.0/24"),
    ("a /30", "20.1.2.252/30"),
    ("below 10/8", "9.255.255.255"),
    ("above 10/8", "11.0.0.0/8"),
    ("below 172.16/12", "172.15.255.255"),
    ("above 172.16/12", "172.32.0.0"),
    ("below 192.168/16", "192.167.0.0/16"),
    ("above 192.168/16", "192.169.0.0"),
    ("text that begins like 10.", "100.10.0.1"),
)

_OF_OPEN_POINTS = (
    ("host bits in a /24", "20.1.2.3/24"),
    ("host bits in a /30", "150.7.9.129/30"),
    ("a /1 that covers private space", "128.0.0.0/1"),
    ("a /8 that covers private space", "172.0.0.0/8"),
    ("everything as a range", "0.0.0.0/0"),
    ("everything with host bits", "20.1.2.3/0"),
    ("loopback", "127.0.0.1"),
    ("link-local", "169.254.1.1"),
    ("shared address space", "100.64.0.1"),
    ("multicast", "224.0.0.5"),
    ("broadcast", "255.255.255.255"),
    ("the unspecified address", "0.0.0.0"),  # noqa: S104 - an address for a rule
    ("a documentation range", "203.0.113.0/24"),
    ("a /31", "20.1.2.2/31"),
    ("a /32", "20.1.2.3/32"),
    ("a blank before", " 20.1.2.3"),
    ("a blank after", "20.1.2.0/24 "),
    ("a tab after", "20.1.2.3\t"),
    ("a line break after", "20.1.2.3\n"),
    ("leading zeros, octal digits", "020.1.2.3"),
    ("leading zeros, decimal digits only", "20.1.2.09"),
    ("all octets of three digits", "020.001.002.003"),
    ("a prefix of three digits", "20.1.2.0/024"),
    ("a prefix with a plus sign", "20.1.2.0/+24"),
    ("a netmask", "20.1.2.0/255.255.255.0"),
    ("a host mask", "20.1.2.0/0.0.0.255"),
    ("a netmask of one address", "20.1.2.3/255.255.255.255"),
)


def spellings(profile: Profile, network: Network) -> tuple[Spelling, ...]:
    """Every spelling of the table: well-formed, open points, and every kind of mistake; ids where there are subnets."""
    vault = Vault(profile=profile).reset(network)
    found = [_ip(name, value, vault) for name, value in (*_WELL_FORMED, *_OF_OPEN_POINTS)]
    shown = {one.value for one in found}
    firsts = ((point.key, point.spellings[0].value) for point in OPEN_POINTS if point.spellings)
    found += [_ip(name, value, vault) for name, value in firsts if value not in shown]
    wrong = [*mistakes.ip_mistakes(profile, Random("spellings"))]
    if network.subnets:
        known = network.subnets[0].id
        found.append(_of(vault, "a subnet's id", "virtualNetworkRules", known))
        found.append(_of(vault, "a subnet's id in capitals", "virtualNetworkRules", known.upper()))
        wrong += mistakes.subnet_mistakes(known)
    wrong += mistakes.switch_mistakes()
    # One of a kind is enough here: the run asks them all.
    once = {(one.member, one.name.partition(" #")[0]): one for one in reversed(wrong)}
    found += [_of(vault, name, member, one.value, entry=one.entry) for (member, name), one in reversed(once.items())]
    return tuple(found)


def _ip(name: str, value: str, vault: Vault) -> Spelling:
    return _of(vault, name, "ipRules", value)


def _of(vault: Vault, name: str, member: str, value: object, *, entry: bool = False) -> Spelling:
    plain = Spelling(name=name, reason="", member=member, value=value, entry=entry)
    violations = vault.put_rules(plain.acls()).violations
    words = dict.fromkeys(
        f"{violation.clause}, {REASONS.get(violation.name, violation.name)}" for violation in violations
    )
    return replace(plain, reason="; ".join(words) or "well-formed")


def network_for(capabilities: Capabilities) -> Network:
    """The network in which the spellings are asked; empty for a subject without subnets."""
    return Network(subnets=tuple(Subnet(id=one) for one in plain_subnets(3))) if capabilities.subnets else Network()


def reference_reading(spelling: Spelling, profile: Profile, network: Network) -> Answer:
    """The reference's reading of the spelling: open if the documents leave it open."""
    vault = Vault(profile=profile).reset(network)
    write = apply_write(vault, WriteStep(method="putRules", params={"networkAcls": spelling.acls()}))
    if write.verdict is Verdict.REFUSED:
        return Answer(kind="refused", text="refused")
    if write.verdict is Verdict.OPEN:
        points = sorted({point for violation in write.violations for point in violation.open_points})
        return Answer(
            kind="open", text=f"open: {', '.join(point for point in points if point in QUESTIONS) or points[0]}"
        )
    assert write.accepted is not None
    rules = write.accepted.rules
    if rules.ip_rules:
        return Answer(kind="accepted", text=f"accepted as {cidr_from_block(rules.ip_rules[0].block)}")
    return Answer(kind="accepted", text="accepted as the subnet" if rules.virtual_network_rules else "accepted")


@dataclass(slots=True)
class Profiler:
    """Asks one subject each spelling twice. A harness fault counts as an answer; three in a row end the asking."""

    client: Client
    profile: Profile
    capabilities: Capabilities
    network: Network = field(init=False)
    spellings: tuple[Spelling, ...] = field(init=False)
    _faults: int = 0

    def __post_init__(self) -> None:
        self.network = network_for(self.capabilities)
        self.spellings = spellings(self.profile, self.network)

    def rows(self) -> Iterator[Row]:
        """A row for each spelling, in the order of the table."""
        for spelling in self.spellings:
            reference = reference_reading(spelling, self.profile, self.network)
            yield Row(spelling=spelling, subject=self.answer(spelling), reference=reference)

    def answer(self, spelling: Spelling) -> Answer:
        """How the subject reads one spelling."""
        if self._faults >= _FAULTS:
            return Answer(kind="error", text="not asked: three harness faults in a row")
        found = [self._once(spelling) for _ in range(2)]
        if found[0] == found[1] or "error" in (found[0].kind, found[1].kind):
            return found[0]
        for one in found:
            if one.kind == "inconclusive":
                return one
        return Answer(kind="unstable", text=f"{found[0].text}, then {found[1].text}")

    def _once(self, spelling: Spelling) -> Answer:
        try:
            answer = self._asked(spelling)
        except RpcError as error:
            self._faults = 0  # the subject answers, even if only to decline
            return Answer(kind="error", text=f"error: {error.came}")
        except HarnessFault as fault:
            self._faults += 1
            return Answer(kind="error", text=f"error: {fault}")
        except _NotAnswered as reason:
            answer = Answer(kind="inconclusive", text=f"inconclusive: {reason}")
        self._faults = 0
        return answer

    def _asked(self, spelling: Spelling) -> Answer:
        self.client.reset(wire_network(self.network))
        written = self.client.write("putRules", {"networkAcls": spelling.acls()})
        if written.is_inconclusive:
            raise _NotAnswered(written.reason or "no reason given")
        if not written.is_accepted:
            return Answer(kind="refused", text="refused")
        match spelling.member:
            case "ipRules":
                return Answer(kind="accepted", text=f"accepted as {self._addresses_admitted(spelling)}")
            case "virtualNetworkRules":
                return Answer(kind="accepted", text=f"accepted as {self._subnets_admitted()}")
            case _:
                return Answer(kind="accepted", text=f"accepted: {self._switched()}")

    def _addresses_admitted(self, spelling: Spelling) -> str:
        """The likeliest meaning by the callers admitted; `_NotAnswered` where no caller that shows it could be put."""
        candidates = meanings(spelling.value, self.profile)
        asked = list(dict.fromkeys([*_FAR, *_places(candidates)]))[:_MOST_ADDRESSES]
        answers = self._answers([Request(address=address) for address in asked])
        put = [(address, answer) for address, answer in zip(asked, answers, strict=True) if _is_put(answer)]
        asked, admitted = [address for address, _ in put], [answer.outcome == "allow" for _, answer in put]
        for one in candidates:
            if all((address in one) is is_in for address, is_in in zip(asked, admitted, strict=True)):
                if not any(admitted):
                    _must_be_put(answers)
                return one.text
        inside = [cidr_from_block(block) for block in _runs(asked, admitted)]
        return f"something else: it admits {', '.join(inside[:4])}{' …' if len(inside) > 4 else ''}"

    def _subnets_admitted(self) -> str:
        ids = [subnet.id for subnet in self.network.subnets]
        first, *others = self._outcomes([Request(address=(10 << 24) + 4, subnet=one) for one in ids])
        outside = any(self._outcomes([Request(address=address) for address in _FAR]))
        if outside:
            return "everybody"
        return {(True, True): "every subnet", (True, False): "the subnet", (False, True): "other subnets"}.get(
            (first, any(others)), "nobody"
        )

    def _switched(self) -> str:
        is_open = all(self._outcomes([Request(address=address) for address in _FAR]))
        return "it lets everybody in" if is_open else "it lets nobody in"

    def _outcomes(self, asked: list[Request]) -> list[bool]:
        answers = self._answers(asked)
        _must_be_put(answers)
        return [answer.outcome == "allow" for answer in answers]

    def _answers(self, asked: list[Request]) -> Sequence[Decision]:
        return self.client.decide(AskStep(requests=tuple(asked)).wire())


def _is_put(answer: Decision) -> bool:
    return answer.outcome != "inconclusive"


def _must_be_put(answers: Sequence[Decision]) -> None:
    for answer in answers:
        if not _is_put(answer):
            raise _NotAnswered(answer.reason or "no reason given")


def _places(candidates: tuple[Meaning, ...]) -> Iterator[int]:
    """The addresses that distinguish the meanings: all edges."""
    for one in candidates:
        for block in one.blocks:
            yield from edges(block)


def _runs(asked: list[int], admitted: list[bool]) -> Iterator[Block]:
    """The admitted addresses, one by one."""
    for address, is_in in sorted(zip(asked, admitted, strict=True)):
        if is_in:
            yield Block(address, address)
