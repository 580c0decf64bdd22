"""Ten decisions that any vault gets right, chosen from what the statement offers: two before the rules, eight after."""

from collections.abc import Iterable
from dataclasses import dataclass

from fencepost.adapters.contract import JsonObject
from fencepost.conformance.capabilities import Capabilities
from fencepost.conformance.lockstep.wire import wire_rules
from fencepost.reference import Caller, Network, Outcome, Plane, Profile, Request, Subnet, Vault, address_from_text
from fencepost.reference.model import ANYONE

TEN = 10
_ANOTHER_RANGE: JsonObject = {"ipRules": [{"value": "52.10.20.0/24"}], "virtualNetworkRules": []}
_FURTHER: tuple[tuple[str, JsonObject], ...] = (
    ("a write of another range", _ANOTHER_RANGE),
    ("a write without rule lists", {}),
    ("a second write of another range", _ANOTHER_RANGE),  # so that the next write has rules to remove
    ("a write of empty rule lists", {"ipRules": [], "virtualNetworkRules": []}),
)
_SUBNETS = "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/smoke/providers/Microsoft.Network"
LISTED, OTHER = (f"{_SUBNETS}/virtualNetworks/office/subnets/{name}" for name in ("listed", "other"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A request, its description in words, and the right answer."""

    says: str
    request: Request
    expected: Outcome
    clause: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SmokePlan:
    """One conversation: the network of `reset`, questions to the new vault, the rules, questions under the rules.

    `further` holds the writes after that: each in words, its `networkAcls`, and the questions under it.
    """

    network: Network
    before: tuple[Question, ...]
    network_acls: JsonObject
    under: tuple[Question, ...]
    further: tuple[tuple[str, JsonObject, tuple[Question, ...]], ...]


def smoke_plan(capabilities: Capabilities, profile: Profile) -> SmokePlan:
    """The plan for a subject: two rules under Deny and ten questions, none of which the specification leaves open."""
    network = Network(subnets=(Subnet(id=LISTED), Subnet(id=OTHER)) if capabilities.subnets else ())
    acls = wire_rules(
        ["20.1.2.0/24"] if capabilities.subnets else ["20.1.2.0/24", "40.80.120.7"],
        [LISTED] if capabilities.subnets else [],
        bypass="AzureServices" if capabilities.services else "None",
    )
    new = Vault(profile=profile).reset(network)
    written = new.put_rules(acls).accepted
    if written is None:
        raise AssertionError("the rules of the smoke test are accepted by every profile")
    before = _answered(new, _before())[:2]
    under = _answered(written, (*_by_features(capabilities), *_by_address(capabilities)))[: TEN - len(before)]
    further = tuple(_further(written))
    return SmokePlan(network=network, before=tuple(before), network_acls=acls, under=tuple(under), further=further)


def _further(vault: Vault) -> Iterable[tuple[str, JsonObject, tuple[Question, ...]]]:
    for says, lists in _FURTHER:
        acls: JsonObject = {"bypass": "None", "defaultAction": "Deny", **lists}
        written = vault.put_rules(acls).accepted
        if written is None:
            raise AssertionError(f"{says} is accepted by every profile")
        vault = written
        asked = ((f"{address}, after {says}", _from(address)) for address in ("20.1.2.128", "52.10.20.30"))
        yield says, acls, tuple(_answered(vault, asked))


def _answered(vault: Vault, asked: Iterable[tuple[str, Request]]) -> list[Question]:
    answered = []
    for says, request in asked:
        decision = vault.decide(request)
        if decision.outcome is not Outcome.OPEN:
            answered.append(Question(says=says, request=request, expected=decision.outcome, clause=decision.clause))
    return answered


def _from(address: str, *, operation: str = "SecretGet", subnet: str | None = None, caller: Caller = ANYONE) -> Request:
    return Request(address=address_from_text(address), operation=operation, subnet=subnet, caller=caller)


def _before() -> Iterable[tuple[str, Request]]:
    yield "a new vault lets every caller through", _from("52.10.20.30")
    yield "… for every operation", _from("20.1.2.77", operation="KeySign")


def _by_features(capabilities: Capabilities) -> Iterable[tuple[str, Request]]:
    """One or two questions for each feature, at most five in all, so that half of the questions are about addresses."""
    if capabilities.subnets:
        yield "a caller in the listed subnet", _from("10.1.0.4", subnet=LISTED)
        yield "a caller in another subnet", _from("10.2.0.4", subnet=OTHER)
    if capabilities.services:
        by_word = True if capabilities.by_attribute else None
        yield "a trusted service", _from("52.10.20.31", caller=Caller(service="Azure Backup", trusted=by_word))
    if capabilities.control_plane:
        blocked = address_from_text("52.10.20.30")
        yield (
            "the control plane from a blocked address",
            Request(plane=Plane.CONTROL, operation="VaultGet", address=blocked),
        )
    if capabilities.credentials:
        yield "a caller in the range without a token", _from("20.1.2.9", caller=Caller(authenticated=False))


def _by_address(capabilities: Capabilities) -> Iterable[tuple[str, Request]]:
    yield "the last address of the range", _from("20.1.2.255")
    yield "the address after it", _from("20.1.3.0")
    yield "the first address of the range", _from("20.1.2.0")
    yield "the address before it", _from("20.1.1.255")
    if not capabilities.subnets:
        yield "the single address of the other rule", _from("40.80.120.7")
        yield "its neighbour", _from("40.80.120.8")
    yield "an address far away", _from("52.10.20.30")
    yield "an address inside the range", _from("20.1.2.128")
    yield "the same last octet elsewhere", _from("20.2.2.128")
    yield "a key asked for from inside the range", _from("20.1.2.128", operation="KeyGet")
    yield "a key asked for from outside", _from("20.1.3.128", operation="KeyGet")
