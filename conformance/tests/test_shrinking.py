"""Counterexamples shrink to what shows the flaw, within their ration, and never to another flaw."""

import pytest
from fencepost.adapters.contract import Decision
from fencepost.conformance import rule_sets
from fencepost.conformance.diagnosis.shrink import RATION, shrink
from fencepost.conformance.diagnosis.trials import Reproduction
from fencepost.conformance.lockstep.case import AskStep, Case, ResetStep, WriteStep, apply_write
from fencepost.conformance.lockstep.mismatch import Mismatch, WrongDecision, compare
from fencepost.conformance.lockstep.wire import wire_rules
from fencepost.reference import (
    Caller,
    Network,
    Request,
    Subnet,
    Vault,
    text_from_address,
    validate,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from shrunk_cases import (
    HOME,
    NOWHERE,
    OTHER_SUBNET,
    PROFILE,
    SUBNET,
    always_wrong,
    asked,
    case_of,
    hundred_rules_only,
    last_address_excluded,
    one_rule_only,
    put,
    right,
    shrunk,
    third_write_forgets,
    values,
)


def test_one_range_and_one_plain_request_are_left_of_a_crowd() -> None:
    crowd = [f"20.{n}.0.0/16" for n in range(0, 60, 2)]
    steps = (put(*crowd, bypass="AzureServices"), asked("1.2.3.4", "99.9.9.9", "20.8.255.255", operation="KeySign"))
    case, _ = shrunk(Case(network=Network(), steps=steps), last_address_excluded)
    write, ask = case.steps
    assert len(values(write)) == 1
    assert isinstance(ask, AskStep)
    (request,) = ask.requests
    assert request.operation == "SecretGet"
    assert text_from_address(request.address).endswith(".255.255")
    assert isinstance(write, WriteStep)
    assert write.params["networkAcls"] == wire_rules(values(write))


def test_a_caller_that_does_not_matter_becomes_a_plain_one() -> None:
    caller = Caller(service="Contoso Billing", trusted=False)
    case, _ = shrunk(
        Case(network=Network(), steps=(put("20.0.0.0/24"), asked("20.0.0.255", caller=caller))), last_address_excluded
    )
    last = case.steps[-1]
    assert isinstance(last, AskStep)
    assert last.requests[0].caller == Caller()


def test_subnets_that_nothing_names_are_taken_away() -> None:
    network = Network(
        subnets=tuple(
            Subnet(id=f"/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/v/subnets/{n}")
            for n in range(5)
        )
    )
    case, _ = shrunk(Case(network=network, steps=(put("20.0.0.0/24"), asked("20.0.0.255"))), last_address_excluded)
    assert case.network == Network()


def test_as_many_writes_are_left_as_the_flaw_needs() -> None:
    history = [put(f"20.{n}.0.9") for n in range(8)]
    case, _ = shrunk(Case(network=Network(), steps=(*history, asked("20.7.0.9"))), third_write_forgets)
    assert len(case.steps) == 4


def test_both_rules_are_left_where_it_takes_two() -> None:
    crowd = [f"20.{n}.0.0/16" for n in range(0, 30, 2)]
    case, _ = shrunk(Case(network=Network(), steps=(put(*crowd), asked("20.8.1.1"))), one_rule_only)
    assert len(values(case.steps[0])) == 2


def test_where_a_count_is_the_point_the_smallest_count_is_found_in_one_plain_pattern() -> None:
    crowd = [f"{20 + n // 200}.{n % 200}.0.0/16" for n in range(400)]
    case, _ = shrunk(Case(network=Network(), steps=(put(*crowd), asked("21.150.7.7"))), hundred_rules_only)
    left = values(case.steps[0])
    assert len(left) == 101
    assert all("/" not in value for value in left[:100])


class Leaking:
    """Runs cases of several vaults on a vault that keeps its default action over `reset`, or the answers it gave."""

    def __init__(self, *, keeps_answers: bool) -> None:
        self.calls = 0
        self._keeps_answers = keeps_answers

    def __call__(self, case_of: Case, like: Mismatch | None = None) -> Mismatch | None:
        self.calls += len(case_of.steps) + 1 + BESIDE
        vault, action, answers = Vault(profile=PROFILE).reset(case_of.network), "Allow", dict[Request, str]()
        mismatch: WrongDecision | None = None
        for step in case_of.steps:
            if isinstance(step, WriteStep):
                vault = apply_write(vault, step).accepted or vault
                action, answers = vault.rules.default_action.value, {}
            elif isinstance(step, ResetStep):
                vault = vault.reset(step.network)
            elif isinstance(step, AskStep):
                for request in step.requests:
                    got = vault.decide(request).outcome.value
                    if self._keeps_answers:
                        got = answers.setdefault(request, got)
                    elif action == "Deny" and not vault.rules.ip_rules:
                        got = "deny"
                    answer = Decision(outcome="allow" if got == "allow" else "deny")
                    _, mismatch = compare(vault, request, answer, with_codes=False)
        return mismatch


BESIDE = 2


@pytest.mark.parametrize("keeps_answers", [True, False])
def test_two_vaults_are_made_as_small_as_they_can_be_to_show_it(keeps_answers: bool) -> None:
    network = Network(
        subnets=tuple(
            Subnet(id=f"/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/v/subnets/{n}")
            for n in range(5)
        )
    )
    crowd = [f"20.{n}.0.0/16" for n in range(0, 60, 2)]
    rich = WriteStep(
        method="putRules", params={"networkAcls": wire_rules(crowd, [network.subnets[0].id], bypass="AzureServices")}
    )
    before = (put("1.2.3.4"), asked("9.9.9.9"), rich, asked("99.1.2.3", "20.8.0.1", "77.7.7.7", operation="KeySign"))
    present = (asked("5.5.5.5"), asked("5.5.5.5", "77.7.7.7", operation="KeySign"))
    case_of, replayer = (
        Case(network=network, steps=(*before, ResetStep(network=network), *present)),
        Leaking(keeps_answers=keeps_answers),
    )
    mismatch = replayer(case_of)
    assert mismatch is not None
    replayer.calls = 0
    smallest = shrink(Reproduction(case=case_of, mismatch=mismatch), replayer, beside=BESIDE)
    assert smallest.calls == replayer.calls <= RATION
    plain = asked("20.77.66.55")
    asked_before = [plain] if keeps_answers else []
    assert smallest.case == Case(network=Network(), steps=(put(), *asked_before, ResetStep(network=Network()), plain))


@pytest.mark.parametrize("ration", [0, 2, 7, 30])
def test_the_ration_is_kept_and_the_case_shows_the_flaw_all_the_same(ration: int) -> None:
    crowd = [f"20.{n}.0.0/16" for n in range(0, 60, 2)]
    case, replayer = shrunk(
        Case(network=Network(), steps=(put(*crowd), asked("20.8.255.255"))), last_address_excluded, ration=ration
    )
    assert replayer.calls <= ration
    assert len(values(case.steps[0])) <= len(crowd)


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_every_rule_set_shrinks_to_one_rule_that_shows_the_flaw(data: st.DataObject) -> None:
    acls = data.draw(rule_sets("keyvault", min_ip_rules=1, max_ip_rules=40, default_action="Deny"))
    rules = validate(acls, profile=PROFILE).rules
    assert rules is not None
    address = data.draw(st.sampled_from([rule.block.last for rule in rules.ip_rules]))
    at = rules.ip_rule_at(address)
    assert at is not None
    write = WriteStep(method="putRules", params={"networkAcls": acls})
    ask = AskStep(requests=(Request(address=at.block.last),))
    case, _ = shrunk(Case(network=Network(), steps=(write, ask)), last_address_excluded)
    assert len(values(case.steps[0])) == 1


def test_the_only_call_is_taken_away_where_the_same_clause_decides_without_it() -> None:
    under_allow = case_of(NOWHERE, put("20.0.0.0/24", default_action="Allow"), asked("9.9.9.9"))
    mismatch = always_wrong(under_allow)
    assert mismatch is not None
    smallest = shrink(Reproduction(case=under_allow, mismatch=mismatch), always_wrong)
    assert smallest.case == case_of(NOWHERE, asked("20.77.66.55"))


def test_subnets_that_no_call_names_any_more_are_taken_away_although_the_ration_is_spent() -> None:
    ids = [subnet.id for subnet in HOME.subnets]
    crowd = [f"20.{place // 200}.{place % 200}.0/30" for place in range(0, 300, 2)]
    write = WriteStep(method="putRules", params={"networkAcls": wire_rules(crowd, ids)})
    case, replayer = shrunk(case_of(HOME, write, asked("20.1.90.1")), hundred_rules_only, ration=40)
    assert len(values(case.steps[0])) > 100
    assert replayer.calls > 30
    assert case.network == NOWHERE


def test_of_subnets_that_no_call_names_those_are_kept_that_show_the_flaw() -> None:
    def shown_in_this_network(vault: Vault, request: Request, _: int) -> str:
        return "allow" if OTHER_SUBNET in vault.network else right(vault, request)

    crowd = tuple(Subnet(id=f"{SUBNET}-{place}") for place in range(12))
    network = Network(subnets=(*crowd[:7], *HOME.subnets, *crowd[7:]))
    case, _ = shrunk(case_of(network, put(), asked("9.9.9.9")), shown_in_this_network)
    assert [subnet.id for subnet in case.network.subnets] == [OTHER_SUBNET]


def test_a_long_case_has_a_ration_of_its_length() -> None:
    history = [put(f"20.0.{place // 200}.{place % 200}") for place in range(250)]
    case, _ = shrunk(case_of(NOWHERE, *history, asked("20.0.1.49")), third_write_forgets, ration=None)
    assert len(case.steps) == 4
