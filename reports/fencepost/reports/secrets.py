"""Keeps secrets out of every report: text that looks like one is masked in a subject's name, answers and log.

The library detect-secrets is no dependency, but the measure in a test. A hostile subject writes the text that is masked
here, and two of the library's patterns take seconds for 30,000 characters of it. The library also brings an HTTP
client, and has no form of some tokens.
"""

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from fencepost.reports.model import Report
from msgspec import Struct
from msgspec.structs import replace

MASK = "***"
_SHORTEST_VALUE = 8

_STRONG = (
    r"pass(?:word|wd|phrase)|passwd|pwd|secret|token|(?:api|access|account|client|private|shared)[_-]?key"
    r"|\bsas|[_-]sas|\bpat\b|[_-]pat(?![a-z])|signature|\bsig|[_-]sig|auth(?![a-z])|cookie|connection[_-]?string"
)
_WEAK = rf"{_STRONG}|\bpass\b|credential|key|session"
_HEADER = (
    r"(?:proxy-)?authorization|(?:set-)?cookie|x-[\w-]{0,40}(?:token|key|secret|auth|signature)[\w-]{0,40}"
    r"|(?:ocp-apim-)?(?:subscription|api)-key"
)
_QUOTED = r"""b?(?:"(?:[^"\\]|\\.)*"?|'(?:[^'\\]|\\.)*'?|\\+"[^"\\]*(?:\\+")?|\\+'[^'\\]*(?:\\+')?)"""

_NEXT_NAME = r"""\s*\\*["'][^"'\\]{0,200}\\*["']\s*:"""
"""The name of the next member, as it follows a value: `, "source":` after `"operation": "SecretGet"`."""


def _name(words: str) -> str:
    """A pattern for a name with one of these words in it; the bounds keep the search linear."""
    return rf"[\w.-]{{0,80}}(?:{words})[\w.-]{{0,80}}"


_URL = re.compile(r"""[a-z][a-z0-9+.-]{0,30}://[^\s"'<>]+""", re.IGNORECASE)
_NAMED = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        # A header: in quotes up to their end, otherwise to the end of the line.
        rf"""(?<![\w-])((?:{_HEADER})(?:[\\"']+\s*[:=,]|\s*[:=])\s*)({_QUOTED}|[^\r\n]+)""",
        # The forms of environments, JSON and logs: NAME=value, "name": value, name: value, "name", "value".
        rf"""(?<![\w.-])({_name(_WEAK)}(?:[\\"']*\s?=\s?|[\\"']+\s*(?::|,(?!{_NEXT_NAME}))\s*))({_QUOTED}|[^\s"']+)""",
        rf"""(?<![\w.-])({_name(_STRONG)}:[ \t]+)({_QUOTED}|[^\s"']+)""",
        # --name value
        rf"""(?<!\S)(--?{_name(_WEAK)}\s+)(?!-)({_QUOTED}|\S+)""",
    )
)
"""Secrets that their name identifies: the first group stays, the second is masked."""

_TOKENS = tuple(
    re.compile(pattern, re.DOTALL)
    for pattern in (
        r"()-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----.*?(?:-----END [A-Z ]{0,40}PRIVATE KEY-----|\Z)",
        r"(?<![\w-])((?i:bearer|negotiate|sharedaccesssignature)\s+)[\w.~+/=&%-]{6,}",
        r"(?<![\w-])((?i:basic|digest)\s+)(?=\S*[0-9A-Z=])[\w.~+/=-]{8,}",
        r"()\beyJ[\w-]{6,}\.[\w-]{6,}(?:\.[\w-]*)?",
        # Tokens with a form of their own; `test_known_tokens` holds these lines against the library detect-secrets.
        r"()\b(?:gh[pousr]_\w{20,}|github_pat_\w{20,}|sk-[\w-]{20,}|AIza[\w-]{30,}|npm_\w{30,}|pypi-[\w-]{16,})",
        r"()\b(?:gl(?:pat|dt|ft|soat|rt|cbt|imt|ptt|agent|oas)-[\w-]{16,}|GR1348941[\w-]{20,}|(?i:xox[a-z])-[\w-]{3,})",
        r"()(?:(?:A3T[A-Z0-9]|ABIA|ACCA|AKIA|ASIA)[0-9A-Z]{16}|(?:AC|SK)[a-z0-9]{32}|[0-9a-z]{32}-us[0-9]{1,2})",
        r"()(?:[rs]k_live_[0-9a-zA-Z]{24,}|sq0csp-[\w\\-]{43}|SG\.[\w-]{22}\.[\w-]{43}|[0-9]{8,10}:[\w-]{35})",
        r"()[MNO][\w-]{23,25}\.[\w-]{6}\.[\w-]{27}",
        r"((?:^|[\s=:\"]))(?:AKC[a-zA-Z0-9]{10,}|AP[0-9A-F][a-zA-Z0-9]{8,})(?=[\s\"]|$)",
        r"((?i:hooks\.slack\.com/(?:services|workflows)/))[\w/-]+",
        # Words before it, in prose: "password is X", "passphrase X".
        r"(?<![\w-])((?i:pass(?:word|phrase)|passwd|pwd)\s+(?:is|was)\s+)(?!\*\*\*)\S+",
        r"(?<![\w-])((?i:passphrase)\s+)(?!is\b|was\b|\*\*\*)\S*[0-9]\S*",
    )
)
"""Secrets that their form identifies."""

