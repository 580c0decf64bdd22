"""Vaults on the structures of real engines, each right, and each with the faults that such structures have had.

A vault keeps its state as a peer does and decides by an index that every accepted write changes. `fault` names the
mechanism that is wrong; without one the vault is correct.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network
from typing import ClassVar

from fencepost.adapters.contract import JsonObject
from fencepost.conformance.peers.memory import State
from fencepost.conformance.peers.peer import ABSENT
from fencepost.conformance.peers.stdlib_vault import StdlibVault
from index_pages import Pages, Slots, Summary
from index_structures import AugmentedTree, DeletingTrie, Index, LengthTables, MergedIntervals, PushedLeaves, Sweep
from index_updates import Cached, Journal, NestedRefusal, Queue, Tombstones


class IndexedVault(StdlibVault):
    """A vault that decides by an index."""

    features = tuple(one for one in StdlibVault.features if one != "snapshot-isolation")
    kind: ClassVar[type[Index]] = Index

    def __init__(self, fault: str = "") -> None:
        super().__init__()
        self.fault = fault
        self.index = self.kind(fault)

    def reset(self, **params: object) -> JsonObject:
        self.index = self.index.renewed()
        return super().reset(**params)  # type: ignore[arg-type] # handed on as they came

    def _write(self, change: Callable[[State[IPv4Network]], State[IPv4Network]]) -> JsonObject:
        before = dict.fromkeys(self._state.ip_rules)
        answer = super()._write(change)
        after = dict.fromkeys(self._state.ip_rules)
        for rule in before:
            if rule not in after:
                self.index.remove(rule)
        for rule in after:
            if rule not in before:
                self.index.add(rule)
        return answer

    def put_rules(self, *, network_acls: JsonObject, **_: object) -> JsonObject:
        answer = super().put_rules(network_acls=network_acls)
        if not answer["accepted"]:
            self.index.refused(_readable(network_acls))
        return answer

    def _covers(self, rules: tuple[IPv4Network, ...]) -> Callable[[str], bool]:
        del rules
        return lambda address: self.index.covers(int(IPv4Address(address)))


def _readable(acls: JsonObject) -> list[IPv4Network]:
    found = []
    entries = acls.get("ipRules")
    for entry in entries if isinstance(entries, list) else ():
        try:
            found.append(IPv4Network(entry["value"]))
        except (ValueError, TypeError, KeyError):
            break
    return found


class BareVault(StdlibVault):
    """Switches of a vault that has no rules."""

    def __init__(self, fault: str = "") -> None:
        super().__init__()
        self.fault = fault

    def update_rules(self, *, bypass: object = ABSENT, default_action: object = ABSENT, **_: object) -> JsonObject:
        is_bare = not (self._state.ip_rules or self._state.subnet_rules)
        if is_bare and self.fault == "bypass not stored" and default_action is ABSENT:
            return {"accepted": True}
        if is_bare and self.fault == "switch resets the other" and bypass is ABSENT:
            bypass = "AzureServices"
        return super().update_rules(bypass=bypass, default_action=default_action)

    def remove_ip_rule(self, *, value: object, **_: object) -> JsonObject:
        answer = super().remove_ip_rule(value=value)
        if answer["accepted"] and self.fault == "open without rules" and not self._state.ip_rules:
            self._state = replace(self._state, default_action="Allow")
        return answer


def _indexed(kind: type[Index]) -> Callable[[str], object]:
    class Vault(IndexedVault):
        pass

    Vault.kind = kind
    return Vault


MECHANISMS: Mapping[str, tuple[Callable[[str], object], tuple[str, ...]]] = {
    "length tables": (
        _indexed(LengthTables),
        ("length forgotten", "same base removed", "longer lengths forgotten"),
    ),
    "deleting trie": (
        _indexed(DeletingTrie),
        ("freed node keeps its mark", "subtree dropped", "marked parents pruned", "glue with one child dropped"),
    ),
    "pushed leaves": (_indexed(PushedLeaves), ("grandparent lost", "cover not restored")),
    "sweep": (_indexed(Sweep), ("shared edge deleted",)),
    "merged intervals": (_indexed(MergedIntervals), ("inner taken out of outer",)),
    "augmented tree": (_indexed(AugmentedTree), ("maximum taken from the left alone",)),
    "journal": (_indexed(Journal), ("first record wins", "first record left over", "removals left out")),
    "queue": (_indexed(Queue), ("remove and add cancel", "second add dropped")),
    "cached": (
        _indexed(Cached),
        (
            "kept after a removal of a single address",
            "kept beyond the first block",
            "second level kept",
        ),
    ),
    "tombstones": (_indexed(Tombstones), ("swept though it came back",)),
    "slots": (_indexed(Slots), ("count stops at three",)),
    "pages": (_indexed(Pages), ("evicted page begins anew",)),
    "summary": (_indexed(Summary), ("summary outlives the vault",)),
    "refusal": (_indexed(NestedRefusal), ("takes back what was there", "takes back what nests")),
    "bare": (BareVault, ("bypass not stored", "switch resets the other", "open without rules")),
}
"""Each structure: how its vault is made, and its faults."""
