"""What a subject may be asked: its statement, read as abilities that clauses need."""

from collections.abc import Collection
from dataclasses import dataclass

from fencepost.adapters.contract import Statement
from fencepost.conformance.catalogue import Clause
from fencepost.reference import Profile


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """The abilities that a statement offers under a profile; no call and no field beyond them is ever sent."""

    subnets: bool
    endpoints: bool
    services: bool
    credentials: bool
    codes: bool
    control_plane: bool
    refusals: bool
    incremental: bool
    read_back: bool
    concurrency: bool
    settle: bool
    by_attribute: bool
    endpoint_check: bool

    @classmethod
    def from_statement(cls, statement: Statement, profile: Profile, *, settle_seconds: float = 0.0) -> "Capabilities":
        """The offer of a checked statement; `profile` already holds the choice `trusted-services`."""
        features = frozenset(statement.features)
        subnets = "ip-rules-only" not in features
        return cls(
            subnets=subnets,
            endpoints=subnets and "service-endpoints" in features,
            services="trusted-services" in features,
            credentials="caller-credentials" in features,
            codes="decision-codes" in features,
            control_plane="data-plane-only" not in features,
            refusals="decisions-only" not in features,
            incremental="incremental-rules" in features,
            read_back="read-back" in features,
            concurrency="snapshot-isolation" in features,
            settle=settle_seconds > 0,
            endpoint_check=profile.missing_endpoint == "reject",
            by_attribute=profile.choice("trusted-services") == "attribute",
        )

    def missing_for(self, clause: Clause) -> tuple[str, ...]:
        """The needs of a clause that are not offered; empty where the clause applies."""
        return tuple(need for need in clause.needs if need not in self._abilities())

    def _abilities(self) -> Collection[str]:
        offered = {
            "virtual-networks": self.subnets,
            "service-endpoints": self.endpoints,
            "trusted-services": self.services,
            "caller-credentials": self.credentials,
            "decision-codes": self.codes,
            "control-plane": self.control_plane,
            "refused-writes": self.refusals,
            "incremental-rules": self.incremental,
            "read-back": self.read_back,
            "snapshot-isolation": self.concurrency,
            "settle-time": self.settle,
            "endpoint-check": self.endpoint_check,
            "two-criteria": self.subnets or self.services,
        }
        return frozenset(ability for ability, there in offered.items() if there)
