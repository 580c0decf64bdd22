"""The common part of all peers: the statement, the gates in their order, and the parts of a decision."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from fencepost.adapters.contract import JsonObject
from fencepost.conformance.peers.choices import Choices
from fencepost.conformance.peers.profiles import KEYVAULT, Profile, profile_named

ALL_FEATURES = (
    "read-back",
    "incremental-rules",
    "service-endpoints",
    "trusted-services",
    "caller-credentials",
    "decision-codes",
    "snapshot-isolation",
)
"""All features except the three that restrict."""


class Refused(Exception):
    """A write that the vault does not accept; the answer is `accepted: false`."""


class Absent:
    """The value of a parameter that was not sent; null differs from it."""


ABSENT = Absent()


def as_object(value: object) -> JsonObject:
    """The value itself, if it is a JSON object; `Refused` otherwise."""
    if not isinstance(value, Mapping):
        raise Refused(f"expected an object, got {type(value).__name__}")
    return value


def as_list(value: object) -> Sequence[object]:
    """The value itself, if it is a JSON array; `Refused` otherwise."""
    if not isinstance(value, list | tuple):
        raise Refused(f"expected an array, got {type(value).__name__}")
    return value


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A data-plane request as the network gate sees it."""

    address: str
    subnet: str | None
    trusted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The result of the gates for one request: a reason to let it in, or the status and code of the denial."""

    allowed: bool
    status: int
    code: str | None = None
    reason: str | None = None


class Peer(ABC):
    """A correct implementation of the model, for the carrier `library:`.

    Subclasses say how values are read, kept and matched. With `declare=False` a peer acts alike and declares no choice.
    """

    name: ClassVar[str]
    choices: ClassVar[Choices]
    features: ClassVar[tuple[str, ...]] = ALL_FEATURES
    permission_code: ClassVar[str] = "ForbiddenByPolicy"
    service_code: ClassVar[str] = "ForbiddenByFirewall"
    """What the network's refusal says to a caller that is a Microsoft service."""
    declares: ClassVar[bool] = True

    def __init__(self, *, profile: str = KEYVAULT.name, declare: bool | None = None) -> None:
        self.profile: Profile = profile_named(profile)
        self._declare = self.declares if declare is None else declare

    def describe(self, *, protocol: int, **_: object) -> JsonObject:
        """The conformance statement; `ValueError` for any protocol version but 1."""
        if protocol != 1:
            raise ValueError(f"this implementation speaks protocol 1, not {protocol!r}")
        return {
            "protocol": 1,
            "name": self.name,
            "version": "1.0",
            "profile": self.profile.name,
            "features": list(self.features),
            "choices": self._choices() if self._declare else {},
        }

    def shutdown(self, **_: object) -> JsonObject:
        """Nothing is left to do."""
        return {}

    def decide(self, *, requests: Sequence[JsonObject], **_: object) -> JsonObject:
        """One decision for each request, all requests of a batch by the same rules."""
        questions = [self._question(request) for request in requests]
        reasons = iter(self._reasons([question for question in questions if question is not None]))
        verdicts = [
            self._verdict(request, "the firewall is not asked" if question is None else next(reasons))
            for request, question in zip(requests, questions, strict=True)
        ]
        return {
            "decisions": [
                self._spell_decision(request, verdict) for request, verdict in zip(requests, verdicts, strict=True)
            ]
        }

    # -- for subclasses ------------------------------------------------------------------------------------------------

    @abstractmethod
    def _reasons(self, questions: Sequence[Question]) -> Sequence[str | None]:
        """For each question the reason why the network gate lets the caller through; None if it does not."""

    def _choices(self) -> dict[str, object]:
        return self.choices.declared()

    def _spell_decision(self, request: JsonObject, verdict: Verdict) -> JsonObject | str:  # noqa: ARG002 - for overriding
        """A decision as this implementation writes it."""
        if verdict.allowed:
            return {"outcome": "allow", "status": verdict.status, "rule": verdict.reason}
        return {"outcome": "deny", "status": verdict.status, "code": verdict.code}

    def _spell_refusal(self, refusal: Refused) -> JsonObject:
        """The answer to a refused write as this implementation writes it."""
        return {"accepted": False, "status": 400, "code": "BadRequest", "message": str(refusal)}

    def _trusts(self, caller: JsonObject) -> bool:
        how = self.choices.trusted_services if self._declare else None
        if (how or self.profile.trusted_services) == "attribute":
            return caller.get("trusted") is True
        return caller.get("service") in self.profile.trusted_names

    # -- the gates -----------------------------------------------------------------------------------------------------

    def _question(self, request: JsonObject) -> Question | None:
        if request["plane"] == "control":
            return None
        source, caller = as_object(request["source"]), as_object(request.get("caller", {}))
        subnet = source.get("subnet")
        # A caller without a token is unknown, and an unknown caller is no trusted service.
        trusted = bool(caller.get("authenticated", True)) and self._trusts(caller)
        return Question(address=str(source["address"]), subnet=None if subnet is None else str(subnet), trusted=trusted)

    def _verdict(self, request: JsonObject, reason: str | None) -> Verdict:
        caller = as_object(request.get("caller", {}))
        blocked = self.service_code if caller.get("service") or caller.get("trusted") else "ForbiddenByFirewall"
        if not caller.get("authenticated", True):
            if reason is None and self.choices.unauthenticated_and_blocked == "403":
                return Verdict(allowed=False, status=403, code=blocked)
            return Verdict(allowed=False, status=401, code="Unauthorized")
        if reason is None:
            return Verdict(allowed=False, status=403, code=blocked)
        if not caller.get("authorized", True):
            return Verdict(allowed=False, status=403, code=self.permission_code)
        return Verdict(allowed=True, status=200, reason=reason)
