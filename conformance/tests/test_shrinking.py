"""Counterexamples shrink to what shows the flaw, within their ration, and never to another flaw."""

from collections.abc import Callable

import pytest
from fencepost.adapters.contract import Decision
from fencepost.conformance import rule_sets
from fencepost.conformance.diagnosis.shrink import RATION, RATION_A_CALL, SHRINK_PASSES, shrink
from fencepost.conformance.diagnosis.trials import Reproduction, Trials
from fencepost.conformance.lockstep.case import AskStep, Case, ResetStep, Step, WriteStep, apply_write
from fencepost.conformance.lockstep.mismatch import Mismatch, WrongDecision, compare
from fencepost.conformance.lockstep.wire import wire_rules
from fencepost.reference import (
    Caller,
    Network,
    Request,
    Subnet,
    Vault,
    address_from_text,
    load_profile,
    text_from_address,
    validate,
)
from hypothesis import given, settings
from hypothesis import strategies as st

PROFILE = load_profile("keyvault")
Flaw = Callable[[Vault, Request, int], str]
"""What an implementation decides, given the rules in force, the request, and how many writes there have been."""


def right(vault: Vault, request: Request) -> str:
    return vault.decide(request).outcome.value


def last_address_excluded(vault: Vault, request: Request, _: int) -> str:
    rule = vault.rules.ip_rule_at(request.address)
    return "deny" if rule is not None and request.address == rule.block.last else right(vault, request)


def hundred_rules_only(vault: Vault, request: Request, _: int) -> str:
    found = any(request.address in rule.block for rule in vault.rules.ip_rules[:100])
    return right(vault, request) if found else "deny"


def third_write_forgets(vault: Vault, request: Request, writes: int) -> str:
    return "deny" if writes >= 3 else right(vault, request)


def one_rule_only(vault: Vault, request: Request, _: int) -> str:
    rules = vault.rules.ip_rules
    return right(vault, request) if not rules or request.address in rules[0].block else "deny"


class Replayer:
    """Runs cases on a flawed implementation, and counts the contract calls that it takes."""

    def __init__(self, flaw: Flaw) -> None:
        self.calls = 0
        self._flaw = flaw

    def __call__(self, told: Case, like: Mismatch | None = None) -> Mismatch | None:
        self.calls += len(told.steps) + 1
        vault, writes = Vault(profile=PROFILE).reset(told.network), 0
        mismatch: WrongDecision | None = None
        for step in told.steps:
            if isinstance(step, WriteStep):
                vault, writes = apply_write(vault, step).accepted or vault, writes + 1
            elif isinstance(step, AskStep):
                for request in step.requests:
                    got = self._flaw(vault, request, writes)
                    answer = Decision(outcome="allow" if got == "allow" else "deny")
                    _, mismatch = compare(vault, request, answer, with_codes=False)
        return mismatch


def shrunk(told: Case, flaw: Flaw, *, ration: int | None = RATION) -> tuple[Case, Replayer]:
    replayer = Replayer(flaw)
    mismatch = replayer(told)
    assert mismatch is not None
    replayer.calls = 0
    smallest = shrink(Reproduction(case=told, mismatch=mismatch), replayer, ration=ration)
    assert smallest.calls == replayer.calls <= (ration or RATION_A_CALL * len(told.steps))
    assert mismatch.is_like(Replayer(flaw)(smallest.case))
    return smallest.case, replayer


def put(*values: str, **switches: str) -> WriteStep:
    return WriteStep(method="putRules", params={"networkAcls": wire_rules(values, **switches)})


def asked(*addresses: str, caller: Caller | None = None, operation: str = "SecretGet") -> AskStep:
    requests = (
        Request(address=address_from_text(address), caller=caller or Caller(), operation=operation)
        for address in addresses
    )
    return AskStep(requests=tuple(requests))


def values(step: Step) -> list[str]:
    assert isinstance(step, WriteStep)
    acls = step.params["networkAcls"]
    assert isinstance(acls, dict)
    return [entry["value"] for entry in acls["ipRules"]]


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

    def __call__(self, told: Case, like: Mismatch | None = None) -> Mismatch | None:
        self.calls += len(told.steps) + 1 + BESIDE
        vault, action, answers = Vault(profile=PROFILE).reset(told.network), "Allow", dict[Request, str]()
        mismatch: WrongDecision | None = None
        for step in told.steps:
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
    told, replayer = (
        Case(network=network, steps=(*before, ResetStep(network=network), *present)),
        Leaking(keeps_answers=keeps_answers),
    )
    mismatch = replayer(told)
    assert mismatch is not None
    replayer.calls = 0
    smallest = shrink(Reproduction(case=told, mismatch=mismatch), replayer, beside=BESIDE)
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


