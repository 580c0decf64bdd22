"""A faulty matcher, made from the source of a structure: what a result shows of it, and the end of endless loops."""

import ast
from collections.abc import Callable
from typing import Protocol

from fencepost.conformance.peers.structures.matcher import Matcher
from fencepost.conformance.strength.generated.structures import STRUCTURES

ROUNDS = 200_000
"""The rounds of loops within one call after which a loop counts as endless; correct structures need some thousands."""

_COUNT = "_count_a_round"  # two underscores would be mangled within a class


class Made(Protocol):
    """A faulty vault that is made from a structure's source."""

    @property
    def structure(self) -> str:
        """The structure that is changed."""

    @property
    def operator(self) -> str:
        """The operator that makes it; empty where a person has."""

    @property
    def id(self) -> str:
        """A name of the faulty vault, without blanks."""

    @property
    def line(self) -> int:
        """The first line that is changed."""

    @property
    def change(self) -> str:
        """The change in words."""

    @property
    def is_shown(self) -> bool:
        """Whether a result may show the developers of the suite that it survives."""

    @property
    def counts_in(self) -> tuple[str, ...]:
        """The rows of the result that it counts in."""

    def matcher(self) -> Callable[[], Matcher]:
        """A factory of the faulty matcher."""

    def difference(self, *, seed: int) -> str | None:
        """A history in which it differs from the original, and its answer there; None where none is known."""


class EndlessLoop(RuntimeError):
    """A call that has gone round its loops too often."""


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


def compiled(structure: str, tree: ast.Module) -> Callable[[], Matcher]:
    """The class `Structure` of a changed tree, its loops counted; the tree is changed further."""
    counted = ast.fix_missing_locations(_Counted().visit(tree))
    rounds = Rounds()
    # Dataclasses look their module up by its name, so that is the name of the module that was changed.
    names: dict[str, object] = {"__name__": STRUCTURES[structure].module.__name__, _COUNT: rounds}
    exec(compile(counted, f"<a faulty {structure}>", "exec"), names)  # noqa: S102 - the source is the kit's own
    made = names["Structure"]
    assert callable(made)
    return lambda: Bounded(made(), rounds)


def original(structure: str) -> Callable[[], Matcher]:
    """The class of the unchanged structure, its loops counted as those of a faulty vault are."""
    return compiled(structure, ast.parse(STRUCTURES[structure].source))
