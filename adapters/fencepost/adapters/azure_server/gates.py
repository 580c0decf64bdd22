"""The gates in front of every operation: token, network, permission. The network is the subject's to decide."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from fencepost.adapters.azure.facts import FACTS
from fencepost.adapters.azure_server.asked import Asked
from fencepost.adapters.azure_server.calling import Caller
from fencepost.adapters.azure_server.errors import INCONCLUSIVE, OPEN_POINT, Refusal, refusal
from fencepost.adapters.azure_server.network import Networks
from fencepost.adapters.azure_server.subject import Subject
from fencepost.adapters.azure_server.tokens import Token
from fencepost.adapters.azure_server.vaults import Vault
from fencepost.adapters.contract import Decision
from fencepost.adapters.contract.protocol import JsonObject
from fencepost.adapters.contract.vocabulary import SERVICE_ENDPOINT

Plane = Literal["data", "control"]
_PERMISSION_CODES = ("ForbiddenByPolicy", "ForbiddenByRbac", "AccessDenied")


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Whether the caller's credentials permit the operation; the other members only word a refusal."""

    token: Token | None
    is_authorized: bool
    action: str
    scope: str
    version: str = ""
    fault: tuple[str, str] = ("AuthenticationFailed", "Authentication failed. The 'Authorization' header is missing.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Gates:
    """Asks the subject whether an operation may pass, and says its no as the service does."""

    networks: Networks
    tenant: str
    login: str
    data_audience: str
    region: str = "westeurope"

    async def pass_subject(
        self, subject: Subject, vault: Vault | None, *, plane: Plane, operation: str, asked: Asked, standing: Standing
    ) -> Decision:
        """The subject's allow; the `Refusal` for its deny."""
        if plane == "control" and subject.offers("data-plane-only"):
            self.check_credentials(standing)
            return Decision(outcome="allow", rule="the subject has no control plane")
        request = self._request(subject, plane, operation, asked.caller, standing)
        (decision,) = await subject.decide([request])
        if decision.outcome == "inconclusive":
            raise refusal(503, INCONCLUSIVE, f"The subject cannot put this request: {decision.reason}")
        if not subject.offers("caller-credentials"):
            if standing.token is None:
                raise self._unauthenticated(plane, standing, is_blocked=decision.outcome == "deny")
            if plane == "control" or decision.outcome == "allow":
                self._check(plane, standing, vault)
            if decision.outcome == "allow":
                return decision
            raise self._blocked(plane, standing, vault, asked.caller)
        if decision.outcome == "allow":
            return decision
        raise await self._denied(subject, vault, decision, plane, request, asked.caller, standing)

    def check_credentials(self, standing: Standing) -> None:
        """The control plane's own gates, where no vault is concerned."""
        self._check("control", standing, None)

    def _request(
        self, subject: Subject, plane: Plane, operation: str, caller: Caller, standing: Standing
    ) -> dict[str, object]:
        source: dict[str, object] = {"address": caller.address}
        subnet = self._subnet(subject, caller)
        if subnet is not None:
            source["subnet"] = subnet
        stated: dict[str, object] = {}
        if subject.offers("caller-credentials"):
            stated |= {} if standing.token is not None else {"authenticated": False}
            stated |= {} if standing.is_authorized or standing.token is None else {"authorized": False}
        if subject.offers("trusted-services"):
            stated |= {} if caller.service is None else {"service": caller.service}
            stated |= {} if caller.trusted is None or not self._by_attribute(subject) else {"trusted": caller.trusted}
        return {"plane": plane, "operation": operation, "source": source, **({"caller": stated} if stated else {})}

    def _subnet(self, subject: Subject, caller: Caller) -> str | None:
        if caller.subnet is None or subject.offers("ip-rules-only"):
            return None
        known = self.networks.subnet(caller.subnet)
        if known is None or (not subject.offers("service-endpoints") and SERVICE_ENDPOINT not in known.endpoints):
            return None
        return caller.subnet

    @staticmethod
    def _by_attribute(subject: Subject) -> bool:
        profile = subject.statement.profile
        default = "list" if profile == "keyvault-2018-preview" else "attribute"
        return subject.statement.choices.get("trusted-services", default) == "attribute"

    async def _denied(
        self,
        subject: Subject,
        vault: Vault | None,
        decision: Decision,
        plane: Plane,
        request: JsonObject,
        caller: Caller,
        standing: Standing,
    ) -> Refusal:
        """The subject's deny with the subject's code, or with the code that its decisions amount to."""
        if plane == "data" and subject.offers("decision-codes") and decision.status is not None:
            return self._coded(decision, standing, vault, caller)
        if standing.token is None:
            return self._unauthenticated(plane, standing, is_blocked=False)
        if standing.is_authorized:
            return self._blocked(plane, standing, vault, caller)
        if plane == "control":
            return _unauthorized(standing)
        permitted = {**request, "caller": {**_object(request.get("caller")), "authorized": True}}
        (network,) = await subject.decide([permitted])
        if network.outcome == "allow":
            return self._forbidden(standing, vault)
        return self._blocked(plane, standing, vault, caller)

    def _coded(self, decision: Decision, standing: Standing, vault: Vault | None, caller: Caller) -> Refusal:
        if decision.status == 401:
            return self._unauthenticated("data", standing, is_blocked=False)
        if decision.code in _PERMISSION_CODES:
            return self._forbidden(standing, vault, code=decision.code)
        blocked = self._blocked("data", standing, vault, caller)
        if decision.status == 403 and decision.code in (None, "ForbiddenByFirewall"):
            return blocked
        body = blocked.answer.body
        assert isinstance(body, Mapping)
        return refusal(decision.status or 403, "Forbidden", body["error"]["message"], inner=decision.code)

    def _check(self, plane: Plane, standing: Standing, vault: Vault | None) -> None:
        if standing.token is None:
            raise self._unauthenticated(plane, standing, is_blocked=False)
        if not standing.is_authorized:
            raise _unauthorized(standing) if plane == "control" else self._forbidden(standing, vault)

    def _unauthenticated(self, plane: Plane, standing: Standing, *, is_blocked: bool) -> Refusal:
        if plane == "control":
            return refusal(
                401,
                *standing.fault,
                headers={"www-authenticate": f'Bearer authorization_uri="{self.login}/{self.tenant}"'},
            )
        challenge = f'Bearer authorization="{self.login}/{self.tenant}", resource="{self.data_audience}"'
        headers = {"www-authenticate": challenge}
        if is_blocked:
            headers[OPEN_POINT] = "unauthenticated-and-blocked"
        code = "" if standing.version in FACTS.unauthorized_without_code else "AKV10000: "
        return refusal(401, "Unauthorized", f"{code}Request is missing a Bearer or PoP token.", headers=headers)

    def _blocked(self, plane: Plane, standing: Standing, vault: Vault | None, caller: Caller) -> Refusal:
        if plane == "control":
            return refusal(403, "ForbiddenByFirewall", "The firewall of the subject refuses this operation.")
        is_ignored = vault is not None and vault.bypass == "None"
        why = "caller was ignored because bypass is set to None" if is_ignored else "caller is not a trusted service."
        subnet = " from unknown subnet" if self._comes_through_a_subnet(caller) else ""
        lines = (
            f"Client address is not authorized and {why}",
            f"Client address: {caller.address}{subnet}",
            _caller_line(standing.token),
            self._vault_line(vault),
        )
        headers = {OPEN_POINT: "deleted-subnet"} if self._was_deleted(caller, vault) else None
        return refusal(403, "Forbidden", "\r\n".join(lines), inner="ForbiddenByFirewall", headers=headers)

    def _was_deleted(self, caller: Caller, vault: Vault | None) -> bool:
        """Whether a rule names the caller's subnet, which is no more."""
        name = caller.subnet
        return (
            name is not None and self.networks.subnet(name) is None and name.lower() in (vault.subnets if vault else ())
        )

    def _comes_through_a_subnet(self, caller: Caller) -> bool:
        """Whether the service sees a subnet: traffic of a subnet without the endpoint comes from a public address."""
        known = None if caller.subnet is None else self.networks.subnet(caller.subnet)
        return caller.subnet is not None and (known is None or SERVICE_ENDPOINT in known.endpoints)

    def _forbidden(self, standing: Standing, vault: Vault | None, *, code: str = "") -> Refusal:
        by_role = vault is not None and vault.properties.get("enableRbacAuthorization") is True
        code = code or ("ForbiddenByRbac" if by_role else "ForbiddenByPolicy")
        if code == "ForbiddenByRbac":
            lines = (
                "Caller is not authorized to perform action on resource.",
                (
                    "If role assignments, deny assignments or role definitions were changed recently, please observe "
                    "propagation time."
                ),
                _caller_line(standing.token),
                self._vault_line(vault),
            )
            return refusal(403, "Forbidden", "\r\n".join(lines), inner=code)
        caller = _caller_line(standing.token).removeprefix("Caller: ")
        message = (
            f"The user, group or application '{caller}' does not have {standing.action} permission on key vault "
            f"'{self._vault_line(vault).removeprefix('Vault: ')}'. For help resolving this issue, please see "
            "https://go.microsoft.com/fwlink/?linkid=2125287"
        )
        return refusal(403, "Forbidden", message, inner=code)

    def _vault_line(self, vault: Vault | None) -> str:
        return f"Vault: {vault.name};location={vault.location}" if vault else f"Vault: unknown;location={self.region}"


def _unauthorized(standing: Standing) -> Refusal:
    token = standing.token
    client, object_id = (token.client_id, token.object_id) if token else ("", "")
    return refusal(
        403,
        "AuthorizationFailed",
        f"The client '{client}' with object id '{object_id}' does not have authorization to perform action "
        f"'{standing.action}' over scope '{standing.scope}' or the scope is invalid. "
        "If access was recently granted, please refresh your credentials.",
    )


def _caller_line(token: Token | None) -> str:
    if token is None:
        return "Caller: (none)"
    return f"Caller: appid={token.client_id};oid={token.object_id};iss={token.issuer}"


def _object(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {}
