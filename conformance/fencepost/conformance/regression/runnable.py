"""A failure as files that a person runs: a pytest test for any subject, a script with curl or a pipe where that fits.

No text of a subject is written into a test or a script: it stays in the JSON files beside them.
"""

import json
import keyword
import re
import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType

from fencepost.adapters.contract.vocabulary import PROTOCOL
from fencepost.conformance.regression.known import answer_of
from fencepost.conformance.regression.replay import OVERLAPPING
from fencepost.conformance.regression.stored_case import StoredCase, json_text, stored_from
from fencepost.reports.model import Counterexample, Report, Subject
from fencepost.reports.secrets import without_secrets

CASES = "failures"
"""The folder of these files, below that of the report."""

_ID = re.compile(r"[A-Z]+-[0-9]+-[0-9a-f]{12}")

_SUFFIXES = (".json", ".ndjson", ".py", ".sh")

_TEST = '''\
"""{id}: expected {expected}, got {got}. To run it, from where the subject is found: pytest PATH_OF_THIS_FILE."""

from pathlib import Path

from fencepost.conformance import stored_case_must_pass


def test_{name}({fixture}) -> None:
    stored_case_must_pass(Path(__file__).with_suffix(".json"), {subject})
'''

_SCRIPT = """\
#!/bin/sh
# {id}: expected {expected}, got {got}. Run it from where the subject is found. It ends with 0 where the last answer is
# right, with 1 where it is wrong, with 2 where there is none.
calls=$(dirname "$0")/{id}.ndjson
{ask}
printf '%s\\n' "$answer"
case $(printf '%s' "$answer" | sed {last}) in
{right}*) exit 0 ;;
{wrong}*) exit 1 ;;
*) exit 2 ;;
esac
"""

_PIPE = 'answer=$({command} <"$calls" | tail -n 1)'
_CURL = """\
while IFS= read -r call; do
    answer=$(printf '%s' "$call" | curl --silent --show-error --header 'Content-Type: application/json' \\
        --data-binary @- {url}) || exit 2
done <"$calls\""""

_LAST_OUTCOME = r"""-e 's/.*"outcome" *: *//' -e t -e 's/.*"decisions" *: *\[//' -e 's/.*, *//'"""
_ACCEPTED = """'s/.*"accepted" *: *//'"""
_WORDS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "allow": (_LAST_OUTCOME, """'"allow"'"""),
        "deny": (_LAST_OUTCOME, """'"deny"'"""),
        "codes": (_LAST_OUTCOME, """'"deny"'"""),
        "accepted": (_ACCEPTED, "true"),
        "refused": (_ACCEPTED, "false"),
    }
)
"""For each kind of answer, how a script finds it in the line, and how it is written there."""


def write_runnable(report: Report, folder: Path) -> tuple[Path, ...]:
    """Write the smallest case of each failed clause, secrets masked, below the folder; those of an earlier run go.

    Known failures are left out. `OSError` where a file cannot be written.
    """
    report = without_secrets(report)
    failed = [row.counterexamples[0] for row in report.clauses if row.counterexamples and not row.known]
    files = [pair for found in failed for pair in _files(found, report.profile, report.subject)]
    place = folder / CASES
    if place.is_symlink():
        place.unlink()
    for test in place.glob("*.py"):
        if _ID.fullmatch(test.stem):
            for suffix in _SUFFIXES:
                test.with_suffix(suffix).unlink(missing_ok=True)
    if files:
        place.mkdir(exist_ok=True)
    return tuple(_written(place / name, text) for name, text in files)


def _written(path: Path, text: str) -> Path:
    with path.open("x", encoding="utf-8", newline="\n") as file:  # a link is not followed
        file.write(text)
    if path.suffix == ".sh":
        path.chmod(0o755)
    return path


def _files(found: Counterexample, profile: str, subject: Subject) -> Iterator[tuple[str, str]]:
    case = stored_from(found, profile)
    yield f"{case.id}.json", json_text(case.to_json())
    if case.clause == OVERLAPPING or "<" in subject.subject:
        return
    expected, got = answer_of(found.expected), answer_of(found.got)
    fields = {"id": case.id, "expected": expected, "got": got}
    name = re.sub(r"\W", "_", case.id.lower())
    fixture = subject.subject.removeprefix("fixture:") if subject.subject.startswith("fixture:") else ""
    if not fixture or (fixture.isidentifier() and not keyword.iskeyword(fixture)):
        text = _TEST.format(**fields, name=name, fixture=fixture, subject=fixture or repr(subject.subject))
        yield f"{case.id}.py", text
    asked = _asking(subject.subject) if _is_last(found) else ""
    if asked and not subject.settle_seconds and _WORDS.keys() >= {expected, got} and _WORDS[expected] != _WORDS[got]:
        (last, right), (_, wrong) = _WORDS[expected], _WORDS[got]
        yield f"{case.id}.ndjson", "".join(f"{line}\n" for line in _lines(case))
        yield f"{case.id}.sh", _SCRIPT.format(**fields, ask=asked, last=last, right=right, wrong=wrong)


def _is_last(found: Counterexample) -> bool:
    """Whether the wrong answer is the last answer: a script reads no other."""
    requests = found.calls[-1].params.get("requests")
    return not isinstance(requests, list) or requests[-1] == found.request


def _asking(subject: str) -> str:
    """The shell's commands that put each line to the subject and keep the last answer; empty where none can."""
    carrier, _, address = subject.partition(":")
    if carrier in ("http", "https"):
        return _CURL.format(url=shlex.quote(subject))
    return _PIPE.format(command=shlex.join(shlex.split(address))) if carrier == "stdio" else ""


def _lines(case: StoredCase) -> Iterator[str]:
    """The messages of the contract that put the case, `describe` first."""
    calls = [("describe", {"protocol": PROTOCOL}), *((call.method, dict(call.params)) for call in case.calls)]
    for number, (method, params) in enumerate(calls, start=1):
        yield json.dumps({"jsonrpc": "2.0", "id": number, "method": method, "params": params})
