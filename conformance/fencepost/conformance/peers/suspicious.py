"""A correct vault that checks the kit: it raises at any call that the contract rules out."""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from ipaddress import IPv4Address, IPv4Network
from typing import ClassVar

from fencepost.adapters.contract import JsonObject
from fencepost.adapters.contract.vocabulary import CONTROL_OPERATIONS, DATA_OPERATIONS, MAX_BATCH, SERVICE_ENDPOINT
from fencepost.conformance.peers.netaddr_vault import NetaddrVault
from fencepost.conformance.peers.peer import ABSENT, ALL_FEATURES, Absent
from fencepost.conformance.peers.profiles import KEYVAULT, PRIVATE_BLOCKS
from fencepost.conformance.peers.stdlib_vault import StdlibVault

_PRIVATE = tuple(IPv4Network(block) for block in PRIVATE_BLOCKS)
_SUBNET_ID = re.compile(
    "/subscriptions/[^/]+/resourceGroups/[^/]+/providers/Microsoft[.]Network/virtualNetworks/[^/]+/subnets/[^/]+",
    re.IGNORECASE | re.ASCII | re.DOTALL,
)


class NotOffered(Exception):
    """The kit asked for something that the contract or the statement rules out."""


def _members(value: object, known: Collection[str], *, where: str) -> JsonObject:
    if not isinstance(value, Mapping) or not value.keys() <= set(known):
        raise NotOffered(f"{where}: expected an object with no members but {', '.join(known)}, got {value!r}")
    return value


