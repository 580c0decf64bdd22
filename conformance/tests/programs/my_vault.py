"""A vault of one's own: a stand-alone harness for `stdio:`, written from the contract alone, standard library only.

Start it with `python my_vault.py [PROFILE]`, the profile being `keyvault` (the default) or `keyvault-2018-preview`.
It knows nothing of the kit: it reads one JSON-RPC object a line and answers each with one line.
"""

import json
import re
import sys
import traceback
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

TODAY, PREVIEW = "keyvault", "keyvault-2018-preview"
MOST_IP_RULES = {TODAY: 1000, PREVIEW: 127}
MOST_SUBNET_RULES = {TODAY: 200, PREVIEW: 127}
PREFIXES = {TODAY: {*range(31), 32}, PREVIEW: {*range(31)}}
ENDPOINT = "Microsoft.KeyVault"
TRUSTED_IN_2018 = {
    "Azure Virtual Machines deployment service",
    "Azure Resource Manager (ARM) template deployment service",
    "Azure Disk Encryption volume encryption service",
    "Azure Backup",
    "Exchange Online & SharePoint Online",
    "Azure Information Protection",
}
SUBNET_ID = re.compile(
    r"/subscriptions/[^/]+/resourceGroups/[^/]+/providers/Microsoft\.Network/virtualNetworks/[^/]+/subnets/[^/]+",
    re.IGNORECASE | re.ASCII | re.DOTALL,
)
CHOICES = {
    "host-bits": "reject",
    "private-superset": "accept",
    "superset-matches-private": "yes",
    "reserved-ranges": "reject",
    "duplicates": "collapse",
    "duplicates-count": "yes",
    "prefix-31": "reject",
    "prefix-0": "accept",
    "missing-service-endpoint": "reject",
    "lost-service-endpoint": "accept",
    "surrounding-blanks": "reject",
    "leading-zeros": "reject",
    "prefix-spelling": "reject",
    "netmask-form": "reject",
    "hostmask-form": "reject",
    "remove-unknown": "ignore",
    "enum-case": "sensitive",
    "null-members": "as-absent",
    "default-of-bypass": "AzureServices",
    "default-of-default-action": "Allow",
    "single-address-read-back": "/32",
    "unauthenticated-and-blocked": "401",
}
FEATURES = [
    "read-back",
    "incremental-rules",
    "service-endpoints",
    "trusted-services",
    "caller-credentials",
    "decision-codes",
    "snapshot-isolation",
]


class RefusedError(Exception):
    """A write that is answered with `accepted: false`."""


def number(address: str) -> int | None:
    """The address as one number; None where the text is no IPv4 address.

    >>> number("0.0.1.2"), number("0.0.1.02"), number("1.2.3")
    (258, None, None)
    """
    octets = address.split(".")
    if len(octets) != 4 or not all(re.fullmatch("0|[1-9][0-9]{0,2}", octet) for octet in octets):
        return None
    values = [int(octet) for octet in octets]
    return None if max(values) > 255 else int.from_bytes(bytes(values))


def block(text: str) -> tuple[int, int]:
    """The first and the last address of a block that is known to be well written."""
    address, _, prefix = text.partition("/")
    first = number(address)
    assert first is not None
    return first, first + 2 ** (32 - int(prefix)) - 1


