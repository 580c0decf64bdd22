"""Each shrink pass makes an example simpler."""

from collections.abc import Callable

import pytest
from fencepost.conformance.diagnosis.shrink import RATION, SHRINK_PASSES
from fencepost.conformance.diagnosis.trials import Reproduction, Trials
from fencepost.conformance.lockstep.case import AskStep, Case
from fencepost.reference import Caller, Network, Subnet
from shrunk_cases import (
    BOTH_ENDPOINTS,
    HOME,
    NEARER_SUBNET,
    NOWHERE,
    OTHER_SUBNET,
    SUBNET,
    added,
    always_wrong,
    asked,
    asked_from,
    case_of,
    put,
    put_subnet,
    updated,
)

EXPLICIT = AskStep(requests=asked("9.9.9.9").requests, explicit={0: ("authorized",)})
MANY_VALUES = [f"20.0.0.{n}" for n in range(26)]

ONE_PASS_EACH: dict[str, tuple[Case, Case]] = {
    "one earlier call": (
        case_of(NOWHERE, asked("1.1.1.1"), asked("2.2.2.2"), asked("9.9.9.9")),
        case_of(NOWHERE, asked("9.9.9.9")),
    ),
    "recent history": (
        case_of(NOWHERE, put("20.0.0.1"), put("20.0.0.2"), put("20.0.0.3"), asked("9.9.9.9")),
        case_of(NOWHERE, put("20.0.0.2"), put("20.0.0.3"), asked("9.9.9.9")),
    ),
    "plain history": (
        case_of(NOWHERE, *map(added, MANY_VALUES), asked("9.9.9.9")),
        case_of(NOWHERE, put(default_action="Allow", bypass="AzureServices"), asked("9.9.9.9")),
    ),
    "named rules": (
        case_of(NOWHERE, put(*(f"20.0.0.{n}" for n in range(13)), "9.0.0.0/8"), asked("9.9.9.9")),
        case_of(NOWHERE, put("9.0.0.0/8"), asked("9.9.9.9")),
    ),
    "one kind of rules": (
        case_of(NOWHERE, put(*(f"20.0.0.{n}" for n in range(13))), asked("9.9.9.9")),
        case_of(NOWHERE, put(), asked("9.9.9.9")),
    ),
    "fewer subnets": (case_of(HOME, asked("9.9.9.9")), case_of(NOWHERE, asked("9.9.9.9"))),
    "no refused writes": (
        case_of(NOWHERE, put("10.0.0.1"), put(), put("10.0.0.2"), asked("9.9.9.9")),
        case_of(NOWHERE, put(), asked("9.9.9.9")),
    ),
    "fewer calls": (case_of(NOWHERE, put(), put(), asked("9.9.9.9")), case_of(NOWHERE, put(), asked("9.9.9.9"))),
    "fewest calls": (
        case_of(NOWHERE, put("20.0.0.1"), put(), put("20.0.0.2"), put(), asked("9.9.9.9")),
        case_of(NOWHERE, put("20.0.0.1"), asked("9.9.9.9")),
    ),
    "fewer requests": (case_of(NOWHERE, asked("1.1.1.1", "9.9.9.9")), case_of(NOWHERE, asked("9.9.9.9"))),
    "default members left out": (case_of(NOWHERE, EXPLICIT), case_of(NOWHERE, asked("9.9.9.9"))),
    "plain operation": (case_of(NOWHERE, asked("9.9.9.9", operation="KeySign")), case_of(NOWHERE, asked("9.9.9.9"))),
    "plain caller": (
        case_of(NOWHERE, asked("9.9.9.9", caller=Caller(service="Contoso", trusted=False))),
        case_of(NOWHERE, asked("9.9.9.9")),
    ),
    "plain company": (
        case_of(NOWHERE, asked("1.1.1.1", caller=Caller(service="Contoso", trusted=False)), asked("9.9.9.9")),
        case_of(NOWHERE, asked("1.1.1.1"), asked("9.9.9.9")),
    ),
    "no subnets in company": (
        case_of(HOME, asked_from(SUBNET, "20.77.66.54"), asked("9.9.9.9")),
        case_of(HOME, asked("20.77.66.54"), asked("9.9.9.9")),
    ),
    "no subnet": (case_of(HOME, asked_from(SUBNET)), case_of(HOME, asked("20.77.66.55"))),
    "plain letters": (case_of(HOME, asked_from(SUBNET.upper())), case_of(HOME, asked_from(SUBNET))),
    "plain address": (case_of(NOWHERE, asked("9.9.9.9")), case_of(NOWHERE, asked("20.77.66.55"))),
    "plain place of several requests": (
        case_of(NOWHERE, asked("9.9.9.9", caller=Caller(service="Contoso", trusted=False)), asked("9.9.9.9")),
        case_of(NOWHERE, asked("20.77.66.55", caller=Caller(service="Contoso", trusted=False)), asked("20.77.66.55")),
    ),
    "simpler rules": (
        case_of(NOWHERE, put("20.0.0.0/24", bypass="AzureServices"), asked("9.9.9.9")),
        case_of(NOWHERE, put(), asked("9.9.9.9")),
    ),
    "rules of several sets": (
        case_of(NOWHERE, put("20.0.0.0/24", "30.0.0.0/8"), put("20.0.0.0/24"), asked("9.9.9.9")),
        case_of(NOWHERE, put("30.0.0.0/8"), put(), asked("9.9.9.9")),
    ),
    "plain range": (
        case_of(NOWHERE, put("99.7.0.0/24"), asked("99.7.0.5")),
        case_of(NOWHERE, put("20.0.0.0/24"), asked("20.0.0.5")),
    ),
    "nearer subnets": (
        case_of(HOME, put_subnet(SUBNET), asked_from(OTHER_SUBNET)),
        case_of(
            Network(subnets=(HOME.subnets[0], Subnet(id=NEARER_SUBNET, service_endpoints=BOTH_ENDPOINTS))),
            put_subnet(SUBNET),
            asked_from(NEARER_SUBNET),
        ),
    ),
    "plain endpoints": (
        case_of(HOME, asked("9.9.9.9")),
        case_of(Network(subnets=(Subnet(id=SUBNET), Subnet(id=OTHER_SUBNET))), asked("9.9.9.9")),
    ),
    "unmarked rules": (
        case_of(HOME, put_subnet(SUBNET, ignoreMissingVnetServiceEndpoint=True), asked("9.9.9.9")),
        case_of(HOME, put_subnet(SUBNET), asked("9.9.9.9")),
    ),
    "one switch": (
        case_of(NOWHERE, updated(defaultAction="Deny", bypass="None"), asked("9.9.9.9")),
        case_of(NOWHERE, updated(defaultAction="Deny"), asked("9.9.9.9")),
    ),
}


