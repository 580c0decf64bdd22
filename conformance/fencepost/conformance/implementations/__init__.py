"""The shipped implementations that need the reference: itself, and the mutants."""

from fencepost.conformance.implementations.reference import ReferenceImplementation


def reference(args: str, *, profile: str | None = None) -> ReferenceImplementation:
    """The adapter `reference[:PROFILE]`; `profile` overrides the profile in `args`."""
    return ReferenceImplementation(profile or args or "keyvault")


def mutant(args: str, *, profile: str | None = None) -> object:
    """The adapter `mutant:ID[+ID][@PROFILE]`: a faulty implementation; `profile` overrides the profile in `args`.

    Without a profile it takes the first profile that shows its faults.
    """
    from fencepost.conformance.mutants import compose

    names, _, named = args.partition("@")
    return compose(names, profile=profile or named or None)


__all__ = ["ReferenceImplementation", "mutant", "reference"]
