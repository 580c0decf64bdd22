"""Flaws in switching to Deny: the update is refused, or removed rules come back."""

from fencepost.conformance.mutants.mutant import Flaws, shown_by
from fencepost.conformance.mutants.stateful import Stateful
from fencepost.conformance.mutants.values import Held, IpRule, Refused, SubnetRule
from fencepost.conformance.mutants.vault import Vault
from fencepost.conformance.mutants.witness import add, ask, call, put, remove, update

flaw = Flaws("state")

_RANGE, _OTHER = "20.0.0.0/24", "52.0.0.0/24"


@flaw("update-that-shuts-everybody-out-refused", "STA-3 STA-2 STA-4 DEC-15", "closed")
@shown_by(put(default="Allow"), update(default="Deny"))
class _UpdateThatShutsEverybodyOutRefused(Vault):
    """An update to Deny without a rule or a bypass is refused as a probable mistake; a put of the same is accepted."""

    def with_switches(self, held: Held, bypass: str | None, default_action: str | None) -> Held:
        changed = super().with_switches(held, bypass, default_action)
        has_a_way_in = changed.bypass == "AzureServices" or changed.ip_rules or changed.subnet_rules
        if default_action == "Deny" and not has_a_way_in:
            raise Refused("nobody would be let in")
        return changed


class _Remembering(Stateful):
    """A vault that keeps rules beside those in force until the whole set is put."""

    aside: Held | None = None

    def replaced(self) -> None:
        self.aside = None


@flaw("deny-said-again-brings-its-rules-back", "STA-2 STA-3 STA-6", "both", needs_history=True)
@shown_by(put(_OTHER, default="Allow"), update(default="Deny"), add(_RANGE), update(default="Deny"), ask(call()))
class _DenySaidAgainBringsItsRulesBack(_Remembering):
    """Switching to Deny saves a copy of the rules, and a second update to Deny restores that copy."""

    def with_switches(self, held: Held, bypass: str | None, default_action: str | None) -> Held:
        changed = super().with_switches(held, bypass, default_action)
        if held.default_action == "Allow":
            self.aside = held
        elif default_action == "Deny" and self.aside is not None:
            changed = changed._replace(ip_rules=self.aside.ip_rules)
        return changed


@flaw("removed-under-allow-comes-back", "STA-4 STA-2 STA-6", "open", needs_history=True)
@shown_by(put(_RANGE), update(default="Allow"), remove(_RANGE), update(default="Deny"), ask(call()))
class _RemovedUnderAllowComesBack(_Remembering):
    """Switching to Allow sets the rules aside, and switching back merges them into the list, removed rules included."""

    def with_switches(self, held: Held, bypass: str | None, default_action: str | None) -> Held:
        changed = super().with_switches(held, bypass, default_action)
        if (held.default_action, changed.default_action) == ("Deny", "Allow"):
            self.aside = held
        elif (held.default_action, changed.default_action) == ("Allow", "Deny") and self.aside is not None:
            changed = _joined(changed, self.aside)
            self.aside = None
        return changed


def _joined(held: Held, aside: Held) -> Held:
    rules: tuple[IpRule, ...] = tuple(rule for rule in aside.ip_rules if rule not in held.ip_rules)
    listed = {rule.id for rule in held.subnet_rules}
    subnets: tuple[SubnetRule, ...] = tuple(rule for rule in aside.subnet_rules if rule.id not in listed)
    return held._replace(ip_rules=(*held.ip_rules, *rules), subnet_rules=(*held.subnet_rules, *subnets))
