"""Cases: contract calls as values, what they mean to the reference, and which requests the contract allows."""

import pytest
from fencepost.conformance.lockstep.case import (
    AskStep,
    Case,
    EndpointsStep,
    ReadStep,
    ResetStep,
    WriteStep,
    apply_write,
    call_of,
    case_from_calls,
    is_private,
    may_be_asked,
    one_after_another,
)
from fencepost.conformance.lockstep.wire import wire_rules
from fencepost.reference import (
    Caller,
    Network,
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
NETWORK = Network(subnets=(Subnet(id=HOME), Subnet(id=OTHER, service_endpoints=())))
VAULT = Vault(profile=load_profile("keyvault")).reset(NETWORK)
PUBLIC, PRIVATE = address_from_text("20.1.2.3"), address_from_text("172.31.255.255")


def put(*values: str, **switches: str) -> WriteStep:
    return WriteStep(method="putRules", params={"networkAcls": wire_rules(values, **switches)})


def test_a_case_is_told_as_the_calls_that_anybody_can_send() -> None:
    ask = AskStep(requests=(Request(address=PUBLIC), Request(address=PRIVATE, subnet=HOME)))
    case = Case(network=NETWORK, steps=(put("20.1.2.3"), EndpointsStep(subnet=OTHER, service_endpoints=("X",)), ask))
    reset, write, switch, decide = case.calls()
    assert (reset.method, write.method, switch.method, decide.method) == (
        *("reset", "putRules", "setServiceEndpoints", "decide"),
    )
    assert reset.params["subnets"] == [
        {"id": HOME, "serviceEndpoints": ["Microsoft.KeyVault"]},
        {"id": OTHER, "serviceEndpoints": []},
    ]
    assert switch.params == {"subnet": OTHER, "serviceEndpoints": ["X"]}
    assert decide.params["requests"] == [
        {"plane": "data", "operation": "SecretGet", "source": {"address": "20.1.2.3"}},
        {"plane": "data", "operation": "SecretGet", "source": {"address": "172.31.255.255", "subnet": HOME}},
    ]


def test_calls_and_case_are_the_same_thing_told_twice() -> None:
    ask = AskStep(requests=(Request(address=PUBLIC), Request(address=PUBLIC, caller=Caller(authorized=False))))
    steps = (put("20.1.2.3"), ask, ReadStep(), WriteStep(method="removeIpRule", params={"value": "20.1.2.3"}))
    case = Case(network=NETWORK, steps=steps)
    assert case_from_calls(case.calls()) == case
    assert call_of(ReadStep()).params == {}


def test_a_case_may_tell_of_vaults_after_one_another() -> None:
    ask = AskStep(requests=(Request(address=PUBLIC),))
    case = Case(network=NETWORK, steps=(put("20.1.2.3"), ResetStep(network=Network()), ask, ReadStep()))
    assert [call.method for call in case.calls()] == ["reset", "putRules", "reset", "decide", "getRules"]
    assert case_from_calls(case.calls()) == case
    assert case.spans_vaults
    first, second = case.vaults
    assert (first.network, first.steps) == (NETWORK, (put("20.1.2.3"),))
    assert second == case.present == Case(network=Network(), steps=(ask, ReadStep()))
    assert one_after_another(case.vaults) == case
    assert [case.network_at(index) for index in range(4)] == [NETWORK, *[Network()] * 3]


def test_a_case_of_one_vault_is_its_own_present() -> None:
    case = Case(network=NETWORK, steps=(put("20.1.2.3"), ReadStep()))
    assert not case.spans_vaults
    assert case.vaults == (case,)
    assert case.present == case


def test_members_with_their_default_are_written_out_where_the_step_says_so() -> None:
    request = Request(address=PUBLIC)
    plain, explicit = AskStep(requests=(request, request), explicit={1: ("authenticated", "authorized")}).wire()
    assert "caller" not in plain
    assert explicit["caller"] == {"authenticated": True, "authorized": True}


def test_a_part_of_a_step_keeps_which_members_are_written_out() -> None:
    requests = tuple(Request(address=PUBLIC + n) for n in range(4))
    part = AskStep(requests=requests, explicit={1: ("caller",), 3: ("authorized",)}).only(3, 0)
    assert part.requests == (requests[3], requests[0])
    assert part.explicit == {0: ("authorized",)}


@pytest.mark.parametrize(
    ("address", "subnet", "allowed"),
    [
        (PUBLIC, None, True),
        (PRIVATE, None, True),
        (PRIVATE, HOME, True),
        (PUBLIC, HOME, False),
        (PUBLIC, OTHER, True),
        (PRIVATE, OTHER, False),
        (PRIVATE, HOME + "-elsewhere", False),
    ],
)
def test_a_subnets_caller_shows_its_private_address_exactly_with_the_endpoint(
    address: int, subnet: str | None, allowed: bool
) -> None:
    assert may_be_asked(VAULT, Request(address=address, subnet=subnet)) is allowed


@pytest.mark.parametrize(
    ("first", "last"),
    [("10.0.0.0", "10.255.255.255"), ("172.16.0.0", "172.31.255.255"), ("192.168.0.0", "192.168.255.255")],
)
def test_private_space_is_the_three_blocks_to_their_edges(first: str, last: str) -> None:
    ends = address_from_text(first), address_from_text(last)
    assert all(is_private(end) for end in ends)
    assert not is_private(ends[0] - 1)
    assert not is_private(ends[1] + 1)


def test_every_write_of_the_contract_has_its_meaning() -> None:
    vault = apply_write(VAULT, put("20.1.2.3", default_action="Deny")).accepted
    assert vault is not None
    for method, params in (
        ("addIpRule", {"value": "20.9.0.0/16"}),
        ("removeIpRule", {"value": "20.1.2.3"}),
        ("addVirtualNetworkRule", {"id": HOME}),
        ("removeVirtualNetworkRule", {"id": HOME.upper()}),
        ("updateRules", {"bypass": "AzureServices"}),
    ):
        write = apply_write(vault, WriteStep(method=method, params=params))
        assert write.verdict is Verdict.ACCEPTED, method
        assert write.accepted is not None
        assert write.accepted.rules != vault.rules
        vault = write.accepted
    assert [rule.text for rule in vault.rules.ip_rules] == ["20.9.0.0/16"]
    with pytest.raises(ValueError, match="'decide' is no write"):
        apply_write(vault, WriteStep(method="decide", params={}))
