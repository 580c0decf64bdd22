"""What a run may cost, and its notation: `12` configurations, `60s`, `5m`, `1h`."""

import re
from dataclasses import dataclass

_UNITS = {"s": 1, "m": 60, "h": 3600}
_LONGEST = 1e6
_FORM = re.compile(r"(\d+(?:\.\d+)?)(s|m|h)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """At most so many configurations, and at most so many seconds; None means no bound.

    A configuration is an accepted write that changes the rules in force. Shrinking a failure takes further
    configurations, at most 300 calls for each (for a long case twelve times its own calls), but no further time.
    """

    configurations: int | None = None
    seconds: float | None = None

    @property
    def label(self) -> str:
        """The bounds as the options that set them."""
        configurations = f"--max-configurations {self.configurations}" if self.configurations is not None else ""
        seconds = f"--budget {self.seconds:g}s" if self.seconds is not None else ""
        return " ".join(part for part in (configurations, seconds) if part)


def seconds_from(text: str) -> float:
    """The seconds of a budget; `ValueError` if the text is no budget.

    >>> seconds_from("5m")
    300.0
    """
    found = _FORM.fullmatch(text.strip())
    if found is None or not 0 < float(found[1]) < _LONGEST:
        raise ValueError(f"{text!r} is no time: write 60s, 5m or 1h")
    return float(found[1]) * _UNITS[found[2]]
