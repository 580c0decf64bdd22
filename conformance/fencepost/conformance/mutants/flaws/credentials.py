"""Flaws in token and permission: a caller past the firewall skips their checks, or a refusal has the wrong code."""

from collections.abc import Hashable, Sequence

from fencepost.adapters.contract import JsonObject
from fencepost.conformance.mutants.mutant import Flaws, shown_by
from fencepost.conformance.mutants.values import Ask, Held
from fencepost.conformance.mutants.vault import Vault
from fencepost.conformance.mutants.witness import APP, INSIDE, ask, call, put, reset, trusted

flaw = Flaws("credentials")

_ON = "AzureServices"


@flaw("trusted-service-needs-no-token", "CRED-3 CRED-1", "open")
@shown_by(lambda profile: (put(bypass=_ON), ask(trusted(profile, authenticated=False))))
class _TrustedServiceNeedsNoToken(Vault):
    """A trusted service is taken to be authenticated without a check of its token."""

    def is_authenticated(self, held: Held, ask: Ask) -> bool:
        return super().is_authenticated(held, ask) or (held.default_action == "Deny" and self.is_bypassed(held, ask))


@flaw("trusted-service-needs-no-permission", "CRED-3 CRED-2", "open")
@shown_by(lambda profile: (put(bypass=_ON), ask(trusted(profile, authorized=False))))
class _TrustedServiceNeedsNoPermission(Vault):
    """The bypass is taken to skip the access policies as well."""

    def is_authorized(self, held: Held, ask: Ask) -> bool:
        return super().is_authorized(held, ask) or self.is_bypassed(held, ask)


@flaw("trust-is-a-permission-without-bypass", "CRED-3 CRED-2", "open")
@shown_by(lambda profile: (put("20.0.0.0/24"), ask(trusted(profile, authorized=False))))
class _TrustIsAPermissionWithoutBypass(Vault):
    """A trusted service that the firewall lets in, here through an IP rule, needs no permission."""

    def is_authorized(self, held: Held, ask: Ask) -> bool:
        return super().is_authorized(held, ask) or self.is_trusted(ask)


@flaw("no-token-needed-without-rules", "CRED-1 DEC-1", "open")
@shown_by(reset(), ask(call(authenticated=False)))
class _NoTokenNeededWithoutRules(Vault):
    """A vault without rules under Allow has no firewall, and its whole pipeline of checks is passed over."""

    def is_authenticated(self, held: Held, ask: Ask) -> bool:
        is_bare = held.default_action == "Allow" and not held.ip_rules and not held.subnet_rules
        return is_bare or super().is_authenticated(held, ask)


@flaw("listed-address-needs-no-token", "CRED-1", "open")
@shown_by(put("20.0.0.0/24"), ask(call(authenticated=False)))
class _ListedAddressNeedsNoToken(Vault):
    """The gateway authenticates callers from outside; a listed address counts as inside and needs no token."""

    def is_authenticated(self, held: Held, ask: Ask) -> bool:
        return super().is_authenticated(held, ask) or self.address_admits(held, ask)


@flaw("listed-address-needs-no-permission", "CRED-2", "open")
@shown_by(put("20.0.0.0/24"), ask(call(authorized=False)))
class _ListedAddressNeedsNoPermission(Vault):
    """A match in the IP rules returns 'allowed' from the function before the permission check is reached."""

    def is_authorized(self, held: Held, ask: Ask) -> bool:
        return super().is_authorized(held, ask) or self.address_admits(held, ask)


@flaw("listed-subnet-needs-no-token", "CRED-1", "open")
@shown_by(put(subnets=[APP]), ask(call(INSIDE, subnet=APP, authenticated=False)))
class _ListedSubnetNeedsNoToken(Vault):
    """The service endpoint carries the network's identity, which is taken for the caller's token."""

    def is_authenticated(self, held: Held, ask: Ask) -> bool:
        return super().is_authenticated(held, ask) or self.subnet_admits(held, ask)


@flaw("listed-subnet-needs-no-permission", "CRED-2", "open")
@shown_by(put(subnets=[APP]), ask(call(INSIDE, subnet=APP, authorized=False)))
class _ListedSubnetNeedsNoPermission(Vault):
    """A match in the virtual network rules returns 'allowed' from the function before the permission check is
    reached."""

    def is_authorized(self, held: Held, ask: Ask) -> bool:
        return super().is_authorized(held, ask) or self.subnet_admits(held, ask)


@flaw("allow-needs-no-token", "CRED-1", "open")
@shown_by(put(default="Allow"), ask(call(authenticated=False)))
class _AllowNeedsNoToken(Vault):
    """With default action Allow all checks of the caller are skipped, the token check among them."""

    def is_authenticated(self, held: Held, ask: Ask) -> bool:
        return super().is_authenticated(held, ask) or (ask.plane == "data" and self.is_open(held, ask))


@flaw("allow-needs-no-permission", "CRED-2", "open")
@shown_by(put(default="Allow"), ask(call(authorized=False)))
class _AllowNeedsNoPermission(Vault):
    """'Allow access from all networks' was implemented as 'allow access'."""

    def is_authorized(self, held: Held, ask: Ask) -> bool:
        return super().is_authorized(held, ask) or (ask.plane == "data" and self.is_open(held, ask))


@flaw("permission-stands-for-the-token", "CRED-1 CTL-4", "open")
@shown_by(put("20.0.0.0/24"), ask(call(authenticated=False, authorized=True)))
class _PermissionStandsForTheToken(Vault):
    """A caller with the permission is assumed to be authenticated, so the token check is skipped."""

    def is_authenticated(self, held: Held, ask: Ask) -> bool:
        return super().is_authenticated(held, ask) or super().is_authorized(held, ask)


