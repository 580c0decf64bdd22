"""The messages of the contract as typed values: what is sent, what comes back, and their JSON Schemas."""

from typing import Annotated, Literal

from fencepost.adapters.contract.vocabulary import MAX_BATCH
from msgspec import Meta, Struct


class _Message(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """A JSON object of the contract: camelCase on the wire, members that nobody knows are ignored."""


class Statement(_Message, frozen=True, kw_only=True):
    """The implementation conformance statement: what `describe` answers.

    `choices` maps a ledger key to its answer (for `reserved-ranges` also an object of block to answer);
    `settle_seconds` is how long a change may take to show. `observations` are things that the harness has found out
    about the implementation and that no clause is about: the report shows them beside the clauses, and nobody judges
    them.
    """

    protocol: int
    name: str
    version: str
    profile: str
    features: list[str]
    choices: dict[str, object] = {}
    settle_seconds: float = 0.0
    homepage: str | None = None
    contact: str | None = None
    observations: dict[str, str] = {}


class IpRuleEntry(_Message, frozen=True, kw_only=True):
    """One entry of `ipRules`."""

    value: str


class VirtualNetworkRuleEntry(_Message, frozen=True, kw_only=True):
    """One entry of `virtualNetworkRules`."""

    id: str
    ignore_missing_vnet_service_endpoint: bool | None = None


class NetworkAcls(_Message, frozen=True, kw_only=True):
    """The ARM object as an implementation reads it back; an absent member has its default."""

    bypass: str | None = None
    default_action: str | None = None
    ip_rules: list[IpRuleEntry] | None = None
    virtual_network_rules: list[VirtualNetworkRuleEntry] | None = None


class WriteResult(_Message, frozen=True, kw_only=True):
    """The answer to a write: taken or refused; status, code and message of a refusal are not compared."""

    accepted: bool
    status: object = None
    code: object = None
    message: object = None


class Decision(_Message, frozen=True, kw_only=True):
    """The answer to one request; `rule` is free text for the report and never compared."""

    outcome: Literal["allow", "deny", "inconclusive"]
    status: int | None = None
    code: str | None = None
    rule: object = None
    reason: str | None = None


class Decisions(_Message, frozen=True, kw_only=True):
    """The result of `decide`: one decision a request, in order; a bare string is a decision without detail."""

    decisions: list[Decision | Literal["allow", "deny"]]


class RulesRead(_Message, frozen=True, kw_only=True):
    """The result of `getRules`; no `networkAcls` at all is the firewall that was never set up."""

    network_acls: NetworkAcls | None = None


class Source(_Message, frozen=True, kw_only=True):
    """Where a request comes from: the IPv4 address that is seen, and the subnet it came through, if any."""

    address: str
    subnet: str | None = None


class Caller(_Message, frozen=True, kw_only=True):
    """Who asks: a token, a permission, and the calling Microsoft service, if any."""

    authenticated: bool = True
    authorized: bool = True
    service: str | None = None
    trusted: bool | None = None


class Request(_Message, frozen=True, kw_only=True):
    """One request to be decided; it never carries the expected answer."""

    plane: Literal["data", "control"]
    operation: str
    source: Source
    caller: Caller = Caller()


class Subnet(_Message, frozen=True, kw_only=True):
    """One subnet of the network that `reset` describes."""

    id: str
    service_endpoints: list[str]


class SentNetworkAcls(_Message, frozen=True, kw_only=True):
    """`networkAcls` as it is sent: where a refusal is looked for, an entry or a switch may be any JSON value.

    An entry that is an object has the members of `IpRuleEntry` or `VirtualNetworkRuleEntry`.
    """

    bypass: object = None
    default_action: object = None
    ip_rules: list[object] | None = None
    virtual_network_rules: list[object] | None = None


class DescribeParams(_Message, frozen=True, kw_only=True):
    """The parameters of `describe`."""

    protocol: Literal[1]


class ResetParams(_Message, frozen=True, kw_only=True):
    """The parameters of `reset`: a new vault without rules in a network of just these subnets."""

    subnets: list[Subnet]


class PutRulesParams(_Message, frozen=True, kw_only=True):
    """The parameters of `putRules`: the whole rule set, replaced."""

    network_acls: SentNetworkAcls


class DecideParams(_Message, frozen=True, kw_only=True):
    """The parameters of `decide`: at most 4,096 requests."""

    requests: Annotated[list[Request], Meta(max_length=MAX_BATCH)]


class NoParams(_Message, frozen=True, kw_only=True):
    """The parameters of `getRules` and `shutdown`: none."""


class UpdateRulesParams(_Message, frozen=True, kw_only=True):
    """The parameters of `updateRules`: an absent member keeps its value, the rules stay."""

    bypass: object = None
    default_action: object = None


class IpRuleParams(_Message, frozen=True, kw_only=True):
    """The parameters of `addIpRule` and `removeIpRule`."""

    value: object


class AddVirtualNetworkRuleParams(_Message, frozen=True, kw_only=True):
    """The parameters of `addVirtualNetworkRule`."""

    id: object
    ignore_missing_vnet_service_endpoint: bool = False


class RemoveVirtualNetworkRuleParams(_Message, frozen=True, kw_only=True):
    """The parameters of `removeVirtualNetworkRule`."""

    id: object


class SetServiceEndpointsParams(_Message, frozen=True, kw_only=True):
    """The parameters of `setServiceEndpoints`."""

    subnet: str
    service_endpoints: list[str]


class Nothing(_Message, frozen=True, kw_only=True):
    """An empty result: `{}`."""


METHODS: dict[str, tuple[type[Struct], type[Struct]]] = {
    "describe": (DescribeParams, Statement),
    "reset": (ResetParams, Nothing),
    "putRules": (PutRulesParams, WriteResult),
    "decide": (DecideParams, Decisions),
    "getRules": (NoParams, RulesRead),
    "updateRules": (UpdateRulesParams, WriteResult),
    "addIpRule": (IpRuleParams, WriteResult),
    "removeIpRule": (IpRuleParams, WriteResult),
    "addVirtualNetworkRule": (AddVirtualNetworkRuleParams, WriteResult),
    "removeVirtualNetworkRule": (RemoveVirtualNetworkRuleParams, WriteResult),
    "setServiceEndpoints": (SetServiceEndpointsParams, Nothing),
    "shutdown": (NoParams, Nothing),
}
"""Each method of the contract: the shape of its parameters and of its result."""
