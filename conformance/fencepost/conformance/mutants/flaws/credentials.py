"""Flaws in token and permission: a caller past the firewall skips their checks, or a refusal has the wrong code."""

from collections.abc import Hashable, Sequence

from fencepost.adapters.contract import JsonObject
from fencepost.conformance.mutants.mutant import Flaws
from fencepost.conformance.mutants.values import Ask, Held
from fencepost.conformance.mutants.vault import Vault
from fencepost.conformance.mutants.witness import APP, INSIDE, ask, call, put, trusted

flaw = Flaws("credentials")

_ON = "AzureServices"


@flaw(
    "trusted-service-needs-no-token",
    clause="CRED-3",
    also=("CRED-1",),
    direction="open",
    story="A trusted service is taken to be authenticated without a check of its token.",
    witness=lambda profile: (put(bypass=_ON), ask(trusted(profile, authenticated=False))),
)
class _TrustedServiceNeedsNoToken(Vault):
    def is_authenticated(self, held: Held, ask: Ask) -> bool:
        return super().is_authenticated(held, ask) or (held.default_action == "Deny" and self.is_bypassed(held, ask))


@flaw(
    "trusted-service-needs-no-permission",
    clause="CRED-3",
    also=("CRED-2",),
    direction="open",
    story="The bypass is taken to skip the access policies as well.",
    witness=lambda profile: (put(bypass=_ON), ask(trusted(profile, authorized=False))),
)
class _TrustedServiceNeedsNoPermission(Vault):
    def is_authorized(self, held: Held, ask: Ask) -> bool:
        return super().is_authorized(held, ask) or self.is_bypassed(held, ask)


@flaw(
    "trust-is-a-permission-without-bypass",
    clause="CRED-3",
    also=("CRED-2",),
    direction="open",
    story="A trusted service that the firewall lets in, here through an IP rule, needs no permission.",
    witness=lambda profile: (put("20.0.0.0/24"), ask(trusted(profile, authorized=False))),
)
class _TrustIsAPermissionWithoutBypass(Vault):
    def is_authorized(self, held: Held, ask: Ask) -> bool:
        return super().is_authorized(held, ask) or self.is_trusted(ask)


@flaw(
    "listed-address-needs-no-token",
    clause="CRED-1",
    direction="open",
    story="The gateway authenticates callers from outside; a listed address counts as inside and needs no token.",
    witness=lambda _: (put("20.0.0.0/24"), ask(call(authenticated=False))),
)
class _ListedAddressNeedsNoToken(Vault):
    def is_authenticated(self, held: Held, ask: Ask) -> bool:
        return super().is_authenticated(held, ask) or self.address_admits(held, ask)


@flaw(
    "listed-address-needs-no-permission",
    clause="CRED-2",
    direction="open",
    story="A match in the IP rules returns 'allowed' from the function before the permission check is reached.",
    witness=lambda _: (put("20.0.0.0/24"), ask(call(authorized=False))),
)
class _ListedAddressNeedsNoPermission(Vault):
    def is_authorized(self, held: Held, ask: Ask) -> bool:
        return super().is_authorized(held, ask) or self.address_admits(held, ask)


@flaw(
    "listed-subnet-needs-no-token",
    clause="CRED-1",
    direction="open",
    story="The service endpoint carries the network's identity, which is taken for the caller's token.",
    witness=lambda _: (put(subnets=[APP]), ask(call(INSIDE, subnet=APP, authenticated=False))),
)
class _ListedSubnetNeedsNoToken(Vault):
    def is_authenticated(self, held: Held, ask: Ask) -> bool:
        return super().is_authenticated(held, ask) or self.subnet_admits(held, ask)


@flaw(
    "listed-subnet-needs-no-permission",
    clause="CRED-2",
    direction="open",
    story=(
        "A match in the virtual network rules returns 'allowed' from the function before the permission check is "
        "reached."
    ),
    witness=lambda _: (put(subnets=[APP]), ask(call(INSIDE, subnet=APP, authorized=False))),
)
class _ListedSubnetNeedsNoPermission(Vault):
    def is_authorized(self, held: Held, ask: Ask) -> bool:
        return super().is_authorized(held, ask) or self.subnet_admits(held, ask)


@flaw(
    "allow-needs-no-token",
    clause="CRED-1",
    direction="open",
    story="With default action Allow all checks of the caller are skipped, the token check among them.",
    witness=lambda _: (put(default="Allow"), ask(call(authenticated=False))),
)
class _AllowNeedsNoToken(Vault):
    def is_authenticated(self, held: Held, ask: Ask) -> bool:
        return super().is_authenticated(held, ask) or (ask.plane == "data" and self.is_open(held, ask))


@flaw(
    "allow-needs-no-permission",
    clause="CRED-2",
    direction="open",
    story="'Allow access from all networks' was implemented as 'allow access'.",
    witness=lambda _: (put(default="Allow"), ask(call(authorized=False))),
)
class _AllowNeedsNoPermission(Vault):
    def is_authorized(self, held: Held, ask: Ask) -> bool:
        return super().is_authorized(held, ask) or (ask.plane == "data" and self.is_open(held, ask))


@flaw(
    "permission-stands-for-the-token",
    clause="CRED-1",
    also=("CTL-4",),
    direction="open",
    story="A caller with the permission is assumed to be authenticated, so the token check is skipped.",
    witness=lambda _: (put("20.0.0.0/24"), ask(call(authenticated=False, authorized=True))),
)
class _PermissionStandsForTheToken(Vault):
    def is_authenticated(self, held: Held, ask: Ask) -> bool:
        return super().is_authenticated(held, ask) or super().is_authorized(held, ask)


