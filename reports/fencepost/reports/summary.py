"""The run in one sentence."""

import re
import shlex
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

from fencepost.reports.causes import Cause
from fencepost.reports.counted import counted
from fencepost.reports.headline import counts, headline, standing
from fencepost.reports.model import CAMPAIGN, Clause, Report
from fencepost.reports.visible import visible_lines

_LOCAL = re.compile(r"^(library:[\w.]+:).*<(?:lambda|locals)>.*$")
_SHORT = 60
"""A finding of at most this many characters is repeated, not referred to."""
_UNJUDGED = ("error", "inconclusive", "vacuous")
_ENDINGS: Mapping[str, str] = MappingProxyType(
    {"harness faults": "harness faults ended the run", "interruption": "the run was interrupted"}
)


def named(report: Report) -> str:
    """The subject's own name and version, or the subject string if it has none."""
    return f"{report.subject.name} {report.subject.version}".strip() or report.subject.subject


def sentence(report: Report) -> str:
    """The number of clauses, and the number of each standing."""
    found = Counter[str](map(standing, report.clauses))
    by_standing = dict(counts(report.clauses))
    if not found:
        return "No clause was asked."
    judged = sum(found[one] for one in ("pass", "fail", "known failure", "shown under another"))
    parts = [
        f"{found['pass']} of {counted(judged, 'clause')} that could be judged {'holds' if judged == 1 else 'hold'}"
    ]
    if failed := [by_standing[one] for one in ("fail", "known failure", "shown under another") if one in by_standing]:
        parts.append(", ".join(failed))
    if unjudged := sum(found[one] for one in _UNJUDGED):
        parts.append(f"{unjudged} could not be judged")
    parts += [by_standing[one] for one in ("not asked", "not applicable") if one in by_standing]
    return "; ".join([*parts, *beside_the_clauses(report)]) + "."


def beside_the_clauses(report: Report) -> list[str]:
    """What the exit status depends on and no clause shows, in words: failures, choices, the end of the run."""
    parts = [*report.further_failures]
    if broken := sum(entry.broken for entry in report.ledger):
        parts.append(f"{counted(broken, 'declared choice')} {_is(broken)} not kept")
    if stale := sum(entry.standing != "known" for entry in report.known_failures):
        parts.append(f"{counted(stale, 'known failure')} {_is(stale)} not as listed")
    if report.ended in _ENDINGS:
        parts.append(_ENDINGS[report.ended])
    return parts


def cause_in_words(report: Report) -> str:
    """Why the run ended with its exit status: the headline, and the notes, which name what no clause shows."""
    return f"{headline(report)}, exit status {report.exit_status}: {'; '.join(report.notes) or sentence(report)}"


def findings(clauses: Iterable[Clause]) -> dict[str, str]:
    """The finding of each clause, by its id; a long finding of an earlier clause is referred to, not repeated.

    A clause that was not asked has no finding of its own: the run's notes say why it was not.
    """
    found: dict[str, str] = {}
    first: dict[str, str] = {}
    for one in clauses:
        detail = "" if one.not_asked else one.detail
        if len(detail) > _SHORT and detail in first:
            detail = f"as {first[detail]}"
        first.setdefault(detail, one.id)
        limit = f"limit found: {one.limit_found}" if one.limit_found is not None else ""
        found[one.id] = "; ".join(filter(None, (limit, detail)))
    return found


def own_log(report: Report, most: int) -> list[str]:
    """The last lines of the subject's own log; none where no clause is in error, or where errors show every line."""
    errors = [clause.detail for clause in report.clauses if clause.verdict == "error"]
    if not errors or stands_in(report.log, errors):
        return []
    return visible_lines(report.log.rstrip("\n"))[-most:]


def stands_in(log: str, texts: Iterable[str]) -> bool:
    r"""Whether every line of a log stands in one of the texts.

    >>> stands_in("starting\nno such table\n", ["the end of its output: starting\nno such table"])
    True
    """
    shown = "\n".join(texts)
    return all(line in shown for line in log.splitlines())


def in_words(causes: Sequence[Cause]) -> str:
    """What the implementation does wrong, most frequent first; empty if nothing is wrong."""
    found = Counter[str](cause.mistake or "answers otherwise than it must" for cause in causes)
    several = len(causes) > 1
    mistakes = [
        mistake + (f" ({counted(number, 'cause')})" if several else "") for mistake, number in found.most_common()
    ]
    return f"It {', '.join(mistakes)}." if mistakes else ""


