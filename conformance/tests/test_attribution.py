"""A mismatch is blamed on the clause that its smallest case needs."""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

import pytest
from fencepost.adapters.contract import Decision, WriteResult
from fencepost.conformance.diagnosis.attribution import clause_of, provisional_clause
from fencepost.conformance.diagnosis.counterexample import counterexample
from fencepost.conformance.lockstep.case import (
    AskStep,
    Case,
    EndpointsStep,
    ReadStep,
    ResetStep,
    Step,
    WriteStep,
    apply_write,
)
from fencepost.conformance.lockstep.mismatch import Mismatch, WrongDecision, WrongRead, WrongWrite
from fencepost.conformance.lockstep.wire import wire_rules
from fencepost.reference import (
    Caller,
    Network,
    Outcome,
    Plane,
    Request,
    Subnet,
    Vault,
    Verdict,
    address_from_text,
    load_profile,
)

HOME, OTHER = (
    f"/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/v/subnets/{name}"
    for name in ("home", "other")
)
NETWORK = Network(subnets=(Subnet(id=HOME), Subnet(id=OTHER)))
BACKUP = Caller(service="Azure Backup")


def put(*values: object, subnets: tuple[object, ...] = (), action: str = "Deny", bypass: str = "None") -> WriteStep:
    acls = wire_rules(values, subnets, default_action=action, bypass=bypass)
    return WriteStep(method="putRules", params={"networkAcls": acls})


def write(method: str, **params: object) -> WriteStep:
    return WriteStep(method=method, params=params)


def request(
    address: str, operation: str = "SecretGet", *, subnet: str | None = None, caller: Caller | None = None
) -> Request:
    plane = Plane.CONTROL if operation.startswith("Vault") else Plane.DATA
    return Request(
        plane=plane,
        operation=operation,
        address=address_from_text(address),
        subnet=subnet,
        caller=caller or Caller(),
    )


def asked(*requests: Request) -> AskStep:
    return AskStep(requests=requests)


def case(*steps: Step) -> Case:
    return Case(network=NETWORK, steps=steps)


def wrongly_answered(
    given: Case, profile: str = "keyvault-2018-preview", choices: Mapping[str, str] = MappingProxyType({})
) -> Mismatch:
    """The mismatch of an implementation that gives the last step the opposite of the right answer."""
    vault = Vault(profile=load_profile(profile).with_choices(choices)).reset(given.network)
    for step in given.steps[:-1]:
        if isinstance(step, WriteStep):
            vault = apply_write(vault, step).accepted or vault
        elif isinstance(step, EndpointsStep):
            vault = vault.set_service_endpoints(step.subnet, step.service_endpoints)
        elif isinstance(step, ResetStep):
            vault = vault.reset(step.network)
    last = given.steps[-1]
    match last:
        case WriteStep():
            expected = apply_write(vault, last)
            got = WriteResult(accepted=expected.verdict is Verdict.REFUSED)
            return WrongWrite(vault=vault, step=last, expected=expected, got=got)
        case AskStep():
            decision = vault.decide(last.requests[-1])
            other = Decision(outcome="allow" if decision.outcome is Outcome.DENY else "deny")
            return WrongDecision(vault=vault, request=last.requests[-1], expected=decision, got=other)
        case _:
            return WrongRead(vault=vault, expected=vault.rules, got=None)