def test_every_shrink_pass_has_an_example() -> None:
    assert [name for name, _ in SHRINK_PASSES] == list(ONE_PASS_EACH)


@pytest.mark.parametrize(("name", "apply"), SHRINK_PASSES)
def test_a_shrink_pass_makes_its_example_simpler(name: str, apply: Callable[[Trials], None]) -> None:
    before, after = ONE_PASS_EACH[name]
    mismatch = always_wrong(before)
    assert mismatch is not None
    trials = Trials(Reproduction(case=before, mismatch=mismatch), always_wrong, ration=RATION)
    apply(trials)
    assert trials.case == after


@pytest.mark.parametrize(
    ("value", "address", "moved"),
    [("64.0.0.0/3", "95.255.255.255", "20.255.255.255"), ("64.0.0.0/3", "63.255.255.255", "19.255.255.255")],
)
def test_in_place_of_a_very_wide_range_a_plain_one_is_tried_at_the_same_end(
    value: str, address: str, moved: str
) -> None:
    before = case_of(NOWHERE, put(value), asked(address))
    mismatch = always_wrong(before)
    assert mismatch is not None
    trials = Trials(Reproduction(case=before, mismatch=mismatch), always_wrong, ration=RATION)
    dict(SHRINK_PASSES)["plain range"](trials)
    assert trials.case == case_of(NOWHERE, put("20.0.0.0/8"), asked(moved))


def test_of_flags_in_several_writes_those_are_kept_that_show_the_mismatch() -> None:
    flagged, plain = put_subnet(SUBNET, ignoreMissingVnetServiceEndpoint=True), put_subnet(SUBNET)
    before = case_of(HOME, flagged, flagged, asked("9.9.9.9"))
    mismatch = always_wrong(before)
    assert mismatch is not None
    trials = Trials(
        Reproduction(case=before, mismatch=mismatch),
        lambda case, _: mismatch if case.steps[1] == flagged else None,
        ration=RATION,
    )
    dict(SHRINK_PASSES)["unmarked rules"](trials)
    assert trials.case == case_of(HOME, plain, flagged, asked("9.9.9.9"))
