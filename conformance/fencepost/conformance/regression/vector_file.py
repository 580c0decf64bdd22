"""Test vectors as a file: language-neutral JSON in the manner of Wycheproof, with its schema."""

from inspect import cleandoc
from typing import Literal

import msgspec
from msgspec import Struct

FORM = "fencepost-vectors-v1"
LARGEST = 64 * 1024 * 1024
"""The largest size of a file of vectors, in bytes."""


class _Value(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """A JSON object of the file."""


class ExpectedDecision(_Value, frozen=True, kw_only=True):
    """The expected decision on a request.

    If `codes` is present and the subject promises codes, one of them must come.
    """

    outcome: Literal["allow", "deny"]
    codes: tuple[tuple[int, str | None], ...] = ()


class ExpectedRules(_Value, frozen=True, kw_only=True):
    """The expected rules of a read-back in normal form.

    Ids are in lower case, single addresses bare, all sorted, without duplicates.
    """

    default_action: str
    bypass: str
    ip_rules: tuple[str, ...]
    virtual_network_rules: tuple[str, ...]


class VectorCall(_Value, frozen=True, kw_only=True):
    """One call of the contract with its expected answer, in the member that fits the method.

    `accepted` belongs to a write, `decisions` to a `decide` (one for each request), `rules` to a `getRules`.
    """

    method: str
    params: dict[str, object]
    accepted: bool | None = None
    decisions: tuple[ExpectedDecision, ...] | None = None
    rules: ExpectedRules | None = None


class Test(_Value, frozen=True, kw_only=True):
    """One test: its calls from `reset` on. `id` follows from the content and is stable; `tcId` counts in this file.

    `flags` name the notes that say which bugs this test finds, or why it exists.
    """

    tc_id: int
    id: str
    comment: str
    flags: tuple[str, ...]
    calls: tuple[VectorCall, ...]


class TestGroup(_Value, frozen=True, kw_only=True):
    """Tests of one clause with the same needs. `needs` are abilities; a subject without one of them skips the group."""

    clause: str
    text: str
    needs: tuple[str, ...]
    tests: tuple[Test, ...]


class Note(_Value, frozen=True, kw_only=True):
    """The meaning of a flag: the type of the bug, how a programmer makes it, its effect, and where it was seen."""

    bug_type: str
    description: str
    effect: str
    origin: str | None = None


class VectorFile(_Value, frozen=True, kw_only=True):
    """A whole file."""

    schema: Literal["fencepost-vectors-v1"]
    generator_version: str
    catalogue_version: str
    profile: str
    number_of_tests: int
    header: tuple[str, ...]
    notes: dict[str, Note]
    test_groups: tuple[TestGroup, ...]


class VectorsRefused(ValueError):
    """The data is no file of vectors; the fields give the place and the reason."""


def vectors_from_json(data: bytes) -> VectorFile:
    """The vectors of a file; `VectorsRefused` with the place of the first fault."""
    if len(data) > LARGEST:
        raise VectorsRefused(f"larger than {LARGEST >> 20} MiB, which no {FORM} is")
    try:
        found = msgspec.json.decode(data, type=VectorFile)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise VectorsRefused(f"no {FORM}: {error}") from None
    ids = [test.id for group in found.test_groups for test in group.tests]
    if len(ids) != found.number_of_tests:
        raise VectorsRefused(f"$.numberOfTests: {found.number_of_tests} are stated, {len(ids)} exist")
    if len(set(ids)) != len(ids):
        raise VectorsRefused("$.testGroups: a test is there twice")
    unknown = sorted(
        {flag for group in found.test_groups for test in group.tests for flag in test.flags} - {*found.notes}
    )
    if unknown:
        raise VectorsRefused(f"$.notes: there is no note for {', '.join(unknown[:5])}")
    return found


def vectors_schema() -> dict[str, object]:
    """The JSON Schema (draft 2020-12) of a file of vectors, generated from these classes."""
    schema = msgspec.json.schema(VectorFile, schema_hook=lambda _: {"description": "any JSON value"})
    for definition in schema["$defs"].values():
        definition["description"] = cleandoc(definition["description"])
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": FORM, **schema}
