"""Flaws in how `getRules` spells what it shows, of a vault that promises the form of Azure's wire."""

from collections.abc import Collection
from typing import Any

from fencepost.adapters.contract import JsonObject
from fencepost.conformance.mutants.mutant import TODAY_ONLY, Flaws
from fencepost.conformance.mutants.values import Held
from fencepost.conformance.mutants.wire_vault import WireVault
from fencepost.conformance.mutants.witness import APP, DATABASE, Call, put, read

flaw = Flaws("wire")

_LOW, _HIGH, _SINGLE = "20.0.0.0/24", "52.0.0.0/24", "20.0.0.7"


def bare(default: str = "Deny", **lists: object) -> Call:
    """A write of both switches, the bypass AzureServices, and just these lists."""
    return "putRules", {"networkAcls": {"bypass": "AzureServices", "defaultAction": default, **lists}}


@flaw(
    "shows-bare-addresses-bare",
    clause="WIRE-1",
    direction="both",
    story="A single address is shown as it was written, without a prefix.",
    origin="hashicorp/terraform-provider-azurerm issue 2164: the two spellings differed for ever",
    witness=lambda _: (put(_SINGLE), read()),
)
class _ShowsBareAddressesBare(WireVault):
    def shown_value(self, text: str) -> str:
        return text.removesuffix("/32")


@flaw(
    "shows-a-prefix-beside-ranges-only",
    clause="WIRE-1",
    direction="both",
    story="The list is brought into CIDR form where some rule of it is in that form already.",
    witness=lambda _: (put(_SINGLE), read()),
)
class _ShowsAPrefixBesideRangesOnly(WireVault):
    def shown_values(self, held: Held) -> list[str]:
        values = super().shown_values(held)
        return values if any(not value.endswith("/32") for value in values) else [value[:-3] for value in values]


@flaw(
    "shows-a-prefix-at-the-first-address",
    clause="WIRE-1",
    direction="both",
    story="The loop that adds the prefix ends after the first address.",
    witness=lambda _: (put(_SINGLE, "52.0.0.7"), read()),
)
class _ShowsAPrefixAtTheFirstAddress(WireVault):
    def shown_values(self, held: Held) -> list[str]:
        first, *others = super().shown_values(held) or [""]
        return [first, *(value.removesuffix("/32") for value in others)] if first else []


@flaw(
    "shows-addresses-sorted",
    clause="WIRE-2",
    direction="both",
    story="IP rules are shown in the order of their addresses, from a sorted set.",
    profiles=TODAY_ONLY,
    witness=lambda _: (put(_HIGH, _LOW), read()),
)
class _ShowsAddressesSorted(WireVault):
    def shown_values(self, held: Held) -> list[str]:
        return super().shown_values(held._replace(ip_rules=tuple(sorted(held.ip_rules))))


@flaw(
    "shows-subnets-sorted",
    clause="WIRE-2",
    direction="both",
    story="Virtual network rules come from a table whose primary key is the id.",
    profiles=TODAY_ONLY,
    witness=lambda _: (put(subnets=[DATABASE, APP]), read()),
)
class _ShowsSubnetsSorted(WireVault):
    def shown_ids(self, held: Held) -> list[str]:
        return sorted(super().shown_ids(held))


@flaw(
    "shows-the-newest-rule-first",
    clause="WIRE-2",
    direction="both",
    story="Rules are prepended to a linked list, and shown from its head.",
    profiles=TODAY_ONLY,
    witness=lambda _: (put(_LOW, _HIGH), read()),
)
class _ShowsTheNewestRuleFirst(WireVault):
    def shown_values(self, held: Held) -> list[str]:
        return super().shown_values(held)[::-1]


@flaw(
    "shows-subnet-ids-as-written",
    clause="WIRE-3",
    direction="both",
    story="A subnet id is shown in the letters in which it was written.",
    profiles=TODAY_ONLY,
    witness=lambda _: (put(subnets=[APP]), read()),
)
class _ShowsSubnetIdsAsWritten(WireVault):
    def shown_ids(self, held: Held) -> list[str]:
        return [rule.text for rule in held.subnet_rules]


