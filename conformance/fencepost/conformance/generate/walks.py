"""Walks: every family of writes in every kind of state, arranged so that any two levels of the main factors meet."""

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
from fencepost.conformance.generate.changes import Change, set_endpoints, update
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
from fencepost.conformance.generate.small_world import FactorLevels, Walk

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
"""Kinds of accepted writes, four in each family: a walk makes one of the four."""

SINGLE = ACCEPTED[3:7]
"""The families of single rules that come or go."""

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

_WALKS = 4

_SINGLE_REFUSED = frozenset((*REFUSED[0], *REFUSED[1]))
"""Kinds of single additions that are refused: no whole set comes after those that are made under Allow."""


def assigned(
    random: Random, families: Sequence[Family], *, is_switched: bool = True
) -> Iterator[tuple[FactorLevels, Sequence[Kind]]]:
    """Four walks that each have every family, and each another kind of it.

    Each kind of `SINGLE` is made by two walks, under Allow and under Deny. Any two of default action, endpoints and
    number of ranges occur in all combinations; the bypass and the number of subnets are drawn, each level twice. If no
    default action can be switched, it is Deny in every walk.
    """
    firsts, flip = [random.randrange(_WALKS) for _ in families], random.randrange(2)
    bypassed, few_subnets = (random.sample((True, True, False, False), _WALKS) for _ in range(2))
    for place in range(_WALKS):
        kinds = [family[(first + place) % _WALKS] for family, first in zip(families, firsts, strict=True)]
        kinds += [
            family[(first + place + 2) % _WALKS]
            for family, first in zip(families, firsts, strict=True)
            if family in SINGLE
        ]
        is_off, has_few = bool(place & 1), bool(place & 2)
        is_asleep = (is_off + has_few + flip) % 2 == 1
        levels = FactorLevels(
            default_action="Allow" if is_asleep and is_switched else "Deny",
            bypass="AzureServices" if bypassed[place] else "None",
            is_off=is_off,
            has_few_ranges=has_few,
            has_few_subnets=few_subnets[place],
        )
        late = [kind for kind in kinds if is_asleep and kind in _SINGLE_REFUSED]
        yield levels, [*random.sample(early := [kind for kind in kinds if kind not in late], len(early)), *late]


_RANGES_REMOVED = (remove_first_ip_rule, remove_last_ip_rule, remove_an_ip_rule)
_SUBNETS_REMOVED = (remove_first_subnet, remove_last_subnet, remove_a_subnet_that_is_off)
_EMPTYING = (put_without_ip_rules, put_without_subnets, put_without_rules)


def next_of(walk: Walk, kinds: Sequence[Kind]) -> Kind:
    """The kind to make next: a removal if there are too many rules, or the first; a removal of nothing comes last.

    A kind that empties a list comes last while a subnet is off, since that subnet must be listed.
    """
    levels, state = walk.levels, walk.state
    lists = (
        (_RANGES_REMOVED, len(state.ip_rules), levels.has_few_ranges),
        (_SUBNETS_REMOVED, len(state.listed), levels.has_few_subnets),
    )

    def urgency(kind: Kind) -> int:
        concerned = [(count, few) for removals, count, few in lists if kind in removals]
        is_too_early = levels.is_off and kind in _EMPTYING
        return is_too_early + sum((count == 0) - (few and count > 1) for count, few in concerned)

    return min(kinds, key=urgency)


def restore_levels(walk: Walk) -> Iterator[Change]:
    """The writes that restore the levels of the walk, if a write has changed them."""
    rules, network = walk.vault.rules, walk.vault.network
    switches = {}
    if rules.default_action.value != walk.levels.default_action:
        switches["defaultAction"] = walk.levels.default_action
    if rules.bypass.value != walk.levels.bypass:
        switches["bypass"] = walk.levels.bypass
    if switches:
        yield update(**switches)
    listed = walk.state.listed
    is_off = any(not network.has_endpoint(one) for one in listed)
    if walk.levels.is_off and not is_off:
        change = switch_off(walk)
        if change is not None:
            yield change
    if not walk.levels.is_off:
        for one in listed:
            if not network.has_endpoint(one):
                known = {subnet.id.lower(): subnet.id for subnet in network.subnets}
                yield set_endpoints(known[one.lower()], ENDPOINTS[0])
