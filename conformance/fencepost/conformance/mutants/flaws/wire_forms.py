"""Flaws in how `getRules` spells what it shows, of a vault that promises the form of Azure's wire."""

from collections.abc import Collection
from typing import Any

from fencepost.adapters.contract import JsonObject
from fencepost.conformance.mutants.mutant import TODAY_ONLY, Flaws, seen_in, shown_by
from fencepost.conformance.mutants.values import Held
from fencepost.conformance.mutants.wire_vault import WireVault
from fencepost.conformance.mutants.witness import APP, DATABASE, Call, put, read

flaw = Flaws("wire")

_LOW, _HIGH, _SINGLE = "20.0.0.0/24", "52.0.0.0/24", "20.0.0.7"


def bare(default: str = "Deny", **lists: object) -> Call:
    """A write of both switches, the bypass AzureServices, and just these lists."""
    return "putRules", {"networkAcls": {"bypass": "AzureServices", "defaultAction": default, **lists}}


@flaw("shows-bare-addresses-bare", "WIRE-1", "both")
@seen_in("hashicorp/terraform-provider-azurerm issue 2164: the two spellings differed for ever")
@shown_by(put(_SINGLE), read())
class _ShowsBareAddressesBare(WireVault):
    """A single address is shown as it was written, without a prefix."""

    def shown_value(self, text: str) -> str:
        return text.removesuffix("/32")


@flaw("shows-a-prefix-beside-ranges-only", "WIRE-1", "both")
@shown_by(put(_SINGLE), read())
class _ShowsAPrefixBesideRangesOnly(WireVault):
    """The list is brought into CIDR form where some rule of it is in that form already."""

    def shown_values(self, held: Held) -> list[str]:
        values = super().shown_values(held)
        return values if any(not value.endswith("/32") for value in values) else [value[:-3] for value in values]


@flaw("shows-a-prefix-at-the-first-address", "WIRE-1", "both")
@shown_by(put(_SINGLE, "52.0.0.7"), read())
class _ShowsAPrefixAtTheFirstAddress(WireVault):
    """The loop that adds the prefix ends after the first address."""

    def shown_values(self, held: Held) -> list[str]:
        first, *others = super().shown_values(held) or [""]
        return [first, *(value.removesuffix("/32") for value in others)] if first else []


@flaw("shows-addresses-sorted", "WIRE-2", "both", profiles=TODAY_ONLY)
@shown_by(put(_HIGH, _LOW), read())
class _ShowsAddressesSorted(WireVault):
    """IP rules are shown in the order of their addresses, from a sorted set."""

    def shown_values(self, held: Held) -> list[str]:
        return super().shown_values(held._replace(ip_rules=tuple(sorted(held.ip_rules))))


@flaw("shows-subnets-sorted", "WIRE-2", "both", profiles=TODAY_ONLY)
@shown_by(put(subnets=[DATABASE, APP]), read())
class _ShowsSubnetsSorted(WireVault):
    """Virtual network rules come from a table whose primary key is the id."""

    def shown_ids(self, held: Held) -> list[str]:
        return sorted(super().shown_ids(held))


@flaw("shows-the-newest-rule-first", "WIRE-2", "both", profiles=TODAY_ONLY)
@shown_by(put(_LOW, _HIGH), read())
class _ShowsTheNewestRuleFirst(WireVault):
    """Rules are prepended to a linked list, and shown from its head."""

    def shown_values(self, held: Held) -> list[str]:
        return super().shown_values(held)[::-1]


@flaw("shows-subnet-ids-as-written", "WIRE-3", "both", profiles=TODAY_ONLY)
@shown_by(put(subnets=[APP]), read())
class _ShowsSubnetIdsAsWritten(WireVault):
    """A subnet id is shown in the letters in which it was written."""

    def shown_ids(self, held: Held) -> list[str]:
        return [rule.text for rule in held.subnet_rules]


@flaw("shows-names-as-written", "WIRE-3", "both", profiles=TODAY_ONLY)
@shown_by(put(subnets=[APP]), read())
class _ShowsNamesAsWritten(WireVault):
    """The words of the platform are shown in lower case, the names of group, network and subnet as written."""

    def shown_ids(self, held: Held) -> list[str]:
        parts = [rule.text.split("/") for rule in held.subnet_rules]
        return [
            "/".join(part if place in (4, 8, 10) else part.lower() for place, part in enumerate(one)) for one in parts
        ]


