"""The syntax of template expressions: from a text to calls, members and elements, and literals.

Source: learn.microsoft.com, "Syntax and expressions in ARM templates".
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

_TOKEN = re.compile(
    r"\s*(?:(?P<text>'(?:[^']|'')*')|(?P<number>-?\d+)|(?P<name>[A-Za-z_][A-Za-z0-9_]*)|(?P<mark>[()\[\].,]))"
)
_DEEPEST = 50


class NotEvaluated(ValueError):
    """An expression that cannot be evaluated here, and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Literal:
    """A text or a number."""

    value: str | int


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A function and its arguments."""

    name: str
    arguments: tuple["Node", ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A member (`.name`) or an element (`[index]`) of a value."""

    of: "Node"
    key: "Node"


Node = Literal | Call | Part


def parsed(text: str) -> Node:
    """The syntax of an expression, which stands without its brackets; `NotEvaluated` where it is none."""
    parser = _Parser(_tokens(text))
    node = parser.value(0)
    if parser.rest():
        raise NotEvaluated(f"{text!r:.80} is no expression")
    return node


def _tokens(text: str) -> list[str]:
    found, place = [], 0
    while text[place:].strip():
        match = _TOKEN.match(text, place)
        if match is None:
            raise NotEvaluated(f"{text!r:.80} is no expression")
        found.append(match[0].strip())
        place = match.end()
    return found


class _Parser:
    """Reads a literal, or a call, followed by members (`.name`) and elements (`[index]`)."""

    def __init__(self, tokens: Sequence[str]) -> None:
        self._tokens = tokens
        self._place = 0

    def rest(self) -> Sequence[str]:
        return self._tokens[self._place :]

    def value(self, depth: int) -> Node:
        if depth > _DEEPEST:
            raise NotEvaluated("the expression is nested too deep")
        token = self._next()
        if token.startswith("'"):
            return Literal(value=token[1:-1].replace("''", "'"))
        if token.lstrip("-").isdecimal():
            return Literal(value=int(token))
        is_name = token[0].isalpha() or token[0] == "_"
        if is_name and self._peek() == ".":
            raise NotEvaluated(f"the template's own functions, here those of {token!r}, are not evaluated here")
        if not is_name or self._peek() != "(":
            raise NotEvaluated(f"{token!r} is not expected in an expression")
        node: Node = Call(name=token, arguments=self._arguments(depth + 1))
        while self._peek() in (".", "["):
            node = Part(of=node, key=self._key(depth + 1))
        return node

    def _arguments(self, depth: int) -> tuple[Node, ...]:
        self._next("(")
        found: list[Node] = []
        while self._peek() != ")":
            if found:
                self._next(",")
            found.append(self.value(depth))
        self._next(")")
        return tuple(found)

    def _key(self, depth: int) -> Node:
        if self._next() == ".":
            return Literal(value=self._next())
        key = self.value(depth)
        self._next("]")
        return key

    def _peek(self) -> str:
        return self._tokens[self._place] if self._place < len(self._tokens) else ""

    def _next(self, expected: str = "") -> str:
        token = self._peek()
        if not token or (expected and token != expected):
            raise NotEvaluated(f"expected {expected or 'a value'!r}, got {token or 'the end'!r}")
        self._place += 1
        return token