@pytest.mark.parametrize(
    ("written", "one", "clause"),
    [
        (put("20.0.0.0/24"), request("20.0.0.9"), "DEC-2"),
        (put("20.0.0.0/24"), request("20.0.0.0"), "DEC-4"),
        (put("20.0.0.0/24"), request("20.0.0.255"), "DEC-4"),
        (put("20.0.0.0/24"), request("20.0.1.0"), "DEC-4"),
        (put("20.0.0.9"), request("20.0.0.9"), "DEC-2"),
        (put("20.0.0.9"), request("20.0.0.10"), "DEC-4"),
        (put("20.0.0.9"), request("99.0.0.1"), "DEC-3"),
        (put("20.0.0.9", "21.0.0.9"), request("20.0.0.9"), "DEC-5"),
        (put("20.0.0.9", action="Allow"), request("99.0.0.1"), "DEC-1"),
        (put(), request("99.0.0.1"), "DEC-15"),
        (put(subnets=(HOME,)), request("10.0.0.4", subnet=HOME), "DEC-6"),
        (put(subnets=(HOME,)), request("10.0.0.4", subnet=OTHER), "DEC-7"),
        (put(subnets=(HOME,)), request("10.0.0.4", subnet=HOME.upper()), "DEC-8"),
        (put(subnets=(HOME.upper(),)), request("10.0.0.4", subnet=HOME), "DEC-8"),
        (put("20.0.0.9", subnets=(HOME,)), request("10.0.0.4", subnet=HOME), "DEC-14"),
        (put("20.0.0.9", subnets=(HOME,)), request("20.0.0.9"), "DEC-14"),
        (put(bypass="AzureServices"), request("99.0.0.1", caller=BACKUP), "DEC-11"),
        (put(), request("99.0.0.1", caller=BACKUP), "DEC-12"),
        (put(bypass="AzureServices"), request("99.0.0.1", caller=Caller(service="Contoso")), "DEC-13"),
        (put("20.0.0.9"), request("20.0.0.9", "KeySign"), "DEC-16"),
        (put("20.0.0.9"), request("99.0.0.1", "KeyPurge"), "CTL-3"),
        (put("20.0.0.9"), request("99.0.0.1", "VaultGet"), "CTL-1"),
        (put("20.0.0.9"), request("99.0.0.1", "VaultNetworkRuleSet"), "CTL-2"),
        (put("20.0.0.9"), request("99.0.0.1", "VaultList"), "CTL-5"),
        (put("20.0.0.9"), request("99.0.0.1", "VaultList", caller=Caller(authorized=False)), "CTL-4"),
        (put("20.0.0.9"), request("20.0.0.9", caller=Caller(authenticated=False)), "CRED-1"),
        (put("20.0.0.9"), request("20.0.0.9", caller=Caller(authorized=False)), "CRED-2"),
        (
            put(bypass="AzureServices"),
            request("9.9.9.9", caller=Caller(service="Azure Backup", authorized=False)),
            "CRED-3",
        ),
    ],
)
def test_a_wrong_decision_breaks_the_clause_that_its_features_are_needed_for(
    written: WriteStep, one: Request, clause: str
) -> None:
    found = case(written, asked(one))
    assert clause_of(wrongly_answered(found), found) == clause


@pytest.mark.parametrize(
    ("written", "clause"),
    [
        (put("20.0.0.9"), "VAL-1"),
        (put("20.0.0.0/31"), "VAL-2"),
        (put("10.0.0.0/8"), "VAL-3"),
        (put("::1"), "VAL-4"),
        (put("20.0.0.256"), "VAL-5"),
        (put(action="Block"), "VAL-6"),
        (put(subnets=(f"{HOME}/",)), "VAL-7"),
        (put(*(f"20.0.{n}.1" for n in range(128))), "LIM-2"),
        (put(*(f"20.0.{n}.1" for n in range(127))), "LIM-1"),
        (put(subnets=tuple(f"{HOME}{n}" for n in range(128))), "LIM-4"),
        (put(subnets=(HOME,)), "DEC-6"),
        (put(subnets=(HOME.upper(),)), "DEC-8"),
    ],
)
def test_a_wrong_answer_to_a_write_breaks_the_clause_that_demands_the_right_one(
    written: WriteStep, clause: str
) -> None:
    found = case(written)
    assert clause_of(wrongly_answered(found), found) == clause


def test_three_rules_of_which_two_are_the_same_are_refused_for_that() -> None:
    found = case(put("20.0.0.9", "20.0.0.9", "21.0.0.9"))
    assert clause_of(wrongly_answered(found, choices={"duplicates": "keep"}), found) == "DEC-5"


def test_a_rule_that_is_refused_beside_a_rule_that_it_touches_is_refused_for_that() -> None:
    found = case(put("20.0.0.0/24"), write("addIpRule", value="20.0.1.0/24"))
    assert clause_of(wrongly_answered(found), found) == "DEC-5"


def test_a_slash_32_that_is_refused_today_breaks_its_own_clause() -> None:
    found = case(put("20.0.0.9/32"))
    assert clause_of(wrongly_answered(found, "keyvault"), found) == "VAL-2"


def test_a_write_that_the_firewall_refuses_is_a_lock_out_whatever_is_written() -> None:
    found = case(put("20.0.0.9"))
    mismatch = wrongly_answered(found)
    assert isinstance(mismatch, WrongWrite)
    mismatch = replace(mismatch, got=WriteResult(accepted=False, status=403, code="ForbiddenByFirewall"))
    assert clause_of(mismatch, found, "LIM-1") == "CTL-2"
    shown = counterexample("CTL-2", found, mismatch, replay="", calls_to_shrink=0)
    assert "The firewall itself refused the write" in shown.why


