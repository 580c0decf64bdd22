"""From a structure's source to its mutants, each compiled in memory from a changed syntax tree."""

import ast
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from functools import cache

from fencepost.conformance.peers.structures.matcher import Matcher
from fencepost.conformance.strength.generated.operators import OPERATORS, Scope
from fencepost.conformance.strength.generated.structures import STRUCTURES

ROUNDS = 200_000
"""The rounds of loops within one call after which a loop counts as endless; correct structures need some thousands."""

_COUNT = "_count_a_round"  # two underscores would be mangled within a class
_Path = tuple[tuple[str, int | None], ...]


class EndlessLoop(RuntimeError):
    """A call that has gone round its loops too often."""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Mutation:
    """A structure, an operator, and the number of the place at which it is applied; `change` is for the reader."""

    structure: str
    operator: str
    position: int
    line: int
    change: str

    @property
    def id(self) -> str:
        """The mutant in one word.

        >>> Mutation(structure="scan", operator="boundary", position=3, line=1, change="").id
        'scan/boundary/3'
        """
        return f"{self.structure}/{self.operator}/{self.position}"


@cache
def mutations(structure: str) -> tuple[Mutation, ...]:
    """Every mutation of a structure by every operator; of several with the same effect on the text the first."""
    tree = ast.parse(STRUCTURES[structure].source)
    seen, found = {ast.unparse(tree)}, list[Mutation]()
    for operator in OPERATORS:
        for position, (path, new) in enumerate(_places(tree, operator)):
            text = ast.unparse(_put(tree, path, new))
            if text not in seen:
                seen.add(text)
                old = _at(tree, path)
                change = f"{_shown(old)} → {_shown(new)}"
                line = getattr(old, "lineno", 0)
                found.append(
                    Mutation(structure=structure, operator=operator, position=position, line=line, change=change)
                )
    return tuple(found)


def original(structure: str) -> Callable[[], Matcher]:
    """The class of the unchanged structure, its loops counted as those of a mutant are."""
    return _compiled(structure, ast.parse(STRUCTURES[structure].source))


def mutated(mutation: Mutation) -> Callable[[], Matcher]:
    """The class of the changed structure."""
    tree = ast.parse(STRUCTURES[mutation.structure].source)
    path, new = list(_places(tree, mutation.operator))[mutation.position]
    return _compiled(mutation.structure, _put(tree, path, new))


class Bounded:
    """A matcher whose calls end: with an answer, or with an error."""

    def __init__(self, matcher: Matcher, rounds: "Rounds") -> None:
        self._matcher = matcher
        self._rounds = rounds

    def add(self, first: int, length: int) -> None:
        """As the matcher does."""
        self._rounds.left = ROUNDS
        self._matcher.add(first, length)

    def remove(self, first: int, length: int) -> None:
        """As the matcher does."""
        self._rounds.left = ROUNDS
        self._matcher.remove(first, length)

    def clear(self) -> None:
        """As the matcher does."""
        self._rounds.left = ROUNDS
        self._matcher.clear()

    def covers(self, address: int) -> bool:
        """As the matcher does."""
        self._rounds.left = ROUNDS
        return self._matcher.covers(address)


class Rounds:
    """How many rounds of loops are left to a call."""

    def __init__(self) -> None:
        self.left = ROUNDS

    def __call__(self) -> None:
        """Count one; `EndlessLoop` where none is left."""
        self.left -= 1
        if self.left < 0:
            raise EndlessLoop(f"more than {ROUNDS:,} rounds in one call")


class _Counted(ast.NodeTransformer):
    """Puts a call that counts at the beginning of each loop."""

    def generic_visit(self, node: ast.AST) -> ast.AST:
        """The node, and all below it, with its loops counted."""
        super().generic_visit(node)
        if isinstance(node, ast.For | ast.While):
            node.body.insert(0, ast.Expr(ast.Call(func=ast.Name(_COUNT, ctx=ast.Load()), args=[], keywords=[])))
        return node


def _compiled(structure: str, tree: ast.Module) -> Callable[[], Matcher]:
    counted = ast.fix_missing_locations(_Counted().visit(tree))
    rounds = Rounds()
    # Dataclasses look their module up by its name, so that is the name of the module that was changed.
    names: dict[str, object] = {"__name__": STRUCTURES[structure].module.__name__, _COUNT: rounds}
    exec(compile(counted, f"<a mutant of {structure}>", "exec"), names)  # noqa: S102 - the source is the kit's own
    made = names["Structure"]
    assert callable(made)
    return lambda: Bounded(made(), rounds)


def _places(tree: ast.Module, operator: str) -> Iterator[tuple[_Path, ast.AST]]:
    attributes = {f".{name}": kind for name, kind in _attributes(tree)}

    def walk(node: ast.AST, path: _Path, scope: Scope) -> Iterator[tuple[_Path, ast.AST]]:
        if isinstance(node, ast.FunctionDef):
            scope = {**attributes, **dict(_local(node))}
        yield from ((path, new) for new in OPERATORS[operator].change(node, scope))
        for name, value in ast.iter_fields(node):
            if name in {"annotation", "returns", "decorator_list"}:
                continue
            for at, child in enumerate(value) if isinstance(value, list) else ((None, value),):
                if isinstance(child, ast.AST):
                    yield from walk(child, (*path, (name, at)), scope)

    return walk(tree, (), {})


def _attributes(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """The attributes that a class declares, in its body or on `self`, with their types."""
    for node in ast.walk(tree):
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Attribute):
            yield node.target.attr, ast.unparse(node.annotation)
        if isinstance(node, ast.ClassDef):
            for part in node.body:
                if isinstance(part, ast.AnnAssign) and isinstance(part.target, ast.Name):
                    yield part.target.id, ast.unparse(part.annotation)


def _local(function: ast.FunctionDef) -> Iterator[tuple[str, str]]:
    """The parameters with their types, and the other names; what a loop or a calculation assigns counts as a number."""
    for argument in (*function.args.args, *function.args.kwonlyargs):
        if argument.annotation is not None:
            yield argument.arg, ast.unparse(argument.annotation).removesuffix(" | None")
    for node in ast.walk(function):
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            yield node.target.id, ast.unparse(node.annotation)
        elif isinstance(node, ast.For) or (isinstance(node, ast.Assign) and isinstance(node.value, ast.BinOp)):
            target = node.target if isinstance(node, ast.For) else node.targets[0]
            yield from (
                (name.id, "int") for name in ast.walk(target) if isinstance(name, ast.Name) and name.id != "self"
            )


def _at(tree: ast.AST, path: _Path) -> ast.AST:
    node = tree
    for name, at in path:
        value = getattr(node, name)
        node = value if at is None else value[at]
    return node


def _put(tree: ast.Module, path: _Path, new: ast.AST) -> ast.Module:
    changed = deepcopy(tree)
    above = _at(changed, path[:-1])
    name, at = path[-1]
    if at is None:
        setattr(above, name, deepcopy(new))
    else:
        getattr(above, name)[at] = deepcopy(new)
    return ast.fix_missing_locations(changed)


def _shown(node: ast.AST) -> str:
    first, *rest = ast.unparse(ast.fix_missing_locations(deepcopy(node))).splitlines()
    return f"{first} …" if rest else first
