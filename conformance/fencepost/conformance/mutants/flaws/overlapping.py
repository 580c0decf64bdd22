"""Flaws that show while a write is under way: the state between the old rule set and the new is visible."""

import time

from fencepost.adapters.contract import JsonObject
from fencepost.conformance.mutants.mutant import Flaws, shown_by
from fencepost.conformance.mutants.values import Held
from fencepost.conformance.mutants.vault import Vault
from fencepost.conformance.mutants.witness import ask, call, put

flaw = Flaws("state")

_SECONDS_OF_A_WRITE = 0.002


class _Slow(Vault):
    """A vault whose write of a rule set takes its time, as one to a database does, and shows something meanwhile."""

    putting = False

    def put_rules(self, *, network_acls: JsonObject) -> JsonObject:
        self.putting = True
        try:
            return super().put_rules(network_acls=network_acls)
        finally:
            self.putting = False

    def install(self, held: Held) -> None:
        if self.putting:
            super().install(self.meanwhile(self.held, held))
            time.sleep(_SECONDS_OF_A_WRITE)
        super().install(held)

    def meanwhile(self, old: Held, new: Held) -> Held:  # noqa: ARG002 - a seam: flaws look at both
        return old


@flaw("cleared-before-it-is-filled", "STA-8", "closed", overlapping=True)
@shown_by(put("20.0.0.0/24"), ask(call()), put("20.0.0.0/24", "52.0.0.0/24"))
class _ClearedBeforeItIsFilled(_Slow):
    """The table of rules is emptied and then filled, in two transactions."""

    def meanwhile(self, old: Held, new: Held) -> Held:  # noqa: ARG002 - a seam: flaws look at both
        return new._replace(ip_rules=(), subnet_rules=())


@flaw("open-while-it-changes", "STA-8", "open", overlapping=True)
@shown_by(put("52.0.0.0/24"), ask(call()), put("90.0.0.0/24"))
class _OpenWhileItChanges(_Slow):
    """The firewall is switched off during a change, so that no caller is refused by mistake."""

    def meanwhile(self, old: Held, new: Held) -> Held:  # noqa: ARG002 - a seam: flaws look at both
        return old._replace(default_action="Allow")


@flaw("switches-before-rules", "STA-8", "both", overlapping=True)
@shown_by(put(default="Allow"), ask(call()), put("20.0.0.0/24"))
class _SwitchesBeforeRules(_Slow):
    """Default action and bypass are set first and apply at once; the rules follow."""

    def meanwhile(self, old: Held, new: Held) -> Held:
        return old._replace(bypass=new.bypass, default_action=new.default_action)
