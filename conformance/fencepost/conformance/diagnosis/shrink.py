"""From a case that shows a mismatch to the smallest that still does, by passes that know what a rule set is.

Hypothesis shrinks what it generated itself. The calls here come from a plain seeded generator, and every trial costs
calls to a subject that may be slow. These passes reach one or two rules in a few dozen calls, and never spend more than
the ration.
"""

from collections.abc import Callable

from fencepost.conformance.diagnosis.call_passes import (
    fewer_calls,
    fewer_requests,
    fewer_subnets,
    fewest_calls,
    one_earlier_call,
)
from fencepost.conformance.diagnosis.history_passes import no_refused_writes, plain_history, recent_history
from fencepost.conformance.diagnosis.request_passes import (
    default_members_left_out,
    no_subnet,
    no_subnets_in_company,
    plain_address,
    plain_caller,
    plain_company,
    plain_letters,
    plain_operation,
    plain_place_of_several,
    requesting,
)
from fencepost.conformance.diagnosis.rule_passes import (
    named_rules,
    one_kind_of_rules,
    plain_range,
    rules_of_several_sets,
    simpler_rules,
)
from fencepost.conformance.diagnosis.subnet_passes import nearer_subnets, one_switch, plain_endpoints, unmarked_rules
from fencepost.conformance.diagnosis.trials import RationSpentError, Replay, Reproduction, Trials
from fencepost.conformance.lockstep.deadline import OutOfTime
from fencepost.conformance.lockstep.mismatch import Mismatch

RATION = 300
"""Contract calls that one counterexample may cost."""

RATION_A_CALL = 12
"""A case of more than 25 calls may cost so many times its own: each attempt costs nearly all of them."""

RESERVE = 10
"""One call in so many is left for the end, to take away the subnets that no call names any more."""

SHRINK_PASSES: tuple[tuple[str, Callable[[Trials], None]], ...] = (
    ("one earlier call", one_earlier_call),
    ("recent history", recent_history),
    ("plain history", plain_history),
    ("named rules", named_rules),
    ("one kind of rules", one_kind_of_rules),
    ("fewer subnets", fewer_subnets),
    ("no refused writes", no_refused_writes),
    ("fewer calls", fewer_calls),
    ("fewest calls", fewest_calls),
    ("fewer requests", fewer_requests),
    ("default members left out", default_members_left_out),
    ("plain operation", requesting(plain_operation)),
    ("plain caller", requesting(plain_caller)),
    ("plain company", plain_company),
    ("no subnets in company", no_subnets_in_company),
    ("no subnet", requesting(no_subnet)),
    ("plain letters", requesting(plain_letters)),
    ("plain address", requesting(plain_address)),
    ("plain place of several requests", plain_place_of_several),
    ("simpler rules", simpler_rules),
    ("rules of several sets", rules_of_several_sets),
    ("plain range", plain_range),
    ("nearer subnets", nearer_subnets),
    ("plain endpoints", plain_endpoints),
    ("unmarked rules", unmarked_rules),
    ("one switch", one_switch),
)
"""Every pass with its name, in their order: those that take most away come first."""


def shrink(
    reproduction: Reproduction,
    replay: Replay,
    *,
    ration: int | None = None,
    keeps: Callable[[Mismatch], bool] = lambda _: True,
    beside: int = 0,
) -> Reproduction:
    """The smallest case that still shows the mismatch: the passes in turn, until none helps or the ration is spent.

    Without a ration the case's own length gives it. See `Trials` for `keeps` and `beside`.
    """
    given = max(RATION, RATION_A_CALL * len(reproduction.case.steps)) if ration is None else ration
    trials = Trials(reproduction, replay, ration=given - given // RESERVE, keeps=keeps, beside=beside)
    is_cut_short = False
    try:
        _until_none_helps(trials)
        trials.ration = given
        fewer_subnets(trials)
    except RationSpentError:
        pass
    except OutOfTime:
        is_cut_short = True
    return Reproduction(case=trials.case, mismatch=trials.mismatch, calls=trials.calls, is_cut_short=is_cut_short)


def _until_none_helps(trials: Trials) -> None:
    before = None
    try:
        while trials.case != before:
            before = trials.case
            for _, apply in SHRINK_PASSES:
                apply(trials)
    except RationSpentError:
        pass
