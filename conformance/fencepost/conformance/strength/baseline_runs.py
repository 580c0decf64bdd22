"""Runs a baseline suite against the mutants: expected answers are worked out once, all mutants get equal calls."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from fencepost.adapters.contract import JsonObject
from fencepost.conformance.lockstep.case import (
    AskStep,
    Case,
    EndpointsStep,
    ReadStep,
    ResetStep,
    WriteStep,
    apply_write,
    may_be_asked,
)
from fencepost.conformance.lockstep.wire import wire_network
from fencepost.conformance.mutants import compose
from fencepost.conformance.mutants.direct import snake_case
from fencepost.conformance.strength.arms import ARMS
from fencepost.reference import Outcome, Profile, Vault, Verdict, load_profile

Asked = tuple[str, dict[str, object], tuple[object, ...] | None]
"""A method of the object, its keyword arguments, and the expected answers; None is an answer that is not judged."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BaselineRun:
    """One baseline suite, profile, seed and number of decisions, and the mutants to run it against."""

    arm: str
    profile: str
    seed: int
    decisions: int
    mutants: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcomes:
    """The result of a baseline suite: for each mutant the decisions up to its first wrong answer, or None."""

    run: BaselineRun
    asked: int
    killed_at: Mapping[str, int | None]


def outcomes_of(run: BaselineRun) -> Outcomes:
    """Run the suite's cases against each mutant until its first wrong answer."""
    arm, scripts = ARMS[run.arm], dict[str, tuple[Asked, ...]]()
    plain = load_profile(run.profile)
    cases = list(arm.cases(plain, run.seed, run.decisions))
    killed: dict[str, int | None] = {}
    for name in run.mutants:
        statement = compose(name, profile=run.profile).describe(protocol=1)
        choices = statement["choices"]
        assert isinstance(choices, dict)
        key = json.dumps(choices, sort_keys=True)
        if key not in scripts:
            scripts[key] = tuple(script(cases, plain.with_choices(choices)))
        killed[name] = first_wrong(scripts[key], compose(name, profile=run.profile))
    asked = sum(len(step.requests) for case in cases for step in case.steps if isinstance(step, AskStep))
    return Outcomes(run=run, asked=asked, killed_at=killed)


def script(cases: Iterable[Case], profile: Profile) -> Iterable[Asked]:
    """The calls of the cases with the answers that the reference expects in this profile.

    An open answer ends its case.
    """
    for case in cases:
        vault = Vault(profile=profile).reset(case.network)
        yield "reset", {"subnets": wire_network(case.network)}, None
        for step in case.steps:
            match step:
                case WriteStep():
                    write = apply_write(vault, step)
                    arguments = {snake_case(name): value for name, value in step.params.items()}
                    yield snake_case(step.method), arguments, (_wanted(write.verdict),)
                    if write.verdict is Verdict.OPEN:
                        break
                    vault = write.accepted if write.verdict is Verdict.ACCEPTED and write.accepted else vault
                case EndpointsStep(subnet=subnet, service_endpoints=endpoints):
                    vault = vault.set_service_endpoints(subnet, endpoints)
                    yield "set_service_endpoints", {"subnet": subnet, "service_endpoints": list(endpoints)}, None
                case AskStep():
                    assert all(may_be_asked(vault, request) for request in step.requests)
                    outcomes = (vault.decide(request).outcome for request in step.requests)
                    wanted = tuple(None if one is Outcome.OPEN else one.value for one in outcomes)
                    yield "decide", {"requests": step.wire()}, wanted
                case ResetStep(network=network):
                    vault = vault.reset(network)
                    yield "reset", {"subnets": wire_network(network)}, None
                case ReadStep():
                    raise ValueError("an arm reads no rules back")


def _wanted(verdict: Verdict) -> bool | None:
    return None if verdict is Verdict.OPEN else verdict is Verdict.ACCEPTED


def first_wrong(script: Sequence[Asked], subject: object) -> int | None:
    """The number of decisions up to the first wrong answer. A crash ends the suite without a finding."""
    asked = 0
    for name, arguments, wanted in script:
        method: Callable[..., JsonObject] = getattr(subject, name)
        try:
            answer = method(**arguments)
        except Exception:  # The mutant crashed: that is a harness fault, so it is not judged.
            return None
        if wanted is None:
            continue
        if name != "decide":
            if wanted[0] is not None and answer["accepted"] is not wanted[0]:
                return asked
            continue
        decisions = answer["decisions"]
        assert isinstance(decisions, list)
        for place, (expected, decision) in enumerate(zip(wanted, decisions, strict=True), 1):
            outcome = decision["outcome"] if isinstance(decision, dict) else decision
            if expected is not None and outcome != expected:
                return asked + place
        asked += len(decisions)
    return None
