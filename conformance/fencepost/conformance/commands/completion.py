"""What the shell completes where a table has the names: clauses, subjects, mutants, stored cases, entries."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path
from types import MappingProxyType

import click
from click.shell_completion import CompletionItem
from fencepost.adapters.contract import adapters, carriers, engines
from fencepost.adapters.contract.vocabulary import CONTROL_OPERATIONS, DATA_OPERATIONS
from fencepost.conformance.catalogue import catalogue
from fencepost.conformance.regression.stored_case import FOLDER
from fencepost.reference import load_profile, profile_names

Completion = Callable[[click.Context, click.Parameter, str], list[CompletionItem]]
"""What click's `shell_complete=` takes."""


def _mutants() -> Iterable[str]:
    from fencepost.conformance.mutants import CATALOGUE  # loaded only where it is asked for: it is large

    return CATALOGUE


_AFTER_COLON: Mapping[str, Callable[[], Iterable[str]]] = MappingProxyType(
    {
        "mutant": _mutants,
        "reference": profile_names,
        "cedar": profile_names,
        "nginx": lambda: ("anyip", "proxy"),
    }
)
"""What may follow the colon of a subject."""


def completed(names: Callable[[], Iterable[str]], *, or_file: bool = False) -> Completion:
    """A completion by these names, which are made only when they are asked for, and by files where one may be meant."""

    def complete(_: click.Context, __: click.Parameter, begun: str) -> list[CompletionItem]:
        files = [CompletionItem(begun, type="file")] if or_file else []
        return [CompletionItem(name) for name in names() if name.lower().startswith(begun.lower())] + files

    return complete


def _subjects(_: click.Context, __: click.Parameter, begun: str) -> list[CompletionItem]:
    kind, colon, _rest = begun.partition(":")
    if colon:
        names = {f"{kind}:{name}" for name in _AFTER_COLON.get(kind, tuple)()}
    else:
        forms = {f"{name}://" if name.startswith("http") else f"{name}:" for name in carriers()}
        names = ({*forms, *adapters(), *engines(), "mutant:", "azure:"}) - {"mutant", "azure"}
    return [CompletionItem(name) for name in sorted(names) if name.startswith(begun)]


def _entries(ctx: click.Context, _: click.Parameter, begun: str) -> list[CompletionItem]:
    """The ids of the entries in the list that the command line names."""
    from fencepost.conformance.regression.reading import NotACase  # a list is read where an id is asked for
    from fencepost.conformance.rule_files.json_file import UnreadableInput
    from fencepost.conformance.run.earlier import known_at

    named = ctx.params.get("file") or next(iter(ctx.args), "")  # click leaves it where an option lacks its value
    try:
        known = known_at(Path(named))
    except (NotACase, UnreadableInput):
        return []
    return [CompletionItem(one.id) for one in known if one.id.lower().startswith(begun.lower())]


def completing_subject(command: click.Command) -> click.Command:
    """The command, its argument `subject` completed as a subject; for commands that cannot import this module."""
    for one in command.params:
        if isinstance(one, click.Argument) and one.name == "subject":
            one.shell_complete = partial(_subjects_at, one)  # type: ignore[method-assign]  # click has no other way
    return command


def _subjects_at(parameter: click.Parameter, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
    return _subjects(ctx, parameter, incomplete)


def _families() -> Iterator[str]:
    yield from dict.fromkeys(clause.id.partition("-")[0] for clause in catalogue().clauses)


def _clause_ids() -> list[str]:
    return [clause.id for clause in catalogue().clauses]


SUBJECT: Completion = _subjects
CLAUSE = completed(_clause_ids)
CLAUSE_OR_FILE = completed(_clause_ids, or_file=True)
CLAUSE_OR_FAMILY = completed(lambda: (*_families(), *_clause_ids()))
MUTANT = completed(_mutants)
OPERATION = completed(lambda: (*DATA_OPERATIONS, *CONTROL_OPERATIONS))
SERVICE = completed(lambda: sorted({name for one in profile_names() for name in load_profile(one).trusted_services}))
ENTRY: Completion = _entries
CASE = completed(lambda: (path.stem for path in sorted(Path(FOLDER).glob("*.json"))), or_file=True)