PRIVATE = [block(text) for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")]
RESERVED = [
    block(text)
    for text in (
        *("0.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "192.0.2.0/24"),
        *("198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4"),
    )
]


def ip_rule(value: object, *, prefixes: set[int]) -> tuple[str, tuple[int, int]]:
    """A rule's one spelling and the addresses that it holds; `RefusedError` where it is no rule."""
    if not isinstance(value, str):
        raise RefusedError("an IP rule is text")
    address, slash, size = value.partition("/")
    first = number(address)
    if first is None:
        raise RefusedError(f"{value[:60]!r} is no IPv4 address")
    prefix = 32
    if slash:
        if not re.fullmatch("0|[1-9][0-9]?", size) or int(size) not in prefixes:
            raise RefusedError(f"{value[:60]!r} has no prefix that is supported")
        prefix = int(size)
    last = first + 2 ** (32 - prefix) - 1
    if first % 2 ** (32 - prefix):
        raise RefusedError(f"{value} has host bits set")
    for low, high in PRIVATE + RESERVED:
        if low <= first and last <= high:
            raise RefusedError(f"{value} is not a public address")
    return f"{address}/{prefix}", (first, last)


@dataclass(frozen=True)
class SubnetRule:
    """One virtual network rule: its id as written, and whether a missing endpoint is ignored."""

    id: str
    ignore: bool


@dataclass(frozen=True)
class Rules:
    """A rule set: IP rules by their one spelling, subnet rules by their id in lower case."""

    bypass: str = CHOICES["default-of-bypass"]
    action: str = "Allow"
    ip: dict[str, tuple[int, int]] = field(default_factory=dict)
    subnets: dict[str, SubnetRule] = field(default_factory=dict)


def members(value: object) -> dict[str, object]:
    """The value, if it is a JSON object."""
    if not isinstance(value, dict):
        raise RefusedError("expected an object")
    return value


def entries(value: object) -> list[object]:
    """The value, if it is a list; an absent or null one is empty."""
    if value is None:
        return []
    if not isinstance(value, list):
        raise RefusedError("expected a list")
    return value


def word(value: object, *, known: tuple[str, str], otherwise: str) -> str:
    """The value, if it is one of two words; absent or null stands for `otherwise`."""
    if value is None:
        return otherwise
    if value not in known:
        raise RefusedError(f"expected one of {known}")
    return str(value)


class MyVault:
    """One vault in one network."""

    def __init__(self, profile: str) -> None:
        self.profile = profile
        self.rules = Rules()
        self.endpoints: dict[str, bool] = {}

    def describe(self, _: dict[str, object]) -> dict[str, object]:
        """Who this is and what it can do."""
        choices = CHOICES | {"trusted-services": "attribute" if self.profile == TODAY else "list"}
        return {
            "protocol": 1,
            "name": "my-vault",
            "version": "1.0",
            "profile": self.profile,
            "features": FEATURES,
            "choices": choices,
        }

    def reset(self, params: dict[str, object]) -> dict[str, object]:
        """A new vault in a new network."""
        self.rules, self.endpoints = Rules(), {}
        for subnet in map(members, entries(params["subnets"])):
            self._switch(str(subnet["id"]), entries(subnet["serviceEndpoints"]))
        return {}

    def set_service_endpoints(self, params: dict[str, object]) -> dict[str, object]:
        """Switch the endpoints of a subnet."""
        self._switch(str(params["subnet"]), entries(params["serviceEndpoints"]))
        return {}

    def _switch(self, subnet: str, endpoints: Iterable[object]) -> None:
        self.endpoints[subnet.lower()] = ENDPOINT in endpoints

    # -- writes --------------------------------------------------------------------------------------------------------

    def put_rules(self, params: dict[str, object]) -> Rules:
        """The whole rule set anew."""
        acls = members(params["networkAcls"])
        rules = self._with_words(Rules(action=CHOICES["default-of-default-action"]), acls)
        addresses, subnets = entries(acls.get("ipRules")), entries(acls.get("virtualNetworkRules"))
        if len(addresses) > MOST_IP_RULES[self.profile] or len(subnets) > MOST_SUBNET_RULES[self.profile]:
            raise RefusedError("too many rules")
        for entry in addresses:
            rules = self._with_address(rules, members(entry))
        for entry in subnets:
            rules = self._with_subnet(rules, members(entry))
        return rules

    def update_rules(self, params: dict[str, object]) -> Rules:
        """Another bypass or default action, the rules staying."""
        return self._with_words(self.rules, params)

    def add_ip_rule(self, params: dict[str, object]) -> Rules:
        """One IP rule more."""
        if len(self.rules.ip) >= MOST_IP_RULES[self.profile]:
            raise RefusedError("too many IP rules")
        return self._with_address(self.rules, params)

    def add_virtual_network_rule(self, params: dict[str, object]) -> Rules:
        """One virtual network rule more."""
        if len(self.rules.subnets) >= MOST_SUBNET_RULES[self.profile]:
            raise RefusedError("too many virtual network rules")
        return self._with_subnet(self.rules, params)

    def remove_ip_rule(self, params: dict[str, object]) -> Rules:
        """Without one IP rule; one that is not there is nothing to remove."""
        value = str(params["value"])
        if self.profile == PREVIEW and "/32" in value:
            return self.rules  # a spelling that no rule of that time can have
        gone = {value, f"{value}/32"}
        return replace(self.rules, ip={text: held for text, held in self.rules.ip.items() if text not in gone})

    def remove_virtual_network_rule(self, params: dict[str, object]) -> Rules:
        """Without one virtual network rule."""
        gone = str(params["id"]).lower()
        return replace(self.rules, subnets={key: rule for key, rule in self.rules.subnets.items() if key != gone})

    def _with_words(self, rules: Rules, acls: dict[str, object]) -> Rules:
        bypass = word(acls.get("bypass"), known=("AzureServices", "None"), otherwise=rules.bypass)
        action = word(acls.get("defaultAction"), known=("Allow", "Deny"), otherwise=rules.action)
        return replace(rules, bypass=bypass, action=action)

    def _with_address(self, rules: Rules, entry: dict[str, object]) -> Rules:
        text, held = ip_rule(entry.get("value"), prefixes=PREFIXES[self.profile])
        return replace(rules, ip=rules.ip | {text: held})

    def _with_subnet(self, rules: Rules, entry: dict[str, object]) -> Rules:
        name, ignore = entry.get("id"), entry.get("ignoreMissingVnetServiceEndpoint", False)
        if not isinstance(name, str) or not SUBNET_ID.fullmatch(name):
            raise RefusedError("not the id of a subnet")
        key = name.lower()
        if not self.endpoints.get(key) and not ignore and key not in self.rules.subnets:
            raise RefusedError(f"{name} has no service endpoint for {ENDPOINT}")
        return replace(rules, subnets={key: SubnetRule(id=name, ignore=bool(ignore))} | rules.subnets)

    # -- reads ---------------------------------------------------------------------------------------------------------

    def get_rules(self, _: dict[str, object]) -> dict[str, object]:
        """The rules in force."""
        return {
            "networkAcls": {
                "bypass": self.rules.bypass,
                "defaultAction": self.rules.action,
                "ipRules": [{"value": text} for text in self.rules.ip],
                "virtualNetworkRules": [{"id": key} for key in self.rules.subnets],
            }
        }

    def decide(self, params: dict[str, object]) -> dict[str, object]:
        """One decision a request."""
        return {"decisions": [self._decide(members(request)) for request in entries(params["requests"])]}

    def _decide(self, request: dict[str, object]) -> dict[str, object]:
        caller = members(request.get("caller", {}))
        blocked = request["plane"] == "data" and not self._passes(members(request["source"]), caller)
        if not caller.get("authenticated", True):
            return {"outcome": "deny", "status": 401, "code": "Unauthorized"}
        if blocked:
            return {"outcome": "deny", "status": 403, "code": "ForbiddenByFirewall"}
        if not caller.get("authorized", True):
            return {"outcome": "deny", "status": 403, "code": "ForbiddenByPolicy"}
        return {"outcome": "allow"}

    def _passes(self, source: dict[str, object], caller: dict[str, object]) -> bool:
        rules = self.rules
        if rules.action == "Allow" or (rules.bypass == "AzureServices" and self._trusted(caller)):
            return True
        subnet = str(source.get("subnet", "")).lower()
        if subnet in rules.subnets and self.endpoints.get(subnet):
            return True
        address = number(str(source["address"]))
        assert address is not None, "a caller has an IPv4 address"
        return any(first <= address <= last for first, last in rules.ip.values())

    def _trusted(self, caller: dict[str, object]) -> bool:
        if self.profile == TODAY:
            return caller.get("trusted") is True
        return caller.get("service") in TRUSTED_IN_2018

    # -- one call ------------------------------------------------------------------------------------------------------

    def call(self, method: str, params: dict[str, object]) -> dict[str, object]:
        """The result of one method; `LookupError` where there is no such method."""
        reads: dict[str, Callable[[dict[str, object]], dict[str, object]]] = {
            "describe": self.describe,
            "reset": self.reset,
            "setServiceEndpoints": self.set_service_endpoints,
            "getRules": self.get_rules,
            "decide": self.decide,
            "shutdown": lambda _: {},
        }
        writes: dict[str, Callable[[dict[str, object]], Rules]] = {
            "putRules": self.put_rules,
            "updateRules": self.update_rules,
            "addIpRule": self.add_ip_rule,
            "removeIpRule": self.remove_ip_rule,
            "addVirtualNetworkRule": self.add_virtual_network_rule,
            "removeVirtualNetworkRule": self.remove_virtual_network_rule,
        }
        if method in reads:
            return reads[method](params)
        change = writes[method]
        try:
            self.rules = change(params)
        except RefusedError as refusal:
            return {"accepted": False, "status": 400, "code": "BadRequest", "message": str(refusal)}
        return {"accepted": True}


METHODS = (
    *("describe", "reset", "putRules", "decide", "getRules", "updateRules", "addIpRule", "removeIpRule"),
    *("addVirtualNetworkRule", "removeVirtualNetworkRule", "setServiceEndpoints", "shutdown"),
)


def answer(vault: MyVault, line: bytes) -> dict[str, object]:
    """The JSON-RPC answer to one line."""
    head: dict[str, object] = {"jsonrpc": "2.0", "id": None}
    try:
        request = json.loads(line)
        head["id"] = request["id"]
        if request["method"] not in METHODS:
            return head | {"error": {"code": -32601, "message": f"no method {request['method']!r}"}}
        return head | {"result": vault.call(request["method"], request.get("params", {}))}
    except Exception as error:  # whatever goes wrong is this harness's fault, and the kit wants to know
        data = {"traceback": traceback.format_exc()}
        return head | {"error": {"code": -32000, "message": f"{type(error).__name__}: {error}", "data": data}}


def main(arguments: list[str]) -> None:
    """Answer every line until the stream ends."""
    profile = arguments[0] if arguments else TODAY
    if profile not in MOST_IP_RULES:
        sys.exit(f"no profile {profile!r}; there are {', '.join(MOST_IP_RULES)}")
    vault = MyVault(profile)
    for line in sys.stdin.buffer:
        sys.stdout.write(json.dumps(answer(vault, line)) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1:])
