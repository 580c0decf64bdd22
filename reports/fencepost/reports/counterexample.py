"""One counterexample for a reader: rules, request, expected, got, why, and the calls that lead there."""

import re
from collections.abc import Mapping, Sequence

from fencepost.reports.model import Call, Counterexample
from fencepost.reports.visible import abridged, as_json, visible
from rich.table import Table
from rich.text import Text

_PATH = re.compile(r"\$(\.\w+|\[\d+\])+")
_STEP = re.compile(r"\.(\w+)|\[(\d+)\]")


def counterexample(one: Counterexample, *, clause_texts: Mapping[str, str]) -> Table:
    """Two columns, labels and values. `clause_texts` gives the text of the deciding clause."""
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim", no_wrap=True, min_width=8)
    grid.add_column(overflow="fold")
    if one.rules is not None:
        for label, line in _rules(one.rules):
            grid.add_row(label, Text(line))
    if found := offending(one):
        path, value = found
        grid.add_row("offending", Text(f"{as_json(abridged(value))} at {visible(path)}"))
    elif one.request:
        grid.add_row("request" if one.rules is not None else "written", Text(as_json(abridged(one.request))))
    grid.add_row("expected", Text(visible(one.expected), style="green"))
    grid.add_row("got", Text(visible(one.got), style="bold red"))
    grid.add_row("why", Text(explanation(one, clause_texts)))
    for number, call in enumerate(one.calls, start=1):
        grid.add_row("calls" if number == 1 else "", Text(f"{number} {_call(call)}"))
    return grid


def _rules(rules: Mapping[str, object]) -> list[tuple[str, str]]:
    """The rule set, its switches on one line and each list of rules on another."""
    switches = {key: value for key, value in rules.items() if not isinstance(value, list)}
    lists = [(key, value) for key, value in rules.items() if isinstance(value, list)]
    lines = [as_json(abridged(switches))] if switches or not lists else []
    lines += [f"{visible(key)} ({len(value)}): {as_json(abridged(value))}" for key, value in lists]
    return [("rules" if index == 0 else "", line) for index, line in enumerate(lines)]


def offending(one: Counterexample) -> tuple[str, object] | None:
    """The path and the value that a write is to be refused for; None if the case is no such write."""
    if one.rules is not None or one.deciding_rule is None or not _PATH.fullmatch(one.deciding_rule):
        return None
    value: object = one.request.get("networkAcls", one.request)
    for name, index in _STEP.findall(one.deciding_rule):
        if name and isinstance(value, Mapping) and name in value:
            value = value[name]
        elif index and isinstance(value, Sequence) and not isinstance(value, str) and int(index) < len(value):
            value = value[int(index)]
        else:
            return None
    return one.deciding_rule, value


def explanation(one: Counterexample, texts: Mapping[str, str]) -> str:
    """The deciding clause with its text, and further facts; the broken clause stands in the heading."""
    return visible(_reason(one, texts) + _words_taken(one))


def without_texts(one: Counterexample, texts: Mapping[str, str]) -> str:
    """The explanation with the deciding clause by its name alone."""
    reason, text = explanation(one, texts), visible(texts.get(one.deciding_clause, ""))
    for written in (f": {text}.", f": {text}") if text else ():
        reason = reason.replace(f"{one.deciding_clause}{written}", one.deciding_clause)
    return reason


def _reason(one: Counterexample, texts: Mapping[str, str]) -> str:
    reason = one.why.removeprefix(f"{one.clause}: {texts.get(one.clause, '')}").lstrip(". ")
    parts = []
    if one.deciding_clause != one.clause:
        parts += [one.deciding_clause] if one.deciding_clause not in reason else []
        parts += [text] if (text := texts.get(one.deciding_clause, "")) not in reason else []
    if not reason and one.deciding_clause == one.clause:
        return _by_itself(one)
    parts.append(reason)
    rule = f" (rule: {one.deciding_rule})" if one.deciding_rule and one.deciding_rule not in reason else ""
    return ": ".join(part for part in parts if part) + rule


def _words_taken(one: Counterexample) -> str:
    """The words of the last set that stand for a known word in other letters, since they were accepted."""
    written = [params for call in one.calls if isinstance(params := call.params.get("networkAcls"), Mapping)]
    if one.rules is None or not written:
        return ""
    switches = ((written[-1].get(name), one.rules.get(name)) for name in ("bypass", "defaultAction"))
    taken = [
        f"{word!r} means {known}"
        for word, known in switches
        if isinstance(word, str) and word != known and word.lower() == str(known).lower()
    ]
    return f"; the write was accepted, so {' and '.join(taken)}" if taken else ""


def _by_itself(one: Counterexample) -> str:
    """Why the broken clause itself decides, in words that do not assume its id."""
    outcome = one.expected.partition(" ")[0]
    if outcome == "allow" and one.deciding_rule:
        return f"the rule {one.deciding_rule} lets this caller in"
    if outcome == "deny" and one.clause.startswith("DEC") and one.rules is not None:
        return "nothing in the rules lets this caller in"
    return "by this clause itself" + (f" (rule: {one.deciding_rule})" if one.deciding_rule else "")


def _call(call: Call) -> str:
    return f"{visible(call.method)} {as_json(abridged(call.params))}"
