"""Checks of a conformance statement beyond its shape: protocol, features and choices."""

import difflib
from collections.abc import Iterable

from fencepost.adapters.contract.faults import StatementError
from fencepost.adapters.contract.messages import Statement
from fencepost.adapters.contract.vocabulary import (
    CHOICES,
    CONTRADICTED_CHOICES,
    CONTRADICTIONS,
    CONTROL_OPERATIONS,
    DATA_OPERATIONS,
    MAX_SETTLE_SECONDS,
    PROTOCOL,
    RESERVED_BLOCKS,
)


def check_statement(statement: Statement, *, has_own_settle: bool = False) -> Statement:
    """The statement itself, if it can be used; `StatementError` naming every mistake otherwise.

    Unknown features are no mistake: they are shown and ignored. An unknown profile is the caller's to judge. With
    `has_own_settle` the run has a settle time of its own, and the declared one may be longer than the bound.
    """
    mistakes = [
        *_protocol(statement),
        *_features(statement),
        *_choices(statement),
        *_settle(statement, is_overridden=has_own_settle),
        *_operations(statement),
    ]
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
    for feature, key, answer, why in CONTRADICTED_CHOICES:
        if feature in statement.features and statement.choices.get(key) == answer:
            yield f"$.choices[{key!r:.80}]: {answer!r} and the feature {feature!r} contradict each other: {why}"


def _settle(statement: Statement, *, is_overridden: bool) -> Iterable[str]:
    seconds = statement.settle_seconds
    if not 0 <= seconds < float("inf"):
        yield f"$.settleSeconds: expected a number of seconds, 0 or more, got {seconds!r}"
    elif seconds > MAX_SETTLE_SECONDS and not is_overridden:
        yield (
            f"$.settleSeconds: expected at most {MAX_SETTLE_SECONDS} seconds, got {seconds:g}; "
            "--settle gives a run a settle time of its own"
        )


def _operations(statement: Statement) -> Iterable[str]:
    known = (*CONTROL_OPERATIONS, *DATA_OPERATIONS)
    for index, name in enumerate(statement.operations or ()):
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            yield f"$.operations[{index}]: no such operation as {name!r:.80}{hint}"


def _choices(statement: Statement) -> Iterable[str]:
    for key, value in statement.choices.items():
        known = CHOICES.get(key)
        if known is None:
            near = difflib.get_close_matches(key, CHOICES, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else f"; known are {', '.join(CHOICES)}"
            yield f"$.choices[{key!r:.80}]: no such choice{hint}"
        elif key == "reserved-ranges" and isinstance(value, dict):
            for block, answer in value.items():
                if block not in RESERVED_BLOCKS:
                    yield f"$.choices[{key!r}][{block!r:.80}]: no such block; known are {', '.join(RESERVED_BLOCKS)}"
                if answer not in known:
                    yield f"$.choices[{key!r}][{block!r:.80}]: expected one of {', '.join(known)}, got {answer!r:.80}"
        elif value not in known:
            yield f"$.choices[{key!r:.80}]: expected one of {', '.join(known)}, got {value!r:.80}"
