"""The exceptions that a harness raised: each kind once, with its call, message and traceback."""

import re

from fencepost.adapters.contract import JsonObject, RpcError
from fencepost.reports.visible import abridged, as_json

_MOST = 3
_FRAMES = 8
_FOLDERS = re.compile(r'File "[^"]*[/\\\\]([^"/\\\\]+)"')
"""A file's folders in a traceback, which do not matter to the fault and differ between machines."""


class RaisedFaults:
    """The first few kinds of exceptions that a harness raised, as lines for its log."""

    def __init__(self) -> None:
        self._texts: dict[tuple[str, str], str] = {}

    @property
    def texts(self) -> tuple[str, ...]:
        """Each kind as a text of several lines."""
        return tuple(self._texts.values())

    def note(self, fault: RpcError, params: JsonObject) -> None:
        """Keep the fault if it has a traceback and is one of the first of its kind, by method and last line."""
        lines = fault.traceback.strip().split("\n")
        kind = fault.method, lines[-1]
        if fault.traceback.strip() and kind not in self._texts and len(self._texts) < _MOST:
            call = f"{fault.method} {as_json(abridged(params))}"
            self._texts[kind] = "\n".join([f"the harness raised an exception at: {call}", *_shortened(lines)])


def _shortened(lines: list[str]) -> list[str]:
    """The traceback with its last frames only, and without folders.

    >>> _shortened(["Traceback (most recent call last):", '  File "src/vault.py", line 7, in decide', "KeyError: 1"])
    ['Traceback (most recent call last):', '  File "vault.py", line 7, in decide', 'KeyError: 1']
    """
    short = [_FOLDERS.sub(r'File "\1"', line) for line in lines]
    left_out = len(short) - 2 * _FRAMES - 1
    return short if left_out <= 0 else [short[0], f"  … {left_out} lines …", *short[-2 * _FRAMES :]]
