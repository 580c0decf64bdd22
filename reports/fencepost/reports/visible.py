"""Makes foreign text safe to show: a subject's text may hold characters that a screen or an XML file may not."""

import json
import re

_MANY, _KEPT_FIRST, _KEPT_LAST = 9, 4, 2
_LONG = 400
"""The most characters of a text that is shown whole: enough for every resource id of a subnet."""


def visible(text: str) -> str:
    r"""The text with every unprintable character as an escape: controls, bidi marks, lone surrogates.

    >>> visible("red \x1b[31m, and a\nline")
    'red \\x1b[31m, and a\\nline'
    """
    if text.isprintable():
        return text
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode("ascii") for one in text)


def visible_lines(text: str) -> list[str]:
    """The lines of a text, each made visible; an empty text has none."""
    return [visible(line) for line in text.replace("\r\n", "\n").split("\n")] if text else []


_ELLIPSIS = re.compile(r"(?<!\\)((?:\\\\)*)\\u2026")
"""The escape of an ellipsis in JSON, after any number of escaped backslashes."""


def as_json(value: object) -> str:
    r"""One line of JSON in ASCII, so that look-alike characters show; an ellipsis stays, since nothing resembles it.

    >>> as_json({"value": "1.1.1.\u0661", "rest": "… 7 more …"})
    '{"value": "1.1.1.\\u0661", "rest": "… 7 more …"}'
    """
    return _ELLIPSIS.sub(r"\1…", visible(json.dumps(value, ensure_ascii=True, default=str)))


def abridged(value: object) -> object:
    """The JSON value with long lists and long texts cut in the middle; the cut says how much is left out.

    >>> abridged(list(range(100)))
    [0, 1, 2, 3, '… 94 more …', 98, 99]
    """
    if isinstance(value, str):
        half = _LONG // 2
        left_out = len(value) - 2 * half
        return value if left_out <= 0 else f"{value[:half]}… {left_out} characters …{value[-half:]}"
    if isinstance(value, dict):
        return {key: abridged(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        if len(value) <= _MANY:
            return [abridged(one) for one in value]
        left_out = len(value) - _KEPT_FIRST - _KEPT_LAST
        kept = (*value[:_KEPT_FIRST], f"… {left_out} more …", *value[-_KEPT_LAST:])
        return [abridged(one) for one in kept]
    return value
