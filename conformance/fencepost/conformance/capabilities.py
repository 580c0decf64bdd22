"""What a subject may be asked: its statement, read as abilities that clauses need."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum

from fencepost.adapters.contract import Statement
from fencepost.adapters.contract.vocabulary import CONTROL_OPERATIONS, DATA_OPERATIONS
from fencepost.conformance.catalogue import Clause
from fencepost.reference import Plane, Profile, Request


class Ability(StrEnum):
    """What a clause may need and a statement may offer; the values are the needs of the catalogue."""

    SUBNETS = "virtual-networks"
    ENDPOINTS = "service-endpoints"
    SERVICES = "trusted-services"
    CREDENTIALS = "caller-credentials"
    CODES = "decision-codes"
    CONTROL_PLANE = "control-plane"
    REFUSALS = "refused-writes"
    INCREMENTAL = "incremental-rules"
    READ_BACK = "read-back"
    CONCURRENCY = "snapshot-isolation"
    SETTLE = "settle-time"
    ENDPOINT_CHECK = "endpoint-check"
    BY_ATTRIBUTE = "trust-by-attribute"
    DEFAULT_ACTION = "default-action"
    A_SWITCH = "default-action-or-bypass"
    TWO_CRITERIA = "two-criteria"
    AZURE_WIRE = "azure-wire"
    ALL_RECORDINGS = "recordings-of-today"


_Test = Callable[[frozenset[str], Profile], bool]

_OFFERED_BY_FEATURES: dict[Ability, _Test] = {
    Ability.SUBNETS: lambda features, _: "ip-rules-only" not in features,
    Ability.ENDPOINTS: lambda features, _: "service-endpoints" in features - {"ip-rules-only"},
    Ability.SERVICES: lambda features, _: "trusted-services" in features,
    Ability.CREDENTIALS: lambda features, _: "caller-credentials" in features,
    Ability.CODES: lambda features, _: "decision-codes" in features,
    Ability.CONTROL_PLANE: lambda features, _: "data-plane-only" not in features,
    Ability.REFUSALS: lambda features, _: "decisions-only" not in features,
    Ability.INCREMENTAL: lambda features, _: "incremental-rules" in features,
    Ability.READ_BACK: lambda features, _: "read-back" in features,
    Ability.CONCURRENCY: lambda features, _: "snapshot-isolation" in features,
    Ability.ENDPOINT_CHECK: lambda _, profile: profile.missing_endpoint == "reject",
    Ability.BY_ATTRIBUTE: lambda _, profile: profile.choice("trusted-services") == "attribute",
    Ability.DEFAULT_ACTION: lambda features, _: "always-deny" not in features,
    Ability.A_SWITCH: lambda features, _: "always-deny" not in features or "trusted-services" in features,
    Ability.TWO_CRITERIA: lambda features, _: "ip-rules-only" not in features or "trusted-services" in features,
    Ability.AZURE_WIRE: lambda features, _: "azure-wire" in features,
    Ability.ALL_RECORDINGS: lambda _, profile: profile.has_all_recordings,
}
"""When each ability is offered, by the features of a statement and the profile; the settle time is the run's."""


LOOK_ALIKE_OPERATIONS = frozenset(
    f"{kind}{operation}"
    for kind in ("Key", "Secret", "Certificate")
    for operation in ("List", "ListVersions", "ListDeleted", "GetDeleted", "Purge", "Recover", "Delete")
)
"""Data-plane operations whose names resemble control-plane ones (CTL-3)."""

_LISTS = ("KeyList", "SecretList", "CertificateList")


def profile_of(statement: Statement, profile: Profile) -> Profile:
    """The profile of the statement: how trusted services are recognised, and no default action if there is none."""
    mode = statement.choices.get("trusted-services", profile.choice("trusted-services"))
    chosen = profile.with_choices({"trusted-services": mode})
    return chosen.always_denying() if "always-deny" in statement.features else chosen