_SECRET_NAME = re.compile(_name(_WEAK), re.IGNORECASE)

_NO_SECRETS = frozenset({"PWD", "OLDPWD"})
"""Names in every environment that only look like a password's: they hold the current folder."""

_OF_THE_CATALOGUE = {"group", "text", "note", "basis", "source", "scope"}
_KIT_MADE = frozenset({"rules", "request", "calls", "id", "key", "clause", "deciding_clause"} | _OF_THE_CATALOGUE)
"""Members that hold what the kit itself wrote, letter for letter what was asked: masking would make them untrue."""

_Value = TypeVar("_Value")


def without_secrets(report: Report, *, environment: Mapping[str, str] | None = None) -> Report:
    """The report with secrets masked in everything that the kit did not write itself.

    Masked are the user and the query values of URLs, authorization headers, values under names of secrets, and tokens
    and private keys by their form. The values that `environment` (this process's, if None) gives to such names are
    masked wherever they stand.
    """
    return Mask.of(os.environ if environment is None else environment).apply(report)


def masked(text: str, *, known: Iterable[str] = ()) -> str:
    """The text without strings that look like a secret, and without the strings in `known`.

    >>> masked("GET https://me:pw@vault.example/?sig=abc -> AZURE_CLIENT_SECRET=hunter2")
    'GET https://***@vault.example/?sig=*** -> AZURE_CLIENT_SECRET=***'
    """
    for secret in known:
        text = text.replace(secret, MASK)
    text = _URL.sub(_masked_url, text)
    for pattern in _TOKENS:
        text = pattern.sub(rf"\g<1>{MASK}", text)
    for pattern in _NAMED:
        text = pattern.sub(_masked_value, text)
    return text


def _masked_value(found: re.Match[str]) -> str:
    """The name and the mask, in the original quotes, so that masking twice is masking once."""
    opened = re.match(r"""b?(\\*["'])""", found[2])
    if opened is None:
        return found[1] + MASK
    closed = opened[1] if found[2][opened.end() :].endswith(opened[1]) else ""
    return f"{found[1]}{opened[0]}{MASK}{closed}"


def _masked_url(found: re.Match[str]) -> str:
    scheme, _, rest = found[0].partition("://")
    place, mark, query = _cut(rest, "?#")
    authority, slash, path = place.partition("/")
    if re.search(r":(?!\d+$)[^@]*$", authority):  # A password may hold a slash that should have been escaped.
        authority, slash, path = place, "", ""
    _, at, host = authority.rpartition("@")
    return f"{scheme}://{MASK if at else ''}{at}{host}{slash}{path}{mark}{_masked_query(query)}"


def _cut(text: str, marks: str) -> tuple[str, str, str]:
    """The text before the first of the marks, the mark, and the text after it."""
    places = [place for mark in marks if (place := text.find(mark)) >= 0]
    return (text[: min(places)], text[min(places)], text[min(places) + 1 :]) if places else (text, "", "")


def _masked_query(query: str) -> str:
    return re.sub(r"([^&;=#]*)(=?)([^&;#]*)", lambda one: f"{one[1]}={MASK}" if one[2] else one[0], query)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mask:
    """Masks whole values; texts that were masked before are cached.

    >>> Mask.of({"VAULT_TOKEN": "0123456789"}).apply({"said": ["it is 0123456789", 7]})
    {'said': ['it is ***', 7]}
    """

    known: tuple[str, ...]
    seen: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of_here(cls) -> "Mask":
        """A mask for the secrets in this process's environment."""
        return cls.of(os.environ)

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> "Mask":
        """A mask for the secrets in these environment variables."""
        values = {
            value
            for name, value in environment.items()
            if len(value) >= _SHORTEST_VALUE and _SECRET_NAME.fullmatch(name) and name not in _NO_SECRETS
        }
        return cls(known=tuple(sorted(values, key=lambda value: (-len(value), value))))

    def apply(self, value: _Value) -> _Value:
        """The value, or an equal type with its texts masked; members that the kit wrote into a report stay."""
        masked_value: object = value
        if isinstance(value, str):
            masked_value = self._text(value)
        elif isinstance(value, Struct):
            masked_value = self._struct(value)
        elif isinstance(value, dict):
            masked_value = {self.apply(key): self.apply(one) for key, one in value.items()}
        elif isinstance(value, list | tuple):
            masked_value = type(value)(self.apply(one) for one in value)
        return masked_value  # type: ignore[return-value]  # each branch keeps the type that it found

    def _text(self, text: str) -> str:
        if text not in self.seen:
            self.seen[text] = masked(text, known=self.known)
        return self.seen[text]

    def _struct(self, value: Struct) -> Struct:
        changed = {}
        for name in value.__struct_fields__:
            before = getattr(value, name)
            if name not in _KIT_MADE and (after := self.apply(before)) != before:
                changed[name] = after
        return replace(value, **changed) if changed else value
