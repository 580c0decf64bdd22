"""Checks of a conformance statement beyond its shape: protocol, features and choices."""

import difflib
from collections.abc import Iterable

from fencepost.adapters.contract.faults import StatementError
from fencepost.adapters.contract.messages import Statement
from fencepost.adapters.contract.vocabulary import CHOICES, CONTRADICTIONS, PROTOCOL, RESERVED_BLOCKS

LONGEST_SETTLE_SECONDS = 900
"""The longest settle time that a statement may declare: the fifteen minutes that the announcement gives an endpoint."""


def check_statement(statement: Statement, *, has_own_settle: bool = False) -> Statement:
    """The statement itself, if it can be used; `StatementError` naming every mistake otherwise.

    Unknown features are no mistake: they are shown and ignored. An unknown profile is the caller's to judge. With
    `has_own_settle` the run has a settle time of its own, and the declared one may be longer than the bound.
    """
    mistakes = [*_protocol(statement), *_features(statement), *_choices(statement)]
    mistakes += _settle(statement, has_own_settle=has_own_settle)
    if mistakes:
        raise StatementError(mistakes=tuple(mistakes))
    return statement


def _protocol(statement: Statement) -> Iterable[str]:
    if statement.protocol != PROTOCOL:
        yield f"$.protocol: this kit speaks protocol {PROTOCOL}, the implementation {statement.protocol!r}"


def _features(statement: Statement) -> Iterable[str]:
    for one, other, why in CONTRADICTIONS:
        if one in statement.features and other in statement.features:
            yield f"$.features: {one!r} and {other!r} contradict each other: {why}"


def _settle(statement: Statement, *, has_own_settle: bool) -> Iterable[str]:
    seconds = statement.settle_seconds
    if not 0 <= seconds < float("inf"):
        yield f"$.settleSeconds: expected a number of seconds, 0 or more, got {seconds!r}"
    elif seconds > LONGEST_SETTLE_SECONDS and not has_own_settle:
        yield (
            f"$.settleSeconds: expected at most {LONGEST_SETTLE_SECONDS} seconds (the announcement's fifteen minutes), "
            f"got {seconds:g}; --settle SECONDS overrides it"
        )


def _choices(statement: Statement) -> Iterable[str]:
    for key, value in statement.choices.items():
        known = CHOICES.get(key)
        if known is None:
            near = difflib.get_close_matches(key, CHOICES, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else f"; known are {', '.join(CHOICES)}"
            yield f"$.choices[{key!r}]: no such choice{hint}"
        elif key == "reserved-ranges" and isinstance(value, dict):
            for block, answer in value.items():
                if block not in RESERVED_BLOCKS:
                    yield f"$.choices[{key!r}][{block!r}]: no such block; known are {', '.join(RESERVED_BLOCKS)}"
                if answer not in known:
                    yield f"$.choices[{key!r}][{block!r}]: expected one of {', '.join(known)}, got {answer!r}"
        elif value not in known:
            yield f"$.choices[{key!r}]: expected one of {', '.join(known)}, got {value!r}"