@pytest.mark.parametrize(
    ("steps", "clause"),
    [
        ((put("20.0.0.9"), put("21.0.0.9"), asked(request("20.0.0.9"))), "STA-1"),
        ((put("20.0.0.9"), write("updateRules", bypass="AzureServices"), asked(request("20.0.0.9"))), "STA-3"),
        ((put("20.0.0.9"), write("addIpRule", value="21.0.0.9"), asked(request("20.0.0.9"))), "STA-6"),
        ((put("20.0.0.9"), write("removeIpRule", value="20.0.0.9"), asked(request("21.0.0.9"))), "STA-6"),
        ((put("20.0.0.9"), write("removeIpRule", value="20.0.0.9"), asked(request("20.0.0.9"))), "STA-2"),
        ((put(), write("addIpRule", value="20.0.0.9"), asked(request("20.0.0.9"))), "STA-2"),
        ((put(), write("addIpRule", value="20.0.0.9"), asked(request("21.0.0.9"))), "STA-7"),
        ((put("20.0.0.9", "21.0.0.9"), write("removeIpRule", value="20.0.0.9"), asked(request("21.0.0.9"))), "STA-7"),
        (
            (
                put("20.0.0.9", bypass="AzureServices"),
                write("removeIpRule", value="20.0.0.9"),
                asked(request("10.0.0.4", subnet=HOME, caller=BACKUP)),
            ),
            "STA-7",
        ),
        (
            (put("20.0.0.9", "20.0.0.8/30"), write("removeIpRule", value="20.0.0.9"), asked(request("20.0.0.9"))),
            "STA-2",
        ),
        (
            (
                put(subnets=(HOME,)),
                EndpointsStep(subnet=HOME, service_endpoints=()),
                EndpointsStep(subnet=HOME, service_endpoints=("Microsoft.KeyVault",)),
                asked(request("10.0.0.4", subnet=HOME)),
            ),
            "STA-10",
        ),
        ((put("20.0.0.9"), asked(request("20.0.0.9")), asked(request("20.0.0.9"))), "DEC-17"),
        ((put("20.0.0.9"), asked(request("99.0.0.1"), request("20.0.0.9"))), "DEC-17"),
        ((put(), asked(request("20.0.0.9", "VaultList"), request("20.0.0.9", "KeyList"))), "CTL-5"),
        ((put(), asked(request("20.0.0.9", "VaultList")), asked(request("20.0.0.9", "KeyList"))), "CTL-5"),
        ((put(), asked(request("20.0.0.8", "VaultList"), request("20.0.0.9", "KeyList"))), "DEC-17"),
        ((put(), asked(request("20.0.0.9", "VaultGet"), request("20.0.0.9"))), "DEC-17"),
        ((put("20.0.0.9"), ReadStep()), "STA-5"),
        ((put("20.0.0.9"), ReadStep(), asked(request("20.0.0.9"))), "DEC-17"),
        ((put("20.0.0.9"), put("10.0.0.0/33"), ReadStep()), "VAL-9"),
        ((put("10.0.0.0/33"), asked(request("20.0.0.9"))), "VAL-9"),
        ((asked(request("20.0.0.9")), put("21.0.0.9"), asked(request("20.0.0.9"))), "STA-1"),
        ((asked(request("20.0.0.9")), write("updateRules", defaultAction="Deny"), asked(request("20.0.0.9"))), "STA-3"),
        ((write("updateRules", defaultAction="Deny"), asked(request("20.0.0.9"))), "STA-3"),
        ((write("addIpRule", value="20.0.0.9"), asked(request("20.0.0.9"))), "STA-6"),
        ((put("20.0.0.9"), write("updateRules", defaultAction="Allow"), put(), asked(request("20.0.0.9"))), "STA-1"),
    ],
)
def test_what_needs_its_history_breaks_a_clause_of_state(steps: tuple[Step, ...], clause: str) -> None:
    found = case(*steps)
    assert clause_of(wrongly_answered(found), found) == clause


