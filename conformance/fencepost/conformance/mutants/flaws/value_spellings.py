"""Flaws in reading a value: text before or after it is cut off, or numbers may be written in more ways."""

import re

from fencepost.conformance.mutants.mutant import Flaws, Witness
from fencepost.conformance.mutants.vault import Vault
from fencepost.conformance.mutants.witness import put

flaw = Flaws("parsing")


def _writes(value: object) -> Witness:
    return lambda _: (put(value),)


@flaw(
    "slash-in-front-taken",
    clause="VAL-5",
    direction="open",
    story="Values were once parts of a path, and lstrip('/') is still there.",
    witness=_writes("/20.0.0.0/24"),
)
class _SlashInFrontTaken(Vault):
    def split_value(self, value: str) -> tuple[str, str, str]:
        return super().split_value(value.lstrip("/"))


@flaw(
    "slash-after-the-prefix-taken",
    clause="VAL-5",
    direction="open",
    story="A slash at the end is removed, as from a path.",
    witness=_writes("20.0.0.0/24/"),
)
class _SlashAfterThePrefixTaken(Vault):
    def split_value(self, value: str) -> tuple[str, str, str]:
        return super().split_value(value.removesuffix("/") if value.count("/") == 2 else value)


@flaw(
    "prefix-with-an-exponent",
    clause="VAL-5",
    direction="open",
    story="The prefix length is read with Number(), for which 1e1 is 10.",
    witness=_writes("20.0.0.0/1e1"),
)
class _PrefixWithAnExponent(Vault):
    def parse_prefix(self, length: str) -> int:
        is_scientific = re.fullmatch("[0-9]e[0-9]", length, re.ASCII)
        return super().parse_prefix(str(int(float(length))) if is_scientific else length)


@flaw(
    "minus-zero-is-zero",
    clause="VAL-5",
    direction="open",
    story="An octet is an int() from 0 to 255, which accepts -0.",
    witness=_writes("20.0.0.-0"),
)
class _MinusZeroIsZero(Vault):
    def parse_octet(self, octet: str) -> int:
        return 0 if octet == "-0" else super().parse_octet(octet)


@flaw(
    "column-of-eighteen-characters",
    clause="VAL-5",
    direction="open",
    story="The longest range has 18 characters, and longer text is cut before it is checked: /300 becomes /30.",
    witness=_writes("200.100.100.128/300"),
)
class _ColumnOfEighteenCharacters(Vault):
    def split_value(self, value: str) -> tuple[str, str, str]:
        return super().split_value(value[:18])


@flaw(
    "scheme-cut",
    clause="VAL-5",
    direction="open",
    story="Users paste addresses from the browser, so everything up to :// is removed.",
    witness=_writes("https://20.0.0.7"),
)
class _SchemeCut(Vault):
    def split_value(self, value: str) -> tuple[str, str, str]:
        return super().split_value(value.rpartition("://")[2])


@flaw(
    "comment-cut",
    clause="VAL-5",
    direction="open",
    story="The list was once a file with comments, and the reader still removes the text after a #.",
    witness=_writes("20.0.0.7#office"),
)
class _CommentCut(Vault):
    def split_value(self, value: str) -> tuple[str, str, str]:
        return super().split_value(value.partition("#")[0])


@flaw(
    "first-of-a-list-with-semicolons",
    clause="VAL-5",
    direction="open",
    story="A sibling tool exports several ranges with semicolons in one cell; of these the first is kept.",
    witness=_writes("20.0.0.7;52.0.0.7"),
)
class _FirstOfAListWithSemicolons(Vault):
    def split_value(self, value: str) -> tuple[str, str, str]:
        return super().split_value(value.partition(";")[0])
