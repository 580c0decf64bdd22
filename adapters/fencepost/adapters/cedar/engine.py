"""The Cedar engine: it parses policies and entities once and decides requests in batches; an error is no decision."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import cedarpy

ADDRESS_OF_NO_IPV4_RULE = "::1"
"""A caller outside every IPv4 range, so that a trial request makes the engine evaluate every rule."""


@dataclass(kw_only=True, eq=False)
class CedarError(RuntimeError):
    """Cedar answered with an error and no decision; `errors` names the policy at fault."""

    errors: tuple[str, ...]

    def __str__(self) -> str:
        """Cedar's messages, one after the other."""
        return f"Cedar could not evaluate: {'; '.join(self.errors)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One decision of the engine, and the policy that let the request in (or kept it out), if there is one."""

    allowed: bool
    policy: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One request in Cedar's terms: principal and plane, and the context as its JSON text."""

    principal: Mapping[str, str]
    operation: str
    plane: str
    context: str


def parse_policies(text: str) -> "cedarpy.PolicySet":
    """The parsed policy set; `ValueError` with the engine's message if it is none, `CedarError` if a rule is invalid.

    Cedar parses the text of an address when it evaluates it. A trial request makes it do so before it judges any
    caller.
    """
    import cedarpy

    parsed = cedarpy.PolicySet.from_str(text)
    context = json.dumps({"address": ip(ADDRESS_OF_NO_IPV4_RULE), "authenticated": True, "authorized": True})
    trial = Question(principal={"type": "Client", "id": "trial"}, operation="SecretGet", plane="data", context=context)
    ask([trial], parsed, parse_entities({}))
    return parsed


def parse_entities(endpoints: Mapping[str, Sequence[str]]) -> "cedarpy.Entities":
    """The subnets of the network, each a member of its service endpoints."""
    import cedarpy

    entities = [
        {
            "uid": {"type": "Subnet", "id": subnet},
            "attrs": {},
            "parents": [{"type": "ServiceEndpoint", "id": name} for name in names],
        }
        for subnet, names in endpoints.items()
    ]
    return cedarpy.Entities.from_json_str(json.dumps(entities))


def ask(questions: Sequence[Question], policies: "cedarpy.PolicySet", entities: "cedarpy.Entities") -> list[Answer]:
    """One answer for each question, in order, all by the engine; `CedarError` if it could not evaluate one."""
    import cedarpy

    requests = [
        {
            "principal": question.principal,
            "action": {"type": "Action", "id": question.operation},
            "resource": {"type": "Plane", "id": question.plane},
            "context": question.context,
        }
        for question in questions
    ]
    answers = []
    for result in cedarpy.is_authorized_batch(requests, policies, entities):
        if result.diagnostics.errors or result.decision is cedarpy.Decision.NoDecision:
            raise CedarError(errors=tuple(result.diagnostics.errors) or ("no decision and no reason given",))
        named = result.diagnostics.id_annotations_by_reason.values()
        answers.append(Answer(allowed=result.allowed, policy=", ".join(sorted(named)) or None))
    return answers


def ip(text: str) -> dict[str, object]:
    """An address in the JSON form of a Cedar context; the engine parses it."""
    return {"__extn": {"fn": "ip", "arg": text}}