class _Offered:
    """Whether an ability is offered, as an attribute."""

    def __init__(self, ability: Ability) -> None:
        self._ability = ability

    def __get__(self, instance: "Capabilities", owner: type | None = None) -> bool:
        return self._ability in instance.abilities


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """The abilities that a statement offers under a profile; no call and no member beyond them is ever sent.

    `operations` are the operations that can be put to the subject. `masks_host_bits` is true if the statement declares
    that host bits are masked; an answer that only a probe has found excuses a refused write.
    """

    abilities: frozenset[Ability]
    masks_host_bits: bool = False
    operations: frozenset[str] = frozenset((*CONTROL_OPERATIONS, *DATA_OPERATIONS))

    subnets = _Offered(Ability.SUBNETS)
    endpoints = _Offered(Ability.ENDPOINTS)
    services = _Offered(Ability.SERVICES)
    credentials = _Offered(Ability.CREDENTIALS)
    codes = _Offered(Ability.CODES)
    control_plane = _Offered(Ability.CONTROL_PLANE)
    refusals = _Offered(Ability.REFUSALS)
    incremental = _Offered(Ability.INCREMENTAL)
    read_back = _Offered(Ability.READ_BACK)
    concurrency = _Offered(Ability.CONCURRENCY)
    settle = _Offered(Ability.SETTLE)
    endpoint_check = _Offered(Ability.ENDPOINT_CHECK)
    by_attribute = _Offered(Ability.BY_ATTRIBUTE)
    default_action = _Offered(Ability.DEFAULT_ACTION)
    a_switch = _Offered(Ability.A_SWITCH)
    azure_wire = _Offered(Ability.AZURE_WIRE)
    all_recordings = _Offered(Ability.ALL_RECORDINGS)

    @classmethod
    def from_statement(cls, statement: Statement, profile: Profile, *, settle_seconds: float = 0.0) -> "Capabilities":
        """The abilities of a checked statement; `profile` already holds the choice `trusted-services`."""
        features = frozenset(statement.features)
        abilities = {ability for ability, test in _OFFERED_BY_FEATURES.items() if test(features, profile)}
        if settle_seconds > 0:
            abilities.add(Ability.SETTLE)
        every = frozenset((*CONTROL_OPERATIONS, *DATA_OPERATIONS))
        operations = every if statement.operations is None else every & frozenset(statement.operations)
        if operations.isdisjoint(CONTROL_OPERATIONS):
            abilities.discard(Ability.CONTROL_PLANE)
        masks = statement.choices.get("host-bits") == "mask"
        return cls(abilities=frozenset(abilities), masks_host_bits=masks, operations=operations)

    @property
    def unasked_operations(self) -> tuple[str, ...]:
        """The operations of the contract that cannot be put to the subject, in the contract's order."""
        planes = (*(CONTROL_OPERATIONS if self.control_plane else ()), *DATA_OPERATIONS)
        return tuple(name for name in planes if name not in self.operations)

    @property
    def switches(self) -> tuple[str, ...]:
        """The switches at which unknown words are tried (VAL-6)."""
        return (*(("defaultAction",) if self.default_action else ()), *(("bypass",) if self.a_switch else ()))

    @property
    def unasked_clauses(self) -> dict[str, str]:
        """The clauses about an operation that cannot be put, each with what the clause needs."""
        found = {}
        if len(self.operations.intersection(DATA_OPERATIONS)) < 2:
            found["DEC-16"] = "two data-plane operations that can be put"
        if self.operations.isdisjoint(LOOK_ALIKE_OPERATIONS):
            found["CTL-3"] = "a data-plane operation that looks like one of the control plane"
        if "VaultList" not in self.operations or self.operations.isdisjoint(_LISTS):
            found["CTL-5"] = "VaultList and an operation that lists keys, secrets or certificates"
        return found

    def missing_for(self, clause: Clause) -> tuple[str, ...]:
        """The needs of a clause that are not offered; empty if the clause applies."""
        missing = tuple(need for need in clause.needs if need not in self.abilities)
        operations = self.unasked_clauses.get(clause.id)
        return missing if operations is None else (*missing, operations)

    def as_offered(self, request: Request) -> Request | None:
        """The request with an operation that can be put: its own, else the plane's first; None if there is none."""
        if request.operation in self.operations:
            return request
        plane = CONTROL_OPERATIONS if request.plane is Plane.CONTROL else DATA_OPERATIONS
        operation = next((name for name in plane if name in self.operations), None)
        return replace(request, operation=operation) if operation is not None else None
