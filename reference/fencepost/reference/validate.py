"""Whether a rule set may be written: every violation, with its JSON path and the clause that it breaks."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from fencepost.reference.model import Bypass, DefaultAction, IpRule, Network, RuleSet, VirtualNetworkRule
from fencepost.reference.open_points import ANSWERS
from fencepost.reference.parse import MISTAKES, is_subnet_id, read_ip_rule
from fencepost.reference.profile import Profile


class Verdict(StrEnum):
    """The verdict on a write; `OPEN` if the specification leaves it open and no answer is chosen."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    OPEN = "open"


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """One fault of a rule set: its place (`$.ipRules[3].value`), its name and its clause.

    `is_certain` is False if the violation depends on open points, which are then named.
    """

    path: str
    name: str
    clause: str
    is_certain: bool = True
    open_points: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessment:
    """All violations of a rule set, and its meaning; `rules` is None if the meaning is not certain."""

    violations: tuple[Violation, ...]
    rules: RuleSet | None

    @property
    def verdict(self) -> Verdict:
        """Refused for a certain violation; open for an uncertain one; accepted otherwise."""
        if any(violation.is_certain for violation in self.violations):
            return Verdict.REFUSED
        return Verdict.OPEN if self.violations else Verdict.ACCEPTED


_E = TypeVar("_E", bound=StrEnum)
_Found = list[Violation]


def validate(
    network_acls: object, *, profile: Profile, network: Network | None = None, current: RuleSet | None = None
) -> Assessment:
    """Assess a whole `networkAcls` object (as JSON has it) that is to replace the rules.

    `network` gives the subnets with their endpoints (without it VAL-8 is not judged). `current` are the rules that are
    replaced: a rule that they already hold is kept, not added.
    """
    found: _Found = []
    if not isinstance(network_acls, Mapping):
        return Assessment(violations=(Violation(path="$", name="not-an-object", clause="VAL-5"),), rules=None)
    default_action, bypass = read_switches(network_acls, profile, found, *_defaults(profile))
    ip_rules = [
        None if entry is None else read_value(entry["value"], path, profile, found)
        for path, entry in _entries(network_acls, "ipRules", "value", "VAL-5", profile, found)
    ]
    subnet_rules = [
        None if entry is None else read_subnet_rule(entry, path, found)
        for path, entry in _entries(network_acls, "virtualNetworkRules", "id", "VAL-7", profile, found)
    ]
    found += repetitions(ip_rules, subnet_rules, profile)
    found += over_limits(ip_rules, subnet_rules, profile)
    if network is not None:
        for index, rule in enumerate(subnet_rules):
            if rule is not None:
                found += missing_endpoint(rule, f"$.virtualNetworkRules[{index}].id", profile, network, current)
    if default_action is None or bypass is None or None in ip_rules or None in subnet_rules:
        return Assessment(violations=tuple(found), rules=None)
    rules = RuleSet(
        default_action=default_action,
        bypass=bypass,
        ip_rules=tuple(rule for rule in ip_rules if rule is not None),
        virtual_network_rules=tuple(rule for rule in subnet_rules if rule is not None),
    )
    return Assessment(violations=tuple(found), rules=rules)


def read_switches(
    switches: Mapping[str, object],
    profile: Profile,
    found: _Found,
    default_action: DefaultAction | None,
    bypass: Bypass | None,
) -> tuple[DefaultAction | None, Bypass | None]:
    """The members `defaultAction` and `bypass`, their violations added to `found`; what is given where one is absent.

    None where a value is wrong or not certain.
    """
    return (
        _switch(switches, "defaultAction", DefaultAction, default_action, profile, found),
        _switch(switches, "bypass", Bypass, bypass, profile, found),
    )


def _defaults(profile: Profile) -> tuple[DefaultAction | None, Bypass | None]:
    """The values of absent switches in a whole rule set; None if no answer is chosen."""
    default_action, bypass = profile.choice("default-of-default-action"), profile.choice("default-of-bypass")
    return DefaultAction(default_action) if default_action else None, Bypass(bypass) if bypass else None


def _switch(
    switches: Mapping[str, object], member: str, words: type[_E], absent: _E | None, profile: Profile, found: _Found
) -> _E | None:
    path = f"$.{member}"
    value = switches.get(member)
    if value is None:
        if member in switches:
            found += _choice_violation(path, "null-members", "VAL-6", profile)
        return absent
    for word in words:
        if value == word.value:
            return word
        if isinstance(value, str) and value.lower() == word.value.lower():
            found += _choice_violation(path, "enum-case", "VAL-6", profile)
            return word
    found.append(Violation(path=path, name="unknown-word", clause="VAL-6"))
    return None


def _choice_violation(path: str, point: str, clause: str, profile: Profile) -> Iterable[Violation]:
    """A violation if the first answer is chosen, the strictest; uncertain if no answer is chosen."""
    chosen = profile.choice(point)
    if chosen is None:
        yield Violation(path=path, name=point, clause=clause, is_certain=False, open_points=frozenset({point}))
    elif chosen == ANSWERS[point][0]:
        yield Violation(path=path, name=point, clause=clause)


