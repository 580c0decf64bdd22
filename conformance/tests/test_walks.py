"""Walks: every kind of write in opposite states, whom they ask, and the faults that a look after every write finds."""

from collections import Counter
from collections.abc import Callable
from itertools import combinations
from random import Random

import pytest
from fencepost.adapters.contract import Client, JsonObject, open_factory
from fencepost.conformance.capabilities import Capabilities
from fencepost.conformance.explorations.histories import HISTORIES
from fencepost.conformance.generate.accepted_writes import (
    Kind,
    add_ip_rule,
    put_without_rules,
    remove_first_ip_rule,
)
from fencepost.conformance.generate.changes import Change, GeneratorState
from fencepost.conformance.generate.refused_writes import remove_what_is_not_there
from fencepost.conformance.generate.small_world import FactorLevels, SmallWorld, Walk
from fencepost.conformance.generate.walks import ACCEPTED, REFUSED, SINGLE, assigned, next_of, restore_levels
from fencepost.conformance.implementations import reference
from fencepost.conformance.lockstep.case import EndpointsStep, WriteStep, apply_write, may_be_asked
from fencepost.conformance.lockstep.wire import wire_rules
from fencepost.conformance.peers import StdlibVault
from fencepost.reference import Vault, Verdict, load_profile
from runs import explored

FAMILIES = (*ACCEPTED, *REFUSED)
KINDS = {kind for family in FAMILIES for kind in family}
IN_VAIN = {kind for family in REFUSED for kind in family} - {remove_what_is_not_there}
OFFER = Capabilities.from_statement(Client(open_factory(lambda: reference(""))).describe(), load_profile("keyvault"))
CHOICES = {"remove-unknown": "ignore", "lost-service-endpoint": "accept"}
PROFILE = load_profile("keyvault").with_choices(CHOICES)


class ModelWalk:
    """A walk in which the reference's vault takes part alone."""

    def __init__(self, levels: FactorLevels, kinds: list[Kind], seed: int) -> None:
        self.vault = Vault(profile=PROFILE)
        self.state = GeneratorState(random=Random(seed), capabilities=OFFER, now=lambda: self.vault)
        self.world = SmallWorld.of(self.state)
        self.vault = self.vault.reset(self.world.network)
        self.walk = Walk(state=self.state, world=self.world, levels=levels)
        opened = self.vault.put_rules(self.walk.some_rules()).accepted
        assert opened is not None
        self.vault = opened
        self.made: list[tuple[Kind, Verdict]] = []
        while kinds:
            kind = next_of(self.walk, kinds)
            kinds.remove(kind)
            for change in restore_levels(self.walk):
                self.take(change)
            if (stroke_now := kind(self.walk)) is not None:
                self.made.append((kind, self.take(stroke_now)))

    def take(self, change: Change) -> Verdict:
        match change.step:
            case EndpointsStep(subnet=subnet, service_endpoints=endpoints):
                self.vault = self.vault.set_service_endpoints(subnet, endpoints)
                verdict = Verdict.ACCEPTED
            case WriteStep():
                write = apply_write(self.vault, change.step)
                verdict = write.verdict
                self.vault = write.accepted or self.vault if verdict is Verdict.ACCEPTED else self.vault
        assert all(may_be_asked(self.vault, request) for request in self.world.everybody(self.state))
        return verdict


def rehearsals(seed: int) -> list[ModelWalk]:
    return [ModelWalk(levels, list(kinds), seed) for levels, kinds in assigned(Random(seed), FAMILIES)]


def test_every_kind_is_made_by_one_walk_and_of_single_changes_under_either_default_action() -> None:
    for seed in range(4):
        assignments = list(assigned(Random(seed), FAMILIES))
        times = Counter(kind for _, kinds in assignments for kind in kinds)
        assert times == Counter(kind for family in (*FAMILIES, *SINGLE) for kind in family)
        for kind in (kind for family in SINGLE for kind in family):
            assert {levels.default_action for levels, kinds in assignments if kind in kinds} == {"Allow", "Deny"}


def test_any_two_main_factors_of_a_state_meet_in_every_combination_and_each_level_of_the_others_twice() -> None:
    for seed in range(4):
        states = [levels for levels, _ in assigned(Random(seed), FAMILIES)]
        for one, other in combinations(("default_action", "is_off", "has_few_ranges"), 2):
            assert len({(getattr(levels, one), getattr(levels, other)) for levels in states}) == 4
        for drawn in ("bypass", "has_few_subnets"):
            assert set(Counter(getattr(levels, drawn) for levels in states).values()) == {2}


def test_a_removal_waits_for_a_rule_and_goes_first_where_there_are_too_many() -> None:
    levels = FactorLevels(default_action="Deny", bypass="None", is_off=True, has_few_ranges=True, has_few_subnets=True)
    walk = ModelWalk(levels, [], seed=0)

    def next_under(*values: str, kinds: list[Kind]) -> Kind:
        put = walk.vault.put_rules(wire_rules(values)).accepted
        assert put is not None
        walk.vault = put
        return next_of(walk.walk, kinds)

    assert next_under(kinds=[remove_first_ip_rule, add_ip_rule]) is add_ip_rule
    assert next_under("9.9.9.9", "8.8.8.8", kinds=[add_ip_rule, remove_first_ip_rule]) is remove_first_ip_rule
    assert next_under("9.9.9.9", kinds=[put_without_rules, add_ip_rule]) is add_ip_rule, "a subnet is off, and listed"


