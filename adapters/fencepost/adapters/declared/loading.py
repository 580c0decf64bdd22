"""An adapter file read from disk: TOML to values, every mistake of the file in one `SubjectError`."""

import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

import msgspec
from fencepost.adapters.contract.faults import StatementError, SubjectError
from fencepost.adapters.contract.messages import Statement
from fencepost.adapters.contract.statement import check_statement
from fencepost.adapters.contract.toml_text import toml_from
from fencepost.adapters.contract.vocabulary import FEATURES, PROTOCOL
from fencepost.adapters.declared.commands import Command, ambiguous
from fencepost.adapters.declared.rule_text import JSON_FORMS, RuleForm, Template, jinja_template
from fencepost.adapters.declared.sections import AnyFile
from fencepost.adapters.declared.texts import uses
from fencepost.adapters.mistakes import Mistake, listed, mistakes_in, near
from fencepost.adapters.text_file import text_of

_F = TypeVar("_F", bound=AnyFile)

ALWAYS_DENY = "always-deny"
_CARRIED = (
    "data-plane-only",
    "ip-rules-only",
    "decisions-only",
    "trusted-services",
    "caller-credentials",
    ALWAYS_DENY,
)
"""The features that any adapter file can carry."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded(Generic[_F]):
    """A file without mistakes: its values, the document they are from, its folder, and its template, if it has one."""

    file: _F
    document: Mapping[str, object]
    folder: Path
    template: Template | None

    @property
    def form(self) -> RuleForm:
        """How the file writes a rule set down."""
        file = self.file
        return RuleForm(
            rules=file.rules, default_action=file.default_action, language=file.language, template=self.template
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind(Generic[_F]):
    """A carrier's files: their shape, what the carrier itself finds wrong with one, and the features that it adds."""

    carrier: str
    shape: type[_F]
    check: Callable[[_F], Iterator[Mistake]]
    extra: tuple[str, ...] = ()


def load(address: str, kind: Kind[_F]) -> Loaded[_F]:
    """The file at the address; `SubjectError` with everything that is wrong with it."""
    subject = f"{kind.carrier}:{address}"
    path = Path(address)
    try:
        document = toml_from(text_of(path))
    except OSError as error:
        raise SubjectError(
            subject=subject,
            reason=f"the file cannot be read: {error.strerror}",
            try_instead=_neighbours(path, kind.carrier),
        ) from None
    except UnicodeDecodeError as error:
        raise SubjectError(subject=subject, reason=f"the file is not UTF-8: {error}") from None
    except RecursionError:
        raise SubjectError(subject=subject, reason="the file is nested too deep") from None
    except ValueError as error:  # no TOML, or an integer that is too long
        raise SubjectError(subject=subject, reason=f"the file is not TOML: {error}") from None
    return checked(document, kind, subject=subject, folder=path.parent)


def checked(document: dict[str, Any], kind: Kind[_F], *, subject: str, folder: Path) -> Loaded[_F]:
    """The document of a file in the folder; `SubjectError` with everything that is wrong with it."""
    found = list(mistakes_in(document, kind.shape))
    template = None
    if not found:
        file = msgspec.convert(document, kind.shape)
        template = _template(file, folder, found)
        found += [*_statement(file, kind.extra), *_rules(file), *kind.check(file)]
    if found:
        keys = f"All keys: fencepost schema {kind.carrier}; a start: fencepost init {kind.carrier}"
        raise SubjectError(subject=subject, reason=f"{listed(found)}\n{keys}")
    return Loaded(file=file, document=document, folder=folder.resolve(), template=template)


def file_schema(shape: type[AnyFile], title: str) -> dict[str, object]:
    """The JSON Schema (draft 2020-12) of a file of this shape."""
    (schema,), definitions = msgspec.json.schema_components([shape], ref_template="#/$defs/{name}")
    tidy = {name: _tidy(definition) for name, definition in sorted(definitions.items())}
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": title, **schema, "$defs": tidy}


def _tidy(schema: object) -> object:
    """Without null, which TOML has not, and descriptions without the indentation of the code."""
    if isinstance(schema, list):
        return [_tidy(entry) for entry in schema]
    if not isinstance(schema, dict):
        return schema
    if "anyOf" in schema:
        kinds = [kind for kind in schema["anyOf"] if kind != {"type": "null"}]
        rest = {name: value for name, value in schema.items() if name != "anyOf"}
        schema = {**rest, **kinds[0]} if len(kinds) == 1 else {**rest, "anyOf": kinds}
    return {
        name: inspect.cleandoc(value) if name == "description" and isinstance(value, str) else _tidy(value)
        for name, value in schema.items()
        if not (name == "default" and value is None)
    }


def _neighbours(path: Path, carrier: str) -> str:
    beside = sorted(str(one) for one in path.parent.glob("*.toml")) if path.parent.is_dir() else []
    made = f"fencepost init {carrier} writes one."
    return f"There is {', '.join(beside[:5])}; {made}" if beside else made


