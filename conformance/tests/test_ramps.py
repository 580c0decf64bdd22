"""The limits that are found: by bisection where the promised ones do not hold, and for nothing where they do."""

from collections.abc import Callable

import pytest
from fencepost.adapters.contract import Client, open_factory
from fencepost.conformance.bench.effort import EFFORTS
from fencepost.conformance.explorations.limit_search import RAMPS
from fencepost.conformance.implementations import reference
from fencepost.conformance.mutants import mutant
from fencepost.conformance.run.campaign import begin
from fencepost.conformance.run.plan import Plan

pytestmark = pytest.mark.slow


def limits(factory: Callable[[], object], profile: str) -> dict[str, str]:
    client = Client(open_factory(factory))
    try:
        plan = Plan(subject="it", effort=EFFORTS["quick"], clauses=("LIM",), profile=profile)
        campaign = begin(client, plan)
        campaign.run()
        return {row.id: row.limit_found for row in campaign.report().clauses if row.limit_found is not None}
    finally:
        client.close()


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
    assert limits(lambda: mutant(name, profile=profile), profile)[clause] == found


def test_nothing_is_asked_of_a_subject_whose_limits_hold() -> None:
    client = Client(open_factory(lambda: reference("keyvault-2018-preview")))
    campaign = begin(client, Plan(subject="it", effort=EFFORTS["quick"], profile="keyvault-2018-preview"))
    campaign.settle()
    writes, resets = campaign.lockstep.cost.writes, campaign.lockstep.cost.resets
    assert campaign.explore(RAMPS)
    client.close()
    assert (campaign.lockstep.cost.writes, campaign.lockstep.cost.resets) == (writes, resets)
