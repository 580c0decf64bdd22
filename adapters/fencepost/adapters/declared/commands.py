"""A command that the file names, and how the way it ends is read: what a crash may look like is no answer."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

from fencepost.adapters.declared.json_path import NotThere, path_check, value_at
from fencepost.adapters.declared.reading import Reading, compiled
from fencepost.adapters.declared.run import Output
from fencepost.adapters.declared.texts import Regex, RuleSetText
from fencepost.adapters.mistakes import Mistake
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


JsonConditions = Annotated[dict[str, Any], Meta(extra={"check": _json_check}, examples=[{"$.decision": "allow"}])]


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
        """Whether the output counts too, so that a crash with the same status is something else."""
        return self.stdout is not None or self.stderr is not None or self.json is not None

    def fits(self, output: Output) -> bool:
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


def ambiguous(mappings: Mapping[str, EndsWith | None], where: str) -> Iterator[Mistake]:
    """The mappings that do not tell an answer from a crash, or two answers from each other."""
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
                statuses = ", ".join(map(str, sorted(shared)))
                yield Mistake(
                    path=f"{where}.{other}.exit",
                    says=f"exit status {statuses} means {one} too; both need a condition on the output",
                )


def reading_of(command: Command, where: str) -> Reading[Output]:
    """The mappings of a command."""
    mappings = {"accepted": command.accepted}
    return Reading(where=where, mappings=mappings | ({"refused": command.refused} if command.refused else {}))