SUBNET = "/subscriptions/first/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/first/subnets/s"
OTHER_SUBNET = SUBNET.replace("first", "other")
NEARER_SUBNET = SUBNET.replace("first", "other", 1)
BOTH_ENDPOINTS = ("Microsoft.KeyVault", "Microsoft.Sql")
HOME = Network(subnets=(Subnet(id=SUBNET), Subnet(id=OTHER_SUBNET, service_endpoints=BOTH_ENDPOINTS)))


def put_subnet(subnet: str, **members: object) -> WriteStep:
    acls = {**wire_rules(()), "virtualNetworkRules": [{"id": subnet, **members}]}
    return WriteStep(method="putRules", params={"networkAcls": acls})


def updated(**switches: str) -> WriteStep:
    return WriteStep(method="updateRules", params=switches)


def asked_from(subnet: str) -> AskStep:
    return AskStep(requests=(Request(address=address_from_text("10.0.0.9"), subnet=subnet),))


def told(network: Network, *steps: Step) -> Case:
    return Case(network=network, steps=steps)


NOWHERE = Network()
EXPLICIT = AskStep(requests=asked("9.9.9.9").requests, explicit={0: ("authorized",)})

ONE_PASS_EACH: dict[str, tuple[Case, Case]] = {
    "one earlier call": (
        told(NOWHERE, asked("1.1.1.1"), asked("2.2.2.2"), asked("9.9.9.9")),
        told(NOWHERE, asked("9.9.9.9")),
    ),
    "named rules": (
        told(NOWHERE, put(*(f"20.0.0.{n}" for n in range(13)), "9.0.0.0/8"), asked("9.9.9.9")),
        told(NOWHERE, put("9.0.0.0/8"), asked("9.9.9.9")),
    ),
    "fewer subnets": (told(HOME, asked("9.9.9.9")), told(NOWHERE, asked("9.9.9.9"))),
    "no refused writes": (
        told(NOWHERE, put("10.0.0.1"), put(), put("10.0.0.2"), asked("9.9.9.9")),
        told(NOWHERE, put(), asked("9.9.9.9")),
    ),
    "fewer calls": (told(NOWHERE, put(), put(), asked("9.9.9.9")), told(NOWHERE, put(), asked("9.9.9.9"))),
    "fewest calls": (
        told(NOWHERE, put("20.0.0.1"), put(), put("20.0.0.2"), put(), asked("9.9.9.9")),
        told(NOWHERE, put("20.0.0.1"), asked("9.9.9.9")),
    ),
    "fewer requests": (told(NOWHERE, asked("1.1.1.1", "9.9.9.9")), told(NOWHERE, asked("9.9.9.9"))),
    "default members left out": (told(NOWHERE, EXPLICIT), told(NOWHERE, asked("9.9.9.9"))),
    "plain operation": (told(NOWHERE, asked("9.9.9.9", operation="KeySign")), told(NOWHERE, asked("9.9.9.9"))),
    "plain caller": (
        told(NOWHERE, asked("9.9.9.9", caller=Caller(service="Contoso", trusted=False))),
        told(NOWHERE, asked("9.9.9.9")),
    ),
    "plain company": (
        told(NOWHERE, asked("1.1.1.1", caller=Caller(service="Contoso", trusted=False)), asked("9.9.9.9")),
        told(NOWHERE, asked("1.1.1.1"), asked("9.9.9.9")),
    ),
    "no subnet": (told(HOME, asked_from(SUBNET)), told(HOME, asked("20.77.66.55"))),
    "plain letters": (told(HOME, asked_from(SUBNET.upper())), told(HOME, asked_from(SUBNET))),
    "plain address": (told(NOWHERE, asked("9.9.9.9")), told(NOWHERE, asked("20.77.66.55"))),
    "plain place of several requests": (
        told(NOWHERE, asked("9.9.9.9", caller=Caller(service="Contoso", trusted=False)), asked("9.9.9.9")),
        told(NOWHERE, asked("20.77.66.55", caller=Caller(service="Contoso", trusted=False)), asked("20.77.66.55")),
    ),
    "simpler rules": (
        told(NOWHERE, put("20.0.0.0/24", bypass="AzureServices"), asked("9.9.9.9")),
        told(NOWHERE, put(), asked("9.9.9.9")),
    ),
    "rules of several sets": (
        told(NOWHERE, put("20.0.0.0/24", "30.0.0.0/8"), put("20.0.0.0/24"), asked("9.9.9.9")),
        told(NOWHERE, put("30.0.0.0/8"), put(), asked("9.9.9.9")),
    ),
    "plain range": (
        told(NOWHERE, put("99.7.0.0/24"), asked("99.7.0.5")),
        told(NOWHERE, put("20.0.0.0/24"), asked("20.0.0.5")),
    ),
    "nearer subnets": (
        told(HOME, put_subnet(SUBNET), asked_from(OTHER_SUBNET)),
        told(
            Network(subnets=(HOME.subnets[0], Subnet(id=NEARER_SUBNET, service_endpoints=BOTH_ENDPOINTS))),
            put_subnet(SUBNET),
            asked_from(NEARER_SUBNET),
        ),
    ),
    "plain endpoints": (
        told(HOME, asked("9.9.9.9")),
        told(Network(subnets=(Subnet(id=SUBNET), Subnet(id=OTHER_SUBNET))), asked("9.9.9.9")),
    ),
    "unmarked rules": (
        told(HOME, put_subnet(SUBNET, ignoreMissingVnetServiceEndpoint=True), asked("9.9.9.9")),
        told(HOME, put_subnet(SUBNET), asked("9.9.9.9")),
    ),
    "one switch": (
        told(NOWHERE, updated(defaultAction="Deny", bypass="None"), asked("9.9.9.9")),
        told(NOWHERE, updated(defaultAction="Deny"), asked("9.9.9.9")),
    ),
}


