"""Makes, from a strength run, the curves by which a bounded run estimates its strength."""

from itertools import pairwise

from fencepost.conformance.bounded.assurance import Calibration, Calibrations, Curve
from fencepost.conformance.strength.model import Order, Strength
from fencepost.conformance.strength.study import GREEDY, WHOLE

_DIGITS = 4


def calibrated(strength: Strength, command: str) -> Calibrations:
    """The curves of a run with calibration; `command` is the command line of that run."""
    orders = {order.name: order for order in strength.orders}
    return Calibrations(
        made_by=command,
        seeds=strength.seeds,
        whole=_of(orders[WHOLE]),
        decisions_only=_of(orders[GREEDY]),
    )


def _of(order: Order) -> Calibration:
    return Calibration(
        mutants=order.mutants,
        configurations=_steps(order.by_configurations),
        decisions=_steps(order.by_decisions),
    )


def _steps(curve: Curve) -> Curve:
    """The points at which the curve rises."""
    rounded = [(spent, round(share, _DIGITS)) for spent, share in curve]
    return tuple(now for before, now in pairwise([(0, 0.0), *rounded]) if now[1] != before[1])
