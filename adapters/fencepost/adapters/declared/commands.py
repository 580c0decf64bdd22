"""A command that the file names: how it is written, how it is run, and how the way it ends is read."""

import contextlib
import os
import shlex
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from fencepost.adapters.contract.faults import Crashed, NotStarted, TimedOut, shorten
from fencepost.adapters.declared.json_path import NotThere, path_check, value_at
from fencepost.adapters.declared.mistakes import Mistake
from fencepost.adapters.declared.reading import Broken, Reading, compiled
from fencepost.adapters.declared.texts import Regex, RuleSetText
from msgspec import Meta, Struct

CRASHES: Mapping[int, str] = {
    1: "Python, Node, Ruby and Perl end with after an uncaught error",
    2: "Go ends with after a panic, and many tools after a wrong option",
    101: "Rust ends with after a panic",
    126: "a shell ends with where a program cannot be run",
    127: "a shell ends with where there is no such program",
    134: "a shell ends with after an abort",
    137: "a shell ends with after a kill",
    139: "a shell ends with after a segmentation fault",
    255: "Perl, PHP and ssh end with after an error",
}
"""Exit statuses that a crash has too, and whose."""

ExitStatus = Annotated[int, Meta(ge=0, le=255)]
JsonPath = Annotated[str, Meta(extra={"check": path_check})]


def _json_check(conditions: Mapping[str, object]) -> Iterator[str]:
    for path in conditions:
        for says in path_check(path):
            yield f"{path!r}: {says}"


JsonConditions = Annotated[dict[str, Any], Meta(extra={"check": _json_check})]


class EndsWith(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="kebab"):
    """How a process ends: every condition that is given must hold.

    `exit` is its status or a list of them, `stdout` and `stderr` are regular expressions found somewhere in the text
    (the empty one: nothing was written), `json` maps JSON paths in stdout to the values that stand there.
    """

    exit: ExitStatus | Annotated[list[ExitStatus], Meta(min_length=1)] | None = None
    stdout: Regex | None = None
    stderr: Regex | None = None
    json: JsonConditions | None = None

    @property
    def statuses(self) -> tuple[int, ...]:
        """The exit statuses; none where any will do."""
        return () if self.exit is None else (self.exit,) if isinstance(self.exit, int) else tuple(self.exit)

    @property
    def says_more(self) -> bool:
        """Whether the output counts too, so that a crash with the same status is told apart."""
        return self.stdout is not None or self.stderr is not None or self.json is not None

    def fits(self, output: "Output") -> bool:
        """Whether every condition holds."""
        return (
            (self.exit is None or output.status in self.statuses)
            and (self.stdout is None or _found(self.stdout, output.stdout))
            and (self.stderr is None or _found(self.stderr, output.stderr))
            and (self.json is None or holds(self.json, output.stdout))
        )


def holds(conditions: Mapping[str, object], document: bytes) -> bool:
    """Whether the JSON document has these values at these paths; 1 is not true."""
    try:
        return all(
            (found := value_at(document, path)) == wanted and isinstance(found, bool) is isinstance(wanted, bool)
            for path, wanted in conditions.items()
        )
    except NotThere:
        return False


def _found(pattern: str, text: bytes) -> bool:
    if not pattern:
        return not text.strip()
    return compiled(pattern).search(text.decode("utf-8", errors="backslashreplace")) is not None


Environment = dict[str, RuleSetText]
Arguments = Annotated[list[RuleSetText], Meta(min_length=1)]


