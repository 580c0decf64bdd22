"""The type of options in seconds: a finite number."""

from math import isfinite

import click


class Seconds(click.FloatRange):
    """A finite number of seconds, `min` or more."""

    name = "seconds"

    def convert(self, value: float, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """The number of seconds; bad usage if the value is none."""
        seconds = float(super().convert(value, param, ctx))
        if not isfinite(seconds):
            self.fail(f"expected a finite number of seconds, got {value!r}", param, ctx)
        return seconds


WAITING = Seconds(min=0, min_open=True)
"""The type of a time limit."""

SETTLING = Seconds(min=0)
"""The type of a settle time."""
