"""A vault whose IP rules a real nginx enforces: it keeps the state, the server says which addresses are let in.

`nginx` alone decides only; here every kind of write reaches the server. `FENCEPOST_NGINX` is what follows `nginx:`.
"""

import os
import threading
from collections.abc import Sequence
from ipaddress import IPv4Network
from typing import Any

from fencepost.adapters.contract import JsonObject, adapters
from fencepost.adapters.contract.vocabulary import FEATURES
from fencepost.conformance.peers.memory import State
from fencepost.conformance.peers.peer import Question, as_list, as_object
from fencepost.conformance.peers.stdlib_vault import StdlibVault


class NginxVault(StdlibVault):
    """Reads and keeps rules as `StdlibVault` does, and sends every caller's address to nginx under these rules."""

    name = "vault-on-nginx"
    features = tuple(feature for feature in FEATURES if feature in StdlibVault.features and "isolation" not in feature)

    def __init__(self) -> None:
        super().__init__()
        self._nginx: Any = adapters()["nginx"].load()(os.environ.get("FENCEPOST_NGINX", ""))
        self._loaded: tuple[IPv4Network, ...] | None = None
        self._one_at_a_time = threading.Lock()

    def shutdown(self, **_: object) -> JsonObject:
        """End the server."""
        self._nginx.shutdown()
        return {}

    def _reasons(self, questions: Sequence[Question]) -> Sequence[str | None]:
        state = self._current()
        admitted = self._admitted_by_nginx(state, [question.address for question in questions])
        listed = {rule.key for rule in state.subnet_rules if state.endpoints.get(rule.key, False)}

        def reason(question: Question, *, has_rule: bool) -> str | None:
            if state.default_action == "Allow":
                return "the default action is Allow"
            if state.bypass == "AzureServices" and question.trusted:
                return "bypass"
            if question.subnet is not None and question.subnet.lower() in listed:
                return f"virtual network rule {question.subnet}"
            return "IP rule" if has_rule else None

        return [reason(question, has_rule=has_rule) for question, has_rule in zip(questions, admitted, strict=True)]

    def _admitted_by_nginx(self, state: State[IPv4Network], addresses: Sequence[str]) -> list[bool]:
        """What nginx answers; an address that it cannot be asked from is one that no rule here may hold."""
        with self._one_at_a_time:
            if self._loaded != state.ip_rules:
                rules = [{"value": self._spell_rule(rule)} for rule in state.ip_rules]
                self._nginx.put_rules(network_acls={"defaultAction": "Deny", "ipRules": rules})
                self._loaded = state.ip_rules
            asked = [
                {"plane": "data", "operation": "SecretGet", "source": {"address": address}} for address in addresses
            ]
            answer = self._nginx.decide(requests=asked)
        return [as_object(decision).get("outcome") == "allow" for decision in as_list(answer["decisions"])]
