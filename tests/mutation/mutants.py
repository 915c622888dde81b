"""Every small change of a module that its tests ought to notice.

One mutant is one changed node of the syntax tree. The kinds are those of mutmut and cosmic-ray:
comparisons, boolean and arithmetic operators, constants, conditions, filters, returned values, statements.
Docstrings, annotations and decorators are left alone; so are sentences for people, in `say(...)`, and the
texts of enums: golden files and documents hold those.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator
from dataclasses import dataclass

_COMPARISONS: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
_ARITHMETIC: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
}
_SENTENCES = frozenset({"say", "quote"})


@dataclass(frozen=True, kw_only=True)
class Mutant:
    """A module with one change; `change` says which, in one line."""

    line: int
    change: str
    source: str


def mutants(source: str) -> Iterator[Mutant]:
    """All mutants of a module's source, in the order of its lines; each compiles."""
    tree = ast.parse(source)
    found = [(node, other) for node in _executed(tree) for other in _instead(node)]
    for node, other in sorted(found, key=lambda pair: _place(pair[0])):
        was, becomes = ast.unparse(node), ast.unparse(other)
        if was != becomes:
            yield Mutant(
                line=_place(node)[0],
                change=f"{_short(was)}  ->  {_short(becomes)}",
                source=ast.unparse(ast.fix_missing_locations(_Swap(node, other).of(tree))),
            )


def _place(node: ast.AST) -> tuple[int, int]:
    return getattr(node, "lineno", 0), getattr(node, "col_offset", 0)


def _short(code: str) -> str:
    return " ".join(code.split())[:100]


class _Swap(ast.NodeTransformer):
    """A copy of a tree with one node exchanged."""

    def __init__(self, node: ast.AST, other: ast.AST) -> None:
        self._node, self._other = node, other

    def of(self, tree: ast.Module) -> ast.Module:
        # The node is known by identity, so it is marked before the tree is copied.
        self._node.__dict__["swapped"] = True
        swapped = self.visit(copy.deepcopy(tree))
        del self._node.__dict__["swapped"]
        assert isinstance(swapped, ast.Module)
        return swapped

    def visit(self, node: ast.AST) -> ast.AST:
        if getattr(node, "swapped", False):
            return self._other
        return self.generic_visit(node)


def _executed(node: ast.AST) -> Iterator[ast.AST]:
    """The nodes that run and decide: no docstring, annotation, import, or sentence."""
    for field, value in ast.iter_fields(node):
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST) and not _is_idle(node, field, child):
                yield child
                yield from _executed(child)


def _is_idle(parent: ast.AST, field: str, node: ast.AST) -> bool:
    if field in {"annotation", "returns"} or isinstance(node, ast.Import | ast.ImportFrom):
        return True
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return True
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _SENTENCES:
        return True
    if isinstance(parent, ast.ClassDef) and isinstance(node, ast.Assign) and _is_enum(parent):
        return True
    # A dataclass that is not frozen, or has its fields in order, decides nothing.
    return field == "decorator_list" and isinstance(parent, ast.ClassDef | ast.FunctionDef)


def _is_enum(node: ast.ClassDef) -> bool:
    return any(isinstance(base, ast.Name) and base.id.endswith("Enum") for base in node.bases)


def _instead(node: ast.AST) -> Iterator[ast.AST]:
    """What may stand in a node's place."""
    match node:
        case ast.Compare(ops=ops):
            yield from _compared(node, ops)
        case ast.BoolOp(op=op, values=values):
            yield ast.BoolOp(op=ast.Or() if isinstance(op, ast.And) else ast.And(), values=values)
            yield from (ast.BoolOp(op=op, values=values[:at] + values[at + 1 :]) for at in range(len(values)))
        case ast.UnaryOp(op=ast.Not() | ast.USub(), operand=operand):
            yield operand
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _ARITHMETIC:
            yield ast.BinOp(left=left, op=_ARITHMETIC[type(op)](), right=right)
        case ast.Constant(value=value):
            yield from _constants(value)
        case ast.IfExp(body=body, orelse=orelse):
            yield body
            yield orelse
        case ast.If(body=body, orelse=orelse):
            yield from (ast.If(test=ast.Constant(fixed), body=body, orelse=orelse) for fixed in (True, False))
        case _:
            yield from _flow(node)


def _compared(node: ast.Compare, ops: list[ast.cmpop]) -> Iterator[ast.AST]:
    for at, op in enumerate(ops):
        for other in _COMPARISONS[type(op)]:
            yield ast.Compare(
                left=node.left, ops=[*ops[:at], other(), *ops[at + 1 :]], comparators=node.comparators
            )


def _constants(value: object) -> Iterator[ast.AST]:
    match value:
        case bool():
            yield ast.Constant(not value)
        case int() | float():
            yield ast.Constant(value + 1)
        case str():
            yield ast.Constant(f"{value}XX")
        case _:
            return


def _flow(node: ast.AST) -> Iterator[ast.AST]:
    match node:
        case ast.Return(value=value) if value is not None and not _is_none(value):
            yield ast.Return(value=ast.Constant(None))
        case ast.Continue():
            yield ast.Break()
        case ast.Break():
            yield ast.Continue()
        case ast.Expr(value=ast.Call()) | ast.AugAssign() | ast.Raise():
            yield ast.Pass()
        case ast.comprehension(ifs=[_, *_]):
            yield ast.comprehension(target=node.target, iter=node.iter, ifs=[], is_async=node.is_async)
        case ast.Attribute(value=inner, attr="casefold" | "strip" | "lower"):
            # What is called on the result has to be a call still: str() of a text is that text.
            yield ast.Attribute(value=inner, attr="__str__", ctx=ast.Load())
        case _:
            return


def _is_none(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and node.value is None
