"""Test vectors as a file: language-neutral JSON after the manner of Wycheproof, with its schema."""

from inspect import cleandoc
from typing import Literal

import msgspec
from msgspec import Struct

FORM = "fencepost-vectors-v1"
LARGEST = 64 * 1024 * 1024
"""How many bytes a file of vectors may have."""


class _Value(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """A JSON object of the file."""


class ExpectedDecision(_Value, frozen=True, kw_only=True):
    """What a request comes to. Where `codes` is there, one of these has to come with the denial, if codes are promised."""

    outcome: Literal["allow", "deny"]
    codes: tuple[tuple[int, str | None], ...] = ()


class ExpectedRules(_Value, frozen=True, kw_only=True):
    """The rules that are read back, in one form: ids in lower case, single addresses bare, sorted, each once."""

    default_action: str
    bypass: str
    ip_rules: tuple[str, ...]
    virtual_network_rules: tuple[str, ...]


class VectorCall(_Value, frozen=True, kw_only=True):
    """One call of the contract, and what its answer has to be, in the one member that fits the method.

    `accepted` of a write; `decisions` of a `decide`, one a request; `rules` of a `getRules`; none for other calls.
    """

    method: str
    params: dict[str, object]
    accepted: bool | None = None
    decisions: tuple[ExpectedDecision, ...] | None = None
    rules: ExpectedRules | None = None


class Test(_Value, frozen=True, kw_only=True):
    """One test: the calls from `reset` on. `id` follows from the content and stays, `tcId` counts in this file.

    `flags` name the notes that say which bugs this test finds, or why it is there.
    """

    tc_id: int
    id: str
    comment: str
    flags: tuple[str, ...]
    calls: tuple[VectorCall, ...]


class TestGroup(_Value, frozen=True, kw_only=True):
    """Tests of one clause that ask the same of an implementation: `needs` are abilities, to be skipped without."""

    clause: str
    text: str
    needs: tuple[str, ...]
    tests: tuple[Test, ...]


class Note(_Value, frozen=True, kw_only=True):
    """What a flag means: the type of the bug, how a programmer gets there, what it does, and where it was seen."""

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
    """What was read is no file of vectors: the place and the reason."""


def vectors_from_json(data: bytes) -> VectorFile:
    """The vectors that a file holds; `VectorsRefused` with the place of the first thing that does not fit."""
    if len(data) > LARGEST:
        raise VectorsRefused(f"larger than {LARGEST >> 20} MiB, which no {FORM} is")
    try:
        found = msgspec.json.decode(data, type=VectorFile)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise VectorsRefused(f"no {FORM}: {error}") from None
    ids = [test.id for group in found.test_groups for test in group.tests]
    if len(ids) != found.number_of_tests:
        raise VectorsRefused(f"$.numberOfTests: {found.number_of_tests} are claimed, {len(ids)} are there")
    if len(set(ids)) != len(ids):
        raise VectorsRefused("$.testGroups: a test is there twice")
    unknown = sorted(
        {flag for group in found.test_groups for test in group.tests for flag in test.flags} - {*found.notes}
    )
    if unknown:
        raise VectorsRefused(f"$.notes: nothing is said about {', '.join(unknown[:5])}")
    return found


def vectors_schema() -> dict[str, object]:
    """The JSON Schema (draft 2020-12) of a file of vectors, made from these definitions."""
    schema = msgspec.json.schema(VectorFile, schema_hook=lambda _: {"description": "any JSON value"})
    for definition in schema["$defs"].values():
        definition["description"] = cleandoc(definition["description"])
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": FORM, **schema}