@flaw("shows-the-platforms-words-in-capitals", "WIRE-3", "both", profiles=TODAY_ONLY)
@shown_by(put(subnets=[APP]), read())
class _ShowsThePlatformsWordsInCapitals(WireVault):
    """The id is put together anew from its names, which are stored in lower case, and the platform's own words."""

    def shown_ids(self, held: Held) -> list[str]:
        return [one.replace("/resourcegroups/", "/resourceGroups/") for one in super().shown_ids(held)]


def _unwritten(shown: JsonObject, written: JsonObject) -> list[str]:
    """The lists that are empty and were not written."""
    return [name for name, value in shown.items() if value == [] and name not in written]


def _without(names: Collection[str], shown: JsonObject) -> JsonObject:
    return {name: value for name, value in shown.items() if name not in names}


@flaw("leaves-unwritten-lists-out", "WIRE-4", "both")
@shown_by(bare(ipRules=[{"value": _LOW}]), read())
class _LeavesUnwrittenListsOut(WireVault):
    """A list that was not written is left out of what is shown."""

    def read_back(self, held: Held) -> JsonObject:
        shown = super().read_back(held)
        return _without(_unwritten(shown, self.written), shown)


@flaw("shows-unwritten-lists-as-null", "WIRE-4", "both")
@shown_by(bare(ipRules=[{"value": _LOW}]), read())
class _ShowsUnwrittenListsAsNull(WireVault):
    """A list that was not written is null where it is shown."""

    def read_back(self, held: Held) -> JsonObject:
        shown = super().read_back(held)
        return {**shown, **dict.fromkeys(_unwritten(shown, self.written))}


@flaw("leaves-both-unwritten-lists-out", "WIRE-4", "both", profiles=TODAY_ONLY)
@shown_by(bare(), read())
class _LeavesBothUnwrittenListsOut(WireVault):
    """Where no list was written, none is shown."""

    def read_back(self, held: Held) -> JsonObject:
        shown = super().read_back(held)
        unwritten = _unwritten(shown, self.written)
        return _without(unwritten, shown) if len(unwritten) == 2 else shown


@flaw("stores-the-all-default-object", "WIRE-5", "both", profiles=TODAY_ONLY)
@shown_by(bare("Allow"), read())
class _StoresTheAllDefaultObject(WireVault):
    """What was written is stored and shown, the object that says nothing too."""

    def is_stored(self, held: Held) -> bool:
        return bool(self.written) or super().is_stored(held)


@flaw("shows-known-rules-in-their-old-place", "WIRE-6 WIRE-2", "both", profiles=TODAY_ONLY)
@shown_by(put(_LOW, _HIGH), put(_HIGH, _LOW), read())
class _ShowsKnownRulesInTheirOldPlace(WireVault):
    """A PUT is carried out as a difference: rules that were there keep their place, new ones come after them."""

    order: tuple[str, ...] = ()

    def reset(self, *, subnets: Any) -> JsonObject:
        self.order = ()
        return super().reset(subnets=subnets)

    def put_rules(self, *, network_acls: JsonObject) -> JsonObject:
        before = self.order
        answer = super().put_rules(network_acls=network_acls)
        if answer["accepted"]:
            now = super().shown_values(self.held)
            self.order = (*(one for one in before if one in now), *(one for one in now if one not in before))
        return answer

    def shown_values(self, held: Held) -> list[str]:
        known = {value: place for place, value in enumerate(self.order)}
        return sorted(super().shown_values(held), key=lambda value: known.get(value, len(known)))


@flaw("keeps-an-object-that-was-there", "WIRE-6 WIRE-5", "both", profiles=TODAY_ONLY)
@shown_by(put(_LOW), bare("Allow"), read())
class _KeepsAnObjectThatWasThere(WireVault):
    """The object is left out in a new vault alone: once it is there, a PUT of the defaults is stored."""

    was_there = False

    def reset(self, *, subnets: Any) -> JsonObject:
        self.was_there = False
        return super().reset(subnets=subnets)

    def put_rules(self, *, network_acls: JsonObject) -> JsonObject:
        answer = super().put_rules(network_acls=network_acls)
        self.was_there = self.was_there or super().is_stored(self.held)
        return answer

    def is_stored(self, held: Held) -> bool:
        return self.was_there or super().is_stored(held)