@flaw("token-stands-for-the-permission", "CRED-2 CTL-4", "open")
@shown_by(put("20.0.0.0/24"), ask(call(authenticated=True, authorized=False)))
class _TokenStandsForThePermission(Vault):
    """A caller with a valid token may do anything; the permission check was left for the next release."""

    def is_authorized(self, held: Held, ask: Ask) -> bool:
        return super().is_authenticated(held, ask) or super().is_authorized(held, ask)


@flaw("reading-needs-no-permission", "CRED-2", "open")
@shown_by(put("20.0.0.0/24"), ask(call(operation="SecretGet", authorized=False)))
class _ReadingNeedsNoPermission(Vault):
    """The permission is checked only for operations that change something."""

    def is_authorized(self, held: Held, ask: Ask) -> bool:
        reads = ask.plane == "data" and ("Get" in ask.operation or "List" in ask.operation)
        return reads or super().is_authorized(held, ask)


@flaw("services-need-no-token", "CRED-1 CRED-3", "open")
@shown_by(put("20.0.0.0/24"), ask(call(service="Contoso Billing", authenticated=False)))
class _ServicesNeedNoToken(Vault):
    """Calls between services use an internal channel, on which any service name counts as a token."""

    def is_authenticated(self, held: Held, ask: Ask) -> bool:
        return super().is_authenticated(held, ask) or (ask.plane == "data" and ask.service is not None)


@flaw("flags-not-given-mean-no", "DEC-2 DEC-1 DEC-11 DEC-14", "closed")
@shown_by(lambda profile: (put("20.0.0.0/24", bypass=_ON), ask(trusted(profile))))
class _FlagsNotGivenMeanNo(Vault):
    """`caller.get('authorized')` is false for a caller that names a service and leaves the member out."""

    def read_flag(self, caller: JsonObject, name: str) -> bool:
        return caller.get(name, not caller) is True


@flaw("answers-remembered-without-the-permission", "CRED-2 DEC-17", "both")
@shown_by(put("20.0.0.0/24"), ask(call()), ask(call(authorized=False)))
class _AnswersRememberedWithoutThePermission(Vault):
    """Whole answers are cached by address, subnet, service and token; the permission is not part of the key."""

    def install(self, held: Held) -> None:
        super().install(held)
        self.answers: dict[Hashable, JsonObject] = {}

    def set_service_endpoints(self, *, subnet: str, service_endpoints: Sequence[str]) -> JsonObject:
        self.answers = {}
        return super().set_service_endpoints(subnet=subnet, service_endpoints=service_endpoints)

    def answer(self, ask: Ask) -> JsonObject:
        key = ask._replace(authorized=True)
        if key not in self.answers:
            self.answers[key] = super().answer(ask)
        return self.answers[key]


@flaw("session-by-address", "CRED-1 DEC-17", "open")
@shown_by(put("20.0.0.0/24"), ask(call(), call(authenticated=False)))
class _SessionByAddress(Vault):
    """A valid token opens a session, and the session is kept by source address."""

    def install(self, held: Held) -> None:
        super().install(held)
        self.sessions: set[int] = set()

    def is_authenticated(self, held: Held, ask: Ask) -> bool:
        if super().is_authenticated(held, ask):
            self.sessions.add(ask.address)
        return ask.address in self.sessions


@flaw("no-token-is-a-403", "CRED-4", "both", says_only=True)
@shown_by(put("20.0.0.0/24"), ask(call(authenticated=False)))
class _NoTokenIsA403(Vault):
    """All refusals go through one function, which answers 403."""

    def denial(self, status: int, code: str) -> JsonObject:  # noqa: ARG002 - not passing it on is the flaw
        return super().denial(403, code)


@flaw("firewall-answers-401", "CRED-4", "both", says_only=True)
@shown_by(put(), ask(call()))
class _FirewallAnswers401(Vault):
    """A caller outside the listed networks counts as 'unauthorized', so the firewall answers 401."""

    def denial(self, status: int, code: str) -> JsonObject:
        return super().denial(401 if code == "ForbiddenByFirewall" else status, code)


@flaw("permission-refused-in-the-firewalls-name", "CRED-4", "both", says_only=True)
@shown_by(put("20.0.0.0/24"), ask(call(authorized=False)))
class _PermissionRefusedInTheFirewallsName(Vault):
    """One error code is used for every 403, that of the firewall."""

    def denial(self, status: int, code: str) -> JsonObject:
        return super().denial(status, "ForbiddenByFirewall" if code == "ForbiddenByPolicy" else code)


@flaw("every-403-says-access-denied", "CRED-4", "both", says_only=True)
@shown_by(put(), ask(call()))
class _Every403SaysAccessDenied(Vault):
    """The documented word for a missing permission stands in the one place that makes a 403."""

    def denial(self, status: int, code: str) -> JsonObject:
        return super().denial(status, "AccessDenied" if status == 403 else code)


@flaw("permission-before-firewall", "CRED-4", "both", says_only=True)
@shown_by(put(), ask(call(authorized=False)))
class _PermissionBeforeFirewall(Vault):
    """The permission is checked first, so a caller outside the networks gets the code of a missing permission."""

    def answer(self, ask: Ask) -> JsonObject:
        held = self.held
        if self.is_authenticated(held, ask) and not self.is_authorized(held, ask):
            return self.denial(403, "ForbiddenByPolicy")
        return super().answer(ask)
