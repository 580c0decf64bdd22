"""The mutation operators: each maps a node of the syntax tree to the nodes that may stand in its place."""

import ast
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

Scope = Mapping[str, str]
"""Names in reach, also `.name` for attributes, each with its type as far as the source says it."""

_OPPOSITE: dict[type, type] = {
    ast.Lt: ast.Gt,
    ast.Gt: ast.Lt,
    ast.LtE: ast.GtE,
    ast.GtE: ast.LtE,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
}
_BOUNDARY: dict[type, type] = {ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt}
_ARITHMETIC: dict[type, type] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.FloorDiv,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.FloorDiv,
    ast.LShift: ast.RShift,
    ast.RShift: ast.LShift,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
    ast.BitXor: ast.BitOr,
}
_COPIES = frozenset({"list", "dict", "set", "tuple", "frozenset", "sorted"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Operator:
    """A kind of slip; an operator that is not `in_sample` is only ever measured."""

    name: str
    in_sample: bool
    change: Callable[[ast.AST, Scope], Iterator[ast.AST]]


def _compare(node: ast.AST, table: Mapping[type, type]) -> Iterator[ast.AST]:
    if isinstance(node, ast.Compare):
        for at, operator in enumerate(node.ops):
            if type(operator) in table:
                ops = [*node.ops[:at], table[type(operator)](), *node.ops[at + 1 :]]
                yield ast.Compare(left=node.left, ops=ops, comparators=node.comparators)


def _arithmetic(node: ast.AST, _: Scope) -> Iterator[ast.AST]:
    if isinstance(node, ast.BinOp) and type(node.op) in _ARITHMETIC:
        yield ast.BinOp(left=node.left, op=_ARITHMETIC[type(node.op)](), right=node.right)
    if isinstance(node, ast.AugAssign) and type(node.op) in _ARITHMETIC:
        yield ast.AugAssign(target=node.target, op=_ARITHMETIC[type(node.op)](), value=node.value)


def _off_by_one(node: ast.AST, _: Scope) -> Iterator[ast.AST]:
    if isinstance(node, ast.Constant) and type(node.value) is int:
        yield from (ast.Constant(value=node.value + step) for step in (1, -1))


def _statement_deletion(node: ast.AST, _: Scope) -> Iterator[ast.AST]:
    if isinstance(node, ast.Assign | ast.AugAssign | ast.Delete | ast.If | ast.For | ast.While):
        yield ast.Pass()


def _wrong_variable(node: ast.AST, scope: Scope) -> Iterator[ast.AST]:
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id in scope:
        for name in _others(node.id, scope):
            yield ast.Name(id=name, ctx=ast.Load())
    if isinstance(node, ast.Attribute) and f".{node.attr}" in scope:
        for name in _others(f".{node.attr}", scope):
            yield ast.Attribute(value=node.value, attr=name[1:], ctx=node.ctx)


def _others(name: str, scope: Scope) -> Iterator[str]:
    """The next name of the same type. Using all would make most mutants of this kind, and most of the crashes."""
    alike = [other for other in scope if other.startswith(".") == name.startswith(".") and scope[other] == scope[name]]
    if len(alike) > 1:
        yield alike[(alike.index(name) + 1) % len(alike)]


def _swapped_branch(node: ast.AST, _: Scope) -> Iterator[ast.AST]:
    if isinstance(node, ast.If) and node.orelse:
        yield ast.If(test=node.test, body=node.orelse, orelse=node.body)
    if isinstance(node, ast.IfExp):
        yield ast.IfExp(test=node.test, body=node.orelse, orelse=node.body)


def _negated_condition(node: ast.AST, _: Scope) -> Iterator[ast.AST]:
    if isinstance(node, ast.If):
        yield ast.If(test=_negation(node.test), body=node.body, orelse=node.orelse)
    if isinstance(node, ast.While):
        yield ast.While(test=_negation(node.test), body=node.body, orelse=node.orelse)
    if isinstance(node, ast.BoolOp):
        yield ast.BoolOp(op=ast.Or() if isinstance(node.op, ast.And) else ast.And(), values=node.values)
        for at, value in enumerate(node.values):
            yield ast.BoolOp(op=node.op, values=[*node.values[:at], _negation(value), *node.values[at + 1 :]])


def _negation(test: ast.expr) -> ast.expr:
    return ast.UnaryOp(op=ast.Not(), operand=test)


def _dropped_call(node: ast.AST, _: Scope) -> Iterator[ast.AST]:
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        yield ast.Pass()
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in {"min", "max"}:
        yield from node.args


def _alias(node: ast.AST, _: Scope) -> Iterator[ast.AST]:
    """A copy that is none; and a new list that is the old one, emptied for all who hold it."""
    match node:
        case ast.Call(func=ast.Name(id=name), args=[only]) if name in _COPIES:
            yield only
        case ast.Assign(targets=[ast.Attribute(value=owner, attr=name)], value=ast.List(elts=[])):
            held = ast.Attribute(owner, name, ctx=ast.Load())
            yield ast.Expr(ast.Call(func=ast.Attribute(held, "clear", ctx=ast.Load()), args=[], keywords=[]))


OPERATORS = {
    operator.name: operator
    for operator in (
        Operator(name="comparison", in_sample=True, change=lambda node, _: _compare(node, _OPPOSITE)),
        Operator(name="boundary", in_sample=False, change=lambda node, _: _compare(node, _BOUNDARY)),
        Operator(name="arithmetic", in_sample=False, change=_arithmetic),
        Operator(name="off-by-one", in_sample=True, change=_off_by_one),
        Operator(name="statement-deletion", in_sample=True, change=_statement_deletion),
        Operator(name="wrong-variable", in_sample=False, change=_wrong_variable),
        Operator(name="swapped-branch", in_sample=False, change=_swapped_branch),
        Operator(name="negated-condition", in_sample=False, change=_negated_condition),
        Operator(name="dropped-call", in_sample=False, change=_dropped_call),
        Operator(name="alias", in_sample=False, change=_alias),
    )
}
"""By name. The split was made before anything was measured."""
