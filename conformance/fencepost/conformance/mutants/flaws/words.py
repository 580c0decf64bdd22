"""Flaws in reading the two switches, bypass and default action."""

from fencepost.adapters.contract import JsonObject
from fencepost.conformance.mutants.mutant import Flaws, seen_in, shown_by
from fencepost.conformance.mutants.values import Held
from fencepost.conformance.mutants.vault import Vault
from fencepost.conformance.mutants.witness import HERE, ask, call, put, update

flaw = Flaws("validation")


@flaw("unknown-bypass-is-the-default", "VAL-6", "open")
@shown_by(put(bypass="Everything"))
class _UnknownBypassIsTheDefault(Vault):
    """Every value except 'None' is read as AzureServices."""

    def read_bypass(self, word: object) -> str:
        return "None" if word == "None" else "AzureServices"


@flaw("unknown-default-action-allows", "VAL-6", "open")
@shown_by(put(default="Block"))
class _UnknownDefaultActionAllows(Vault):
    """Every value except 'Deny' is read as Allow."""

    def read_default_action(self, word: object) -> str:
        return "Deny" if word == "Deny" else "Allow"


@flaw("unknown-default-action-denies", "VAL-6", "open")
@shown_by(put(default="Audit"))
class _UnknownDefaultActionDenies(Vault):
    """Every value except 'Allow' is read as Deny, to be on the safe side."""

    def read_default_action(self, word: object) -> str:
        return "Allow" if word == "Allow" else "Deny"


@flaw("words-with-a-known-beginning", "VAL-6", "open")
@shown_by(put(default="DenyAll"))
class _WordsWithAKnownBeginning(Vault):
    """Words are matched by their beginning, so 'DenyAll' is read as Deny."""

    def read_word(self, word: object, known: tuple[str, str]) -> str:
        begins = [one for one in known if isinstance(word, str) and word.startswith(one)]
        return begins[0] if begins else super().read_word(word, known)


@flaw("words-by-number", "VAL-6", "open")
@seen_in(".NET documentation, Enum.Parse: the numeric value is taken too")
@shown_by(put(default="1"))
class _WordsByNumber(Vault):
    """The parser of enumerations also accepts a member's number as text."""

    def read_word(self, word: object, known: tuple[str, str]) -> str:
        return known[int(word)] if word in ("0", "1") else super().read_word(word, known)


@flaw("several-words-in-one", "VAL-6", "open")
@seen_in("Azure Storage: Logging, Metrics and AzureServices can be combined in bypass")
@shown_by(put(bypass="Logging,AzureServices"))
class _SeveralWordsInOne(Vault):
    """A sibling service combines values with commas, so the last of several values is used."""

    def read_bypass(self, word: object) -> str:
        return super().read_bypass(word.rpartition(",")[2].strip() if isinstance(word, str) else word)


@flaw("words-without-case", "VAL-6", "open", choice="enum-case")
@shown_by(put(default="deny"))
class _WordsWithoutCase(Vault):
    """Words are compared in lower case, which the specification does not allow."""

    def read_word(self, word: object, known: tuple[str, str]) -> str:
        alike = [one for one in known if isinstance(word, str) and word.lower() == one.lower()]
        return alike[0] if alike else super().read_word(word, known)


@flaw("null-is-the-default", "VAL-6", "open", choice="null-members")
@shown_by(put(bypass=None))
class _NullIsTheDefault(Vault):
    """`acls.get('bypass') or 'AzureServices'` treats null as absent."""

    def read_acls(self, acls: JsonObject) -> Held:
        return super().read_acls({name: member for name, member in acls.items() if member is not None})


@flaw("updates-take-any-word", "VAL-6", "open")
@shown_by(update(default="Block"))
class _UpdatesTakeAnyWord(Vault):
    """Words are checked when the whole rule set is put; an update stores them unchecked."""

    def update_rules(self, **changes: object) -> JsonObject:
        known = {"bypass": ("AzureServices", "None"), "default_action": ("Allow", "Deny")}
        return super().update_rules(**{name: word for name, word in changes.items() if word in known[name]})


@flaw("bad-word-of-an-update-after-the-good-one", "VAL-9 VAL-6", "both")
@shown_by(put(HERE), update(default="Allow", bypass="Everything"), ask(call("52.0.0.1")))
class _BadWordOfAnUpdateAfterTheGoodOne(Vault):
    """The two switches of an update are set one after the other, and the second can still be refused."""

    def update_rules(self, **changes: object) -> JsonObject:
        if "default_action" in changes:
            super().update_rules(default_action=changes["default_action"])
        return super().update_rules(**changes)
