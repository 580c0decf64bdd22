"""Flaws in reading a value: text before or after it is cut off, or numbers may be written in more ways."""

import re

from fencepost.conformance.mutants.mutant import Flaws, shown_by, writes
from fencepost.conformance.mutants.vault import Vault

flaw = Flaws("parsing")


@flaw("slash-in-front-taken", "VAL-5", "open")
@shown_by(writes("/20.0.0.0/24"))
class _SlashInFrontTaken(Vault):
    """Values were once parts of a path, and lstrip('/') is still there."""

    def split_value(self, value: str) -> tuple[str, str, str]:
        return super().split_value(value.lstrip("/"))


@flaw("slash-after-the-prefix-taken", "VAL-5", "open")
@shown_by(writes("20.0.0.0/24/"))
class _SlashAfterThePrefixTaken(Vault):
    """A slash at the end is removed, as from a path."""

    def split_value(self, value: str) -> tuple[str, str, str]:
        return super().split_value(value.removesuffix("/") if value.count("/") == 2 else value)


@flaw("prefix-with-an-exponent", "VAL-5", "open")
@shown_by(writes("20.0.0.0/1e1"))
class _PrefixWithAnExponent(Vault):
    """The prefix length is read with Number(), for which 1e1 is 10."""

    def parse_prefix(self, length: str) -> int:
        is_scientific = re.fullmatch("[0-9]e[0-9]", length, re.ASCII)
        return super().parse_prefix(str(int(float(length))) if is_scientific else length)


@flaw("minus-zero-is-zero", "VAL-5", "open")
@shown_by(writes("20.0.0.-0"))
class _MinusZeroIsZero(Vault):
    """An octet is an int() from 0 to 255, which accepts -0."""

    def parse_octet(self, octet: str) -> int:
        return 0 if octet == "-0" else super().parse_octet(octet)


@flaw("column-of-eighteen-characters", "VAL-5", "open")
@shown_by(writes("200.100.100.128/300"))
class _ColumnOfEighteenCharacters(Vault):
    """The longest range has 18 characters, and longer text is cut before it is checked: /300 becomes /30."""

    def split_value(self, value: str) -> tuple[str, str, str]:
        return super().split_value(value[:18])


@flaw("scheme-cut", "VAL-5", "open")
@shown_by(writes("https://20.0.0.7"))
class _SchemeCut(Vault):
    """Users paste addresses from the browser, so everything up to :// is removed."""

    def split_value(self, value: str) -> tuple[str, str, str]:
        return super().split_value(value.rpartition("://")[2])


@flaw("comment-cut", "VAL-5", "open")
@shown_by(writes("20.0.0.7#office"))
class _CommentCut(Vault):
    """The list was once a file with comments, and the reader still removes the text after a #."""

    def split_value(self, value: str) -> tuple[str, str, str]:
        return super().split_value(value.partition("#")[0])


@flaw("first-of-a-list-with-semicolons", "VAL-5", "open")
@shown_by(writes("20.0.0.7;52.0.0.7"))
class _FirstOfAListWithSemicolons(Vault):
    """A sibling tool exports several ranges with semicolons in one cell; of these the first is kept."""

    def split_value(self, value: str) -> tuple[str, str, str]:
        return super().split_value(value.partition(";")[0])
