"""The sections that every adapter file has: the subject, its rules, its default action, and what its language holds."""

import ipaddress
from collections.abc import Iterator
from typing import Annotated, Any, Literal

from fencepost.adapters.declared.commands import Command
from fencepost.adapters.declared.texts import AroundText, FolderText, PlaceText, Regex, RuleText
from msgspec import Meta, Struct


class Section(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="kebab"):
    """A table of the file: keys in kebab-case, and no others."""


def _network_check(text: str) -> Iterator[str]:
    try:
        ipaddress.IPv4Network(text)
    except ValueError as error:
        yield f"not an IPv4 address or range: {error}"


Network = Annotated[str, Meta(extra={"check": _network_check})]
Seconds = Annotated[float, Meta(gt=0)]


class Version(Section, frozen=True, kw_only=True):
    """A command that prints the version, and the regular expression that finds it there."""

    run: Annotated[list[PlaceText], Meta(min_length=1)]
    match: Regex = r"\d+(?:\.\d+)+\S*"


class Subject(Section, frozen=True, kw_only=True):
    """What the conformance statement says: name, version, profile, features and choices.

    `install` is what to type where the command of `version` cannot be run, or fails without a version on stdout.
    """

    name: Annotated[str, Meta(min_length=1)]
    version: str | Version
    profile: str
    features: list[str]
    choices: dict[str, Any] = {}
    settle_seconds: Annotated[float, Meta(ge=0, le=900)] = 0.0
    install: str | None = None
    homepage: str | None = None
    contact: str | None = None


class Rules(Section, frozen=True, kw_only=True):
    """How a rule set becomes the tool's own form, and where it goes.

    `form`: `lines` (one rule a line by `line`, between `head` and `tail`), `cidr-list` (the values, one a line),
    `json-list` (a JSON array of the values), `network-acls` (the networkAcls object as JSON) or `jinja` (`template`).
    `empty` is the whole text of a rule set without rules, where that is another. The text is `${rules}` in commands and
    requests; `file` is where it is written before anything else happens.
    """

    form: Literal["lines", "cidr-list", "json-list", "network-acls", "jinja"] = "cidr-list"
    line: RuleText | None = None
    head: AroundText = ""
    tail: AroundText = ""
    between: str = "\n"
    template: str | None = None
    empty: AroundText | None = None
    file: FolderText | None = None
    check: Command | None = None
    apply: Command | None = None


class DefaultAction(Section, frozen=True, kw_only=True):
    """Whether the tool has a default action of its own.

    `native`: it has, and `${default}` in the rules stands for `allow` or `deny`. `emulated`: it has none, and the
    default action Allow becomes more rules, `allow-rules`; every report names them. `none`: what no rule lets in is
    denied (the feature `always-deny`).
    """

    is_: Annotated[Literal["native", "emulated", "none"], Meta(description="native, emulated or none")]
    allow: str = "Allow"
    deny: str = "Deny"
    allow_rules: Annotated[list[Network], Meta(min_length=1)] | None = None

    @property
    def emulating(self) -> list[str]:
        """The rules that Allow becomes: `allow-rules`, or 0.0.0.0/0 where the file leaves them out."""
        return self.allow_rules or ["0.0.0.0/0"]


class Language(Section, frozen=True, kw_only=True):
    """The rules and requests that the tool can take; the answer to any other is *inconclusive*.

    `values` is a regular expression that a rule's value must match as a whole (where it is left out: digits, letters
    up to f, `.`, `:` and `/`; in the JSON forms anything), `longest` its length, `most-rules` how many rules a set
    may have. Requests from `unsendable` addresses cannot be put.
    """

    values: Regex | None = None
    longest: Annotated[int, Meta(gt=0)] = 200
    most_rules: Annotated[int, Meta(gt=0)] = 100_000
    unsendable: list[Network] = []


class AnyFile(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="kebab"):
    """The sections that a `cli:` file and a `rest:` file share."""

    subject: Subject
    rules: Rules
    default_action: DefaultAction
    language: Language = Language()
