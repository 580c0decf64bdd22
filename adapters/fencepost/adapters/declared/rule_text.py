"""A rule set in the tool's own form: text in, text out; what the form cannot hold is an error, never changed."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import msgspec
from fencepost.adapters.contract.protocol import JsonObject
from fencepost.adapters.declared.sections import DefaultAction, Language, Rules
from fencepost.adapters.declared.texts import filled

JSON_FORMS = frozenset({"json-list", "network-acls"})
"""The forms in which a value may be anything that JSON has."""

_PLAIN = "[0-9A-Fa-f.:/]+"
_BYPASS, _ACTION = ("AzureServices", "None"), ("Allow", "Deny")


class NotExpressible(ValueError):
    """The tool's language has no words for this rule set: the write is *inconclusive*."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleSet:
    """A rule set: the object that was put, and what the placeholders `rules`, `default` and `bypass` stand for."""

    network_acls: JsonObject
    placeholders: Mapping[str, str]

    @property
    def text(self) -> str:
        """The rule set in the tool's form."""
        return self.placeholders["rules"]


class Template(Protocol):
    """A Jinja2 template, as far as it is used."""

    def render(self, values: Mapping[str, object], /) -> str:
        """The text."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleForm:
    """How the file writes a rule set down. `places` are the placeholders that are known at all times."""

    rules: Rules
    default_action: DefaultAction
    language: Language
    template: Template | None = None

    def of(self, network_acls: JsonObject, places: Mapping[str, str]) -> RuleSet:
        """The rule set in the tool's form; `NotExpressible` where it has no words for it."""
        action = _word(network_acls, "defaultAction", _ACTION)
        bypass = _word(network_acls, "bypass", _BYPASS)
        values = [_value(entry, number) for number, entry in enumerate(_list(network_acls, "ipRules"))]
        subnets = _list(network_acls, "virtualNetworkRules")
        if action == "Allow" and self.default_action.is_ == "none":
            raise NotExpressible("the tool has no default action, so it cannot be Allow")
        if subnets and self.rules.form not in ("network-acls", "jinja"):
            raise NotExpressible(f"the form {self.rules.form} has no rules for subnets")
        if action == "Allow" and self.default_action.is_ == "emulated":
            values.extend(self.default_action.emulating)
            network_acls = {**network_acls, "ipRules": [{"value": value} for value in values]}
        if len(values) > self.language.most_rules:
            raise NotExpressible(f"{len(values)} rules, and the tool takes {self.language.most_rules}")
        default = self.default_action.allow if action == "Allow" else self.default_action.deny
        known = {**places, "default": default, "bypass": bypass}
        text = self._text(network_acls, values, subnets, known)
        return RuleSet(network_acls=network_acls, placeholders={"default": default, "bypass": bypass, "rules": text})

    def _text(
        self, acls: JsonObject, values: Sequence[object], subnets: Sequence[object], known: Mapping[str, str]
    ) -> str:
        rules = self.rules
        if rules.form in JSON_FORMS:
            if self.language.values is not None:
                self.texts(values)
            what: object = acls if rules.form == "network-acls" else values
            text = msgspec.json.encode(what).decode("utf-8")
        else:
            text = self._lines(self.texts(values), subnets, known)
        return filled(rules.empty, known) if rules.empty is not None and not values and not subnets else text

    def _lines(self, values: Sequence[str], subnets: Sequence[object], known: Mapping[str, str]) -> str:
        rules = self.rules
        if self.template is not None:
            given = {"ip_rules": values, "virtual_network_rules": subnets, "default": known["default"]}
            plain = {name: known[name] for name in ("bypass", "mark", "tmp", "here")}
            ports = {name.removeprefix("port."): port for name, port in known.items() if name.startswith("port.")}
            return self.template.render({**given, **plain, "port": ports})
        line = rules.line if rules.line is not None else "${value}"
        written = [filled(line, {**known, "value": value}) for value in values]
        parts = [*filter(None, [filled(rules.head, known)]), *written, *filter(None, [filled(rules.tail, known)])]
        text = rules.between.join(parts)
        return f"{text}\n" if text and rules.between == "\n" else text

    def texts(self, values: Sequence[object]) -> list[str]:
        """The values, each of them a text of the tool's language; `NotExpressible` where one is not."""
        pattern = re.compile(self.language.values or _PLAIN)
        texts = []
        for value in values:
            if not isinstance(value, str):
                raise NotExpressible(f"a value that is no text, {value!r}, cannot be written down")
            if len(value) > self.language.longest:
                raise NotExpressible(f"a value of {len(value)} characters; the longest has {self.language.longest}")
            if pattern.fullmatch(value) is None or (self.rules.form != "json-list" and len(value.splitlines()) > 1):
                raise NotExpressible(f"the value {value!r} has characters that the tool's language cannot hold")
            texts.append(value)
        return texts


def digest(text: str) -> str:
    """Twelve hexadecimal digits for a text, where an engine takes no name that is as long."""
    return hashlib.sha256(text.encode("utf-8", errors="backslashreplace")).hexdigest()[:12]


def jinja_template(text: str, folder: Path) -> Template:
    """The template; undefined names are errors. `ImportError` without Jinja2, `ValueError` where the text is wrong."""
    import jinja2

    loader = jinja2.FileSystemLoader(folder)
    environment = jinja2.Environment(
        undefined=jinja2.StrictUndefined,
        loader=loader,
        keep_trailing_newline=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["digest"] = digest
    try:
        return environment.from_string(text)
    except jinja2.TemplateError as error:
        raise ValueError(str(error)) from None


def _word(acls: JsonObject, member: str, words: Sequence[str]) -> str:
    word = acls.get(member, words[0])
    if word not in words or not isinstance(word, str):
        raise NotExpressible(f"{member} {word!r} has no counterpart; there is {' and '.join(words)}")
    return word


def _list(acls: JsonObject, member: str) -> Sequence[object]:
    entries = acls.get(member, [])
    if not isinstance(entries, list | tuple):
        raise NotExpressible(f"{member} {entries!r} is no list")
    return entries


def _value(entry: object, number: int) -> object:
    if not isinstance(entry, Mapping) or "value" not in entry:
        raise NotExpressible(f"ipRules[{number}], {entry!r}, has no value that could be written down")
    return entry["value"]
