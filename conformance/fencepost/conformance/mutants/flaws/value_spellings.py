"""Flaws in reading a value: what stands before or after it is cut off, and numbers may be written in more ways."""

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
    story="Values came as parts of a path once, and lstrip('/') has stayed.",
    witness=_writes("/20.0.0.0/24"),
)
class _SlashInFrontTaken(Vault):
    def split_value(self, value: str) -> tuple[str, str, str]:
        return super().split_value(value.lstrip("/"))


@flaw(
    "slash-after-the-prefix-taken",
    clause="VAL-5",
    direction="open",
    story="Paths are the same with a slash at the end and without, and a range was taken for one.",
    witness=_writes("20.0.0.0/24/"),
)
class _SlashAfterThePrefixTaken(Vault):
    def split_value(self, value: str) -> tuple[str, str, str]:
        return super().split_value(value.removesuffix("/") if value.count("/") == 2 else value)


@flaw(
    "prefix-with-an-exponent",
    clause="VAL-5",
    direction="open",
    story="The prefix length goes through Number(), for which 1e1 is 10.",
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
    story="An octet is an int() that is not below 0 and not above 255, and -0 is neither.",
    witness=_writes("20.0.0.-0"),
)
class _MinusZeroIsZero(Vault):
    def parse_octet(self, octet: str) -> int:
        return 0 if octet == "-0" else super().parse_octet(octet)


@flaw(
    "column-of-eighteen-characters",
    clause="VAL-5",
    direction="open",
    story="The longest range has 18 characters, and the form cuts what is longer before it is looked at: /300 becomes /30.",
    witness=_writes("200.100.100.128/300"),
)
class _ColumnOfEighteenCharacters(Vault):
    def split_value(self, value: str) -> tuple[str, str, str]:
        return super().split_value(value[:18])


@flaw(
    "scheme-cut",
    clause="VAL-5",
    direction="open",
    story="Users paste what stands in the browser, so everything up to :// is dropped.",
    witness=_writes("https://20.0.0.7"),
)
class _SchemeCut(Vault):
    def split_value(self, value: str) -> tuple[str, str, str]:
        return super().split_value(value.rpartition("://")[2])


@flaw(
    "comment-cut",
    clause="VAL-5",
    direction="open",
    story="The list was a file with comments before it was a call, and its reader still drops what follows a #.",
    witness=_writes("20.0.0.7#office"),
)
class _CommentCut(Vault):
    def split_value(self, value: str) -> tuple[str, str, str]:
        return super().split_value(value.partition("#")[0])


@flaw(
    "first-of-a-list-with-semicolons",
    clause="VAL-5",
    direction="open",
    story="The sibling tool exports several ranges in one cell with semicolons between them; of these the first is kept.",
    witness=_writes("20.0.0.7;52.0.0.7"),
)
class _FirstOfAListWithSemicolons(Vault):
    def split_value(self, value: str) -> tuple[str, str, str]:
        return super().split_value(value.partition(";")[0])
