"""A subject's recorded answers, which a sensitivity control asks in place of the subject."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from fencepost.adapters.contract import Connection, JsonObject, Shareable
from fencepost.adapters.contract.relay import Relay
from fencepost.conformance.bench.fault_policy import Abandoned
from fencepost.conformance.lockstep.case import WriteStep, apply_write
from fencepost.conformance.lockstep.following import followed
from fencepost.reference import Network, Profile, RuleSet, Vault

_NEVER_ASKED = {"outcome": "inconclusive", "reason": "the run has not asked this"}

_State = tuple[Network, RuleSet]


@dataclass(slots=True)
class AnswerCache:
    """Answers by state: for a decision the network, rules and request; for a write its result."""

    decisions: dict[tuple[int, str], object] = field(default_factory=dict)
    writes: dict[str, object] = field(default_factory=dict)
    reads: dict[int, object] = field(default_factory=dict)
    _states: dict[_State, int] = field(default_factory=dict)

    def number(self, vault: Vault) -> int:
        """The number of the vault's state in this cache; equal states have equal numbers."""
        return self._states.setdefault((vault.network, vault.rules), len(self._states))

    def knows(self, vault: Vault) -> bool:
        """Whether the vault's state was in force once."""
        return (vault.network, vault.rules) in self._states


class AnswerRecorder(Relay):
    """A connection that records its answers while `keeping` is active."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self._vault: Vault | None = None
        self.memory = AnswerCache()

    @contextmanager
    def keeping(self, profile: Profile) -> Iterator[AnswerCache]:
        """Record the answers within this context; this profile judges them."""
        self._vault = Vault(profile=profile)
        try:
            yield self.memory
        finally:
            self._vault = None

    def call(self, method: str, params: JsonObject) -> object:
        """Pass the call on, and record the answer."""
        answer = self.inner.call(method, params)
        if self._vault is None:
            return answer
        vault, memory = self._vault, self.memory
        match method, params, answer:
            case "decide", {"requests": list(requests)}, {"decisions": list(decisions)}:
                state = memory.number(vault)
                for request, decision in zip(requests, decisions, strict=False):
                    memory.decisions.setdefault((state, _key(request)), decision)
            case "getRules", _, _:
                memory.reads[memory.number(vault)] = answer
            case _, _, {"accepted": bool()}:
                memory.writes[_key([method, params])] = answer
        self._vault = followed(vault, method, params, answer)
        return answer


class RecollectingShareable(AnswerRecorder):
    """An answer recorder for calls from several threads at once."""

    def another(self) -> Connection:
        """A connection to the same subject, whose answers are not recorded."""
        assert isinstance(self.inner, Shareable)
        return self.inner.another()


def recording_answers(connection: Connection) -> AnswerRecorder:
    """The connection with its answers recorded on request; `Shareable` if it was."""
    return RecollectingShareable(connection) if isinstance(connection, Shareable) else AnswerRecorder(connection)


class RecordedAnswers:
    """A connection without a subject: it answers as the subject once did.

    An unrecorded decision is inconclusive; any other unrecorded call makes the scenario `Abandoned`.
    """

    exclusive = False

    def __init__(self, memory: AnswerCache, profile: Profile) -> None:
        self._memory = memory
        self._vault = Vault(profile=profile)

    def call(self, method: str, params: JsonObject) -> object:
        """The subject's answer to the same call in the same state."""
        answer = self._answer(method, params)
        self._vault = followed(self._vault, method, params, answer)
        return answer

    def _answer(self, method: str, params: JsonObject) -> object:
        memory, vault = self._memory, self._vault
        match method, params:
            case (("reset" | "setServiceEndpoints" | "shutdown"), _):
                return {}
            case "decide", {"requests": list(requests)}:
                state = memory.number(vault)
                keys = [(state, _key(request)) for request in requests]
                return {"decisions": [memory.decisions.get(key, _NEVER_ASKED) for key in keys]}
            case "getRules", _:
                if (state := memory.number(vault)) in memory.reads:
                    return memory.reads[state]
            case _ if (key := _key([method, params])) in memory.writes:
                return memory.writes[key]
            case _:
                after = apply_write(vault, WriteStep(method=method, params=params)).accepted
                if after is not None and memory.knows(after):
                    return {"accepted": True}
        raise Abandoned

    def log(self) -> str:
        """An empty log."""
        return ""

    def close(self) -> None:
        """Do nothing: there is nothing to close."""


def _key(value: Mapping[str, object] | list[object]) -> str:
    return json.dumps(value, sort_keys=True)
