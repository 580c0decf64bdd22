"""From a structure's source to its mutants, each compiled in memory from a changed syntax tree."""

import ast
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from functools import cache

from fencepost.conformance.peers.structures.matcher import Matcher
from fencepost.conformance.strength.generated.differential import difference
from fencepost.conformance.strength.generated.made import compiled, original
from fencepost.conformance.strength.generated.operators import OPERATORS, Scope
from fencepost.conformance.strength.generated.structures import STRUCTURES

SETS = ("held-out structures", "held-out structures, held-out operators", "structures in sample", "all")
"""The rows of a result that a mutant may count in."""

_Path = tuple[tuple[str, int | None], ...]


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
        """The name of the mutant, without blanks.

        >>> Mutation(structure="scan", operator="boundary", position=3, line=1, change="").id
        'scan/boundary/3'
        """
        return f"{self.structure}/{self.operator}/{self.position}"

    @property
    def is_shown(self) -> bool:
        """Always: one mutant of an operator says little of the next."""
        return True

    @property
    def counts_in(self) -> tuple[str, ...]:
        """Held out is a mutant whose structure is held out; some of these have a held-out operator, too."""
        if STRUCTURES[self.structure].in_sample:
            return SETS[2:]
        return (SETS[0], *(() if OPERATORS[self.operator].in_sample else SETS[1:2]), SETS[3])

    def matcher(self) -> Callable[[], Matcher]:
        """The class of the changed structure."""
        tree = ast.parse(STRUCTURES[self.structure].source)
        path, new = list(_places(tree, self.operator))[self.position]
        return compiled(self.structure, _put(tree, path, new))

    def difference(self, *, seed: int) -> str | None:
        """The difference that a long random run finds, if any."""
        found = difference(original(self.structure), self.matcher(), seed=seed)
        return None if found is None else str(found)


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
