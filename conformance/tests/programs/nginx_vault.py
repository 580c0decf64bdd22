"""A vault whose IP rules a real nginx enforces: it keeps the state, the server says which addresses are let in.

`nginx` alone decides only; here every kind of write reaches the server. `FENCEPOST_NGINX` is what follows `nginx:`.
"""

import os
import threading
from collections.abc import Callable, Sequence
from ipaddress import IPv4Network

from fencepost.adapters.contract import Client, JsonObject, open_subject
from fencepost.adapters.contract.vocabulary import FEATURES
from fencepost.conformance.peers.peer import Question
from fencepost.conformance.peers.stdlib_vault import StdlibVault


class NginxVault(StdlibVault):
    """Reads and keeps rules as `StdlibVault` does, and sends every caller's address to nginx under these rules."""

    name = "vault-on-nginx"
    features = tuple(feature for feature in FEATURES if feature in StdlibVault.features and "isolation" not in feature)

    def __init__(self) -> None:
        super().__init__()
        self._nginx = Client(open_subject(f"nginx:{os.environ.get('FENCEPOST_NGINX', '')}".removesuffix(":")))
        self._loaded: tuple[IPv4Network, ...] | None = None
        self._let_in: frozenset[str] = frozenset()
        self._one_at_a_time = threading.Lock()

    def shutdown(self, **_: object) -> JsonObject:
        """End the server."""
        self._nginx.close()
        return {}

    def _reasons(self, questions: Sequence[Question]) -> Sequence[str | None]:
        with self._one_at_a_time:
            self._load(self._current().ip_rules)
            addresses = [question.address for question in questions]
            asked = [{"plane": "data", "operation": "SecretGet", "source": {"address": one}} for one in addresses]
            outcomes = [decision.outcome for decision in self._nginx.decide(asked)]
            # An address that nginx cannot be asked from is one that no rule here may hold.
            self._let_in = frozenset(
                one for one, outcome in zip(addresses, outcomes, strict=True) if outcome == "allow"
            )
            return super()._reasons(questions)

    def _covers(self, rules: tuple[IPv4Network, ...]) -> Callable[[str], bool]:
        return self._let_in.__contains__

    def _load(self, rules: tuple[IPv4Network, ...]) -> None:
        if self._loaded != rules:
            values = [{"value": self._spell_rule(rule)} for rule in rules]
            self._nginx.write("putRules", {"networkAcls": {"defaultAction": "Deny", "ipRules": values}})
            self._loaded = rules
