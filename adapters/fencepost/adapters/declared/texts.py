"""Texts with placeholders, `${address}` say: checked when the file is read, filled in when something is sent."""

import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from typing import Annotated, TypeVar

import msgspec
from fencepost.adapters.mistakes import Check, near
from msgspec import Meta

_T = TypeVar("_T")
_PLACEHOLDER = re.compile(r"\$\$(?=\{)|\$\{([^{}]*)\}")
"""A placeholder, or the `$$` before a brace that stands for a `$`."""

_ENV, _PORT = "env.", "port."

PLACES = ("here", "tmp", "rules_file", "pid", "python")
"""Known at all times: the TOML file's folder, the run's own, the rules' file, the started process, this Python."""

RULE_SET = (*PLACES, "rules", "mark", "default", "bypass")
"""Known when a rule set is put: its text, a number new each time, the words for default action and bypass."""

REQUEST = (*RULE_SET, "address", "subnet", "plane", "operation", "service", "trusted", "authenticated", "authorized")
"""Known when a decision is asked."""

RULE = (*PLACES, "value", "default", "bypass", "mark")
"""Known when one rule is written down; around the rules all but `value`."""


def names_in(text: str) -> list[str]:
    """The names of the placeholders, in order.

    >>> names_in("ask ${address} ${env.TOKEN} $${no placeholder}")
    ['address', 'env.TOKEN']
    """
    return [found[1] for found in _PLACEHOLDER.finditer(text) if found[1] is not None]


def filled(text: str, values: Mapping[str, str]) -> str:
    """The text with every placeholder replaced by its value; a replaced text is not searched again.

    >>> filled("ask ${address}, $${HOME}", {"address": "20.1.2.3"})
    'ask 20.1.2.3, ${HOME}'
    """
    return _PLACEHOLDER.sub(lambda found: "$" if found[1] is None else values[found[1]], text)


def filler(text: str, own: Mapping[str, Callable[[_T], str]], values: Mapping[str, str]) -> Callable[[_T], str]:
    """A function that fills in the placeholders of `own`, each by its own function; all others are filled in now."""
    pieces: list[tuple[str, Callable[[_T], str]]] = []  # a text, and what gives the text that follows it
    before, end = "", 0
    for found in _PLACEHOLDER.finditer(text):
        before, end = before + text[end : found.start()], found.end()
        if found[1] in own:
            pieces.append((before, own[found[1]]))
            before = ""
        else:
            before += "$" if found[1] is None else values[found[1]]
    last = before + text[end:]
    if not pieces:
        return lambda _: last
    if len(pieces) == 1:
        ((first, value),) = pieces
        return lambda one: f"{first}{value(one)}{last}"
    return lambda one: "".join([f"{piece}{value(one)}" for piece, value in pieces]) + last


def names_anywhere(document: object) -> Iterator[str]:
    """The names of the placeholders in all texts of a document."""
    return (name for text in _strings(document) for name in names_in(text))


def environment_names(document: object) -> set[str]:
    """The environment variables that the document names anywhere, whose values are therefore secrets."""
    return {name.removeprefix(_ENV) for name in names_anywhere(document) if name.startswith(_ENV)}


def uses(document: object, *names: str) -> bool:
    """Whether one of the placeholders stands anywhere in the document."""
    return any(name in names for name in names_anywhere(document))


def environment_places(file: object) -> dict[str, str]:
    """The placeholders `env.NAME` of a file (a structure of texts) and `python`, with their values."""
    names = environment_names(msgspec.to_builtins(file))
    return {"python": sys.executable, **{f"{_ENV}{name}": os.environ[name] for name in names}}


def text_check(*known: str) -> Check:
    """A check that a text names these placeholders only, and environment variables that are set."""

    def check(text: str) -> Iterator[str]:
        for name in names_in(text):
            if name.startswith(_ENV):
                if name.removeprefix(_ENV) not in os.environ:
                    yield f"${{{name}}} stands for an environment variable that is not set"
            elif not name.startswith(_PORT) and name not in known:
                yield f"no placeholder ${{{name}}} is known here{near(name, known)}; a literal ${{ is written $${{"

    return check


def _strings(document: object) -> Iterator[str]:
    if isinstance(document, str):
        yield document
    elif isinstance(document, Mapping):
        for name, value in document.items():
            yield from _strings(name)
            yield from _strings(value)
    elif isinstance(document, list | tuple):
        for value in document:
            yield from _strings(value)


def regex_check(pattern: str) -> Iterator[str]:
    """What is wrong with a regular expression."""
    try:
        re.compile(pattern)
    except re.error as error:
        yield f"not a regular expression: {error}"


PlaceText = Annotated[str, Meta(extra={"check": text_check(*PLACES)})]
RuleSetText = Annotated[str, Meta(extra={"check": text_check(*RULE_SET)})]
RequestText = Annotated[str, Meta(extra={"check": text_check(*REQUEST)})]
RuleText = Annotated[str, Meta(extra={"check": text_check(*RULE)})]
AroundText = Annotated[str, Meta(extra={"check": text_check(*(name for name in RULE if name != "value"))})]
SingleRuleText = Annotated[str, Meta(extra={"check": text_check(*RULE_SET, "value")})]
FolderText = Annotated[str, Meta(extra={"check": text_check("here", "tmp")})]
Regex = Annotated[str, Meta(extra={"check": regex_check})]
