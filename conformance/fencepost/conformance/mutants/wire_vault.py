"""The correct vault that also shows its rules in the form in which Azure's wire shows them."""

from collections.abc import Sequence
from typing import Any

from fencepost.adapters.contract import JsonObject
from fencepost.conformance.mutants.values import Held
from fencepost.conformance.mutants.vault import Vault


class WireVault(Vault):
    """A vault that declares `azure-wire` and is read back in that form, by small methods that a flaw can override."""

    title = "wire-vault"
    written: JsonObject
    """The object of the last `putRules` that was accepted."""

    def describe(self, *, protocol: int) -> JsonObject:
        """The statement, with the promise of the form."""
        statement: dict[str, Any] = dict(super().describe(protocol=protocol))
        return {**statement, "features": [*statement["features"], "azure-wire"]}

    def choices(self) -> JsonObject:
        """The answers to the open points; how a single address reads back is none where WIRE-1 says it."""
        return {key: answer for key, answer in super().choices().items() if key != "single-address-read-back"}

    def reset(self, *, subnets: Sequence[JsonObject]) -> JsonObject:
        """A new vault, to which nothing was written."""
        self.written = {}
        return super().reset(subnets=subnets)

    def put_rules(self, *, network_acls: JsonObject) -> JsonObject:
        """Replace the whole rule set."""
        answer = super().put_rules(network_acls=network_acls)
        if answer["accepted"]:
            self.written = network_acls
        return answer

    def get_rules(self) -> JsonObject:
        """The rules in force in their form; nothing where no object is stored."""
        return {"networkAcls": self.read_back(self.held)} if self.is_stored(self.held) else {}

    def is_stored(self, held: Held) -> bool:
        """Whether there is an object: the all-default one without rules is none."""
        return bool(held.ip_rules or held.subnet_rules) or (held.default_action, held.bypass) != (
            "Allow",
            "AzureServices",
        )

    def read_back(self, held: Held) -> JsonObject:
        """The rule set as `networkAcls` shows it."""
        return {
            **super().read_back(held),
            "ipRules": [{"value": value} for value in self.shown_values(held)],
            "virtualNetworkRules": [{"id": subnet} for subnet in self.shown_ids(held)],
        }

    def shown_values(self, held: Held) -> list[str]:
        """The values of the IP rules, in the order in which they were written."""
        return [self.shown_value(rule.text if "/" in rule.text else f"{rule.text}/32") for rule in held.ip_rules]

    def shown_value(self, text: str) -> str:
        """One value, with its prefix."""
        return text

    def shown_ids(self, held: Held) -> list[str]:
        """The ids of the subnets in lower case, in the order in which they were written."""
        return [rule.id for rule in held.subnet_rules]
