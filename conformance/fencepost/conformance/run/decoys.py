"""Decoys: small faults injected into a subject's answers at the transport, which a sound run notices."""

from collections.abc import Iterable, Mapping
from random import Random
from typing import ClassVar

from fencepost.adapters.contract.vocabulary import CONTROL_OPERATIONS, DATA_OPERATIONS
from fencepost.conformance.capabilities import Ability, Capabilities
from fencepost.conformance.lockstep.case import WriteStep
from fencepost.reference import (
    Block,
    Caller,
    DefaultAction,
    Outcome,
    Plane,
    Request,
    Vault,
    text_from_address,
)


class Decoy:
    """One fault. The seed and the first suitable call fix which edge or service it affects.

    `says` is the fault in words. A subject with the ability `needs` can be asked what would show it; None is for every
    subject. In each method `vault` is the reference's vault after the same calls. Only a right answer is ever
    falsified.
    """

    id: ClassVar[str]
    clause: ClassVar[str]
    says: ClassVar[str]
    needs: ClassVar[Ability | None] = None

    def __init__(self, random: Random) -> None:
        self._random = random

    def text(self) -> str:
        """The decoy's fault in words, as far as it is fixed."""
        return self.says

    def concerns(self, request: Request, vault: Vault) -> bool:  # noqa: ARG002 - what every decoy is asked
        """Whether the fault may show at requests of this kind."""
        return False

    def flips(self, request: Request, vault: Vault) -> bool:  # noqa: ARG002 - as above
        """Whether the decoy turns the right outcome of this request into the other outcome."""
        return False

    def accepts(self, step: WriteStep, vault: Vault) -> bool:  # noqa: ARG002 - as above
        """Whether the decoy turns the refusal of this write into an acceptance."""
        return False

    def reads(self, acls: Mapping[str, object]) -> Mapping[str, object] | None:  # noqa: ARG002 - as above
        """The falsified read-back of these rules, or None if the decoy leaves them unchanged."""
        return None


def _is_plain(request: Request) -> bool:
    return request.plane is Plane.DATA and request.subnet is None and request.caller == Caller()


def _is_denying(vault: Vault) -> bool:
    return vault.rules.default_action is DefaultAction.DENY


class FlippedEdge(Decoy):
    """Gives the wrong outcome at one edge of one range."""

    id = "flips-one-edge"
    clause = "DEC-4"
    says = "answers the other way at {} one range"

    def __init__(self, random: Random) -> None:
        super().__init__(random)
        self._edge = random.randrange(4)
        self._taken: tuple[Block, int] | None = None

    def text(self) -> str:
        """The edge and the address."""
        edge = ("the address before", "the first address of", "the last address of", "the address after")[self._edge]
        address = f": {text_from_address(self._taken[1])}" if self._taken is not None else ""
        return self.says.format(edge) + address

    def concerns(self, request: Request, vault: Vault) -> bool:
        """A plain caller at such an edge of some range."""
        return _is_plain(request) and _is_denying(vault) and request.address in self._edges(vault).values()

    def flips(self, request: Request, vault: Vault) -> bool:
        """At the chosen edge, while its range is in the rules."""
        if not self.concerns(request, vault):
            return False
        edges = self._edges(vault)
        if self._taken is None:
            self._taken = next((block, one) for block, one in edges.items() if one == request.address)
        block, address = self._taken
        return request.address == address and block in edges

    def _edges(self, vault: Vault) -> dict[Block, int]:
        return {block: self._of(block) for rule in vault.rules.ip_rules if (block := rule.block).first < block.last}

    def _of(self, block: Block) -> int:
        return (block.first - 1, block.first, block.last, block.last + 1)[self._edge]


class DeniesUnderAllow(Decoy):
    """Denies while the default action is Allow."""

    id = "ignores-the-default-action"
    clause = "DEC-1"
    says = "goes on denying callers that no rule covers while the default action is Allow"
    needs = Ability.DEFAULT_ACTION

    def concerns(self, request: Request, vault: Vault) -> bool:
        """A plain caller outside of every rule, while the rules are dormant."""
        is_outside = _is_plain(request) and vault.rules.ip_rule_at(request.address) is None
        return is_outside and not _is_denying(vault)

    def flips(self, request: Request, vault: Vault) -> bool:
        """Every such request."""
        return self.concerns(request, vault)


class _OfOneKind(Decoy):
    """A fault at one request of a kind that one clause decides: a service, an operation, a subnet."""

    right: ClassVar[Outcome]

    def __init__(self, random: Random) -> None:
        super().__init__(random)
        self._taken: str | None = None
        self._let_by = random.randrange(3)
        self._seen: list[str] = []

    def choose_among(self, count: int) -> None:
        """Pass over fewer requests than this number, so that one of them is chosen."""
        self._let_by = min(self._let_by, count - 1)

    def text(self) -> str:
        """The decoy's fault in words, with the service, operation or subnet."""
        return self.says.format(self._taken or "one")

    def concerns(self, request: Request, vault: Vault) -> bool:
        """One of the requests that its clause decides."""
        decision = vault.decide(request)
        return decision.clause == self.clause and decision.outcome is self.right and self.counts(request, vault)

    def counts(self, request: Request, vault: Vault) -> bool:  # noqa: ARG002 - what some decoys ask
        """Whether the fault would show at this request, apart from the clause's condition."""
        return True

    def key(self, request: Request) -> str:
        """The value that distinguishes requests of the kind, by default the operation."""
        return request.operation

    def flips(self, request: Request, vault: Vault) -> bool:
        """The chosen request: the first, second or third of its kind."""
        if not self.concerns(request, vault):
            return False
        key = self.key(request)
        if self._taken is None and key not in self._seen:
            self._seen.append(key)
            if len(self._seen) > self._let_by:
                self._taken = key
        return key == self._taken


