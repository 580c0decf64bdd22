"""Seconds as an option has them: a finite number."""

from math import isfinite

import click


class Seconds(click.FloatRange):
    """A number of seconds, `min` or more; neither what is no number nor what never ends."""

    name = "seconds"

    def convert(self, value: float, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """The seconds; bad usage where they are none."""
        seconds = float(super().convert(value, param, ctx))
        if not isfinite(seconds):
            self.fail(f"expected a finite number of seconds, got {value!r}", param, ctx)
        return seconds


WAITING = Seconds(min=0, min_open=True)
"""How long something is waited for."""

SETTLING = Seconds(min=0)
"""How long a change may take to show."""