def known(report: Report) -> list[tuple[str, str, str]]:
    """The list of known failures: for each entry its description, its standing, and the explanation."""
    return [
        (
            f"{one.clause}, {one.id}",
            one.standing,
            f"{one.reason} ({one.issue}), until {one.expires}" if one.standing == "known" else one.explanation,
        )
        for one in report.known_failures
    ]


def _is(number: int) -> str:
    return "is" if number == 1 else "are"


def controlled(report: Report) -> str:
    """The result of the sensitivity control; empty if there was none."""
    decoys = report.sensitivity
    if not decoys:
        return ""
    missed = [f"{one.id} ({one.clause})" for one in decoys if not one.caught]
    noticed = f"{len(decoys) - len(missed)} of {counted(len(decoys), 'fault')} laid over the subject's answers noticed"
    return f"{noticed}; missed: {', '.join(missed)}" if missed else noticed


def quoted(subject: str) -> str:
    r"""The subject string as one word of a command line.

    >>> quoted("stdio:python3 vault.py"), quoted("cedar"), quoted('stdio:vault --name "a b"')
    ('"stdio:python3 vault.py"', 'cedar', '\'stdio:vault --name "a b"\'')

    A Python object without a name in its module cannot be named elsewhere: a word that asks for one takes its place.

    >>> quoted("library:vaults:test_it.<locals>.<lambda>")
    'library:vaults:A_NAME_IN_THIS_MODULE'
    """
    subject = _LOCAL.sub(r"\1A_NAME_IN_THIS_MODULE", subject)
    if re.fullmatch(r"[\w@%+=:,./-]+", subject):
        return subject
    return f'"{subject}"' if re.fullmatch(r"[\w@%+=:,./\-&;*?()<>|# ]+", subject) else shlex.quote(subject)


def is_of_campaign(report: Report) -> bool:
    """Whether the report was merged from the shards of a campaign."""
    return any(note.startswith(CAMPAIGN) for note in report.notes)


def reproduce(report: Report) -> str:
    """The command that repeats this run; of a campaign, whose tasks have seeds of their own, the one that plans it."""
    if is_of_campaign(report):
        words = [f"fencepost campaign plan {quoted(report.subject.subject)} --shards N --seeds N"]
        words += [f"--profile {report.profile}" if report.profile_is_override else ""]
        return " ".join(filter(None, (*words, f"--effort {report.effort} --seed {report.seed}", report.options)))
    return check_command(
        report.subject.subject,
        profile=report.profile if report.profile_is_override else None,
        effort=report.effort,
        seed=report.seed,
        suite_version=report.suite_version,
        clauses=report.selected,
        options=(report.bounds, report.options),
    )


def check_command(
    subject: str,
    *,
    profile: str | None,
    effort: str,
    seed: int,
    suite_version: str = "",
    clauses: Iterable[str] = (),
    options: Iterable[str] = (),
) -> str:
    """The command `fencepost check` with these options; `options` are further ones, as they are typed.

    >>> check_command("my vault", profile=None, effort="quick", seed=0, clauses=["DEC-4"], options=["", "--strict"])
    'fencepost check "my vault" --effort quick --seed 0 --clause DEC-4 --strict'
    """
    words = [f"fencepost check {quoted(subject)}", f"--profile {profile}" if profile else ""]
    words += [f"--effort {effort} --seed {seed}", f"--suite-version {suite_version}" if suite_version else ""]
    words += [f"--clause {one}" for one in clauses]
    return " ".join(filter(None, (*words, *options)))


def typed(options: Mapping[str, object]) -> str:
    """The options as they are typed, by their names without dashes; None and False are options that are not given.

    >>> typed({"known": "my list.json", "strict": True, "settle": None, "call-timeout": 2.0})
    '--known "my list.json" --strict --call-timeout 2'
    """
    given = {name: value for name, value in options.items() if value is not None and value is not False}
    texts = {name: f"{value:.15g}" if isinstance(value, float) else str(value) for name, value in given.items()}
    return " ".join(f"--{name}" if given[name] is True else f"--{name} {quoted(texts[name])}" for name in given)