def _entries(
    acls: Mapping[str, object], rules: str, member: str, clause: str, profile: Profile, found: _Found
) -> Iterator[tuple[str, Mapping[str, object] | None]]:
    """Each entry of a list of rules, after the path of its member; None for an entry that has no such member."""
    entries = acls.get(rules, [])
    if entries is None:
        found += _choice_violation(f"$.{rules}", "null-members", "VAL-5", profile)
    elif not isinstance(entries, list | tuple):
        found.append(Violation(path=f"$.{rules}", name="not-a-list", clause="VAL-5"))
    else:
        for index, entry in enumerate(entries):
            path = f"$.{rules}[{index}]"
            if isinstance(entry, Mapping) and member in entry:
                yield f"{path}.{member}", entry
                continue
            name = f"entry-without-{member}" if isinstance(entry, Mapping) else "entry-not-an-object"
            found.append(Violation(path=path, name=name, clause=clause))
            yield path, None


def read_value(value: object, path: str, profile: Profile, found: _Found) -> IpRule | None:
    """The rule that a value means, its violations added to `found`; None where it is wrong or not certain."""
    reading = read_ip_rule(value, profile)
    for mistake in reading.mistakes:
        found.append(
            Violation(
                path=path,
                name=mistake,
                clause=MISTAKES[mistake],
                is_certain=reading.is_refused,
                open_points=frozenset() if reading.is_refused else reading.open_points,
            )
        )
    if len(reading.blocks) != 1 or not isinstance(value, str):
        return None
    return IpRule(text=value, block=next(iter(reading.blocks)))


def read_subnet_rule(entry: Mapping[str, object], path: str, found: _Found) -> VirtualNetworkRule | None:
    """The rule that an entry means, its violations added to `found`; None where the id is no subnet's."""
    subnet = entry["id"]
    if not isinstance(subnet, str) or not is_subnet_id(subnet):
        found.append(Violation(path=path, name="not-a-subnet-id", clause="VAL-7"))
        return None
    return VirtualNetworkRule(id=subnet, ignore_missing_endpoint=entry.get("ignoreMissingVnetServiceEndpoint") is True)


def repetitions(
    ip_rules: Iterable[IpRule | None], subnet_rules: Iterable[VirtualNetworkRule | None], profile: Profile
) -> Iterable[Violation]:
    """The violation for duplicate rules, by the open point `duplicates`."""
    blocks = Counter(rule.block for rule in ip_rules if rule is not None)
    keys = Counter(rule.key for rule in subnet_rules if rule is not None)
    repeated = (("$.ipRules", blocks.total() > len(blocks)), ("$.virtualNetworkRules", keys.total() > len(keys)))
    for path, is_repeated in repeated:
        chosen = profile.choice("duplicates")
        if is_repeated and chosen in (None, "reject"):
            points = frozenset[str]() if chosen else frozenset({"duplicates"})
            yield Violation(
                path=path, name="duplicates", clause="DEC-5", is_certain=chosen is not None, open_points=points
            )


def over_limits(
    ip_rules: Iterable[IpRule | None], subnet_rules: Iterable[VirtualNetworkRule | None], profile: Profile
) -> Iterable[Violation]:
    """The violations of LIM-2 and LIM-4, whose limits are separate (LIM-5).

    If duplicates do not count, rules that could not be read (None) count as one, since they may be equal.
    """
    blocks = [rule and rule.block for rule in ip_rules]
    keys = [rule and rule.key for rule in subnet_rules]
    yield from _over_limit("$.ipRules", "LIM-2", blocks, profile.max_ip_rules, profile)
    yield from _over_limit("$.virtualNetworkRules", "LIM-4", keys, profile.max_virtual_network_rules, profile)


def _over_limit(path: str, clause: str, rules: Iterable[object], maximum: int, profile: Profile) -> Iterable[Violation]:
    written = list(rules)
    if len(written) <= maximum:
        return
    counted = profile.choice("duplicates-count")
    if len(set(written)) > maximum or counted == "yes":
        yield Violation(path=path, name="too-many", clause=clause)
    elif counted is None:
        yield Violation(
            path=path, name="too-many", clause=clause, is_certain=False, open_points=frozenset({"duplicates-count"})
        )


def missing_endpoint(
    rule: VirtualNetworkRule, path: str, profile: Profile, network: Network, current: RuleSet | None
) -> Iterable[Violation]:
    """VAL-8 and its open points: a rule for a subnet without the service endpoint."""
    if rule.id not in network:
        points = frozenset({"subnet-outside-the-network"})
        yield Violation(path=path, name="unknown-subnet", clause="VAL-8", is_certain=False, open_points=points)
        return
    if network.has_endpoint(rule.id):
        return
    point, chosen = "missing-service-endpoint", profile.missing_endpoint
    kept = current.rule_for_subnet(rule.id) if current is not None else None
    if kept is not None and not kept.ignore_missing_endpoint:
        point, chosen = "lost-service-endpoint", profile.choice("lost-service-endpoint") or "open"
    elif kept is not None and not rule.ignore_missing_endpoint:
        point, chosen = "unsaid-flag", "open"  # the contract leaves such a write out
    elif chosen == "open":
        chosen = profile.choice("missing-service-endpoint") or "open"
    elif rule.ignore_missing_endpoint:
        return
    if chosen == "accept":
        return
    # An implementation that refuses such a rule may accept `ignoreMissingVnetServiceEndpoint`, or not know it.
    certain = chosen == "reject" and not rule.ignore_missing_endpoint
    points = frozenset[str]() if certain else frozenset({point})
    yield Violation(path=path, name=point, clause="VAL-8", is_certain=certain, open_points=points)
