"""Probes each open point of the specification once before the run, records it, and holds a declared choice to it."""

from collections.abc import Container, Mapping

from fencepost.adapters.contract import HarnessFault, Statement
from fencepost.adapters.contract.vocabulary import RESERVED_BLOCKS
from fencepost.conformance.capabilities import Capabilities
from fencepost.conformance.generate.callers import trusted_callers
from fencepost.conformance.judging.tally import Tally
from fencepost.conformance.lockstep.lockstep import Lockstep
from fencepost.conformance.lockstep.wire import wire_rules
from fencepost.conformance.open_points.prober import OUTSIDE, NotPut, Prober
from fencepost.conformance.open_points.probes import PROBES
from fencepost.reference import Profile, Request
from fencepost.reference.open_points import ANSWERS
from fencepost.reports.model import LedgerEntry

_FAULTS = 3


def settle_open_points(
    lockstep: Lockstep,
    statement: Statement,
    capabilities: Capabilities,
    tally: Tally,
    *,
    probed: Container[str] = ANSWERS,
) -> tuple[Profile, tuple[LedgerEntry, ...]]:
    """The profile with every open point answered that was declared or found, and the list of points for the report.

    A subject that validates nothing is sent nothing that looks for a refusal. `probed` limits which points are asked;
    all by default.
    """
    profile = lockstep.vault.profile
    prober = Prober(lockstep, profile, capabilities, statement.choices)
    entries, choices, faults = [], dict[str, object](), 0
    for key in ANSWERS:
        declared = statement.choices.get(key)
        found, detail = None, ""
        probe = PROBES.get(key)
        if probe is not None and key in probed and faults < _FAULTS:
            try:
                found = probe(prober)
                faults = 0
            except NotPut as reason:
                detail = f"a write or a request could not be put as asked: {reason}"
            except HarnessFault as fault:
                found, detail = "error", str(fault)
                faults += 1
                tally.faults += 1
        broken = _is_broken(key, declared, found)
        answer = _answer(key, declared, found, broken=broken)
        if answer is not None and key != "trusted-services":
            choices[key] = answer
            prober.profile = profile.with_choices(choices)
        entries.append(
            LedgerEntry(
                key=key,
                declared=_shown(declared),
                found=_shown(found),
                broken=broken,
                detail=detail,
            )
        )
    return _with_names_that_it_knows(prober, profile.with_choices(choices)), tuple(entries)


def undocumented(profile: Profile, capabilities: Capabilities) -> dict[str, str]:
    """The clauses that these choices make impossible to judge, with the reason: no document states the answer."""
    if not capabilities.services or capabilities.by_attribute or profile.trusted_scenarios != "open":
        return {}
    if profile.choice("trusted-scenarios") != "scenario":
        return {}
    text = "which operations each of today's trusted services may use is documented nowhere (trusted-scenarios)"
    return dict.fromkeys(("DEC-11", "CRED-3"), text)


def _shown(value: object) -> str | None:
    if isinstance(value, Mapping):
        return ", ".join(f"{block} {answer}" for block, answer in value.items())
    return value if isinstance(value, str) else None


def _answer(key: str, declared: object, found: object, *, broken: bool) -> object:
    """The answer that the run uses: the declared choice unless it is broken, else what a probe found, if valid.

    A probe asks about private and reserved callers by samples: where these break the choice, the others stay open.
    """
    if declared is not None and not broken:
        return declared
    if key == "superset-matches-private" and broken:
        return None
    if key == "duplicates" and found is not None and str(found).startswith("accepted"):
        return "keep"  # kept or collapsed, it cannot be seen: no outcome depends on it
    if key == "reserved-ranges" and isinstance(found, str) and " " in found:
        return dict(pair.split(" ") for pair in found.split(", "))
    return found if found in ANSWERS[key] else None


def _is_broken(key: str, declared: object, found: str | None) -> bool:
    """Whether a probe contradicts the declared choice. Choices that a probe cannot distinguish are no contradiction."""
    if declared is None or found is None or found.startswith(("error", "accepted")):
        return False
    if key in ("prefix-spelling", "surrounding-blanks") and found.startswith("mixed"):
        # Some of it is accepted, and no choice can declare which part; but what is accepted means what is declared.
        return declared == "reject" or "other: " in found
    if key == "reserved-ranges":
        return any(_declared_for(declared, block) not in (None, answer) for block, answer in _by_block(found))
    return found != declared


def _declared_for(declared: object, block: str) -> object:
    return declared.get(block) if isinstance(declared, Mapping) else declared


def _by_block(found: str) -> list[tuple[str, str]]:
    if " " not in found:
        return [(block, found) for block in RESERVED_BLOCKS]
    return [(pair.split(" ")[0], pair.split(" ")[1]) for pair in found.split(", ")]


def _with_names_that_it_knows(prober: Prober, profile: Profile) -> Profile:
    """The profile with the services that the subject knows: today's services are documented in short form only.

    If it knows none, all stay, and DEC-11 fails.
    """
    if prober.capabilities.by_attribute or profile.missing_endpoint == "open":
        return profile
    if profile.choice("trusted-scenarios") != "connection":
        return profile  # a name that is admitted for one operation only is neither known nor unknown
    callers = trusted_callers(profile, prober.capabilities)
    try:
        if not callers or not prober.put(wire_rules((), bypass="AzureServices")):
            return profile
        outcomes = prober.outcomes(*(Request(address=OUTSIDE, caller=caller) for caller in callers))
    except (HarnessFault, NotPut):
        return profile
    known = {str(caller.service) for caller, outcome in zip(callers, outcomes, strict=True) if outcome == "allow"}
    return profile.with_trusted_services(frozenset(known)) if known else profile
