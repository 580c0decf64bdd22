"""The effect of a spoofed list of addresses on a service that reads a header: asked once, and reported as found."""

from collections.abc import Iterator, Mapping, Sequence

from fencepost.adapters.declared.adapter import DeclaredAdapter
from fencepost.adapters.declared.reading import Broken
from fencepost.adapters.rest.engine import RestEngine

STRANGER, LISTED = "9.9.9.9", "20.1.2.3"
"""Two callers that a list may name, one of whom is let in."""


def observations(header: str, adapter: DeclaredAdapter, engine: RestEngine, deadline: float) -> Mapping[str, str]:
    """For each form of the header, which of its addresses the service went by. Whatever rules there are, are replaced.

    The forms are both orders of the two addresses, in one header and in two.
    """
    found: dict[str, list[str]] = {form: [] for form, _ in _forms(header)}
    for number, allowed in enumerate((STRANGER, LISTED)):
        put = adapter.put_rules({"bypass": "None", "defaultAction": "Deny", "ipRules": [{"value": allowed}]}, deadline)
        for form, headers in _forms(header):
            seen = "not asked" if put.get("accepted") is not True else _outcome(engine, headers, adapter, deadline)
            found[form].append(seen)
            assert len(found[form]) == number + 1
    return {form: _in_words(form, outcomes) for form, outcomes in found.items()}


def _forms(header: str) -> Iterator[tuple[str, Sequence[tuple[str, str]]]]:
    for one, other in ((STRANGER, LISTED), (LISTED, STRANGER)):
        yield f"{header}: {one}, {other}", [(header, f"{one}, {other}")]
    for one, other in ((STRANGER, LISTED), (LISTED, STRANGER)):
        yield f"{header} twice: {one}, {other}", [(header, one), (header, other)]


def _outcome(engine: RestEngine, headers: Sequence[tuple[str, str]], adapter: DeclaredAdapter, deadline: float) -> str:
    try:
        outcome, _ = engine.outcome_of(headers, adapter.values, deadline)
    except Broken as broken:
        return f"error ({broken.came})"
    return outcome


def _in_words(form: str, outcomes: Sequence[str]) -> str:
    """Which address decided, from the outcomes while the stranger and while the listed caller alone was let in."""
    first, last = (STRANGER, LISTED) if form.index(STRANGER) < form.index(LISTED) else (LISTED, STRANGER)
    let_in = [address for address, outcome in zip((STRANGER, LISTED), outcomes, strict=True) if outcome == "allow"]
    if set(outcomes) <= {"allow", "deny"}:
        if let_in == [first]:
            return f"goes by the first address, {first}"
        if let_in == [last]:
            return f"goes by the last address, {last}"
        return "any of the two lets in" if let_in else "neither of the two lets in"
    return ", ".join(
        f"{address} listed: {outcome}" for address, outcome in zip((STRANGER, LISTED), outcomes, strict=True)
    )
