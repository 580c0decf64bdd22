"""The verdicts of a pytest run in a few lines: for each subject how many clauses of each, and which did not pass."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence

_SILENT = ("pass", "not applicable")


def clause_summary(properties: Sequence[Mapping[str, object]]) -> Iterator[str]:
    """The lines, from the properties of every test that has judged a clause; a test that was rerun counts once.

    >>> one = {"subject": "it", "clause": "DEC-4", "verdict": "fail", "asked": 810, "decisive": 632}
    >>> list(clause_summary([one, {**one, "clause": "DEC-1", "verdict": "pass"}]))
    ['it: 1 fail, 1 pass', '  fail DEC-4: asked 810, decisive 632']
    """
    rows: dict[str, dict[str, Mapping[str, object]]] = defaultdict(dict)
    for one in properties:
        rows[str(one["subject"])][str(one["clause"])] = one
    for subject, by_clause in rows.items():
        counts = Counter(str(one["verdict"]) for one in by_clause.values())
        yield f"{subject}: {', '.join(f'{count} {verdict}' for verdict, count in sorted(counts.items()))}"
        for clause, one in by_clause.items():
            if one["verdict"] not in _SILENT:
                yield f"  {one['verdict']} {clause}: asked {one['asked']}, decisive {one['decisive']}"
