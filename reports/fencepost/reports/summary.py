"""The run in one sentence."""

import re
import shlex
from collections import Counter
from collections.abc import Sequence

from fencepost.reports.causes import Cause
from fencepost.reports.model import Report

_UNJUDGED = ("error", "inconclusive", "vacuous")


def named(report: Report) -> str:
    """The subject's own name and version, or the subject string if it has none."""
    return f"{report.subject.name} {report.subject.version}".strip() or report.subject.subject


def sentence(report: Report) -> str:
    """The number of clauses, and the number of each verdict."""
    counts = Counter[str](clause.verdict for clause in report.clauses)
    total = sum(counts.values())
    if not total:
        return "No clause was asked."
    judged = counts["pass"] + counts["fail"]
    parts = [f"{counts['pass']} of {_clauses(judged)} that could be judged {'holds' if judged == 1 else 'hold'}"]
    if counts["fail"]:
        excused = sum(clause.known for clause in report.clauses)
        told = f" ({excused} in {'a known way' if excused == 1 else 'known ways'})" if excused else ""
        parts.append(f"{counts['fail']} {_is(counts['fail'])} broken{told}")
    unjudged = sum(counts[verdict] for verdict in _UNJUDGED)
    if unjudged:
        parts.append(f"{unjudged} could not be judged")
    if counts["not applicable"]:
        parts.append(f"{counts['not applicable']} {'does' if counts['not applicable'] == 1 else 'do'} not apply")
    broken = sum(entry.broken for entry in report.ledger)
    if broken:
        parts.append(f"{broken} declared {'choice' if broken == 1 else 'choices'} {_is(broken)} not kept")
    stale = sum(entry.standing != "known" for entry in report.known_failures)
    if stale:
        parts.append(f"{stale} known {'failure' if stale == 1 else 'failures'} {_is(stale)} not as listed")
    return "; ".join(parts) + "."


def in_words(causes: Sequence[Cause]) -> str:
    """What the implementation does wrong, most frequent first; empty if nothing is wrong."""
    counts = Counter[str](cause.mistake or "answers otherwise than it must" for cause in causes)
    told = [f"{mistake} ({number})" for mistake, number in counts.most_common()]
    return f"It {', '.join(told)}." if told else ""


def known(report: Report) -> list[tuple[str, str, str]]:
    """The list of known failures: for each entry its description, its standing, and the explanation."""
    return [
        (
            f"{one.clause}, {one.id}",
            one.standing,
            f"{one.reason} ({one.issue}), until {one.expires}" if one.standing == "known" else one.told,
        )
        for one in report.known_failures
    ]


def _clauses(number: int) -> str:
    return f"{number} clause{'' if number == 1 else 's'}"


def _is(number: int) -> str:
    return "is" if number == 1 else "are"


def controlled(report: Report) -> str:
    """The result of the sensitivity control; empty if there was none."""
    decoys = report.sensitivity
    if not decoys:
        return ""
    missed = [f"{one.id} ({one.clause})" for one in decoys if not one.caught]
    told = f"{len(decoys) - len(missed)} of {len(decoys)} faults laid over the subject's answers noticed"
    return f"{told}; missed: {', '.join(missed)}" if missed else told


def quoted(subject: str) -> str:
    r"""The subject string as one word of a command line.

    >>> quoted("stdio:python3 vault.py"), quoted("cedar"), quoted('stdio:vault --name "a b"')
    ('"stdio:python3 vault.py"', 'cedar', '\'stdio:vault --name "a b"\'')
    """
    if re.fullmatch(r"[\w@%+=:,./-]+", subject):
        return subject
    return f'"{subject}"' if re.fullmatch(r"[\w@%+=:,./\-&;*?()<>|# ]+", subject) else shlex.quote(subject)


def reproduce(report: Report) -> str:
    """The command that repeats this run."""
    subject = report.subject.subject
    words = ["fencepost check", quoted(subject)]
    if report.profile_is_override:
        words.append(f"--profile {report.profile}")
    words.append(f"--effort {report.effort} --seed {report.seed}")
    words += [f"--clause {one}" for one in report.selected]
    return " ".join(words)
