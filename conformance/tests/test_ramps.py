"""The limits that are found: by bisection where the promised ones do not hold, and for nothing where they do."""

from collections.abc import Sequence

import pytest
from fencepost.adapters.contract import JsonObject
from fencepost.conformance.explorations.limit_search import RAMPS
from fencepost.conformance.peers import StdlibVault
from runs import Counted, begun, connection_to, judged


def limits(mutant: str, profile: str) -> dict[str, str]:
    report = judged(f"mutant:{mutant}", "LIM", profile=profile)
    return {row.id: row.limit_found for row in report.clauses if row.limit_found is not None}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "profile", "clause", "found"),
    [
        ("one-ip-rule-too-few", "keyvault-2018-preview", "LIM-1", "126"),
        ("one-ip-rule-too-many", "keyvault-2018-preview", "LIM-2", "128"),
        ("still-127-ip-rules", "keyvault", "LIM-1", "127"),
        ("limits-of-today-in-2018", "keyvault-2018-preview", "LIM-2", "1000"),
        ("limits-of-today-in-2018", "keyvault-2018-preview", "LIM-4", "200"),
        ("ip-rules-without-limit", "keyvault-2018-preview", "LIM-2", "none up to 1016"),
        ("limit-under-deny-only", "keyvault-2018-preview", "LIM-1", "127, none up to 1016 under Allow"),
        ("single-addresses-do-not-count", "keyvault-2018-preview", "LIM-2", "none up to 1016, 127 for ranges"),
        ("adding-one-too-many", "keyvault-2018-preview", "LIM-1", "127 by putRules, 128 by addIpRule"),
        ("adding-one-too-few", "keyvault-2018-preview", "LIM-1", "127 by putRules, 126 by addIpRule"),
        ("adding-without-limit", "keyvault-2018-preview", "LIM-1", "127 by putRules, more than 133 by addIpRule"),
    ],
)
def test_the_limit_that_there_really_is_stands_in_the_report(name: str, profile: str, clause: str, found: str) -> None:
    assert limits(name, profile)[clause] == found


def test_nothing_is_asked_of_a_subject_whose_limits_hold() -> None:
    subject = Counted(connection_to("reference", "keyvault-2018-preview"))
    with begun(subject, profile="keyvault-2018-preview") as campaign:
        campaign.settle()
        before = len(subject.calls.sent)
        assert campaign.explore(RAMPS)
        assert len(subject.calls.sent) == before


class _Crowded(StdlibVault):
    """A vault whose rules let nobody in while it has many, and fewer than the limit allows."""

    _count = 0

    def reset(self, *, subnets: Sequence[JsonObject], **_: object) -> JsonObject:
        self._count = 0
        return super().reset(subnets=subnets)

    def put_rules(self, *, network_acls: JsonObject, **_: object) -> JsonObject:
        answer = super().put_rules(network_acls=network_acls)
        entries = network_acls.get("ipRules") or ()
        if answer["accepted"] and isinstance(entries, list):
            self._count = len(entries)
        return answer

    def decide(self, *, requests: Sequence[JsonObject], **_: object) -> JsonObject:
        if 300 <= self._count <= 900:
            return {"decisions": ["deny" for _ in requests]}
        return super().decide(requests=requests)


@pytest.mark.slow
def test_a_fault_of_lists_between_short_and_full_is_found() -> None:
    report = judged(_Crowded, "LIM-6", fail_fast=True)
    assert (report.result, report.exit_status) == ("fail", 1)
