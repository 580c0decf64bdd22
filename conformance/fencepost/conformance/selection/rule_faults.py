"""The fault classes of a rule set: what a program may get wrong in it, or when it replaces another set."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations, pairwise

from fencepost.conformance.selection.cover import FaultClass
from fencepost.conformance.selection.id_similarity import kinship
from fencepost.reference import Block, DefaultAction, IpRule, Network, RuleSet, text_from_address

THRESHOLDS = (1, 3, 10, 16, 32, 64, 100, 128, 256, 512, 999)
"""List lengths that exceed what a program may have reserved: powers of two, and round numbers."""

EXACT = (0, 1, 2, 3, 16, 17, 32, 33, 64, 65, 100, 101, 127, 128, 129, 255, 256, 257)
"""Lengths at which a list just fills, or just overflows, what was reserved for it."""

_RELATED_MOST, _FEW_SUBNETS, _SEEN, _MANY = 48, 8, 48, 16
_PRIVATE_LIKE = frozenset({10, 127, 169, 172, 192, 198, 203})

WEIGHTS = {
    "range": 3.0,
    "half": 1.0,
    "octet": 0.4,
    "single ends in": 1.0,
    "written": 1.0,
    "related": 3.0,
    "order": 2.0,
    "longer than": 0.8,
    "as long as": 1.0,
    "switches": 9.0,
    "default action": 30.0,
    "listed": 2.5,
    "listed together": 2.0,
    "kin": 5.0,
    "engulfs": 4.0,
    "alone": 1.5,
    "turn": 6.0,
    "by": 5.0,
}
"""The worth of the first time, by kind."""


def of_rules(rules: RuleSet, network: Network) -> Iterator[FaultClass]:
    """The fault classes that this rule set shows; under Allow its rules show none."""
    yield ("switches", rules.default_action, rules.bypass, bool(rules.ip_rules), bool(rules.virtual_network_rules))
    yield ("default action", rules.default_action)
    if rules.default_action is DefaultAction.ALLOW:
        return
    yield from _of_ranges(rules.ip_rules)
    yield from _of_length("IP rules", len(rules.ip_rules))
    yield from _of_length("virtual network rules", len(rules.virtual_network_rules))
    if engulfing(rules.ip_rules) is not None:
        yield ("engulfs", "many")
    if 1 < len(rules.ip_rules) <= _RELATED_MOST:
        yield from _of_relations(rules.ip_rules)
    yield from _of_subnets(rules, network)


def engulfing(rules: Sequence[IpRule]) -> Block | None:
    """The widest range, if it contains more than a few others that all end before it does."""
    blocks = [rule.block for rule in rules]
    widest = max(blocks, key=lambda block: block.last - block.first, default=None)
    if widest is None:
        return None
    inside = sum(widest.first <= one.first and one.last < widest.last for one in blocks)
    return widest if inside > _MANY else None


def prefix_of(block: Block) -> int:
    """The prefix length of a block that is a CIDR range."""
    return 33 - (block.last - block.first + 1).bit_length()


def prefix_class(prefix: int) -> str:
    """The class of a prefix length that a program may treat specially: whole octets, others, single addresses."""
    if prefix in (8, 16, 24, 32):
        return f"/{prefix}"
    return f"/{prefix // 8 * 8}+"


def _of_ranges(rules: Sequence[IpRule]) -> Iterator[FaultClass]:
    for rule in rules[:_RELATED_MOST]:
        block, prefix = rule.block, prefix_of(rule.block)
        yield ("range", prefix)
        yield ("half", prefix_class(prefix), block.first >> 31)
        octets = [block.first >> shift & 255 for shift in (24, 16, 8, 0)]
        for place, octet in enumerate(octets):
            yield ("octet", place, _octet_class(octet))
        if octets[0] in _PRIVATE_LIKE:
            yield ("octet", "like a private one", octets[0])
        if prefix == 32:
            yield ("single ends in", octets[3] if octets[3] in (0, 1, 255) else "another")
            yield ("written", "/32" in rule.text)


def _octet_class(octet: int) -> str:
    if octet in (0, 255):
        return str(octet)
    return next(name for most, name in ((9, "one digit"), (99, "two"), (127, "three"), (255, "high")) if octet <= most)


def _of_length(which: str, count: int) -> Iterator[FaultClass]:
    yield from (("longer than", which, most) for most in THRESHOLDS if count > most)
    if count in EXACT:
        yield ("as long as", which, count)


def _of_relations(rules: Sequence[IpRule]) -> Iterator[FaultClass]:
    yield from _of_order(rules)
    for (place, one), (other_place, other) in combinations(enumerate(rules), 2):
        yield from (("related", *how) for how in _relation(one, other, nearby=other_place - place == 1))


def _relation(one: IpRule, other: IpRule, *, nearby: bool) -> Iterator[tuple[object, ...]]:
    """How two rules are related; `one` stands before `other` in the list."""
    first, second = one.block, other.block
    if first == second:
        yield ("repeated", "side by side" if nearby else "apart", one.text == other.text)
        return
    wide, narrow = (first, second) if second.first >= first.first and second.last <= first.last else (second, first)
    if narrow.first >= wide.first and narrow.last <= wide.last:
        where = "start" if narrow.first == wide.first else "end" if narrow.last == wide.last else "middle"
        yield ("nested", where, "wide first" if wide == first else "narrow first")
        yield ("nested", prefix_class(prefix_of(wide)), prefix_class(prefix_of(narrow)))
        return
    low, high = (first, second) if first < second else (second, first)
    gap = high.first - low.last - 1
    if gap == 0:
        merged = high.last - low.first + 1
        alike = low.last - low.first == high.last - high.first
        yield ("adjacent", alike and low.first % merged == 0, "rising" if low == first else "falling")
    elif gap == 1 or gap == high.last - high.first + 1:
        yield ("near", "one address" if gap == 1 else "one block")
    if low.first >> 8 == high.first >> 8:
        yield ("in one /24", prefix_class(prefix_of(low)), prefix_class(prefix_of(high)))
    texts = text_from_address(first.first), text_from_address(second.first)
    if texts[0].startswith(texts[1]) or texts[1].startswith(texts[0]):
        yield ("begins alike", texts[0].startswith(texts[1]))
    if sorted(texts[0].split(".")) == sorted(texts[1].split(".")):
        yield ("octets changed about",)


def _of_order(rules: Sequence[IpRule]) -> Iterator[FaultClass]:
    firsts = [rule.block.first for rule in rules]
    steps = {one < other for one, other in pairwise(firsts)}
    yield ("order", "rising" if steps == {True} else "falling" if steps == {False} else "mixed")
    sizes = [rule.block.last - rule.block.first for rule in rules]
    for word, size in (("widest", max(sizes)), ("narrowest", min(sizes))):
        place = sizes.index(size)
        yield ("order", word, "first" if place == 0 else "last" if place == len(sizes) - 1 else "between")


def _of_subnets(rules: RuleSet, network: Network) -> Iterator[FaultClass]:
    places = {subnet.id.lower(): place for place, subnet in enumerate(network.subnets)}
    spelled = {subnet.id for subnet in network.subnets}
    for rule in rules.virtual_network_rules[:_RELATED_MOST]:
        yield ("listed", places[rule.key])
        if rule.id not in spelled:
            yield ("listed", "in other letters")
        if not network.has_endpoint(rule.id):
            yield ("listed", "without the endpoint", places[rule.key])
    for one, other in combinations(rules.virtual_network_rules[:_FEW_SUBNETS], 2):
        parts = zip(one.key.split("/"), other.key.split("/"), strict=True)
        yield ("listed together", tuple(mine == others for mine, others in parts))
    listed = {rule.key for rule in rules.virtual_network_rules}
    if len(listed) <= _FEW_SUBNETS:
        others = [one for one in list(places)[:_SEEN] if one not in listed]
        yield from {("kin", how) for one in listed for other in others for how in kinship(one, other)}
    if listed and len(listed) < _RELATED_MOST:
        yield from (("alone", places[one]) for one in listed if len(listed) == 1)
        yield ("alone", "the plainest left out", network.subnets[0].id.lower() not in listed)


def of_turn(before: RuleSet, after: RuleSet, earlier: RuleSet | None, method: str) -> Iterator[FaultClass]:
    """The fault classes of a change: what a program may keep, remember or confuse when one set replaces another."""
    yield ("by", method)
    switched = before.default_action is not after.default_action, before.bypass is not after.bypass
    ip = _changes([rule.block for rule in before.ip_rules], [rule.block for rule in after.ip_rules])
    subnets = _changes(
        [rule.key for rule in before.virtual_network_rules], [rule.key for rule in after.virtual_network_rules]
    )
    is_lists_alike = before.ip_rules == after.ip_rules and before.virtual_network_rules == after.virtual_network_rules
    if is_lists_alike and before.ip_rules:
        yield ("turn", "switches alone", *switched, after.default_action, method)
    if switched[0]:
        yield ("turn", "the default action", after.default_action, method)
    for which, found in (("IP rules", ip), ("virtual network rules", subnets)):
        yield from (("turn", which, one) for one in found)
    yield from (("turn", how) for how in _alike_but_for(before.ip_rules, after.ip_rules))
    if earlier is not None and earlier == after:
        yield ("turn", "the set before the last again")
    if not is_lists_alike and not any(switched):
        yield ("turn", "lists alone", bool(tuple(ip)), bool(tuple(subnets)))


def _alike_but_for(before: Sequence[IpRule], after: Sequence[IpRule]) -> Iterator[str]:
    """Whether all rules differ from before only in their length, or only in their first octet."""
    old, new = [rule.block for rule in before], [rule.block for rule in after]
    if not old or old == new or len(old) != len(new):
        return
    if [one.first for one in old] == [one.first for one in new]:
        yield "other lengths alone"
    if [one.first & 0xFFFFFF for one in old] == [one.first & 0xFFFFFF for one in new]:
        yield "other first octets alone"


def _changes(before: Sequence[object], after: Sequence[object]) -> Sequence[str]:
    return tuple(_differences(before, after))


def _differences(before: Sequence[object], after: Sequence[object]) -> Iterable[str]:
    if before == after:
        return
    if not after or not before:
        yield "emptied" if before else "filled"
        return
    old, new = set(before), set(after)
    if old == new:
        yield "in another order" if len(before) == len(after) else "repeated otherwise"
        return
    if len(before) == len(after):
        yield "as many others"
        if (before[0], before[-1]) == (after[0], after[-1]):
            yield "other ones between the same ends"
    if len(old ^ new) == 1:
        yield "one more" if new > old else "one less"
    elif not old & new:
        yield "all others"