def test_what_is_said_to_be_accepted_is_and_what_is_to_be_refused_is_refused() -> None:
    for seed in range(6):
        made = [one for rehearsed in rehearsals(seed) for one in rehearsed.made]
        assert len(made) > 50
        for kind, verdict in made:
            assert verdict is (Verdict.REFUSED if kind in IN_VAIN else Verdict.ACCEPTED), kind.__name__


def test_every_kind_of_write_is_made_by_some_seed() -> None:
    made = {kind for seed in range(6) for rehearsed in rehearsals(seed) for kind, _ in rehearsed.made}
    assert made == KINDS


def test_a_walk_repeats_no_rule() -> None:
    for rehearsed in rehearsals(1):
        rules = rehearsed.vault.rules
        assert len({rule.block for rule in rules.ip_rules}) == len(rules.ip_rules)
        assert len({rule.key for rule in rules.virtual_network_rules}) == len(rules.virtual_network_rules)


# -- faults that take a write in a certain state, or a look before it --------------------------------------------------


class Remembering(StdlibVault):
    """Answers from memory, which every write clears but one."""

    keeps = ""

    def __init__(self) -> None:
        super().__init__()
        self._known: dict[str, object] = {}

    def _cleared_by(self, method: str) -> None:
        if method != self.keeps:
            self._known.clear()

    def reset(self, **params: object) -> JsonObject:
        self._cleared_by("reset")
        return super().reset(**params)  # type: ignore[arg-type]

    def decide(self, *, requests: list[JsonObject]) -> JsonObject:  # type: ignore[override]
        answers = []
        for request in requests:
            if str(request) not in self._known:
                decisions = super().decide(requests=[request])["decisions"]
                assert isinstance(decisions, list)
                self._known[str(request)] = decisions[0]
            answers.append(self._known[str(request)])
        return {"decisions": answers}


WRITES = (
    "put_rules",
    "update_rules",
    "add_ip_rule",
    "remove_ip_rule",
    "add_virtual_network_rule",
    "remove_virtual_network_rule",
    "set_service_endpoints",
)


def _overridden(base: type[StdlibVault], name: str, wrapped: Callable[..., object]) -> type[StdlibVault]:
    """The vault with one method inside another."""
    plain = getattr(base, name)

    def method(self: StdlibVault, **params: object) -> object:
        return wrapped(self, lambda: plain(self, **params), params)

    return type(base.__name__, (base,), {name: method})


def remembering(skipped: str) -> type[StdlibVault]:
    """A vault that forgets what it answered at every write but this one."""
    made: type[StdlibVault] = type("Forgetful", (Remembering,), {"keeps": skipped})
    for name in WRITES:

        def clearing(self: Remembering, write: Callable[[], object], _: object, name: str = name) -> object:
            self._cleared_by(name)
            return write()

        made = _overridden(made, name, clearing)
    return made


def found_by_histories(factory: Callable[[], object], seed: int = 0) -> list[str]:
    return sorted(explored(factory, HISTORIES, seed=seed, fail_fast=True).tally.failures)


def test_a_vault_that_forgets_at_every_write_is_found_by_no_history() -> None:
    assert found_by_histories(remembering("")) == []


@pytest.mark.parametrize("skipped", WRITES[:-1])  # the same request is asked with an endpoint, or without it
def test_an_answer_that_outlives_one_kind_of_write_is_found(skipped: str) -> None:
    assert found_by_histories(remembering(skipped))


def _acls(vault: StdlibVault) -> dict[str, object]:
    """The rules in force, spelled out."""
    acls = vault.get_rules().get("networkAcls")
    plain: dict[str, object] = {"bypass": "AzureServices", "defaultAction": "Allow", "ipRules": []}
    return dict(acls) if isinstance(acls, dict) else plain


def _undone_under_allow(self: StdlibVault, write: Callable[[], object], _: object) -> object:
    """Accepted, and forgotten, while the rules lie dormant."""
    before = _acls(self)
    answer = write()
    if before["defaultAction"] == "Allow" and isinstance(answer, dict) and answer["accepted"] is True:
        StdlibVault.put_rules(self, network_acls=before)
    return answer


@pytest.mark.parametrize("name", WRITES[2:6])
def test_a_change_that_is_lost_while_rules_lie_dormant_is_found(name: str) -> None:
    assert found_by_histories(_overridden(StdlibVault, name, _undone_under_allow))


def _wiped_by_a_refusal(self: StdlibVault, write: Callable[[], object], _: object) -> object:
    """A refused write takes the last IP rule away."""
    answer = write()
    if isinstance(answer, dict) and answer["accepted"] is False:
        acls = _acls(self)
        entries = acls["ipRules"]
        assert isinstance(entries, list)
        StdlibVault.put_rules(self, network_acls={**acls, "ipRules": entries[:-1]})
    return answer


@pytest.mark.parametrize("name", ["put_rules", "update_rules", "add_ip_rule", "add_virtual_network_rule"])
def test_what_a_refused_write_leaves_behind_is_found(name: str) -> None:
    assert found_by_histories(_overridden(StdlibVault, name, _wiped_by_a_refusal))
