"""Walks: every family of writes in every kind of state, arranged so that any two traits of a state occur together."""

from collections.abc import Iterator, Sequence
from random import Random
from typing import TypeAlias

from fencepost.conformance.generate.accepted_writes import (
    Kind,
    add_ip_rule,
    add_subnet,
    add_subnet_without_endpoint,
    put_one_less,
    put_one_other,
    put_other,
    put_same,
    put_switched,
    put_without_ip_rules,
    put_without_rules,
    put_without_subnets,
    remove_a_subnet_that_is_off,
    remove_an_ip_rule,
    remove_first_ip_rule,
    remove_first_subnet,
    remove_last_ip_rule,
    remove_last_subnet,
    switch_off,
    switch_off_unlisted,
    switch_on,
    update_both,
    update_bypass,
    update_default_action,
    update_to_the_same,
)
from fencepost.conformance.generate.networks import ENDPOINTS
from fencepost.conformance.generate.refused_writes import (
    add_ipv6,
    add_lacking_subnet,
    add_malformed,
    add_no_subnet,
    add_private,
    put_too_many,
    put_with_a_wrong_ip_rule,
    put_with_a_wrong_subnet,
    put_with_a_wrong_switch,
    remove_what_is_not_there,
    update_with_a_wrong_bypass,
    update_with_a_wrong_default_action,
)
from fencepost.conformance.generate.strokes import Stroke, update
from fencepost.conformance.generate.walkers import Theme, Walker
from fencepost.conformance.lockstep.case import EndpointsStep

Family: TypeAlias = tuple[Kind, Kind, Kind, Kind]

ACCEPTED: tuple[Family, ...] = (
    (put_other, put_same, put_switched, put_one_other),
    (put_without_ip_rules, put_without_subnets, put_without_rules, put_one_less),
    (update_default_action, update_bypass, update_both, update_to_the_same),
    (add_ip_rule, add_ip_rule, add_ip_rule, add_ip_rule),
    (remove_first_ip_rule, remove_last_ip_rule, remove_an_ip_rule, remove_an_ip_rule),
    (add_subnet, add_subnet, add_subnet, add_subnet_without_endpoint),
    (remove_first_subnet, remove_last_subnet, remove_last_subnet, remove_a_subnet_that_is_off),
    (switch_off, switch_off, switch_off_unlisted, switch_on),
)
"""Kinds of accepted writes, four in each family: a theme has one of them."""

REFUSED: tuple[Family, ...] = (
    (add_private, add_malformed, add_malformed, add_ipv6),
    (add_no_subnet, add_no_subnet, add_lacking_subnet, add_lacking_subnet),
    (put_with_a_wrong_ip_rule, put_with_a_wrong_subnet, put_with_a_wrong_switch, put_too_many),
    (
        *(update_with_a_wrong_default_action, update_with_a_wrong_default_action),
        *(update_with_a_wrong_bypass, update_with_a_wrong_bypass),
    ),
    (remove_what_is_not_there,) * 4,
)
"""Kinds of writes that are refused, or ask for something absent."""

_PAIRS = 4

ELSEWHERE = frozenset((*REFUSED[0], *REFUSED[1], *REFUSED[-1]))
"""Kinds that other explorations make often: they occur in one theme of two."""


def dealt(
    random: Random, families: Sequence[Family], *, is_switched: bool = True
) -> Iterator[tuple[Theme, Sequence[Kind]]]:
    """Eight walks that each have every family. Any three traits of a theme but the bypass occur in all combinations.

    Each member of a family occurs in two themes that differ in all but the bypass; a member done elsewhere, in one.
    If no default action can be switched, every theme's is Deny.
    """
    firsts = [random.randrange(_PAIRS) for _ in families]
    for place in range(_PAIRS):
        every = [family[(first + place) % _PAIRS] for family, first in zip(families, firsts, strict=True)]
        for is_asleep in (False, True):
            hand = [kind for kind in every if kind not in ELSEWHERE or is_asleep is bool(place & 1)]
            is_off, has_few = bool(place & 1) is not is_asleep, bool(place & 2) is not is_asleep
            theme = Theme(
                default_action="Allow" if is_asleep and is_switched else "Deny",
                bypass="AzureServices" if is_asleep is is_off else "None",
                is_off=is_off,
                has_few_ranges=has_few,
                has_few_subnets=(is_asleep + is_off + has_few) % 2 == 1,
            )
            yield theme, random.sample(hand, len(hand))


_RANGES_REMOVED = (remove_first_ip_rule, remove_last_ip_rule, remove_an_ip_rule)
_SUBNETS_REMOVED = (remove_first_subnet, remove_last_subnet, remove_a_subnet_that_is_off)
_EMPTYING = (put_without_ip_rules, put_without_subnets, put_without_rules)


def next_of(walker: Walker, hand: Sequence[Kind]) -> Kind:
    """The first kind in the hand; a removal first if the theme has too many rules, last if there is none to remove.

    A kind that empties a list comes last while a subnet is off, since that subnet must be listed.
    """
    theme, scene = walker.theme, walker.scene
    lists = (
        (_RANGES_REMOVED, len(scene.held), theme.has_few_ranges),
        (_SUBNETS_REMOVED, len(scene.listed), theme.has_few_subnets),
    )

    def urgency(kind: Kind) -> int:
        concerned = [(count, few) for removals, count, few in lists if kind in removals]
        is_too_early = theme.is_off and kind in _EMPTYING
        return is_too_early + sum((count == 0) - (few and count > 1) for count, few in concerned)

    return min(hand, key=urgency)


def back_to_the_theme(walker: Walker) -> Iterator[Stroke]:
    """The writes that lead back to the theme's state, if a write has left it."""
    rules, network = walker.vault.rules, walker.vault.network
    switches = {}
    if rules.default_action.value != walker.theme.default_action:
        switches["defaultAction"] = walker.theme.default_action
    if rules.bypass.value != walker.theme.bypass:
        switches["bypass"] = walker.theme.bypass
    if switches:
        yield update(**switches)
    listed = walker.scene.listed
    is_off = any(not network.has_endpoint(one) for one in listed)
    if walker.theme.is_off and not is_off:
        stroke = switch_off(walker)
        if stroke is not None:
            yield stroke
    if not walker.theme.is_off:
        for one in listed:
            if not network.has_endpoint(one):
                known = {subnet.id.lower(): subnet.id for subnet in network.subnets}
                step = EndpointsStep(subnet=known[one.lower()], service_endpoints=ENDPOINTS[0])
                yield Stroke(step=step, clauses=("STA-10",))
