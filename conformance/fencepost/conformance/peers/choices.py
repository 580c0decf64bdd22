"""What a peer does at each open point of the documents, as one value."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Literal

RejectOrAccept = Literal["reject", "accept"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """One answer to each open point: the field `host_bits` answers the point `host-bits`; None declares nothing."""

    host_bits: Literal["reject", "mask"]
    private_superset: RejectOrAccept
    superset_matches_private: Literal["yes", "no"]
    reserved_ranges: RejectOrAccept | Mapping[str, RejectOrAccept]
    duplicates: Literal["reject", "collapse", "keep"]
    duplicates_count: Literal["yes", "no"]
    prefix_31: RejectOrAccept
    prefix_0: RejectOrAccept
    missing_service_endpoint: RejectOrAccept
    lost_service_endpoint: RejectOrAccept
    surrounding_blanks: Literal["reject", "strip"]
    leading_zeros: Literal["reject", "decimal", "octal"]
    prefix_spelling: RejectOrAccept
    netmask_form: RejectOrAccept
    hostmask_form: RejectOrAccept
    remove_unknown: Literal["reject", "ignore"]
    enum_case: Literal["sensitive", "insensitive"]
    null_members: Literal["reject", "as-absent"]
    default_of_bypass: Literal["AzureServices", "None"]
    default_of_default_action: Literal["Allow", "Deny"]
    single_address_read_back: Literal["bare", "/32"]
    unauthenticated_and_blocked: Literal["401", "403"]
    trusted_services: Literal["list", "attribute"] | None = None
    """None is the profile's own way, and is not declared."""
    trusted_scenarios: Literal["connection", "scenario"] | None = None

    def declared(self) -> dict[str, object]:
        """The member `choices` of a conformance statement."""
        values = {field.name.replace("_", "-"): getattr(self, field.name) for field in fields(self)}
        return {
            key: dict(value) if isinstance(value, Mapping) else value
            for key, value in values.items()
            if value is not None
        }
