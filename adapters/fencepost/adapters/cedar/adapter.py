"""The adapter of Cedar: it translates the contract's calls, and the engine makes every decision."""

import difflib
import importlib.metadata
import importlib.util
import json
from collections.abc import Mapping, Sequence

import msgspec
from fencepost.adapters.cedar.engine import Answer, Question, ask, ip, parse_entities, parse_policies
from fencepost.adapters.cedar.policies import by_attribute, by_name, policies, subnet_id
from fencepost.adapters.contract.faults import SubjectError
from fencepost.adapters.contract.messages import Request, Subnet
from fencepost.adapters.contract.protocol import Implementation, JsonObject

TODAY, PREVIEW = "keyvault", "keyvault-2018-preview"


def open_adapter(args: str, *, profile: str | None = None) -> Implementation:
    """Cedar under `profile`, else the profile that `args` names, else today's; `SubjectError` without `cedarpy`."""
    args = profile or args
    subject = f"cedar:{args}" if args else "cedar"
    if args not in ("", TODAY, PREVIEW):
        near = difflib.get_close_matches(args, [TODAY, PREVIEW], n=1)
        meant = f"Did you mean 'cedar:{near[0]}'?" if near else f"Try 'cedar' or 'cedar:{PREVIEW}'."
        raise SubjectError(subject=subject, reason=f"no profile is called {args!r}", try_instead=meant)
    if importlib.util.find_spec("cedarpy") is None:
        advice = 'Try: pip install "fencepost[cedar]"'
        raise SubjectError(subject=subject, reason="the package cedarpy is not installed", try_instead=advice)
    return CedarAdapter(profile=args or TODAY)


class CedarAdapter:
    """A key vault's firewall as a Cedar policy set.

    Parameters and results are those of the contract. It accepts every rule set that it can translate (`decisions-only`)
    and raises `ValueError` or `CedarError` for any other; `describe` declares its choices.
    """

    exclusive = False
    """Every object has its own policy set."""

    def __init__(self, *, profile: str = TODAY) -> None:
        self._profile = profile
        self._endpoints: dict[str, Sequence[str]] = {}
        self.reset(subnets=())

    def describe(self, *, protocol: int) -> JsonObject:
        """The conformance statement for the current profile."""
        return {
            "protocol": protocol,
            "name": "Cedar (cedarpy)",
            "version": importlib.metadata.version("cedarpy"),
            "profile": self._profile,
            "features": ["decisions-only", "service-endpoints", "trusted-services", "caller-credentials"],
            "choices": self._choices(),
            "homepage": "https://www.cedarpolicy.com",
        }

    def reset(self, *, subnets: Sequence[JsonObject]) -> JsonObject:
        """A new vault with the policies of an empty `networkAcls`, and the entities of its network."""
        network = msgspec.convert(subnets, list[Subnet])
        self._endpoints = {subnet_id(subnet.id): subnet.service_endpoints for subnet in network}
        self._entities = parse_entities(self._endpoints)
        self.put_rules(network_acls={})
        return {}

    def put_rules(self, *, network_acls: JsonObject) -> JsonObject:
        """Replace the policy set by that of these rules."""
        self._policies = parse_policies(policies(network_acls, by_name if self._profile == PREVIEW else by_attribute))
        return {"accepted": True}

    def set_service_endpoints(self, *, subnet: str, service_endpoints: Sequence[str]) -> JsonObject:
        """Give the subnet's entity these endpoints and no others; the policies stay as they are."""
        known = subnet_id(subnet)
        if known not in self._endpoints:
            raise ValueError(f"{subnet!r} is no subnet of the network of the last reset")
        self._endpoints[known] = tuple(service_endpoints)
        self._entities = parse_entities(self._endpoints)
        return {}

    def decide(self, *, requests: Sequence[JsonObject]) -> JsonObject:
        """The engine's decisions, with the policy behind each as its `rule`."""
        questions = [_question(request) for request in msgspec.convert(requests, list[Request])]
        return {"decisions": [_decision(answer) for answer in ask(questions, self._policies, self._entities)]}

    def shutdown(self) -> JsonObject:
        """Nothing to end."""
        return {}

    def _choices(self) -> Mapping[str, str]:
        always = {
            "default-of-bypass": "AzureServices",
            "default-of-default-action": "Allow",
            "duplicates": "keep",
            "host-bits": "mask",
            "lost-service-endpoint": "accept",
            "prefix-0": "accept",
            "private-superset": "accept",
            "reserved-ranges": "accept",
            "superset-matches-private": "yes",
        }
        if self._profile == PREVIEW:
            return always | {"missing-service-endpoint": "accept", "trusted-services": "list"}
        return always | {"prefix-31": "accept", "trusted-scenarios": "connection", "trusted-services": "attribute"}


def _question(request: Request) -> Question:
    source, caller = request.source, request.caller
    context: dict[str, object] = {
        "address": ip(source.address),
        "authenticated": caller.authenticated,
        "authorized": caller.authorized,
    }
    if source.subnet is not None:
        context["subnet"] = {"__entity": {"type": "Subnet", "id": subnet_id(source.subnet)}}
    if caller.trusted is not None:
        context["trusted"] = caller.trusted
    client = {"type": "Client", "id": ""}
    principal = client if caller.service is None else {"type": "Service", "id": caller.service}
    return Question(principal=principal, operation=request.operation, plane=request.plane, context=json.dumps(context))


def _decision(answer: Answer) -> JsonObject:
    outcome = "allow" if answer.allowed else "deny"
    return {"outcome": outcome} if answer.policy is None else {"outcome": outcome, "rule": answer.policy}
