"""What an answer counts for, and what is no mismatch: open writes, writes that two clauses demand, doubts, codes."""

import pytest
from fencepost.adapters.contract import Client, Decision, JsonObject, NetworkAcls, RpcError
from fencepost.adapters.contract.messages import IpRuleEntry
from fencepost.adapters.contract.vocabulary import MAX_RULES_READ
from fencepost.conformance.bench.effort import EFFORTS
from fencepost.conformance.bench.fault_policy import Abandoned, FaultPolicy
from fencepost.conformance.capabilities import Capabilities
from fencepost.conformance.judging.clause_counter import ClauseCounter
from fencepost.conformance.judging.tally import Tally
from fencepost.conformance.lockstep.case import WriteStep, apply_write
from fencepost.conformance.lockstep.mismatch import compare
from fencepost.conformance.lockstep.normal_form import is_read_rightly
from fencepost.conformance.lockstep.wire import wire_rules
from fencepost.conformance.peers import StdlibVault
from fencepost.conformance.run.campaign import begin
from fencepost.conformance.run.plan import Plan
from fencepost.reference import Request, Vault, Verdict, Write, address_from_text, load_profile
from runs import connection_to

VAULT = Vault(profile=load_profile("keyvault"))
FAR = Request(address=address_from_text("99.0.0.1"))


def _written(*values: str) -> Write:
    return apply_write(VAULT, WriteStep(method="putRules", params={"networkAcls": wire_rules(values)}))


def _denying() -> Vault:
    vault = _written("20.0.0.9").accepted
    assert vault is not None
    return vault


def _counted(expected: Write) -> dict[str, int]:
    tally = Tally()
    offer = Capabilities.from_statement(Client(connection_to(StdlibVault)).describe(), VAULT.profile)
    ClauseCounter(tally, offer, ()).write(expected, {"STA-1"})
    return {clause: count.decisive for clause, count in tally.records.items()}


def test_a_write_that_may_be_answered_either_way_counts_for_no_clause() -> None:
    assert _written("20.0.0.9", "20.0.0.9").verdict is Verdict.OPEN
    assert _counted(_written("20.0.0.9", "20.0.0.9")) == {}
    assert _counted(_written("20.0.0.9")) == {"STA-1": 1}


def test_a_refusal_counts_for_the_clause_that_demands_it_alone_and_for_none_of_two() -> None:
    assert _counted(_written("10.0.0.0/8")) == {"STA-1": 1, "VAL-3": 1}
    assert _counted(_written("10.0.0.0/8", "::1")) == {"STA-1": 1}


def test_an_answer_that_is_no_verdict_is_no_wrong_answer() -> None:
    assert compare(_denying(), FAR, Decision(outcome="inconclusive"), with_codes=True)[1] is None
    assert compare(_denying(), FAR, Decision(outcome="allow"), with_codes=True)[1] is not None


@pytest.mark.parametrize(
    ("status", "code", "is_right"),
    [(403, "ForbiddenByFirewall", True), (403, None, False), (401, "Forbidden", False), (403, "Teapot", False)],
)
def test_a_denial_has_its_status_and_its_code(status: int, code: str | None, is_right: bool) -> None:
    answer = Decision(outcome="deny", status=status, code=code)
    wrong = compare(_denying(), FAR, answer, with_codes=True)[1]
    assert (wrong is None) is is_right
    assert compare(_denying(), FAR, answer, with_codes=False)[1] is None


def test_more_rules_than_may_be_read_are_read_wrongly() -> None:
    def read(count: int) -> bool:
        entries = [IpRuleEntry(value="20.0.0.9")] * count
        answer = NetworkAcls(default_action="Deny", bypass="None", ip_rules=entries)
        return is_read_rightly(answer, _denying())

    assert read(MAX_RULES_READ)
    assert not read(MAX_RULES_READ + 1)


class _Misdeclared(StdlibVault):
    """Ignores the removal of what is not there, and says that it refuses it."""

    def describe(self, *, protocol: int, **_: object) -> JsonObject:
        said = super().describe(protocol=protocol)
        choices = said["choices"]
        assert isinstance(choices, dict)
        other = {"ignore": "reject", "reject": "ignore"}[choices["remove-unknown"]]
        return {**said, "choices": {**choices, "remove-unknown": other}}


def test_a_declared_choice_is_held_to() -> None:
    plan = Plan(subject="", effort=EFFORTS["quick"], profile="keyvault", with_decoys=False)
    campaign = begin(Client(connection_to(_Misdeclared)), plan)
    campaign.settle()
    assert [entry.key for entry in campaign.report().ledger if entry.broken] == ["remove-unknown"]


def test_a_method_that_failed_twice_is_not_called_again_and_its_scenario_may_lack_answers() -> None:
    tally = Tally()
    policy = FaultPolicy(tally)
    policy.aims = ("STA-2",)
    for entry in ("first", "second"):
        policy.check("addIpRule", ("STA-2",))
        with pytest.raises(Abandoned), policy.blaming("STA-6"):
            raise _fault(entry)
    with pytest.raises(Abandoned):
        policy.check("addIpRule", ("LIM-7",))
    assert set(tally.reasons("error")) == {"STA-6", "LIM-7"}
    assert set(tally.reasons("hindered")) == {"STA-2"}


def _fault(message: str) -> RpcError:
    return RpcError(method="addIpRule", expected="an answer", came=message, code=-32000)