class _OfOneService(_OfOneKind):
    needs = Ability.SERVICES

    def key(self, request: Request) -> str:
        """The service's name."""
        return str(request.caller.service)


class AdmitsOneService(_OfOneService):
    """Admits one untrusted service."""

    id = "lets-one-service-through"
    clause = "DEC-13"
    right = Outcome.DENY
    says = "lets {} through, a service that is not trusted"


class ForgetsOneService(_OfOneService):
    """Denies one trusted service."""

    id = "keeps-one-service-out"
    clause = "DEC-11"
    right = Outcome.ALLOW
    says = "keeps {} out, a trusted service"


class FirewallsOneOperation(_OfOneKind):
    """Puts one control-plane operation behind the firewall."""

    id = "firewalls-one-control-operation"
    clause = "CTL-1"
    right = Outcome.ALLOW
    says = "puts {} behind the firewall, a control-plane operation"
    needs = Ability.CONTROL_PLANE

    def counts(self, request: Request, vault: Vault) -> bool:
        """From outside of every rule, while the default action is Deny."""
        return _is_denying(vault) and vault.rules.ip_rule_at(request.address) is None


class AdmitsOneSubnet(_OfOneKind):
    """Admits one unlisted subnet."""

    id = "lets-one-subnet-in"
    clause = "DEC-7"
    right = Outcome.DENY
    says = "lets {} in, a subnet that is not listed"
    needs = Ability.SUBNETS

    def key(self, request: Request) -> str:
        """The subnet."""
        return str(request.subnet).lower()


class OverlooksTheToken(_OfOneKind):
    """Requires no token for one operation."""

    id = "asks-for-no-token"
    clause = "CRED-1"
    right = Outcome.DENY
    says = "asks for no token at {}"
    needs = Ability.CREDENTIALS


class TakesOneTooMany(Decoy):
    """Accepts one IP rule over the limit."""

    id = "takes-one-rule-too-many"
    clause = "LIM-2"
    says = "accepts one IP rule over the limit"
    needs = Ability.REFUSALS

    def accepts(self, step: WriteStep, vault: Vault) -> bool:
        """A whole rule set of exactly one IP rule too many."""
        return len(list(_values(step))) == vault.profile.max_ip_rules + 1


class TakesIpv6(Decoy):
    """Accepts IPv6."""

    id = "takes-ipv6"
    clause = "VAL-4"
    says = "accepts an IPv6 value as an IP rule"
    needs = Ability.REFUSALS

    def accepts(self, step: WriteStep, vault: Vault) -> bool:  # noqa: ARG002 - the base's words
        """A value with two colons or more, in a rule set or alone."""
        return any(isinstance(value, str) and value.count(":") > 1 for value in _values(step))


def _values(step: WriteStep) -> Iterable[object]:
    if step.method == "addIpRule":
        yield step.params.get("value")
    acls = step.params.get("networkAcls")
    entries = acls.get("ipRules") if isinstance(acls, Mapping) else None
    if isinstance(entries, list):
        yield from (entry.get("value") if isinstance(entry, Mapping) else entry for entry in entries)


class HidesOneRule(Decoy):
    """Leaves the last IP rule out when the rules are read back."""

    id = "hides-one-rule"
    clause = "STA-5"
    says = "leaves the last IP rule out when the rules are read back"
    needs = Ability.READ_BACK

    def reads(self, acls: Mapping[str, object]) -> Mapping[str, object] | None:
        """All rules but the last, in every read-back."""
        entries = acls.get("ipRules")
        if not isinstance(entries, list) or not entries:
            return None
        return {**acls, "ipRules": [entry for entry in entries if entry != entries[-1]]}


_ALWAYS: tuple[type[Decoy], ...] = (FlippedEdge, AdmitsOneService, TakesOneTooMany, FirewallsOneOperation)
_BY_SEED: tuple[type[Decoy], ...] = (
    DeniesUnderAllow,
    ForgetsOneService,
    AdmitsOneSubnet,
    OverlooksTheToken,
    TakesIpv6,
    HidesOneRule,
)
MOST = 6


def decoys_for(capabilities: Capabilities, random: Random) -> tuple[Decoy, ...]:
    """At most six decoys that could be caught with this subject: four kinds always, the others by seed."""
    always, others = (
        [kind for kind in kinds if kind.needs is None or kind.needs in capabilities.abilities]
        for kinds in (_ALWAYS, _BY_SEED)
    )
    kinds = [*always, *random.sample(others, min(len(others), MOST - len(always)))]
    found = tuple(kind(Random(random.random())) for kind in kinds)
    for decoy in found:
        if isinstance(decoy, FirewallsOneOperation | OverlooksTheToken):
            plane = CONTROL_OPERATIONS if isinstance(decoy, FirewallsOneOperation) else DATA_OPERATIONS
            decoy.choose_among(len(capabilities.operations.intersection(plane)))
    return found