OVERFULL = tuple(f"20.0.{n}.1" for n in range(128))
FULL, OVER = put(*OVERFULL[:127]), write("addIpRule", value="21.0.0.1")
REMOVED_OF_FULL = write("removeIpRule", value=OVERFULL[0])
ASKED = asked(request("20.0.0.1"))
STALE = (put("20.0.0.9"), put("21.0.0.9"), asked(request("20.0.0.9")))
LATE = (put("20.0.0.9"), write("updateRules", bypass="AzureServices"), asked(request("20.0.0.9")))
WOKEN = (
    put("20.0.0.9"),
    write("updateRules", defaultAction="Allow"),
    write("updateRules", defaultAction="Deny"),
    asked(request("99.0.0.1")),
)
ADDED, REMOVED = write("addIpRule", value="20.0.0.9"), write("removeIpRule", value="20.0.0.9")
FEW = tuple(f"20.0.{n}.1" for n in range(4))
MARKED = write("addVirtualNetworkRule", id=HOME, ignoreMissingVnetServiceEndpoint=True)
SUBNETS = tuple(f"{HOME}{n}" for n in range(4))
NEW = ResetStep(network=NETWORK)


@pytest.mark.parametrize(
    ("why", "aims", "steps", "clause"),
    [
        ("a history built for a clause is that clause's", "STA-6", STALE, "STA-6"),
        ("one rule set by itself has no history", "STA-6", (put("20.0.0.0/24"), asked(request("20.0.0.255"))), "DEC-4"),
        ("a stale answer is no refusal", "VAL-9 LIM-6", STALE, "STA-1"),
        ("data that a change leaves open is no lock-out", "CTL-2", STALE, "STA-1"),
        ("a rule that cannot be removed", "LIM-8 STA-6 STA-2 VAL-9", (put("20.0.0.9"), REMOVED), "STA-2"),
        ("a rule over the limit is added", "LIM-7", (FULL, OVER), "LIM-7"),
        (
            "what a write over the limit leaves",
            "LIM-7 LIM-8 LIM-9",
            (FULL, OVER, asked(request("20.0.5.1"))),
            "LIM-6",
        ),
        (
            "a rule that must be refused was added",
            "STA-2 VAL-9",
            (put(), write("addIpRule", value="10.0.0.9"), asked(request("10.0.0.9"))),
            "VAL-9",
        ),
        ("a rule set that is refused by itself is no lock-out", "CTL-2", (put("20.0.0.9"),), "VAL-1"),
        ("a rule that is refused by itself is no lock-out", "CTL-2", (write("addIpRule", value="20.0.0.9"),), "VAL-1"),
        ("a rule set that is refused after another", "CTL-2", (put(), put("20.0.0.9")), "CTL-2"),
        (
            "many rules matter",
            "LIM-1",
            (put(*(f"20.0.{n}.1" for n in range(101))), asked(request("20.0.100.1"))),
            "LIM-1",
        ),
        ("few rules are about no limit", "LIM-7 LIM-8 LIM-9", STALE, "STA-1"),
        ("a few rules of both kinds matter to a limit", "LIM-5", (put(*FEW, subnets=SUBNETS), ASKED), "LIM-5"),
        ("a few subnet rules matter to a limit", "LIM-3", (put(subnets=SUBNETS), ASKED), "LIM-3"),
        ("many rules matter to any scenario", "none", (put(*(f"20.0.{n}.1" for n in range(13))), ASKED), "LIM-1"),
        (
            "a trusted service is admitted beside rules",
            "none",
            (put("20.0.0.9", bypass="AzureServices"), asked(request("99.0.0.1", caller=BACKUP))),
            "DEC-14",
        ),
        ("a rule that may be accepted or not", "none", (write("addIpRule", value="020.0.0.9"), ASKED), "STA-2"),
        ("switches are no single rules", "STA-6", LATE, "STA-3"),
        ("rules that stay in force are not turned on again", "STA-4", STALE, "STA-3"),
        ("rules that are replaced under the same switches", "STA-3", STALE, "STA-1"),
        ("rules that are turned on again", "STA-2 VAL-9 STA-4", WOKEN, "STA-4"),
        ("a lock-out of the control plane", "CTL-2", (*STALE[:2], asked(request("20.0.0.9", "VaultGet"))), "CTL-2"),
        (
            "endpoints that are switched off after the only rule set",
            "STA-10",
            (put(), EndpointsStep(subnet=HOME, service_endpoints=()), asked(request("99.0.0.1"))),
            "DEC-15",
        ),
        ("three rules of both kinds are refused", "none", (put(*FEW[:1], subnets=SUBNETS[:3]),), "LIM-5"),
        ("three subnet rules are refused", "none", (put(subnets=SUBNETS[:3]),), "LIM-3"),
        ("a whole set is refused after others", "STA-2", (put(), put("20.0.0.9")), "STA-1"),
        ("a rule is refused after a refused set", "STA-2 LIM-7", (put("10.0.0.0/33"), ADDED), "VAL-9"),
        ("a rule is refused while the rules are off", "LIM-9", (put(action="Allow"), ADDED), "LIM-9"),
        ("a rule is refused, and none was removed", "LIM-7 LIM-8 LIM-9", (put(), ADDED), "LIM-7"),
        ("a rule is refused after one was removed", "LIM-7 LIM-8 LIM-9", (put("20.0.0.9"), REMOVED, ADDED), "LIM-8"),
        ("switches are refused in a scenario of single rules", "STA-6", LATE[:2], "STA-3"),
        ("a rule is refused in a scenario of single rules", "STA-6", (put(), ADDED), "STA-2"),
        ("a mark is refused", "none", (MARKED,), "VAL-8"),
        ("a value is refused in a scenario of values", "VAL-3", (put("20.0.0.9"),), "VAL-3"),
        ("a whole set is refused after another vault", "none", (put("20.0.0.9"), NEW, put()), "STA-1"),
        ("switches are refused after another vault", "none", (put("20.0.0.9"), NEW, *LATE[1:2]), "STA-3"),
        ("a rule over the limit after one was removed", "LIM-8", (FULL, REMOVED_OF_FULL, ADDED, OVER), "LIM-8"),
        ("rules over the limit that are off", "LIM-9", (put(*OVERFULL, action="Allow"),), "LIM-9"),
    ],
)
def test_what_a_scenario_tests_decides_as_far_as_the_case_bears_it_out(
    why: str, aims: str, steps: tuple[Step, ...], clause: str
) -> None:
    found = case(*steps)
    assert {clause_of(wrongly_answered(found), found, None if aim == "none" else aim) for aim in aims.split()} == {
        clause
    }, why


