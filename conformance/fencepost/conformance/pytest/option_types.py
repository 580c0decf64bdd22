"""The types of the plugin's options: each turns a text into a value, or says what is wrong with it."""

import argparse
from pathlib import Path


def profile(text: str) -> str:
    """The name of a profile."""
    from fencepost.reference import UnknownProfile, load_profile

    try:
        return load_profile(text).name
    except UnknownProfile as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def effort(text: str) -> str:
    """The name of an effort, in any case."""
    from fencepost.conformance.bench.effort import EFFORTS

    if text.lower() not in EFFORTS:
        raise argparse.ArgumentTypeError(f"no effort is called {text!r} (known: {', '.join(EFFORTS)})")
    return text.lower()


def seed(text: str) -> int:
    """A number that every form of the report can hold."""
    from fencepost.conformance.bench.effort import LARGEST_SEED

    try:
        seed = int(text)
    except ValueError:
        seed = -1
    if not 0 <= seed <= LARGEST_SEED:
        raise argparse.ArgumentTypeError(f"expected a number from 0 to {LARGEST_SEED}, got {text!r}")
    return seed


def path(text: str) -> Path:
    """A path; an empty text is refused."""
    if not text:
        raise argparse.ArgumentTypeError("expected a path, got an empty text")
    return Path(text)


def seconds(text: str) -> float:
    """A finite number of seconds, 0 or more."""
    seconds = float(text)
    if not 0 <= seconds < float("inf"):
        raise argparse.ArgumentTypeError(f"expected a number of seconds, 0 or more, got {text!r}")
    return seconds


def waiting(text: str) -> float:
    """A finite number of seconds above 0."""
    waited = seconds(text)
    if not waited:
        raise argparse.ArgumentTypeError("expected a number of seconds above 0, got 0")
    return waited


def suite_version(text: str) -> frozenset[str]:
    """The ids of the clauses that this version of the suite had."""
    from fencepost.conformance.catalogue import UnknownVersion, catalogue

    try:
        return frozenset(clause.id for clause in catalogue().at(text))
    except UnknownVersion as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def clauses(text: str) -> tuple[str, ...]:
    """The ids of the clauses that are named, separated by commas."""
    from fencepost.conformance.catalogue import UnknownClause, catalogue

    try:
        return tuple(clause.id for part in text.split(",") if part for clause in catalogue().matching(part))
    except UnknownClause as error:
        raise argparse.ArgumentTypeError(str(error)) from None
