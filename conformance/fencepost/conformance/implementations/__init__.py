"""The shipped implementations that need the reference: itself, and the mutants."""

from fencepost.adapters.contract import SubjectError
from fencepost.conformance.implementations.reference import ReferenceImplementation
from fencepost.reference import UnknownProfile


def reference(args: str, *, profile: str | None = None) -> ReferenceImplementation:
    """The adapter `reference[:PROFILE]`; `profile` overrides the profile in `args`.

    `SubjectError` where there is no profile of the name in `args`.
    """
    try:
        return ReferenceImplementation(profile or args or "keyvault")
    except UnknownProfile as error:
        if profile is not None:
            raise
        raise SubjectError(subject=f"reference:{args}", reason=str(error)) from None


def mutant(args: str, *, profile: str | None = None) -> object:
    """The adapter `mutant:ID[+ID][@PROFILE]`: a faulty implementation; `profile` overrides the profile in `args`.

    Without a profile it takes the first profile that shows its faults.
    """
    from fencepost.conformance.mutants import compose

    names, _, named = args.partition("@")
    return compose(names, profile=profile or named or None)


__all__ = ["ReferenceImplementation", "mutant", "reference"]
