"""Nothing can be taken out of a smallest case: shown on a sample of the mutants, one of each way to be needless."""

import pytest
from fencepost.conformance.strength.smallest_cases import Task, examine, lessened
from fencepost.conformance.strength.study import Design
from fencepost.reports.model import Call

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("smallest")]

SAMPLE = (
    "first-two-endpoints-only",
    "ignored-endpoint-is-as-good",
    "group-name-cut-at-24-characters",
    "services-need-no-token",
    "untrusted-services-refused-under-allow",
    "words-with-a-known-beginning",
    "read-back-without-subnets",
    "adding-counts-both-lists",
)


@pytest.mark.parametrize("name", SAMPLE)
def test_nothing_can_be_taken_out_of_the_smallest_case_of_a_mutant(name: str) -> None:
    ((mutant, profile),) = Design(mutants=(name,)).pairs()
    found = examine(Task(mutant=mutant.id, profile=profile))
    assert (found.needless, found.why) == ((), "")


def test_whatever_a_case_holds_is_deleted_once() -> None:
    subnet = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/v/subnets/home"
    flag = "ignoreMissingVnetServiceEndpoint"
    acls = {
        "bypass": "AzureServices",
        "defaultAction": "Allow",
        "ipRules": [{"value": "20.0.0.0/8"}],
        "virtualNetworkRules": [{"id": subnet, flag: True}],
    }

    def asked(**caller: str) -> dict[str, object]:
        source = {"address": "20.0.0.9", "subnet": subnet}
        return {"plane": "data", "operation": "SecretGet", "source": source, "caller": caller}

    calls = (
        Call(
            method="reset",
            params={"subnets": [{"id": subnet, "serviceEndpoints": ["Microsoft.Sql"]}, {"id": f"{subnet}2"}]},
        ),
        Call(method="putRules", params={"networkAcls": acls}),
        Call(method="updateRules", params={"bypass": "None", "defaultAction": "Deny"}),
        Call(method="decide", params={"requests": [asked(), asked(service="Azure Backup")]}),
    )
    assert [entry for entry, _ in lessened(calls)] == [
        "subnet 2 in call 1",
        "the endpoint Microsoft.Sql in call 1",
        "call 2, putRules",
        "ipRules 1 of 1 in call 2",
        "virtualNetworkRules 1 of 1 in call 2",
        "the flag of rule 1 in call 2",
        "bypass AzureServices in call 2",
        "defaultAction Allow in call 2",
        "call 3, updateRules",
        "bypass of call 3",
        "defaultAction of call 3",
        "request 1 of 2 in call 4",
        "request 2 of 2 in call 4",
        "the subnet of request 1 in call 4",
        "service of request 2 in call 4",
        "the subnet of request 2 in call 4",
    ]
    cases = [case for _, case in lessened(calls)]
    assert all(case.calls() != calls for case in cases)
    assert len({repr(case) for case in cases}) == len(cases)
