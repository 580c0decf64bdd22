"""What a peer does at each open point of the documents, as one value."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Literal

RejectOrAccept = Literal["reject", "accept"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """One answer to each open point: the field `host_bits` answers the point `host-bits`; None declares nothing.

    The answers by default are the strictest; a peer names where it answers otherwise.
    """

    host_bits: Literal["reject", "mask"] = "reject"
    private_superset: RejectOrAccept = "reject"
    superset_matches_private: Literal["yes", "no"] = "yes"
    reserved_ranges: RejectOrAccept | Mapping[str, RejectOrAccept] = "reject"
    duplicates: Literal["reject", "collapse", "keep"] = "keep"
    duplicates_count: Literal["yes", "no"] = "yes"
    prefix_31: RejectOrAccept = "reject"
    prefix_0: RejectOrAccept = "reject"
    missing_service_endpoint: RejectOrAccept = "reject"
    lost_service_endpoint: RejectOrAccept = "reject"
    surrounding_blanks: Literal["reject", "strip"] = "reject"
    leading_zeros: Literal["reject", "decimal", "octal"] = "reject"
    prefix_spelling: RejectOrAccept = "reject"
    netmask_form: RejectOrAccept = "reject"
    hostmask_form: RejectOrAccept = "reject"
    remove_unknown: Literal["reject", "ignore"] = "reject"
    enum_case: Literal["sensitive", "insensitive"] = "sensitive"
    null_members: Literal["reject", "as-absent"] = "reject"
    default_of_bypass: Literal["AzureServices", "None"] = "AzureServices"
    default_of_default_action: Literal["Allow", "Deny"] = "Allow"
    single_address_read_back: Literal["bare", "/32"] = "bare"
    unauthenticated_and_blocked: Literal["401", "403"] = "401"
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
