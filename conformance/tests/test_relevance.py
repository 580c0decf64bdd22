"""Which clauses a right answer speaks for, and which it does not."""

import pytest
from fencepost.conformance.capabilities import LOOK_ALIKE_OPERATIONS
from fencepost.conformance.judging.exercised import RuleEdges, exercised_clauses
from fencepost.reference import (
    Block,
    Bypass,
    Caller,
    DefaultAction,
    IpRule,
    Network,
    Plane,
    Request,
    RuleSet,
    Subnet,
    VirtualNetworkRule,
    address_from_text,
    block_from_cidr,
    decide,
    load_profile,
)
from hypothesis import given, settings
from hypothesis import strategies as st

unhurried = settings(deadline=None)

PROFILE = load_profile("keyvault-2018-preview")
HOME = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/v/subnets/home"
NETWORK = Network(subnets=(Subnet(id=HOME),))
TRUSTED = Caller(service="Azure Backup")


def rules(*values: str, subnets: tuple[str, ...] = (), action: str = "Deny", bypass: Bypass = Bypass.NONE) -> RuleSet:
    return RuleSet(
        default_action=DefaultAction(action),
        bypass=bypass,
        ip_rules=tuple(IpRule(text=value, block=block_from_cidr(value)) for value in values),
        virtual_network_rules=tuple(VirtualNetworkRule(id=subnet) for subnet in subnets),
    )


def exercises(written: RuleSet, request: Request) -> set[str]:
    expected = decide(request, rules=written, network=NETWORK, profile=PROFILE)
    return set(exercised_clauses(request, expected, written, RuleEdges.of(written)))


def data(
    address: str, operation: str = "SecretGet", subnet: str | None = None, caller: Caller | None = None
) -> Request:
    return Request(address=address_from_text(address), operation=operation, subnet=subnet, caller=caller or Caller())


@pytest.mark.parametrize(
    ("written", "request_", "clauses"),
    [
        (rules("20.0.0.0/24"), data("20.0.0.9"), {"DEC-2"}),
        (rules("20.0.0.0/24"), data("20.0.0.255"), {"DEC-2", "DEC-4"}),
        (rules("20.0.0.0/24"), data("20.0.1.0"), {"DEC-3", "DEC-4"}),
        (rules("20.0.0.0/24"), data("20.9.9.9"), {"DEC-3"}),
        (rules("20.0.0.0/24", "20.0.0.9/32"), data("20.0.0.9"), {"DEC-2", "DEC-4", "DEC-5"}),
        (rules("20.0.0.0/24", "20.0.1.0/24"), data("20.0.0.255"), {"DEC-2", "DEC-4", "DEC-5"}),
        (rules("20.0.0.0/24", action="Allow"), data("20.9.9.9"), {"DEC-1"}),
        (rules(), data("20.9.9.9"), {"DEC-15"}),
        (rules("20.0.0.0/24"), data("20.9.9.9", "KeyPurge"), {"DEC-3", "DEC-16", "CTL-3"}),
        (rules("20.0.0.0/24"), data("20.0.0.9", "KeyPurge"), {"DEC-2", "DEC-16"}),
        (rules(subnets=(HOME,)), data("10.0.0.4", subnet=HOME), {"DEC-6"}),
        (rules("20.0.0.0/24", subnets=(HOME,)), data("10.0.0.4", subnet=HOME), {"DEC-6", "DEC-14"}),
        (rules("20.0.0.0/24", bypass=Bypass.AZURE_SERVICES), data("9.9.9.9", caller=TRUSTED), {"DEC-11", "DEC-14"}),
    ],
)
def test_a_right_answer_speaks_for_the_clause_that_decided_and_those_whose_point_it_is(
    written: RuleSet, request_: Request, clauses: set[str]
) -> None:
    assert exercises(written, request_) == clauses


def test_a_control_operation_speaks_for_the_control_plane_alone() -> None:
    request = Request(plane=Plane.CONTROL, operation="VaultList", address=address_from_text("20.9.9.9"))
    assert exercises(rules("20.0.0.0/24"), request) == {"CTL-1"}


@pytest.mark.parametrize(
    ("caller", "clauses"),
    [(Caller(authenticated=False), {"CRED-1"}), (Caller(authorized=False), {"CRED-2"})],
)
def test_who_passes_the_firewall_without_credentials_speaks_for_these(caller: Caller, clauses: set[str]) -> None:
    assert exercises(rules("20.0.0.0/24"), data("20.0.0.9", caller=caller)) == clauses


def test_a_denial_for_two_reasons_speaks_for_none() -> None:
    assert exercises(rules("20.0.0.0/24"), data("20.9.9.9", caller=Caller(authenticated=False))) == set()


def test_an_open_answer_speaks_for_none() -> None:
    wide = RuleSet(default_action=DefaultAction.DENY, ip_rules=(IpRule(text="8.0.0.0/6", block=Block(2**27, 2**28)),))
    assert exercises(wide, data("10.0.0.1")) == set()


def test_the_look_alike_operations_are_operations_of_the_data_plane() -> None:
    assert {"KeyList", "SecretPurge", "CertificateDelete"} <= LOOK_ALIKE_OPERATIONS
    assert not any(operation.startswith("Vault") for operation in LOOK_ALIKE_OPERATIONS)


@unhurried
@given(st.lists(st.tuples(st.integers(26, 32), st.integers(0, 255)), max_size=6), st.integers(0, 255))
def test_an_address_is_shared_where_two_rules_hold_it_or_two_touch_there(
    drawn: list[tuple[int, int]], address: int
) -> None:
    found = set()
    for prefix, place in drawn:
        size = 2 ** (32 - prefix)
        found.add(Block(place - place % size, place - place % size + size - 1))
    written = RuleSet(ip_rules=tuple(IpRule(text="", block=block) for block in found))
    holding = sum(address in block for block in found)
    outermost = [one for one in found if not any(other.holds(one) for other in found - {one})]
    seams = {
        end
        for one in outermost
        for other in outermost
        if one.last + 1 == other.first
        for end in (one.last, other.first)
    }
    assert RuleEdges.of(written).is_shared(address) == (holding > 1 or address in seams)