@flaw(
    "token-stands-for-the-permission",
    clause="CRED-2",
    also=("CTL-4",),
    direction="open",
    story="A caller with a valid token may do anything; the permission check was left for the next release.",
    witness=lambda _: (put("20.0.0.0/24"), ask(call(authenticated=True, authorized=False))),
)
class _TokenStandsForThePermission(Vault):
    def is_authorized(self, held: Held, ask: Ask) -> bool:
        return super().is_authenticated(held, ask) or super().is_authorized(held, ask)


@flaw(
    "reading-needs-no-permission",
    clause="CRED-2",
    direction="open",
    story="The permission is checked only for operations that change something.",
    witness=lambda _: (put("20.0.0.0/24"), ask(call(operation="SecretGet", authorized=False))),
)
class _ReadingNeedsNoPermission(Vault):
    def is_authorized(self, held: Held, ask: Ask) -> bool:
        reads = ask.plane == "data" and ("Get" in ask.operation or "List" in ask.operation)
        return reads or super().is_authorized(held, ask)


@flaw(
    "services-need-no-token",
    clause="CRED-1",
    also=("CRED-3",),
    direction="open",
    story="Calls between services use an internal channel, on which any service name counts as a token.",
    witness=lambda _: (put("20.0.0.0/24"), ask(call(service="Contoso Billing", authenticated=False))),
)
class _ServicesNeedNoToken(Vault):
    def is_authenticated(self, held: Held, ask: Ask) -> bool:
        return super().is_authenticated(held, ask) or (ask.plane == "data" and ask.service is not None)


@flaw(
    "flags-not-given-mean-no",
    clause="DEC-2",
    also=("DEC-1", "DEC-11", "DEC-14"),
    direction="closed",
    story="`caller.get('authorized')` is false for a caller that names a service and leaves the member out.",
    witness=lambda profile: (put("20.0.0.0/24", bypass=_ON), ask(trusted(profile))),
)
class _FlagsNotGivenMeanNo(Vault):
    def read_flag(self, caller: JsonObject, name: str) -> bool:
        return caller.get(name, not caller) is True


@flaw(
    "answers-remembered-without-the-permission",
    clause="CRED-2",
    also=("DEC-17",),
    direction="both",
    story="Whole answers are cached by address, subnet, service and token; the permission is not part of the key.",
    witness=lambda _: (put("20.0.0.0/24"), ask(call()), ask(call(authorized=False))),
)
class _AnswersRememberedWithoutThePermission(Vault):
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


@flaw(
    "session-by-address",
    clause="CRED-1",
    also=("DEC-17",),
    direction="open",
    story="A valid token opens a session, and the session is kept by source address.",
    witness=lambda _: (put("20.0.0.0/24"), ask(call(), call(authenticated=False))),
)
class _SessionByAddress(Vault):
    def install(self, held: Held) -> None:
        super().install(held)
        self.sessions: set[int] = set()

    def is_authenticated(self, held: Held, ask: Ask) -> bool:
        if super().is_authenticated(held, ask):
            self.sessions.add(ask.address)
        return ask.address in self.sessions


@flaw(
    "no-token-is-a-403",
    clause="CRED-4",
    direction="both",
    story="All refusals go through one function, which answers 403.",
    says_only=True,
    witness=lambda _: (put("20.0.0.0/24"), ask(call(authenticated=False))),
)
class _NoTokenIsA403(Vault):
    def denial(self, status: int, code: str) -> JsonObject:  # noqa: ARG002 - not passing it on is the flaw
        return super().denial(403, code)


@flaw(
    "firewall-answers-401",
    clause="CRED-4",
    direction="both",
    story="A caller outside the listed networks counts as 'unauthorized', so the firewall answers 401.",
    says_only=True,
    witness=lambda _: (put(), ask(call())),
)
class _FirewallAnswers401(Vault):
    def denial(self, status: int, code: str) -> JsonObject:
        return super().denial(401 if code == "ForbiddenByFirewall" else status, code)


@flaw(
    "permission-refused-in-the-firewalls-name",
    clause="CRED-4",
    direction="both",
    story="One error code is used for every 403, that of the firewall.",
    says_only=True,
    witness=lambda _: (put("20.0.0.0/24"), ask(call(authorized=False))),
)
class _PermissionRefusedInTheFirewallsName(Vault):
    def denial(self, status: int, code: str) -> JsonObject:
        return super().denial(status, "ForbiddenByFirewall" if code == "ForbiddenByPolicy" else code)


@flaw(
    "every-403-says-access-denied",
    clause="CRED-4",
    direction="both",
    story="The documented word for a missing permission stands in the one place that makes a 403.",
    says_only=True,
    witness=lambda _: (put(), ask(call())),
)
class _Every403SaysAccessDenied(Vault):
    def denial(self, status: int, code: str) -> JsonObject:
        return super().denial(status, "AccessDenied" if status == 403 else code)


@flaw(
    "permission-before-firewall",
    clause="CRED-4",
    direction="both",
    story="The permission is checked first, so a caller outside the networks gets the code of a missing permission.",
    says_only=True,
    witness=lambda _: (put(), ask(call(authorized=False))),
)
class _PermissionBeforeFirewall(Vault):
    def answer(self, ask: Ask) -> JsonObject:
        held = self.held
        if self.is_authenticated(held, ask) and not self.is_authorized(held, ask):
            return self.denial(403, "ForbiddenByPolicy")
        return super().answer(ask)
