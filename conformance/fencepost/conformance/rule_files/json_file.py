"""Reads a JSON file; if it is not JSON, the error gives the line, the column and the reason."""

import errno
import json
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from fencepost.reports.files import LARGEST, bytes_of

STDIN = "-"
_MOST_DIGITS = 4_000
"""Python converts no longer number, and its message names a setting of Python's."""


@dataclass(kw_only=True, eq=False)
class UnreadableInput(ValueError):
    """A file that cannot be used: its name, and every reason with its place (a line and column, or a JSON path)."""

    name: str
    reasons: tuple[str, ...]

    def __str__(self) -> str:
        """One line for each reason, after the name of the file."""
        return "\n".join(f"{self.name}: {reason}" for reason in self.reasons)


def read_json(path: str, *, with_comments: bool = False) -> object:
    """The JSON value in the file, `-` being stdin; `UnreadableInput` where there is none.

    Stricter than Python's reader: no repeated members, no NaN, no Infinity. The text is UTF-8, or UTF-16 as Windows
    writes it; a byte order mark is passed over. `with_comments` allows `//` and `/* */`, as ARM templates do.
    """
    name = "stdin" if path == STDIN else path
    try:
        data = _bytes(path)
        if len(data) > LARGEST:
            raise ValueError(f"larger than {LARGEST >> 20} MiB, which no file of this kind is")
        if data.startswith(_ZIP):
            raise ValueError(f"a zip archive, as terraform plan -out writes one; {_TERRAFORM_AS_JSON}")
        text = _decoded(data)
        if with_comments and "/" in text:
            text = _without_comments(text)
        return parsed(text)
    except OSError as error:
        reason = error.strerror or str(error)
    except UnicodeDecodeError as error:
        reason = f"byte {error.start + 1}: not {error.encoding.upper()}"
    except json.JSONDecodeError as error:
        reason = f"line {error.lineno}, column {error.colno}: not JSON: {error.msg}{_advice(error.doc, error.pos)}"
    except RecursionError:
        reason = "not JSON that can be read: nested too deep"
    except ValueError as error:
        reason = str(error)
    raise UnreadableInput(name=name, reasons=(reason,))


def parsed(text: str) -> object:
    """The JSON value of a text; `ValueError` where there is none, a member is repeated or a number is not finite."""
    return json.loads(text, object_pairs_hook=_without_repetition, parse_constant=_no_constant, parse_int=_whole)


def _decoded(data: bytes) -> str:
    """The text: UTF-16 where a byte order mark says so, or every other of the first bytes is zero; else UTF-8.

    Two programs that write a mark each leave two of them.
    """
    return _by_its_first_bytes(data).lstrip("\ufeff")


def _by_its_first_bytes(data: bytes) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16")
    if data[1:2] == b"\0":
        return data.decode("utf-16-le")
    if data[:1] == b"\0":
        return data.decode("utf-16-be")
    return data.decode("utf-8")


_TEXT_OR_COMMENT = re.compile(r'"(?:[^"\\]|\\.)*"|//[^\n\r]*|/\*.*?\*/', re.DOTALL)


def _without_comments(text: str) -> str:
    """The same with every comment blanked out, so that lines and columns stay."""
    return _TEXT_OR_COMMENT.sub(lambda found: found[0] if found[0][0] == '"' else _BLANKED.sub(" ", found[0]), text)


_BLANKED = re.compile(r"[^\n\r]")
_ZIP = b"PK\x03\x04"
_TERRAFORM_AS_JSON = "terraform plan -out p && terraform show -json p prints it as JSON"
_ADVICE = (
    (
        r'[ \t]*(?:[+~#-] *)?(?:resource|data|module|variable|provider)\s+"[^"]+"(?:\s+"[^"]+")?\s*\{',
        f"this looks like Terraform source: {_TERRAFORM_AS_JSON}",
    ),
    (
        r"[ \t]*(?:@\w+|(?:resource|param|var|module|targetScope|metadata)\s+\w+)",
        "this looks like Bicep source: az bicep build --file FILE --stdout prints it as JSON",
    ),
    (r'\{"@level":', f"this looks like the log of terraform plan -json: {_TERRAFORM_AS_JSON}"),
    (r"ERROR: ", "this is an error of the Azure CLI, and no output"),
    (r"WARNING: ", "a warning of the Azure CLI stands before its output: leave it out (az … --only-show-errors)"),
    (r"\x1b\[", "the text has colours in it: ask for JSON without them (az … --output json)"),
    (r"HTTP/\d", "the head of an HTTP answer stands before its body: leave it out (curl without -i)"),
    (
        "(?:Note: The result may contain false positive|Resource and property changes are indicated)",
        "this is what-if for a person: az deployment … what-if --no-pretty-print prints it as JSON",
    ),
    (r"\w+(?:,\w+)+[ \t\r]*$", "this looks like CSV: ask for JSON instead"),
    (r"\s*<[!?/a-zA-Z]", "this looks like XML or HTML"),
    (
        r"(?:-{2,}[ \t]+)+-{2,}[ \t\r]*$|-{4,}[ \t\r]*$",
        "this looks like a table: ask for JSON instead (az … --output json)",
    ),
    (r"---[ \t\r]*$|(?:- )?\w+:(?: |$)", "this looks like YAML: ask for JSON instead (az … --output json)"),
    (r"\w+[ \t]*=[ \t]*\S", f"this looks like the variables of Terraform: {_TERRAFORM_AS_JSON}"),
    (r"\{.*\}[ \t\r]*\n[ \t]*\{", "these are several JSON values, and a file holds one: put them into one list"),
)
"""What a line of a text in another form looks like, and what to do with it; the first that holds counts."""


def _advice(text: str, place: int) -> str:
    """Advice for a text that is not JSON: an empty file, a comma too many, another form, which is compiled to JSON."""
    if not text.strip():
        return "; the file is empty"
    before, after = text[:place].rstrip()[-1:], text[place:].lstrip()
    if re.match(r",\s*[\]}]", after if after.startswith(",") else before + after):  # Python 3.13 points at the comma
        return "; a comma stands before the closing bracket"
    fitting = (advice for line, advice in _ADVICE if re.search(f"^{line}", text[:100_000], re.MULTILINE))
    return next((f"; {advice}" for advice in fitting), "")


def _bytes(path: str) -> bytes:
    """The bytes of the file, at most one more than the largest size."""
    if path == STDIN:
        if sys.stdin is None:
            raise OSError(errno.EBADF, "it is closed")
        return sys.stdin.buffer.read(LARGEST + 1)
    return bytes_of(Path(path))


def _without_repetition(members: list[tuple[str, object]]) -> dict[str, object]:
    found: dict[str, object] = {}
    for key, value in members:
        if key in found:
            values = f"with {json.dumps(found[key]):.60} and with {json.dumps(value):.60}"
            raise ValueError(f"the member {key!r} occurs twice in one object, {values}")
        found[key] = value
    return found


def _whole(digits: str) -> int:
    if len(digits) > _MOST_DIGITS:
        raise ValueError(f"a number of {len(digits):,} digits, which no file of this kind holds: {digits[:20]}…")
    return int(digits)


def _no_constant(word: str) -> NoReturn:
    raise ValueError(f"{word} is not JSON")
