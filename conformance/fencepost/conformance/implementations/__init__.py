"""The shipped implementations that need the reference: itself, and the mutants."""

from fencepost.conformance.implementations.reference import ReferenceImplementation


def reference(args: str) -> ReferenceImplementation:
    """The adapter `reference[:PROFILE]`."""
    return ReferenceImplementation(args or "keyvault")


def mutant(args: str) -> object:
    """The adapter `mutant:ID`: a faulty implementation, `ID+ID` for two faults at once."""
    from fencepost.conformance.mutants import compose

    return compose(args)


__all__ = ["ReferenceImplementation", "mutant", "reference"]
