"""A report that holds one of everything, for the tests of the renderers."""

import pytest
from fencepost.reports.model import (
    Call,
    Clause,
    Counterexample,
    Decoy,
    FirstFailure,
    LedgerEntry,
    Report,
    Subject,
    Totals,
)

RULES: dict[str, object] = {
    "bypass": "None",
    "defaultAction": "Deny",
    "ipRules": [{"value": "20.1.2.0/24"}],
    "virtualNetworkRules": [],
}
REQUEST: dict[str, object] = {
    "plane": "data",
    "operation": "SecretGet",
    "source": {"address": "20.1.3.0"},
}
COUNTEREXAMPLE = Counterexample(
    clause="DEC-4",
    calls=(
        Call(method="reset", params={"subnets": []}),
        Call(method="putRules", params={"networkAcls": RULES}),
        Call(method="decide", params={"requests": [REQUEST]}),
    ),
    rules=RULES,
    request=REQUEST,
    expected="deny",
    got="allow",
    deciding_clause="DEC-3",
    deciding_rule=None,
    why="no rule holds 20.1.3.0",
    replay="fencepost check mutant:fencepost-error --profile keyvault --effort quick --seed 7 --clause DEC-4",
    calls_to_shrink=12,
)


@pytest.fixture
def report() -> Report:
    return Report(
        kit_version="0.1.0",
        catalogue_version="1",
        profile="keyvault",
        profile_is_override=True,
        scope="The profile covers networkAcls alone: not private endpoints.",
        effort="quick",
        seed=7,
        subject=Subject(
            subject="stdio:python3 my_vault.py",
            name="my vault",
            version="2.0",
            homepage="https://vault.example",
            profile="keyvault-2018-preview",
            features=("read-back", "incremental-rules"),
            unknown_features=("time-travel",),
        ),
        result="fail",
        exit_status=1,
        notes=("no CTL clause was asked",),
        clauses=(
            Clause(
                id="DEC-3",
                level="core",
                group="decisions",
                text="While it is Deny, a caller that no rule, subnet or bypass covers is denied",
                verdict="pass",
                asked=12345,
                decisive=4321,
            ),
            Clause(
                id="DEC-4",
                level="core",
                group="decisions",
                text="A range holds both its first and its last address, and neither neighbour",
                note="Asked of the edges.",
                basis="documented",
                source="a page (2018-08-31): all addresses that start so",
                verdict="fail",
                asked=100,
                decisive=50,
                counterexamples=(COUNTEREXAMPLE,),
            ),
            Clause(
                id="CRED-4",
                level="extended",
                group="credentials",
                text="On the data plane: 401 without a token",
                verdict="not applicable",
                detail="needs decision-codes, which the statement does not offer",
            ),
            Clause(
                id="LIM-2",
                level="core",
                group="limits",
                text="One more is refused",
                verdict="inconclusive",
                limit_found="1000",
            ),
            Clause(
                id="VAL-4",
                level="core",
                group="validation",
                text="IPv6 is refused",
                verdict="error",
                detail="putRules: expected an answer, got the end of its output",
            ),
            Clause(id="STA-1", level="core", group="state", text="putRules replaces", verdict="vacuous"),
        ),
        ledger=(
            LedgerEntry(key="host-bits", declared="reject", found="mask", broken=True, detail="20.1.2.3/24 was taken"),
            LedgerEntry(key="prefix-0", declared=None, found="accept"),
            LedgerEntry(key="enum-case", declared=None, found=None),
        ),
        sensitivity=(
            Decoy(id="flip-at-an-edge", clause="DEC-4", text="one range edge answers the other way", caught=True),
            Decoy(id="one-rule-too-many", clause="LIM-2", text="one rule over the limit is taken", caught=False),
        ),
        first_failure=FirstFailure(examples=2, writes=3, configurations=3, decisions=40),
        totals=Totals(resets=3, writes=1234, decisions=56789, allowed=1000, denied=55789, shrink_calls=12, faults=1),
        log="started\nTraceback (most recent call last):\n  boom\n",
    )
