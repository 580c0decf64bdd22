"""Flaws in what `getRules` shows."""

from collections.abc import Callable

from fencepost.adapters.contract import JsonObject
from fencepost.conformance.mutants.mutant import Flaws, seen_in, shown_by
from fencepost.conformance.mutants.stateful import Stateful
from fencepost.conformance.mutants.values import Held
from fencepost.conformance.mutants.vault import Vault
from fencepost.conformance.mutants.witness import APP, add, put, read, singles

flaw = Flaws("state")

_RANGE, _OTHER = "20.0.0.0/24", "52.0.0.0/24"


@flaw("read-back-is-what-was-put", "STA-5", "both", needs_history=True)
@shown_by(put(_RANGE), add(_OTHER), read())
class _ReadBackIsWhatWasPut(Stateful):
    """The body of the last put is stored and shown, without the rules added since."""

    shown: Held = Held()

    def replaced(self) -> None:
        self.shown = self.held

    def read_back(self, held: Held) -> JsonObject:
        return super().read_back(held._replace(ip_rules=self.shown.ip_rules, subnet_rules=self.shown.subnet_rules))


@flaw("read-back-of-a-refused-write", "STA-5 VAL-9", "both")
@shown_by(lambda profile: (put(_RANGE), put(*singles(profile.max_ip_rules + 1)), read()))
class _ReadBackOfARefusedWrite(Stateful):
    """The body is stored before it is checked, so the rules shown are not the rules in force."""

    refused: Held | None = None

    def write(self, make: Callable[[], Held], *checks: Callable[[Held], None]) -> JsonObject:
        self.refused = None
        return super().write(make, *checks)

    def check_put(self, held: Held) -> None:
        self.refused = held
        super().check_put(held)

    def read_back(self, held: Held) -> JsonObject:
        return super().read_back(self.refused or held)


@flaw("read-back-without-subnets", "STA-5", "both")
@shown_by(put(_RANGE, subnets=[APP]), read())
class _ReadBackWithoutSubnets(Vault):
    """The answer is built by hand, and lacks virtual network rules, which came to the model later."""

    def read_back(self, held: Held) -> JsonObject:
        return super().read_back(held._replace(subnet_rules=()))


@flaw("read-back-hides-dormant-rules", "STA-5 STA-4", "both")
@seen_in("Azure/azure-cli, recordings of test_keyvault_network_rule: no networkAcls for {Allow, AzureServices}")
@shown_by(put(_RANGE, default="Allow"), read())
class _ReadBackHidesDormantRules(Vault):
    """Under Allow no rules are shown, as the service does where there are none."""

    def read_back(self, held: Held) -> JsonObject:
        return super().read_back(Held() if held.default_action == "Allow" else held)


@flaw("read-back-has-the-default-bypass", "STA-5", "both")
@shown_by(put(_RANGE, bypass="None"), read())
class _ReadBackHasTheDefaultBypass(Vault):
    """The bypass is always shown as the default of the specification, once its only value."""

    def read_back(self, held: Held) -> JsonObject:
        return super().read_back(held._replace(bypass="AzureServices"))


@flaw("read-back-without-prefix", "STA-5", "both")
@shown_by(put(_RANGE), read())
class _ReadBackWithoutPrefix(Vault):
    """The network address is shown without its prefix length."""

    def read_back(self, held: Held) -> JsonObject:
        bare = tuple(rule._replace(text=rule.text.partition("/")[0]) for rule in held.ip_rules)
        return super().read_back(held._replace(ip_rules=bare))


@flaw("read-back-shows-ten", "STA-5", "both")
@shown_by(put(*singles(11)), read())
class _ReadBackShowsTen(Vault):
    """The answer is the first page, and the link to the next page is missing."""

    def read_back(self, held: Held) -> JsonObject:
        return super().read_back(held._replace(ip_rules=held.ip_rules[:10]))
