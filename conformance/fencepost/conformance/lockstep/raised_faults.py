"""The exceptions that a harness raised: each kind once, with its call, message and traceback."""

import re

from fencepost.adapters.contract import JsonObject, RpcError
from fencepost.reports.visible import abridged, as_json

_MOST = 3
_FRAMES = 8
_FOLDERS = re.compile(
    r"""
    (?<=File\ ") [^"\n]* [/\\] (?=[^"/\\\n]+")  # Python
    | (?: file:/{2,3} | (?<![\w.:/\\]) (?:[A-Za-z]:)? [/\\] )  # other languages
      (?: [^\s"():/\\]+ [/\\] )+ (?=[^\s"():/\\]+ : (?:line\ )? \d)
    """,
    re.VERBOSE,
)
"""A file's folders in a traceback of any language, which do not matter to the fault and differ between machines."""


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
            call = call_in_words(fault.method, params)
            self._texts[kind] = f"the harness raised an exception at: {call}\n{shortened(fault.traceback)}"


def call_in_words(method: str, params: JsonObject) -> str:
    """A call as the faults show it: its method, and its parameters as JSON with long lists cut in the middle."""
    return f"{method} {as_json(abridged(params))}"


def without_folders(text: str) -> str:
    """The text, each file in a traceback in it by its name alone.

    >>> without_folders("at Object.putRules (file:///opt/vault/harness.mjs:42:11), in /src/app/Vault.cs:line 7")
    'at Object.putRules (harness.mjs:42:11), in Vault.cs:line 7'
    >>> without_folders("at node:internal/process/task_queues:95:5, asked http://127.0.0.1:80/a/b:1")
    'at node:internal/process/task_queues:95:5, asked http://127.0.0.1:80/a/b:1'
    """
    return _FOLDERS.sub("", text)


def shortened(traceback: str) -> str:
    r"""The traceback with its last frames only, and without folders.

    >>> print(shortened('Traceback (most recent call last):\n  File "src/vault.py", line 7, in decide\nKeyError: 1\n'))
    Traceback (most recent call last):
      File "vault.py", line 7, in decide
    KeyError: 1
    """
    short = without_folders(traceback.strip()).split("\n")
    left_out = len(short) - 2 * _FRAMES - 1
    return "\n".join(short if left_out <= 0 else [short[0], f"  … {left_out} lines …", *short[-2 * _FRAMES :]])
