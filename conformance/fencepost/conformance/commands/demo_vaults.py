"""Two vaults that `fencepost demo` judges: they differ in one method, `covers`, and the second one is wrong."""

from collections.abc import Mapping, Sequence
from ipaddress import IPv4Address, IPv4Network


class RightVault:
    """A vault of IP rules and a default action; parameters and results are those of the contract."""

    def __init__(self) -> None:
        self.reset(subnets=())

    def describe(self, *, protocol: int) -> dict[str, object]:
        """The conformance statement: decisions only, IP rules only, data plane only."""
        features = ["decisions-only", "ip-rules-only", "data-plane-only"]
        statement = {"protocol": protocol, "name": type(self).__name__, "version": "1"}
        return {**statement, "profile": "keyvault", "features": features}

    def reset(self, *, subnets: Sequence[object]) -> dict[str, object]:  # noqa: ARG002 - it has no subnets
        """A new vault: open, without rules."""
        self.rules: list[IPv4Network] = []
        self.default = "allow"
        return {}

    def put_rules(self, *, network_acls: Mapping[str, object]) -> dict[str, object]:
        """Replace the rules."""
        entries = network_acls.get("ipRules")
        self.rules = [IPv4Network(entry["value"]) for entry in entries] if isinstance(entries, list) else []
        self.default = str(network_acls.get("defaultAction", "Allow")).lower()
        return {"accepted": True}

    def decide(self, *, requests: Sequence[Mapping[str, Mapping[str, str]]]) -> dict[str, object]:
        """One decision for each request."""
        return {"decisions": [self.decision(IPv4Address(request["source"]["address"])) for request in requests]}

    def decision(self, address: IPv4Address) -> str:
        """`allow` for an address that a rule covers; for any other address what the default action says."""
        return "allow" if any(self.covers(rule, address) for rule in self.rules) else self.default

    def covers(self, rule: IPv4Network, address: IPv4Address) -> bool:
        """Whether the rule covers the address."""
        return address in rule


class FlawedVault(RightVault):
    """The same, but for the first and the last address of a range."""

    def covers(self, rule: IPv4Network, address: IPv4Address) -> bool:
        """Whether the rule covers the address."""
        if rule.prefixlen >= 31:
            return address in rule
        return rule.network_address < address < rule.broadcast_address
