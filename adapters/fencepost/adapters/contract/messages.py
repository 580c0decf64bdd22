"""The messages of the contract as typed values: what is sent, what comes back, and their JSON Schemas."""

from typing import Annotated, Literal

from fencepost.adapters.contract.vocabulary import MAX_BATCH, MAX_FEATURES, MAX_NAME
from msgspec import UNSET, Meta, Struct, UnsetType


class _Message(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """A JSON object of the contract: camelCase on the wire, members that nobody knows are ignored."""


class Statement(_Message, frozen=True, kw_only=True):
    """The implementation conformance statement: what `describe` answers.

    `choices` maps an open point to its answer (for `reserved-ranges` also an object of block to answer);
    `settle_seconds` is how long a change may take to show. `operations` names the operations that can be put to it,
    where these are not all. `observations` are things that the harness has found out about the implementation and that
    no clause is about: the report shows them beside the clauses, and they are not judged.
    """

    protocol: int
    name: Annotated[str, Meta(max_length=MAX_NAME)]
    version: Annotated[str, Meta(max_length=MAX_NAME)]
    profile: str
    features: Annotated[list[str], Meta(max_length=MAX_FEATURES)]
    choices: dict[str, object] = {}
    settle_seconds: float = 0.0
    operations: list[str] | None = None
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
    """The answer to a write: `accepted` true or false; or `outcome` where the harness could not put the write as asked.

    Status, code and message of a refusal are not compared. An inconclusive write has changed nothing.
    """

    accepted: bool | UnsetType = UNSET
    status: object = None
    code: object = None
    message: object = None
    outcome: object = None
    reason: object = None

    def __post_init__(self) -> None:
        """`ValueError` where the answer is neither or both."""
        if (self.accepted is UNSET) is not self.is_inconclusive:
            raise ValueError("a write result is {accepted: true}, {accepted: false} or {outcome: 'inconclusive'}")

    @property
    def is_accepted(self) -> bool:
        """Whether the write was accepted; False for a refused and for an inconclusive one."""
        return self.accepted is True

    @property
    def is_by_firewall(self) -> bool:
        """Whether the firewall itself refused the write, which CTL-2 forbids."""
        return self.accepted is False and self.code == "ForbiddenByFirewall"

    @property
    def is_inconclusive(self) -> bool:
        """Whether the write could not be put as asked: nothing has changed, and it counts for nothing."""
        return self.outcome == "inconclusive"


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
