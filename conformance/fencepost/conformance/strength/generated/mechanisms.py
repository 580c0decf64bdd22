"""Faults that other people wrote: edits of a structure's source with a witness, from one TOML file a structure."""

import ast
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Literal

import msgspec
from fencepost.conformance.peers.structures.matcher import Matcher
from fencepost.conformance.strength.generated.made import compiled
from fencepost.conformance.strength.generated.structures import STRUCTURES
from fencepost.conformance.strength.generated.trial import StructureConnection

SETS = ("held out", "in sample", "all")
EVERY = 3
"""The first of so many entries of a file, in their order, is in sample; the others are only ever measured."""

Answer = Literal["allow", "deny"]


class _Value(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A table of the file."""


class Edit(_Value, frozen=True, kw_only=True):
    """The text `old`, which stands exactly once in the source, becomes `new`."""

    old: str
    new: str


class Call(_Value, frozen=True, kw_only=True):
    """One call of the contract."""

    method: str
    params: dict[str, Any]


class Mechanism(_Value, frozen=True, kw_only=True):
    """An entry of a file: what was believed, where it was published, the edits, and a witness with both answers.

    The witness is a JSON text: a list of calls.
    """

    id: str
    belief: str
    literature: str = ""
    edit: tuple[Edit, ...]
    witness: str
    expected: Answer
    got: Answer

    @property
    def calls(self) -> tuple[Call, ...]:
        """The calls of the witness; `msgspec.MsgspecError` where it is no such text."""
        return msgspec.json.decode(self.witness, type=tuple[Call, ...])


@dataclass(kw_only=True, eq=False)
class MechanismsError(ValueError):
    """A file that holds no mechanisms of its structure; `faults` are all that were found."""

    file: str
    faults: tuple[str, ...]

    def __str__(self) -> str:
        return "\n".join((f"{self.file}: {len(self.faults)} faults", *(f"  {fault}" for fault in self.faults)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Believed:
    """A mechanism in its structure."""

    structure: str
    mechanism: Mechanism
    is_held_out: bool

    @property
    def id(self) -> str:
        """The structure, and the id within the file."""
        return f"{self.structure}/{self.mechanism.id}"

    @property
    def operator(self) -> str:
        """No operator makes it."""
        return ""

    @property
    def line(self) -> int:
        """The line at which the first edit begins."""
        source = STRUCTURES[self.structure].source
        return source[: source.index(self.mechanism.edit[0].old)].count("\n") + 1

    @property
    def change(self) -> str:
        """The belief."""
        return self.mechanism.belief

    @property
    def is_shown(self) -> bool:
        """Only in sample."""
        return not self.is_held_out

    @property
    def counts_in(self) -> tuple[str, ...]:
        """Held out or in sample; and all."""
        return (SETS[0] if self.is_held_out else SETS[1], SETS[2])

    def matcher(self) -> Callable[[], Matcher]:
        """The class of the edited structure."""
        return compiled(self.structure, ast.parse(_edited(STRUCTURES[self.structure].source, self.mechanism)))

    def difference(self, *, seed: int) -> str:  # noqa: ARG002 - a witness needs no search
        """Its witness."""
        return f"its witness of {len(self.mechanism.calls)} calls: {self.mechanism.got}"

    def answer(self, matcher: Matcher, *, profile: str = "keyvault") -> str:
        """What a vault around the matcher answers to the last call of the witness."""
        connection = StructureConnection(matcher, profile=profile)
        for call in self.mechanism.calls:
            answer = connection.call(call.method, call.params)
        assert isinstance(answer, Mapping)
        return str(answer["decisions"][0]["outcome"])


@cache
def mechanisms(structure: str) -> tuple[Believed, ...]:
    """The mechanisms of a structure; none where there is no file. `MechanismsError` where the file is faulty."""
    file = files("fencepost.conformance.strength") / "mechanisms" / f"{structure}.toml"
    return read(structure, file.read_text(encoding="utf-8"), file=file.name) if file.is_file() else ()


def read(structure: str, text: str, *, file: str) -> tuple[Believed, ...]:
    """The mechanisms in the text of a file; `MechanismsError` with every fault of it."""
    try:
        entries = tomllib.loads(text).get("mechanism")
    except (ValueError, RecursionError) as error:  # also an integer of 5,000 digits
        raise MechanismsError(file=file, faults=(str(error),)) from None
    if not isinstance(entries, list):
        raise MechanismsError(file=file, faults=("expected an array of tables [[mechanism]]",))
    found, faults = list[Believed](), list[str]()
    for place, entry in enumerate(entries):
        name = entry.get("id") if isinstance(entry, dict) else None
        try:
            mechanism = msgspec.convert(entry, Mechanism)
        except msgspec.ValidationError as error:
            faults.append(f"{name or f'mechanism {place + 1}'}: {error}")
            continue
        faults += (f"{mechanism.id}: {fault}" for fault in _faults(STRUCTURES[structure].source, mechanism))
        if any(mechanism.id == other.mechanism.id for other in found):
            faults.append(f"{mechanism.id}: the id is there twice")
        found.append(Believed(structure=structure, mechanism=mechanism, is_held_out=bool(place % EVERY)))
    if faults:
        raise MechanismsError(file=file, faults=tuple(faults))
    return tuple(found)


def _faults(source: str, mechanism: Mechanism) -> Iterator[str]:
    if mechanism.expected == mechanism.got:
        yield f"expected and got are both {mechanism.got}"
    if not mechanism.edit:
        yield "there is no edit"
    for edit in mechanism.edit:
        if source.count(edit.old) != 1:
            yield f"this stands {source.count(edit.old)} times in the source, expected once: {edit.old!r}"
    yield from _faults_of_witness(mechanism)
    try:
        ast.parse(_edited(source, mechanism))
    except SyntaxError as error:
        yield f"the edited source is no Python: {error}"


def _faults_of_witness(mechanism: Mechanism) -> Iterator[str]:
    try:
        calls = mechanism.calls
    except (msgspec.MsgspecError, RecursionError) as error:
        yield f"the witness is no list of calls: {error}"
        return
    asked = calls[-1].params.get("requests") if calls and calls[-1].method == "decide" else None
    if not isinstance(asked, list) or len(asked) != 1:
        yield "the last call of the witness must be decide, with one request"


def _edited(source: str, mechanism: Mechanism) -> str:
    for edit in mechanism.edit:
        source = source.replace(edit.old, edit.new)
    return source