def test_every_shrink_pass_has_an_example() -> None:
    assert [name for name, _ in SHRINK_PASSES] == list(ONE_PASS_EACH)


def always_wrong(case: Case, like: Mismatch | None = None) -> Mismatch | None:
    """The mismatch of an implementation that gives the opposite of every right decision."""
    return Replayer(lambda vault, request, _: "deny" if right(vault, request) == "allow" else "allow")(case)


def test_the_only_call_is_taken_away_where_the_same_clause_decides_without_it() -> None:
    under_allow = told(NOWHERE, put("20.0.0.0/24", default_action="Allow"), asked("9.9.9.9"))
    mismatch = always_wrong(under_allow)
    assert mismatch is not None
    smallest = shrink(Reproduction(case=under_allow, mismatch=mismatch), always_wrong)
    assert smallest.case == told(NOWHERE, asked("20.77.66.55"))


def test_subnets_that_no_call_names_any_more_are_taken_away_although_the_ration_is_spent() -> None:
    ids = [subnet.id for subnet in HOME.subnets]
    crowd = [f"20.{place // 200}.{place % 200}.0/30" for place in range(0, 300, 2)]
    write = WriteStep(method="putRules", params={"networkAcls": wire_rules(crowd, ids)})
    case, replayer = shrunk(told(HOME, write, asked("20.1.90.1")), hundred_rules_only, ration=40)
    assert len(values(case.steps[0])) > 100
    assert replayer.calls > 30
    assert case.network == NOWHERE


def test_of_subnets_that_no_call_names_those_are_kept_that_show_the_flaw() -> None:
    def shown_in_this_network(vault: Vault, request: Request, _: int) -> str:
        return "allow" if OTHER_SUBNET in vault.network else right(vault, request)

    crowd = tuple(Subnet(id=f"{SUBNET}-{place}") for place in range(12))
    network = Network(subnets=(*crowd[:7], *HOME.subnets, *crowd[7:]))
    case, _ = shrunk(told(network, put(), asked("9.9.9.9")), shown_in_this_network)
    assert [subnet.id for subnet in case.network.subnets] == [OTHER_SUBNET]


def test_a_long_case_has_a_ration_of_its_length() -> None:
    history = [put(f"20.0.{place // 200}.{place % 200}") for place in range(250)]
    case, _ = shrunk(told(NOWHERE, *history, asked("20.0.1.49")), third_write_forgets, ration=None)
    assert len(case.steps) == 4


@pytest.mark.parametrize(("name", "apply"), SHRINK_PASSES)
def test_a_shrink_pass_makes_its_example_simpler(name: str, apply: Callable[[Trials], None]) -> None:
    before, after = ONE_PASS_EACH[name]
    mismatch = always_wrong(before)
    assert mismatch is not None
    trials = Trials(Reproduction(case=before, mismatch=mismatch), always_wrong, ration=RATION)
    apply(trials)
    assert trials.case == after
