"""The vault around every structure: its matcher lives as long as the vault does, and follows each write."""

import re
from collections.abc import Callable, Sequence
from ipaddress import IPv4Address, IPv4Network

from fencepost.adapters.contract import JsonObject
from fencepost.conformance.peers.choices import Choices
from fencepost.conformance.peers.memory import MemoryVault, State
from fencepost.conformance.peers.peer import Question, Refused
from fencepost.conformance.peers.profiles import KEYVAULT, PRIVATE_BLOCKS
from fencepost.conformance.peers.structures.matcher import Matcher

_OCTET = "(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
_RULE = re.compile(rf"{_OCTET}(?:\.{_OCTET}){{3}}(?:/(?P<prefix>3[0-2]|[12]?[0-9]))?")
_PRIVATE = tuple(IPv4Network(block) for block in PRIVATE_BLOCKS)


class StructureVault(MemoryVault[IPv4Network]):
    """Accepts what the documents leave open, so that every prefix length and every part of the space is matched."""

    name = "peer-structure"
    choices = Choices(
        host_bits="mask",
        private_superset="accept",
        reserved_ranges="accept",
        duplicates="collapse",
        duplicates_count="no",
        prefix_31="accept",
        prefix_0="accept",
        lost_service_endpoint="accept",
        remove_unknown="ignore",
        trusted_scenarios="connection",
    )

    def __init__(self, matcher: Matcher, *, profile: str = KEYVAULT.name) -> None:
        super().__init__(profile=profile)
        self._matched = matcher
        self._followed: tuple[IPv4Network, ...] = ()

    def reset(self, *, subnets: Sequence[JsonObject], **others: object) -> JsonObject:
        """A new vault, whose matcher is the old one, emptied."""
        answer = super().reset(subnets=subnets, **others)
        with self._lock:
            self._matched.clear()
            self._followed = ()
        return answer

    def _write(self, change: Callable[[State[IPv4Network]], State[IPv4Network]]) -> JsonObject:
        answer = super()._write(change)
        with self._lock:
            self._follow()
        return answer

    def _follow(self) -> None:
        """Bring the matcher from the rules that it has followed to those in force."""
        rules = self._state.ip_rules
        before, after = set(self._followed), set(rules)
        gone = [rule for rule in self._followed if rule not in after]
        come = [rule for rule in rules if rule not in before]
        self._followed = rules
        for rule in gone:
            self._matched.remove(int(rule.network_address), rule.prefixlen)
        for rule in come:
            self._matched.add(int(rule.network_address), rule.prefixlen)

    def _reasons(self, questions: Sequence[Question]) -> Sequence[str | None]:
        with self._lock:
            self._follow()
            return super()._reasons(questions)

    def _matcher(self, rules: tuple[IPv4Network, ...]) -> Callable[[str], bool]:  # noqa: ARG002 - it follows the rules
        return lambda address: self._matched.covers(int(IPv4Address(address)))

    def _read_rule(self, value: object) -> IPv4Network:
        written = _RULE.fullmatch(value) if isinstance(value, str) else None
        if written is None:
            raise Refused("neither an IPv4 address nor a CIDR range")
        if written["prefix"] == "31" and not self.profile.takes_prefix_31:
            raise Refused("/31 is not supported")
        if written["prefix"] == "32" and not self.profile.takes_prefix_32:
            raise Refused("/32 is not supported")
        network = IPv4Network(written[0], strict=False)
        if any(network.subnet_of(block) for block in _PRIVATE):
            raise Refused(f"{network} is private")
        return network

    def _spell_rule(self, rule: IPv4Network) -> str:
        return str(rule.network_address) if rule.prefixlen == 32 else str(rule)
