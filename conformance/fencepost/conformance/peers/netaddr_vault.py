"""A vault that matches with a `netaddr` IPSet and gives the most lenient answer to every open point."""

import importlib
from collections.abc import Callable, Hashable
from typing import TYPE_CHECKING, ClassVar, TypeAlias

from fencepost.adapters.contract import JsonObject
from fencepost.conformance.peers.choices import Choices
from fencepost.conformance.peers.memory import MemoryVault, State
from fencepost.conformance.peers.peer import Refused, Verdict
from fencepost.conformance.peers.profiles import KEYVAULT, PRIVATE_BLOCKS

if TYPE_CHECKING:
    from netaddr import IPNetwork

    Network: TypeAlias = IPNetwork
else:
    Network = Hashable

_BLANKS = " \t\r\n"
_LONGEST = 64


class NetaddrVault(MemoryVault[Network]):
    """Accepts octal zeros, masks, host bits and reserved blocks; shows duplicates once and does not count them.

    It allows with the bare word, gives a refused write no reason, and reads ids back as written. Needs the package
    netaddr; `ModuleNotFoundError` without it.
    """

    name = "peer-netaddr"
    permission_code: ClassVar[str] = "ForbiddenByRbac"
    choices = Choices(
        host_bits="mask",
        private_superset="accept",
        reserved_ranges="accept",
        duplicates="collapse",
        duplicates_count="no",
        prefix_31="accept",
        prefix_0="accept",
        missing_service_endpoint="accept",
        lost_service_endpoint="accept",
        surrounding_blanks="strip",
        leading_zeros="octal",
        prefix_spelling="accept",
        netmask_form="accept",
        hostmask_form="accept",
        remove_unknown="ignore",
        enum_case="insensitive",
        null_members="as-absent",
        default_of_bypass="None",
        default_of_default_action="Deny",
        single_address_read_back="/32",
        unauthenticated_and_blocked="403",
    )

    def __init__(self, *, profile: str = KEYVAULT.name, declare: bool | None = None) -> None:
        super().__init__(profile=profile, declare=declare)
        self._netaddr = importlib.import_module("netaddr")
        self._private = [self._netaddr.IPNetwork(block) for block in PRIVATE_BLOCKS]

    def _read_rule(self, value: object) -> Network:
        if not isinstance(value, str) or len(value) > _LONGEST:
            raise Refused("an IP rule is text, and not long")
        address, slash, size = value.strip(_BLANKS).partition("/")
        first, prefix = self._read_address(address), self._read_size(size) if slash else 32
        if slash and (prefix == 32 and not self.profile.takes_prefix_32):
            raise Refused("/32 is written as a single address")
        if prefix == 31 and not self.profile.takes_prefix_31:
            raise Refused("/31 is written as two addresses")
        network = self._netaddr.IPNetwork((first, prefix)).cidr
        if any(network in block for block in self._private):
            raise Refused("private")
        return network

    def _read_address(self, text: str) -> int:
        # inet_aton reads leading zeros as octal; this check keeps hex, short forms and trailing words from it.
        if text.count(".") != 3 or not set(text) <= set("0123456789."):
            raise Refused(f"{text} is no IPv4 address")
        try:
            return int(self._netaddr.IPAddress(text, 4, flags=self._netaddr.INET_ATON))
        except (self._netaddr.AddrFormatError, ValueError) as error:
            raise Refused(str(error)) from None

    def _read_size(self, text: str) -> int:
        if "." in text:
            mask = self._netaddr.IPAddress(self._read_address(text), 4)
            if mask.is_netmask():
                return int(mask.netmask_bits())
            if mask.is_hostmask():
                return 32 - int(mask).bit_length()
            raise Refused(f"{text} is no mask")
        digits = text.removeprefix("+")
        if not (digits.isascii() and digits.isdecimal()) or int(digits) > 32:
            raise Refused(f"{text} is no prefix")
        return int(digits)

    def _spell_rule(self, rule: Network) -> str:
        return str(rule)

    def _matcher(self, rules: tuple[Network, ...]) -> Callable[[str], bool]:
        held = self._netaddr.IPSet(rules)
        return lambda address: self._netaddr.IPAddress(address, 4) in held

    def _spell_decision(self, request: JsonObject, verdict: Verdict) -> JsonObject | str:
        return "allow" if verdict.allowed else super()._spell_decision(request, verdict)

    def _spell_refusal(self, refusal: Refused) -> JsonObject:  # noqa: ARG002 - for brevity's sake unsaid
        return {"accepted": False}

    def _spell_rules(self, state: State[Network]) -> JsonObject:
        # The newest rule comes first, with members that the rules of other services have.
        return {
            "networkAcls": {
                "bypass": state.bypass,
                "defaultAction": state.default_action,
                "ipRules": [{"value": self._spell_rule(rule), "action": "Allow"} for rule in reversed(state.ip_rules)],
                "virtualNetworkRules": [
                    {"id": rule.id, "ignoreMissingVnetServiceEndpoint": rule.ignores_missing, "state": "Succeeded"}
                    for rule in reversed(state.subnet_rules)
                ],
            },
            "etag": "1",
        }


class NetaddrVaultUndeclared(NetaddrVault):
    """The same vault without declared choices."""

    declares = False
