"""Test vectors as a file: language-neutral JSON in the manner of Wycheproof, with its schema."""

import hashlib
import json
from collections.abc import Iterable
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


class Strength(_Value, frozen=True, kw_only=True):
    """How many generated mutants the tests have killed, and the command that measures it.

    The mutants are vaults with one slip in their source, of structures that the tests were not made by. `low` and
    `high` are the interval of 95% by Wilson. `undecided` survive, and no long random run distinguishes them from a
    correct vault: they are not among the `mutants`.
    """

    command: str
    mutants: int
    killed: int
    score: float
    low: float
    high: float
    undecided: int


class VectorFile(_Value, frozen=True, kw_only=True):
    """A whole file."""

    schema: Literal["fencepost-vectors-v1"]
    generator_version: str
    catalogue_version: str
    profile: str
    number_of_tests: int
    header: tuple[str, ...]
    strength: Strength | None = None
    notes: dict[str, Note]
    test_groups: tuple[TestGroup, ...]

    @property
    def digest(self) -> str:
        """The digest of the tests, by their ids."""
        return digest_of(test.id for group in self.test_groups for test in group.tests)


def digest_of(ids: Iterable[str]) -> str:
    """The SHA-256 of the ids, in any order."""
    return hashlib.sha256("\n".join(sorted(ids)).encode("ascii")).hexdigest()


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


def vectors_to_json(known: VectorFile) -> str:
    """The file in ASCII, a line for each test, so that a change of a test changes its line alone."""
    built = msgspec.to_builtins(known)
    groups = [_group_to_json(group) for group in built.pop("testGroups")]
    members = [f"{_ascii(name)}: {_ascii(value)}" for name, value in built.items()]
    every = [*members, '"testGroups": [\n' + ",\n".join(groups) + "\n]"]
    return "{\n" + ",\n".join(every) + "\n}\n"


def _group_to_json(group: dict[str, object]) -> str:
    tests = group.pop("tests")
    assert isinstance(tests, list | tuple)
    lines = ",\n".join(_ascii(test) for test in tests)
    return f'{_ascii(group)[:-1]},"tests":[\n{lines}\n]}}'


def _ascii(value: object) -> str:
    """The value in one line. Beyond ASCII it has escapes, since some values cannot be written in UTF-8."""
    return json.dumps(value, ensure_ascii=True, separators=(",", ":"))


def vectors_schema() -> dict[str, object]:
    """The JSON Schema (draft 2020-12) of a file of vectors, generated from these classes."""
    schema = msgspec.json.schema(VectorFile, schema_hook=lambda _: {"description": "any JSON value"})
    for definition in schema["$defs"].values():
        definition["description"] = cleandoc(definition["description"])
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": FORM, **schema}