class SuspiciousVault:
    """A StdlibVault that checks each call against the contract and the statement.

    A breach raises `NotOffered`. A carrier turns that into a harness fault with the verdict *error*, caused by the kit.
    """

    name: ClassVar[str] = "peer-suspicious"
    features: ClassVar[tuple[str, ...]] = ALL_FEATURES
    guarded: ClassVar[type[StdlibVault] | type[NetaddrVault]] = StdlibVault
    operations: ClassVar[tuple[str, ...] | None] = None

    def __init__(self, *, profile: str = KEYVAULT.name, declare: bool | None = None) -> None:
        self._vault = self.guarded(profile=profile, declare=declare)
        self._endpoints: dict[str, bool] | None = None

    def describe(self, *, protocol: int) -> JsonObject:
        """The statement, with the features of this class."""
        statement = {**self._vault.describe(protocol=protocol), "name": self.name, "features": list(self.features)}
        return statement if self.operations is None else {**statement, "operations": list(self.operations)}

    def reset(self, *, subnets: Sequence[JsonObject]) -> JsonObject:
        """A new vault without rules, in a network of exactly these subnets."""
        self._endpoints = {}
        for subnet in subnets:
            _members(subnet, ("id", "serviceEndpoints"), where="reset")
            self._switch(str(subnet["id"]), subnet["serviceEndpoints"])
        if subnets and "ip-rules-only" in self.features:
            raise NotOffered("reset: a subnet for an implementation that knows none")
        if "service-endpoints" not in self.features and not all(self._endpoints.values()):
            raise NotOffered("reset: a subnet without the endpoint")
        return self._vault.reset(subnets=subnets)

    def set_service_endpoints(self, *, subnet: str, service_endpoints: Sequence[str]) -> JsonObject:
        """Set the endpoints of a subnet."""
        self._needs("service-endpoints")
        self._known(subnet)
        self._switch(subnet, service_endpoints)
        return self._vault.set_service_endpoints(subnet=subnet, service_endpoints=service_endpoints)

    # -- writes --------------------------------------------------------------------------------------------------------

    def put_rules(self, *, network_acls: JsonObject) -> JsonObject:
        """Replace the whole rule set."""
        self._network()
        names = ("bypass", "defaultAction", "ipRules", "virtualNetworkRules")
        acls = _members(network_acls, names, where="putRules")
        if "always-deny" in self.features and acls.get("defaultAction") != "Deny":
            raise NotOffered(
                f"putRules: the default action is {acls.get('defaultAction')!r}, where there is Deny alone"
            )
        self._entries(acls, "ipRules")
        for rule in self._entries(acls, "virtualNetworkRules"):
            if "ip-rules-only" in self.features:
                raise NotOffered("putRules: a virtual network rule for an implementation that knows no subnets")
            self._virtual_network_rule(rule)
        return self._judged(self._vault.put_rules(network_acls=network_acls))

    def update_rules(self, *, bypass: object = ABSENT, default_action: object = ABSENT) -> JsonObject:
        """Change the bypass or the default action; the rules stay."""
        self._needs("incremental-rules", without="" if isinstance(default_action, Absent) else "always-deny")
        if "always-deny" in self.features and isinstance(bypass, Absent):
            raise NotOffered("updateRules: the bypass is the one switch that there is")
        return self._judged(self._vault.update_rules(bypass=bypass, default_action=default_action))

    def add_ip_rule(self, *, value: object) -> JsonObject:
        """Add one IP rule."""
        self._needs("incremental-rules")
        return self._judged(self._vault.add_ip_rule(value=value))

    def remove_ip_rule(self, *, value: object) -> JsonObject:
        """Remove every equal IP rule."""
        self._needs("incremental-rules")
        return self._judged(self._vault.remove_ip_rule(value=value))

    def add_virtual_network_rule(
        self,
        *,
        id: object,  # noqa: A002 - the contract's name
        ignore_missing_vnet_service_endpoint: object = ABSENT,
    ) -> JsonObject:
        """Add one virtual network rule."""
        self._needs("incremental-rules", without="ip-rules-only")
        flag = ignore_missing_vnet_service_endpoint
        if isinstance(flag, Absent):
            self._virtual_network_rule({"id": id})
            return self._judged(self._vault.add_virtual_network_rule(id=id))
        self._virtual_network_rule({"id": id, "ignoreMissingVnetServiceEndpoint": flag})
        return self._judged(self._vault.add_virtual_network_rule(id=id, ignore_missing_vnet_service_endpoint=flag))

    def remove_virtual_network_rule(self, *, id: object) -> JsonObject:  # noqa: A002 - the contract's name
        """Remove every virtual network rule for this subnet."""
        self._needs("incremental-rules", without="ip-rules-only")
        self._known(id)
        return self._judged(self._vault.remove_virtual_network_rule(id=id))

    # -- reads ---------------------------------------------------------------------------------------------------------

    def get_rules(self) -> JsonObject:
        """The rules in force."""
        self._needs("read-back")
        return self._vault.get_rules()

    def decide(self, *, requests: Sequence[JsonObject]) -> JsonObject:
        """One decision for each request."""
        self._network()
        if len(requests) > MAX_BATCH:
            raise NotOffered(f"decide: {len(requests)} requests in one call")
        for request in requests:
            self._request(_members(request, ("plane", "operation", "source", "caller"), where="request"))
        return self._vault.decide(requests=requests)

    def shutdown(self) -> JsonObject:
        """Nothing is left to do."""
        return {}

    # -- what is never asked -------------------------------------------------------------------------------------------

    def _request(self, request: JsonObject) -> None:
        plane, operation = request["plane"], request["operation"]
        names = {"control": CONTROL_OPERATIONS, "data": DATA_OPERATIONS}[str(plane)]
        if operation not in names:
            raise NotOffered(f"{operation!r} is no operation of the {plane} plane")
        if self.operations is not None and operation not in self.operations:
            raise NotOffered(f"{operation!r} cannot be put to this implementation")
        if plane == "control" and "data-plane-only" in self.features:
            raise NotOffered("a control-plane request")
        self._source(_members(request["source"], ("address", "subnet"), where="source"))
        known = ("authenticated", "authorized", "service", "trusted")
        self._caller(_members(request.get("caller", {}), known, where="caller"))

    def _source(self, source: JsonObject) -> None:
        address = IPv4Address(str(source["address"]))
        if "subnet" not in source:
            return
        if "ip-rules-only" in self.features:
            raise NotOffered("a caller in a subnet")
        private = any(address in block for block in _PRIVATE)
        if private is not self._network()[self._known(source["subnet"])]:
            raise NotOffered(f"{source!r}: the private address is seen where the endpoint is on, and only there")

    def _caller(self, caller: JsonObject) -> None:
        if not all(isinstance(caller.get(flag, True), bool) for flag in ("authenticated", "authorized", "trusted")):
            raise NotOffered(f"{caller!r}: a flag is true or false")
        if "caller-credentials" not in self.features and not (
            caller.get("authenticated", True) and caller.get("authorized", True)
        ):
            raise NotOffered(f"{caller!r}: credentials are not judged")
        if "trusted-services" not in self.features and ("service" in caller or "trusted" in caller):
            raise NotOffered(f"{caller!r}: no service is known")
        if "trusted" in caller and self._vault.profile.trusted_services != "attribute":
            raise NotOffered(f"{caller!r}: trust is a list of names")

    def _entries(self, acls: JsonObject, name: str) -> Iterable[object]:
        value = acls.get(name)
        if value is not None and not isinstance(value, list):
            raise NotOffered(f"{name}: expected an array, nothing, or null, got {value!r}")
        return value or ()

    def _virtual_network_rule(self, rule: object) -> None:
        if not isinstance(rule, Mapping):
            return  # Where a call tests a refusal, an entry may be any JSON value.
        if not isinstance(rule.get("ignoreMissingVnetServiceEndpoint", False), bool):
            raise NotOffered(f"{rule!r}: the flag is true or false")
        self._known(rule.get("id"))

    def _known(self, name: object) -> str:
        """The id in the form for comparison; raises if a subnet id is not in the network."""
        key = str(name).lower()
        if isinstance(name, str) and _SUBNET_ID.fullmatch(name) and key not in self._network():
            raise NotOffered(f"{name!r} is not in the network of the last reset")
        return key

    def _switch(self, subnet: str, endpoints: object) -> None:
        if not isinstance(endpoints, list) or not all(isinstance(endpoint, str) for endpoint in endpoints):
            raise NotOffered(f"{endpoints!r}: expected an array of names")
        self._network()[subnet.lower()] = SERVICE_ENDPOINT in endpoints

    def _network(self) -> dict[str, bool]:
        if self._endpoints is None:
            raise NotOffered("nothing is asked before the first reset")
        return self._endpoints

    def _needs(self, feature: str, *, without: str = "") -> None:
        self._network()
        if feature not in self.features or without in self.features:
            raise NotOffered(f"a method of {feature!r}")

    def _judged(self, answer: JsonObject) -> JsonObject:
        if "decisions-only" in self.features and not answer["accepted"]:
            raise NotOffered(f"a rule set that is not certainly accepted: {answer['message']}")
        return answer
