"""Flaws in updates of a switch, and in rules that are inactive under Allow."""

from fencepost.adapters.contract import JsonObject
from fencepost.conformance.mutants.mutant import Flaws, shown_by
from fencepost.conformance.mutants.stateful import Stateful
from fencepost.conformance.mutants.values import Held, IpRule, SubnetRule
from fencepost.conformance.mutants.vault import Vault
from fencepost.conformance.mutants.witness import APP, INSIDE, add, add_subnet, ask, call, put, remove, trusted, update

flaw = Flaws("state")

_RANGE, _OTHER = "20.0.0.0/24", "52.0.0.0/24"


@flaw("update-drops-the-rules", "STA-3 STA-2 STA-4", "closed")
@shown_by(put(_RANGE), update(bypass="AzureServices"), ask(call()))
class _UpdateDropsTheRules(Vault):
    """An update is handled as a put with its own members, so it clears the rules."""

    def with_switches(self, held: Held, bypass: str | None, default_action: str | None) -> Held:
        return super().with_switches(held, bypass, default_action)._replace(ip_rules=(), subnet_rules=())


@flaw("update-drops-the-subnets", "STA-3 STA-2 STA-4", "closed")
@shown_by(put(subnets=[APP]), update(bypass="AzureServices"), ask(call(INSIDE, subnet=APP)))
class _UpdateDropsTheSubnets(Vault):
    """An update writes back the switches and the IP rules; virtual network rules came to the model later and are
    lost."""

    def with_switches(self, held: Held, bypass: str | None, default_action: str | None) -> Held:
        return super().with_switches(held, bypass, default_action)._replace(subnet_rules=())


@flaw("update-resets-the-bypass", "STA-3 STA-2", "open")
@shown_by(lambda profile: (put(), update(default="Deny"), ask(trusted(profile))))
class _UpdateResetsTheBypass(Vault):
    """A member that an update leaves out gets its default."""

    def with_switches(self, held: Held, bypass: str | None, default_action: str | None) -> Held:
        return super().with_switches(held, bypass or "AzureServices", default_action)


@flaw("update-resets-the-default-action", "STA-3 STA-2", "open")
@shown_by(put(), update(bypass="AzureServices"), ask(call()))
class _UpdateResetsTheDefaultAction(Vault):
    """A member that an update leaves out gets its default."""

    def with_switches(self, held: Held, bypass: str | None, default_action: str | None) -> Held:
        return super().with_switches(held, bypass, default_action or "Allow")


@flaw("update-of-both-sets-one", "STA-2 STA-3", "both")
@shown_by(put(), update(bypass="AzureServices", default="Allow"), ask(call()))
class _UpdateOfBothSetsOne(Vault):
    """`if bypass: … elif default_action: …` applies only one switch of an update."""

    def with_switches(self, held: Held, bypass: str | None, default_action: str | None) -> Held:
        return super().with_switches(held, bypass, None if bypass else default_action)


@flaw("allow-drops-the-rules", "STA-4 STA-2 STA-3 STA-5", "closed")
@shown_by(put(_RANGE, default="Allow"), update(default="Deny"), ask(call()))
class _AllowDropsTheRules(Vault):
    """Under Allow the rules are not needed, so they are deleted."""

    def install(self, held: Held) -> None:
        super().install(held._replace(ip_rules=(), subnet_rules=()) if held.default_action == "Allow" else held)


@flaw("rules-not-compiled-under-allow", "STA-4 STA-2 STA-3", "closed")
@shown_by(put(_RANGE, default="Allow"), update(default="Deny"), ask(call()))
class _RulesNotCompiledUnderAllow(Vault):
    """Under Allow the matcher is left empty, and switching to Deny does not rebuild it."""

    def install(self, held: Held) -> None:
        before = getattr(self, "held", Held())
        super().install(held)
        if before.ip_rules == held.ip_rules:
            self.held = self.held._replace(scan=before.scan)
        elif held.default_action == "Allow":
            self.held = self.held._replace(scan=())


@flaw("rules-added-under-allow-lost", "STA-4 STA-2", "closed", needs_history=True)
@shown_by(put(_OTHER), update(default="Allow"), add(_RANGE), update(default="Deny"), ask(call()))
class _RulesAddedUnderAllowLost(Stateful):
    """Switching to Allow sets the rules aside, and switching back restores them, without later changes."""

    aside: tuple[IpRule, ...] | None = None

    def read_acls(self, acls: JsonObject) -> Held:
        self.aside = None
        return super().read_acls(acls)

    def with_switches(self, held: Held, bypass: str | None, default_action: str | None) -> Held:
        changed = super().with_switches(held, bypass, default_action)
        if (held.default_action, changed.default_action) == ("Deny", "Allow"):
            self.aside = held.ip_rules
        elif (held.default_action, changed.default_action) == ("Allow", "Deny") and self.aside is not None:
            changed = changed._replace(ip_rules=self.aside)
        return changed


@flaw("put-aside-once", "STA-4 STA-2", "both", needs_history=True)
@shown_by(
    put(_RANGE),
    update(default="Allow"),
    update(default="Deny"),
    remove(_RANGE),
    update(default="Allow"),
    update(default="Deny"),
    ask(call()),
)
class _PutAsideOnce(Stateful):
    """The rules set aside on the first change to Allow are restored on every change to Deny."""

    aside: tuple[IpRule, ...] | None = None

    def read_acls(self, acls: JsonObject) -> Held:
        self.aside = None
        return super().read_acls(acls)

    def with_switches(self, held: Held, bypass: str | None, default_action: str | None) -> Held:
        changed = super().with_switches(held, bypass, default_action)
        if changed.default_action == "Allow" and self.aside is None:
            self.aside = held.ip_rules
        if (held.default_action, changed.default_action) == ("Allow", "Deny") and self.aside is not None:
            changed = changed._replace(ip_rules=self.aside)
        return changed


@flaw("update-ends-at-a-switch-as-it-was", "STA-3 STA-2 STA-4", "both", needs_history=True)
@shown_by(put(), update(default="Allow", bypass="None"), ask(call()))
class _UpdateEndsAtASwitchAsItWas(Vault):
    """`if bypass == self.bypass: return` saves a write, and skips the other switch of the same update."""

    def with_switches(self, held: Held, bypass: str | None, default_action: str | None) -> Held:
        return held if bypass == held.bypass else super().with_switches(held, bypass, default_action)


@flaw("bypass-update-forgets-added-subnets", "STA-3 STA-2 DEC-6", "closed")
@shown_by(put(), add_subnet(APP), update(bypass="AzureServices"), ask(call(INSIDE, subnet=APP)))
class _BypassUpdateForgetsAddedSubnets(Vault):
    """A changed bypass writes back the subnets of the last put; the ones added since then are not among them."""

    added: frozenset[str] = frozenset()

    def replaced(self) -> None:
        self.added = frozenset()

    def with_subnet_rule(self, held: Held, rule: SubnetRule) -> Held:
        self.added |= {rule.id}
        return super().with_subnet_rule(held, rule)

    def with_switches(self, held: Held, bypass: str | None, default_action: str | None) -> Held:
        if bypass is not None and default_action is None:
            held = held._replace(subnet_rules=tuple(one for one in held.subnet_rules if one.id not in self.added))
        return super().with_switches(held, bypass, default_action)