def _template(file: AnyFile, folder: Path, found: list[Mistake]) -> Template | None:
    text = file.rules.template
    if file.rules.form != "jinja":
        if text is not None:
            found.append(Mistake(path="rules.template", says="it is used by form = 'jinja' alone"))
        return None
    if text is None:
        found.append(Mistake(path="rules.template", says="it is missing; form = 'jinja' takes a Jinja2 template"))
        return None
    try:
        return jinja_template(text, folder)
    except ImportError:
        advice = 'Jinja2 is not installed: pip install "fencepost[cli]"'
        found.append(Mistake(path="rules.form", says=advice))
    except ValueError as error:
        found.append(Mistake(path="rules.template", says=f"not a Jinja2 template: {error}"))
    return None


def _statement(file: AnyFile, extra: Iterable[str]) -> Iterator[Mistake]:
    features, known = file.subject.features, [*_CARRIED, *extra]
    for number, feature in enumerate(features):
        path = f"subject.features[{number}]"
        if feature not in FEATURES and feature not in known:
            yield Mistake(path=path, says=f"no such feature: {feature!r:.80}{near(feature, known)}")
        elif feature not in known:
            yield Mistake(path=path, says=f"{feature!r} takes a harness; this kind of file cannot carry it")
    try:
        check_statement(
            Statement(
                protocol=PROTOCOL,
                name="",
                version="",
                profile=file.subject.profile,
                features=[feature for feature in features if feature in FEATURES],
                choices=file.subject.choices,
            )
        )
    except StatementError as error:
        for mistake in error.mistakes:
            where, _, says = mistake.removeprefix("$.").partition(": ")
            yield Mistake(path=f"subject.{where}", says=says)
    native = file.default_action.is_ != "none"
    if native and ALWAYS_DENY in features:
        says = f"'{ALWAYS_DENY}' says that there is no default action, and default-action.is says otherwise"
        yield Mistake(path="subject.features", says=says)


def _rules(file: AnyFile) -> Iterator[Mistake]:
    rules, features = file.rules, file.subject.features
    if rules.form == "lines" and rules.line is None:
        yield Mistake(path="rules.line", says="it is missing; form = 'lines' takes the line of one rule, with ${value}")
    if rules.line is not None:
        if rules.form != "lines":
            yield Mistake(path="rules.line", says="it is used by form = 'lines' alone")
        elif not uses(rules.line, "value"):
            yield Mistake(path="rules.line", says="nothing in it is ${value}, so that all rules would be the same")
    if rules.form in ("cidr-list", *JSON_FORMS) and (rules.head or rules.tail):
        yield Mistake(
            path="rules.head" if rules.head else "rules.tail", says=f"form = {rules.form!r} has no head or tail"
        )
    if "ip-rules-only" not in features and rules.form not in ("network-acls", "jinja"):
        says = f"form = {rules.form!r} holds IP rules alone: declare 'ip-rules-only', or write network-acls or jinja"
        yield Mistake(path="subject.features", says=says)
    for which in ("check", "apply"):
        command: Command | None = getattr(rules, which)
        if command is not None:
            mapped = {"accepted": command.accepted, "refused": command.refused}
            yield from ambiguous(mapped, f"rules.{which}")
    if (
        file.default_action.is_ == "native"
        and rules.form not in ("network-acls", "jinja")
        and not used(file, "default")
    ):
        says = "'native', but nothing in the file is ${default}; say it there, or write 'emulated' or 'none'"
        yield Mistake(path="default-action.is", says=says)
    if file.default_action.is_ != "emulated" and file.default_action.allow_rules is not None:
        yield Mistake(path="default-action.allow-rules", says="it is used by is = 'emulated' alone")


def used(file: AnyFile, *names: str) -> bool:
    """Whether one of the placeholders stands anywhere in the file."""
    return uses(msgspec.to_builtins(file), *names)


def requests_are_distinguished(file: AnyFile, decide: object) -> Iterator[Mistake]:
    """What the statement promises of requests, and the section `decide` does not pass on."""
    section, features = msgspec.to_builtins(decide), file.subject.features
    for feature, names in (
        ("data-plane-only", ("plane", "operation")),
        ("ip-rules-only", ("subnet",)),
    ):
        if feature not in features and not uses(section, *names):
            says = f"without {feature!r} a request must say ${{{names[0]}}}, and nothing in decide does"
            yield Mistake(path="subject.features", says=says)
    for feature, names in (
        ("trusted-services", ("service", "trusted")),
        ("caller-credentials", ("authenticated", "authorized")),
    ):
        if feature in features and not uses(section, *names):
            says = f"{feature!r} takes a request that says ${{{names[0]}}}, and nothing in decide does"
            yield Mistake(path="subject.features", says=says)


def refusals_are_read(file: AnyFile, refused: bool) -> Iterator[Mistake]:  # noqa: FBT001 - one word at each call
    """Without `decisions-only` something must map to refused."""
    if "decisions-only" not in file.subject.features and not refused:
        says = "nothing maps to refused: declare 'decisions-only', or say how a refused rule set shows"
        yield Mistake(path="subject.features", says=says)
