"""The correct vault that answers four open points otherwise: three forms are accepted, a lost endpoint is not."""

from fencepost.adapters.contract import JsonObject
from fencepost.conformance.mutants.values import Held, IpRule, Refused
from fencepost.conformance.mutants.vault import Vault


class LenientVault(Vault):
    """A vault that accepts blanks around a value, words in other letters, and null for an absent member.

    A write that adds rules is refused while a rule in force without the flag has lost its service endpoint.
    """

    title = "lenient-vault"

    def choices(self) -> JsonObject:
        """The answers to the open points; a lost endpoint is checked where a missing endpoint is."""
        return {
            **super().choices(),
            "surrounding-blanks": "strip",
            "enum-case": "insensitive",
            "null-members": "as-absent",
            "lost-service-endpoint": "reject" if self.profile.checks_endpoints else "accept",
        }

    def update_rules(self, **switches: object) -> JsonObject:
        """Change one switch or both; null keeps the old value."""
        return super().update_rules(**{name: word for name, word in switches.items() if word is not None})

    def read_acls(self, acls: JsonObject) -> Held:
        """The rule set that `networkAcls` describes, without its null members."""
        return super().read_acls({name: member for name, member in acls.items() if member is not None})

    def parse_value(self, value: object) -> IpRule:
        """One IP rule from its text, without the blanks around it."""
        return super().parse_value(value.strip(" ") if isinstance(value, str) else value)

    def read_word(self, word: object, known: tuple[str, str]) -> str:
        """One of two words, compared without regard to case."""
        alike = [one for one in known if isinstance(word, str) and word.lower() == one.lower()]
        return super().read_word(alike[0] if alike else word, known)

    def check_endpoints(self, held: Held) -> None:
        """Raise `Refused` for any rule whose subnet lacks the endpoint, unless the rule has the flag."""
        for rule in held.subnet_rules:
            if self.lacks_endpoint(rule):
                raise Refused(f"{rule.text} has no service endpoint for Microsoft.KeyVault")
