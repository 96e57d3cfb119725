"""Small faults in a module: each is its source with one operator, number or statement changed."""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator
from dataclasses import dataclass

_COMPARISONS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
}
_OPERATORS: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult,
    ast.BitOr: ast.BitAnd,
    ast.BitAnd: ast.BitOr,
}


@dataclass(frozen=True)
class Mutant:
    """One fault.

    Attributes:
        line: of the source, counted from 1.
        change: what became of what, in words.
        source: the whole module with it.
    """

    line: int
    change: str
    source: str


def list_mutants(source: str) -> list[Mutant]:
    """Returns every fault this file knows, in the order of the lines.

    Messages and their conditions of type stay: a mutant there is none that a user suffers from.

    Example:

    >>> for one in list_mutants("def f(a):\\n    return a < 1"):
    ...     print(one.line, one.change)
    2 a < 1 -> a <= 1
    2 1 -> 2
    """
    tree = ast.parse(source)
    found = []
    for number, node in enumerate(_walk(tree)):
        for place in range(len(_change(copy.deepcopy(node)))):
            changed = copy.deepcopy(tree)
            target = next(one for at, one in enumerate(_walk(changed)) if at == number)
            new = _change(target)[place]
            before = _first_line(node)
            _replace(changed, target, new)
            text = ast.unparse(ast.fix_missing_locations(changed))
            found.append(Mutant(node.lineno, f"{before} -> {_first_line(new)}", text))
    return sorted(found, key=lambda one: one.line)


def _change(node: ast.AST) -> list[ast.AST]:
    """Returns what may stand in a node's place."""
    if isinstance(node, ast.Compare) and type(node.ops[0]) in _COMPARISONS:
        return [
            ast.Compare(
                node.left, [_COMPARISONS[type(node.ops[0])](), *node.ops[1:]], node.comparators
            )
        ]
    if isinstance(node, ast.BoolOp):
        return [ast.BoolOp(ast.Or() if isinstance(node.op, ast.And) else ast.And(), node.values)]
    if isinstance(node, ast.BinOp) and type(node.op) in _OPERATORS:
        return [ast.BinOp(node.left, _OPERATORS[type(node.op)](), node.right)]
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.Not, ast.Invert, ast.USub)):
        return [node.operand]
    if isinstance(node, ast.Constant) and isinstance(node.value, bool):
        return [ast.Constant(not node.value)]
    if isinstance(node, ast.Constant) and isinstance(node.value, (int, float)):
        return [ast.Constant(node.value + 1)]
    if isinstance(node, ast.IfExp):
        return [node.body, node.orelse]
    if isinstance(node, ast.If):
        return [ast.If(ast.Constant(value), node.body, node.orelse) for value in (True, False)]
    # A statement for its effect: a call, a change in place, a raise.
    if isinstance(node, (ast.AugAssign, ast.Raise)) or (
        isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)
    ):
        return [ast.Pass()]
    return []


def _walk(node: ast.AST) -> Iterator[ast.AST]:
    """Yields what runs: no annotations, docstrings, messages, or imports for types."""
    if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
        return
    if hasattr(node, "lineno"):
        yield node
    if isinstance(node, (ast.Raise, ast.JoinedStr)):
        return
    for name, value in ast.iter_fields(node):
        if name in {"annotation", "returns", "type_params", "ops", "op", "decorator_list"}:
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST):
                yield from _walk(child)


def _replace(tree: ast.AST, target: ast.AST, new: ast.AST) -> None:
    for node in ast.walk(tree):
        for name, value in ast.iter_fields(node):
            if value is target:
                setattr(node, name, new)
            elif isinstance(value, list):
                value[:] = [new if one is target else one for one in value]


def _first_line(node: ast.AST) -> str:
    return ast.unparse(node).splitlines()[0][:90]
