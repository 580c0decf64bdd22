"""A vault that scans `ipaddress` networks and gives the strictest answer to every open point."""

import re
from collections.abc import Callable
from ipaddress import IPv4Address, IPv4Network

from fencepost.adapters.contract import JsonObject
from fencepost.conformance.peers.choices import Choices
from fencepost.conformance.peers.memory import MemoryVault, State
from fencepost.conformance.peers.peer import Refused
from fencepost.conformance.peers.profiles import PRIVATE_BLOCKS, RESERVED_BLOCKS

_OCTET = "(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
# `ipaddress` accepts masks, /024 and the digits of other scripts, so this pattern checks the spelling first.
_RULE = re.compile(rf"(?P<address>{_OCTET}(?:\.{_OCTET}){{3}})(?:/(?P<prefix>3[0-2]|[12]?[0-9]))?")
_NOT_PUBLIC = tuple(IPv4Network(block) for block in (*PRIVATE_BLOCKS, *RESERVED_BLOCKS))


class StdlibVault(MemoryVault[IPv4Network]):
    """Refuses private and reserved space, keeps and counts duplicates, and checks the whole set again at every write.

    It reads ids back in lower case, single addresses bare, and an empty object for a firewall that is off and has no
    rules.
    """

    name = "peer-stdlib"
    choices = Choices(trusted_scenarios="connection")

    def _choices(self) -> dict[str, object]:
        # The statement says how each profile recognises trust, and leaves out points that the current profile settles.
        settled = (
            {"missing-service-endpoint"}
            if self.profile.refuses_missing_endpoint
            else {"prefix-31", "trusted-scenarios"}
        )
        return {key: value for key, value in super()._choices().items() if key not in settled} | {
            "trusted-services": self.choices.trusted_services or self.profile.trusted_services
        }

    def _read_rule(self, value: object) -> IPv4Network:
        written = _RULE.fullmatch(value) if isinstance(value, str) else None
        if written is None:
            raise Refused("neither an IPv4 address nor a CIDR range")
        if written["prefix"] in ("0", "31", *(() if self.profile.takes_prefix_32 else ("32",))):
            raise Refused(f"/{written['prefix']} is not supported")
        try:
            network = IPv4Network(written[0])
        except ValueError as error:
            raise Refused(str(error)) from None
        for block in _NOT_PUBLIC:
            if network.overlaps(block):
                raise Refused(f"{network} belongs to forbidden range {block[0]}–{block[-1]}")
        return network

    def _spell_rule(self, rule: IPv4Network) -> str:
        return str(rule.network_address) if rule.prefixlen == 32 else str(rule)

    def _matcher(self, rules: tuple[IPv4Network, ...]) -> Callable[[str], bool]:
        def covers(address: str) -> bool:
            caller = IPv4Address(address)
            return any(caller in rule for rule in rules)

        return covers

    def _check_kept(self, new: State[IPv4Network]) -> None:
        for rule in new.subnet_rules:
            if rule.backed and not rule.ignores_missing and not new.endpoints.get(rule.key, False):
                raise Refused(f"{rule.id} has lost its service endpoint")

    def _spell_rules(self, state: State[IPv4Network]) -> JsonObject:
        if (state.bypass, state.default_action) == ("AzureServices", "Allow") and not (
            state.ip_rules or state.subnet_rules
        ):
            return {}
        return {
            "networkAcls": {
                "defaultAction": state.default_action,
                "bypass": state.bypass,
                "ipRules": [{"value": self._spell_rule(rule)} for rule in state.ip_rules],
                "virtualNetworkRules": [{"id": rule.key} for rule in state.subnet_rules],
            }
        }


class StdlibVaultUndeclared(StdlibVault):
    """The same vault without declared choices."""

    declares = False
