"""Peers that use the freedoms of the contract: other spellings, other signs of trust, inconclusive answers, delay."""

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from ipaddress import IPv4Network

from fencepost.adapters.contract import JsonObject
from fencepost.conformance.peers.memory import State
from fencepost.conformance.peers.peer import ALL_FEATURES, Verdict
from fencepost.conformance.peers.profiles import KEYVAULT, KEYVAULT_2018
from fencepost.conformance.peers.stdlib_vault import StdlibVault
from fencepost.conformance.peers.trie_vault import TrieVault


class BareStringVault(StdlibVault):
    """A vault that answers a decision with one word and promises no codes."""

    name = "peer-bare-string"
    features = tuple(feature for feature in ALL_FEATURES if feature != "decision-codes")

    def _spell_decision(self, request: JsonObject, verdict: Verdict) -> JsonObject | str:  # noqa: ARG002 - overrides
        return "allow" if verdict.allowed else "deny"


class WrongCodesVault(TrieVault):
    """A vault that promises no codes and gives codes that no vault has."""

    name = "peer-wrong-codes"
    features = BareStringVault.features

    def _spell_decision(self, request: JsonObject, verdict: Verdict) -> JsonObject | str:  # noqa: ARG002 - overrides
        return {"outcome": "allow" if verdict.allowed else "deny", "status": 418, "code": "Teapot", "rule": None}


class ListModeToday(StdlibVault):
    """Today's profile with a list of names, those of the announcement, which today's table also has."""

    name = "peer-list-mode-today"
    choices = replace(StdlibVault.choices, trusted_services="list")


class AttributeMode2018(StdlibVault):
    """The profile of 2018, in which each request has the attribute `trusted`."""

    name = "peer-attribute-mode-2018"
    choices = replace(StdlibVault.choices, trusted_services="attribute")

    def __init__(self) -> None:
        super().__init__(profile=KEYVAULT_2018.name)


class CollapsingCountingVault(StdlibVault):
    """A vault that shows a repeated rule once, but counts each repetition towards the limit."""

    name = "peer-collapsing-counting"
    choices = replace(StdlibVault.choices, duplicates="collapse", duplicates_count="yes")


class DoubtfulVault(StdlibVault):
    """A vault that gives no verdict on some requests: those whose octets add up to a multiple of seven."""

    name = "peer-doubtful"

    def decide(self, *, requests: Sequence[JsonObject], **_: object) -> JsonObject:
        """One decision for each request, some of them inconclusive."""
        decisions = super().decide(requests=requests)["decisions"]
        assert isinstance(decisions, list)
        return {
            "decisions": [
                {"outcome": "inconclusive", "reason": "the vantage has moved"} if self._doubts(request) else decision
                for request, decision in zip(requests, decisions, strict=True)
            ]
        }

    def _doubts(self, request: JsonObject) -> bool:
        source = request["source"]
        assert isinstance(source, dict)
        return sum(int(octet) for octet in source["address"].split(".")) % 7 == 0


class TerseVault(StdlibVault):
    """Has room for the text of a full list of seventeen characters a rule; cannot put a list that is longer as text."""

    name = "peer-terse"
    room_for_a_rule = 17

    def put_rules(self, *, network_acls: JsonObject, **_: object) -> JsonObject:
        """Replace the whole rule set, if all of it can be written down."""
        entries = network_acls.get("ipRules")
        values = (
            [entry.get("value") for entry in entries if isinstance(entry, dict)] if isinstance(entries, list) else []
        )
        room = self.room_for_a_rule * self.profile.max_ip_rules
        if len(values) <= self.profile.max_ip_rules and sum(len(str(value)) for value in values) > room:
            return {"outcome": "inconclusive", "reason": f"the engine has room for {room} characters"}
        return super().put_rules(network_acls=network_acls)


class SettlingVault(StdlibVault):
    """A vault whose writes take effect a moment after their answer, well within the declared settle time.

    Only rules settle slowly. A reset, a service endpoint and the answer of `getRules` take effect at once.
    """

    name = "peer-settling"
    features = tuple(feature for feature in ALL_FEATURES if feature != "snapshot-isolation")
    settle_seconds = 0.05
    _delay = 0.01

    def __init__(self, *, profile: str = KEYVAULT.name, declare: bool | None = None) -> None:
        super().__init__(profile=profile, declare=declare)
        self._before: State[IPv4Network] = self._state
        self._changed = -self._delay

    def describe(self, *, protocol: int, **_: object) -> JsonObject:
        """The statement with its settle time."""
        return {**super().describe(protocol=protocol), "settleSeconds": self.settle_seconds}

    def reset(self, *, subnets: Sequence[JsonObject], **_: object) -> JsonObject:
        """A new vault without rules, in a network of exactly these subnets."""
        answer = super().reset(subnets=subnets)
        self._before = self._state
        return answer

    def _write(self, change: Callable[[State[IPv4Network]], State[IPv4Network]]) -> JsonObject:
        before = self._current()
        answer = super()._write(change)
        self._before, self._changed = before, time.monotonic()
        return answer

    def _current(self) -> State[IPv4Network]:
        if time.monotonic() - self._changed >= self._delay:
            return self._state
        return replace(self._before, endpoints=self._state.endpoints)