@flaw(
    "shows-names-as-written",
    clause="WIRE-3",
    direction="both",
    story="The words of the platform are shown in lower case, the names of group, network and subnet as written.",
    profiles=TODAY_ONLY,
    witness=lambda _: (put(subnets=[APP]), read()),
)
class _ShowsNamesAsWritten(WireVault):
    def shown_ids(self, held: Held) -> list[str]:
        parts = [rule.text.split("/") for rule in held.subnet_rules]
        return [
            "/".join(part if place in (4, 8, 10) else part.lower() for place, part in enumerate(one)) for one in parts
        ]


@flaw(
    "shows-the-platforms-words-in-capitals",
    clause="WIRE-3",
    direction="both",
    story="The id is put together anew from its names, which are stored in lower case, and the platform's own words.",
    profiles=TODAY_ONLY,
    witness=lambda _: (put(subnets=[APP]), read()),
)
class _ShowsThePlatformsWordsInCapitals(WireVault):
    def shown_ids(self, held: Held) -> list[str]:
        return [one.replace("/resourcegroups/", "/resourceGroups/") for one in super().shown_ids(held)]


def _unwritten(shown: JsonObject, written: JsonObject) -> list[str]:
    """The lists that are empty and were not written."""
    return [name for name, value in shown.items() if value == [] and name not in written]


def _without(names: Collection[str], shown: JsonObject) -> JsonObject:
    return {name: value for name, value in shown.items() if name not in names}


@flaw(
    "leaves-unwritten-lists-out",
    clause="WIRE-4",
    direction="both",
    story="A list that was not written is left out of what is shown.",
    witness=lambda _: (bare(ipRules=[{"value": _LOW}]), read()),
)
class _LeavesUnwrittenListsOut(WireVault):
    def read_back(self, held: Held) -> JsonObject:
        shown = super().read_back(held)
        return _without(_unwritten(shown, self.written), shown)


@flaw(
    "shows-unwritten-lists-as-null",
    clause="WIRE-4",
    direction="both",
    story="A list that was not written is null where it is shown.",
    witness=lambda _: (bare(ipRules=[{"value": _LOW}]), read()),
)
class _ShowsUnwrittenListsAsNull(WireVault):
    def read_back(self, held: Held) -> JsonObject:
        shown = super().read_back(held)
        return {**shown, **dict.fromkeys(_unwritten(shown, self.written))}


@flaw(
    "leaves-both-unwritten-lists-out",
    clause="WIRE-4",
    direction="both",
    story="Where no list was written, none is shown.",
    profiles=TODAY_ONLY,
    witness=lambda _: (bare(), read()),
)
class _LeavesBothUnwrittenListsOut(WireVault):
    def read_back(self, held: Held) -> JsonObject:
        shown = super().read_back(held)
        unwritten = _unwritten(shown, self.written)
        return _without(unwritten, shown) if len(unwritten) == 2 else shown


@flaw(
    "stores-the-all-default-object",
    clause="WIRE-5",
    direction="both",
    story="What was written is stored and shown, the object that says nothing too.",
    profiles=TODAY_ONLY,
    witness=lambda _: (bare("Allow"), read()),
)
class _StoresTheAllDefaultObject(WireVault):
    def is_stored(self, held: Held) -> bool:
        return bool(self.written) or super().is_stored(held)


@flaw(
    "shows-known-rules-in-their-old-place",
    clause="WIRE-6",
    also=("WIRE-2",),
    direction="both",
    story="A PUT is carried out as a difference: rules that were there keep their place, new ones come after them.",
    profiles=TODAY_ONLY,
    witness=lambda _: (put(_LOW, _HIGH), put(_HIGH, _LOW), read()),
)
class _ShowsKnownRulesInTheirOldPlace(WireVault):
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


@flaw(
    "keeps-an-object-that-was-there",
    clause="WIRE-6",
    also=("WIRE-5",),
    direction="both",
    story="The object is left out in a new vault alone: once it is there, a PUT of the defaults is stored.",
    profiles=TODAY_ONLY,
    witness=lambda _: (put(_LOW), bare("Allow"), read()),
)
class _KeepsAnObjectThatWasThere(WireVault):
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