class Command(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="kebab"):
    """A command that checks or applies a rule set, and how to read the way it ends."""

    run: Arguments
    accepted: EndsWith = EndsWith(exit=0)
    refused: EndsWith | None = None
    stdin: RuleSetText = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """How one process ended: its status (below 0: the signal that killed it) and what it wrote."""

    status: int
    stdout: bytes
    stderr: bytes

    def shown(self) -> str:
        """The same as text, for a fault or for the eye."""
        how = f"exit status {self.status}" if self.status >= 0 else f"killed by {_signal(-self.status)}"
        named = ((name, getattr(self, name).decode("utf-8", "backslashreplace")) for name in ("stdout", "stderr"))
        return "\n".join([how, *(f"{name}: {shorten(text.rstrip(), 1000)}" for name, text in named if text.strip())])


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One process that is to be run: what goes into it."""

    command: tuple[str, ...]
    environment: Mapping[str, str]
    folder: Path
    stdin: bytes = b""
    own: Mapping[str, str]

    def shown(self) -> str:
        """A line to paste into a shell."""
        named = "".join(f"{name}={shlex.quote(value)} " for name, value in self.own.items())
        line = f"{named}{shlex.join(self.command)}"
        if not self.stdin:
            return line
        text = self.stdin.decode("utf-8", "backslashreplace")
        return f"printf '%s' {shlex.quote(shorten(text, 400))} | {line}"

    def output(self, deadline: float) -> Output:
        """Run it to its end; `Broken` where it cannot be started or has not ended by the deadline."""
        process = start(self.command, self.environment, self.folder)
        try:
            stdout, stderr = process.communicate(self.stdin or None, timeout=max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            _kill(process)
            raise Broken(
                expected="the end of the command in time", came="nothing", offending=self.shown(), kind=TimedOut
            ) from None
        except BaseException:
            _kill(process)
            raise
        return Output(status=process.returncode, stdout=stdout, stderr=stderr)


def start(command: Sequence[str], environment: Mapping[str, str], folder: Path) -> "subprocess.Popen[bytes]":
    """A process in a group of its own, with three pipes; `Broken` where it cannot be started."""
    try:
        return subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment,
            cwd=folder,
            start_new_session=True,
        )
    except OSError as error:
        raise Broken(
            expected=f"to start {shlex.join(command)}", came=error.strerror or str(error), kind=NotStarted
        ) from None


def ended_by_signal(output: Output, run: Run) -> None:
    """`Broken` where a signal ended the process: no mapping may take that for an answer."""
    if output.status < 0:
        raise Broken(
            expected="an exit status",
            came=f"a process killed by {_signal(-output.status)}",
            offending=f"{run.shown()}\n{output.shown()}",
            kind=Crashed,
        )


def _kill(process: "subprocess.Popen[bytes]") -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.communicate()


def _signal(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def ambiguous(mappings: Mapping[str, EndsWith | None], where: str) -> Iterator[Mistake]:
    """What in these mappings does not tell an answer from a crash, or one answer from another."""
    given = {meaning: mapping for meaning, mapping in mappings.items() if mapping is not None}
    for meaning, mapping in given.items():
        path = f"{where}.{meaning}"
        if not mapping.statuses and not mapping.says_more:
            yield Mistake(path=path, says="it has no condition, so everything would fit it; name exit, stdout or json")
        for status in mapping.statuses:
            if status in CRASHES and not mapping.says_more:
                yield Mistake(
                    path=f"{path}.exit",
                    says=f"exit status {status} is also what {CRASHES[status]}; say what tells the two apart: "
                    "stderr = '' (nothing was written there), or stdout = a regular expression",
                )
    names = list(given)
    for place, one in enumerate(names):
        for other in names[place + 1 :]:
            shared = set(given[one].statuses) & set(given[other].statuses)
            if shared and not (given[one].says_more and given[other].says_more):
                told = ", ".join(map(str, sorted(shared)))
                yield Mistake(
                    path=f"{where}.{other}.exit",
                    says=f"exit status {told} means {one} too; both need a condition on the output that tells them apart",
                )


def reading_of(command: Command, where: str) -> Reading[Output]:
    """The mappings of a command."""
    mappings = {"accepted": command.accepted}
    return Reading(where=where, mappings=mappings | ({"refused": command.refused} if command.refused else {}))
