"""What two subjects can both be asked: the features of both, with the restrictions of either."""

from fencepost.adapters.contract import Statement
from fencepost.adapters.contract.vocabulary import PROTOCOL
from fencepost.reference import Profile

_RESTRICTIONS = frozenset(("data-plane-only", "ip-rules-only", "decisions-only", "always-deny"))


def common_statement(one: Statement, other: Statement, profile: Profile) -> Statement:
    """The statement of an implementation that offers exactly what both subjects offer.

    Trusted services are left out if the two subjects recognise them in different ways, by name and by attribute.
    """
    both, either = set(one.features) & set(other.features), set(one.features) | set(other.features)
    features = (both - _RESTRICTIONS) | (either & _RESTRICTIONS)
    if "ip-rules-only" in features:
        features.discard("service-endpoints")
    modes = [
        statement.choices.get("trusted-services", profile.choice("trusted-services")) for statement in (one, other)
    ]
    if modes[0] != modes[1]:
        features.discard("trusted-services")
    named = [set(statement.operations) for statement in (one, other) if statement.operations is not None]
    return Statement(
        protocol=PROTOCOL,
        name=f"{one.name} and {other.name}",
        version="",
        profile=profile.name,
        features=sorted(features),
        choices={"trusted-services": modes[0]},
        settle_seconds=max(one.settle_seconds, other.settle_seconds),
        operations=sorted(set.intersection(*named)) if named else None,
    )