def test_wrong_codes_break_the_clause_of_codes() -> None:
    found = case(put("20.0.0.9"), asked(request("99.0.0.1")))
    mismatch = wrongly_answered(found)
    assert isinstance(mismatch, WrongDecision)
    about_codes = WrongDecision(
        vault=mismatch.vault,
        request=mismatch.request,
        expected=mismatch.expected,
        got=Decision(outcome="deny", status=404),
        is_about_codes=True,
    )
    assert clause_of(about_codes, found) == "CRED-4"


@pytest.mark.parametrize(
    ("steps", "clause"),
    [
        ((put(), NEW, asked(request("20.0.0.9"))), "DEC-1"),
        ((put(), asked(request("20.0.0.9")), NEW, asked(request("20.0.0.9"))), "DEC-1"),
        ((put("20.0.0.9"), NEW, put(), asked(request("20.0.0.9"))), "STA-1"),
        ((put(), NEW, write("updateRules", defaultAction="Deny"), asked(request("1.0.0.9", caller=BACKUP))), "STA-3"),
        ((put(), NEW, ReadStep()), "STA-5"),
        ((put("20.0.0.9"), NEW, write("addIpRule", value="20.0.0.9")), "STA-2"),
    ],
)
def test_what_a_vault_before_has_left_breaks_what_is_said_of_the_present_one(
    steps: tuple[Step, ...], clause: str
) -> None:
    found = case(*steps)
    assert clause_of(wrongly_answered(found), found, "STA-2" if clause == "STA-2" else "STA-4") == clause


@pytest.mark.parametrize(
    ("steps", "aim", "clause"),
    [
        ((put("20.0.0.9"), put("20.0.0.0/24"), asked(request("20.0.0.0"))), "STA-1", "DEC-4"),
        ((put(*FEW), ASKED), "LIM-1", "LIM-1"),
        ((put(*FEW), ASKED), None, "DEC-5"),
        ((put("20.0.0.9"), REMOVED, ADDED), None, "VAL-1"),
        ((put("20.0.0.9"), REMOVED), "STA-6", "STA-2"),
        ((put("10.0.0.0/33"), ReadStep()), None, "STA-5"),
    ],
)
def test_before_the_case_is_small_the_calls_before_the_one_in_question_do_not_count(
    steps: tuple[Step, ...], aim: str | None, clause: str
) -> None:
    assert provisional_clause(wrongly_answered(case(*steps)), aim) == clause
