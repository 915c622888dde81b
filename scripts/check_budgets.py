"""Hold the source to the project's budgets of style. Prints each breach; exits 1 when there is one.

    check_budgets.py [ROOT]

ROOT holds src/promoter, scripts and tests, and is the working directory when not given.
Lengths leave out decorators and docstrings. Branches are 1 + each if, for, while, except, case, assert,
comprehension, conditional expression and further operand of `and` and `or`.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

MAX_FUNCTION_LINES = 40
MAX_MODULE_LINES = 300
MAX_BRANCHES = 10
MAX_PARAMETERS = 5
MAX_POSITIONAL = 2
MAX_BROAD_EXCEPTS = 1
MAX_PATCHES_PER_100_TESTS = 2
ENVIRONMENT_MODULES = {"inputs.py"}
FLAGLESS_ROOMS = {"core", "checks", "commands"}
VAGUE_NAMES = {"utils", "helpers", "common", "manager", "handler", "service"}
PATCHES = {
    "monkeypatch.setattr", "monkeypatch.delattr", "monkeypatch.setitem",
    "patch", "patch.object", "patch.dict", "mock.patch", "mock.patch.object", "mock.patch.dict",
    "mocker.patch", "mocker.patch.object",
}  # fmt: skip

BRANCH_NODES = (
    ast.If, ast.For, ast.AsyncFor, ast.While, ast.ExceptHandler, ast.IfExp, ast.comprehension, ast.match_case,
    ast.Assert,
)  # fmt: skip
Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, kw_only=True)
class Module:
    path: Path
    name: str
    """Dotted, from the folder that holds the package."""
    text: str
    tree: ast.Module

    def at(self, node: ast.AST) -> str:
        return f"{self.path}:{getattr(node, 'lineno', 1)}"


def read_modules(folder: Path) -> list[Module]:
    return [read_module(path, folder.parent) for path in sorted(folder.rglob("*.py"))]


def read_module(path: Path, root: Path) -> Module:
    text = path.read_text(encoding="utf-8")
    parts = path.relative_to(root).with_suffix("").parts
    name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
    return Module(path=path, name=name, text=text, tree=ast.parse(text, filename=str(path)))


def dotted(node: ast.AST | None) -> str:
    """`a.b.c` for a chain of names, else the empty string."""
    if isinstance(node, ast.Attribute):
        start = dotted(node.value)
        return f"{start}.{node.attr}" if start else ""
    return node.id if isinstance(node, ast.Name) else ""


# --- one function ---------------------------------------------------------------------------------


def function_problems(module: Module) -> Iterator[str]:
    for node in ast.walk(module.tree):
        if isinstance(node, Function):
            where = f"{module.at(node)}: {node.name}"
            if (lines := function_lines(node)) > MAX_FUNCTION_LINES:
                yield f"{where} has {lines} lines, {MAX_FUNCTION_LINES} are allowed"
            if (branches := function_branches(node)) > MAX_BRANCHES:
                yield f"{where} has {branches} branches, {MAX_BRANCHES} are allowed"


def function_lines(node: Function) -> int:
    lines = (node.end_lineno or node.lineno) - node.lineno + 1
    if ast.get_docstring(node, clean=False) is not None:
        docstring = node.body[0]
        lines -= (docstring.end_lineno or docstring.lineno) - docstring.lineno + 1
    return lines


def function_branches(node: Function) -> int:
    inside = list(ast.walk(node))
    operands = sum(len(child.values) - 1 for child in inside if isinstance(child, ast.BoolOp))
    return 1 + operands + sum(isinstance(child, BRANCH_NODES) for child in inside)


def parameter_problems(module: Module) -> Iterator[str]:
    for node in ast.walk(module.tree):
        if isinstance(node, Function):
            positional = [
                arg for arg in [*node.args.posonlyargs, *node.args.args] if arg.arg not in {"self", "cls"}
            ]
            total = len(positional) + len(node.args.kwonlyargs)
            where = f"{module.at(node)}: {node.name}"
            if total > MAX_PARAMETERS:
                yield f"{where} has {total} parameters, {MAX_PARAMETERS} are allowed"
            # Python itself passes the arguments of __exit__ and its like by position
            if len(positional) > MAX_POSITIONAL and not node.name.startswith("__"):
                yield f"{where} has {len(positional)} positional parameters: keyword-only from the third"


def flag_problems(module: Module) -> Iterator[str]:
    """Boolean parameters, by annotation or default, in the rooms that must not have them."""
    if not FLAGLESS_ROOMS & set(module.name.split(".")):
        return
    for node in ast.walk(module.tree):
        if isinstance(node, Function):
            for flag in sorted(boolean_parameters(node.args)):
                yield f"{module.at(node)}: {node.name} takes the boolean {flag}; pass an enum or write two"


def boolean_parameters(arguments: ast.arguments) -> set[str]:
    positional = [*arguments.posonlyargs, *arguments.args]
    pairs = [
        *zip(reversed(positional), reversed(arguments.defaults), strict=False),
        *zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True),
    ]
    by_default = {
        arg.arg for arg, value in pairs if isinstance(value, ast.Constant) and isinstance(value.value, bool)
    }
    by_type = {arg.arg for arg in [*positional, *arguments.kwonlyargs] if dotted(arg.annotation) == "bool"}
    return by_default | by_type


# --- one module -----------------------------------------------------------------------------------


def module_problems(module: Module) -> Iterator[str]:
    lines = len(module.text.splitlines())
    if lines > MAX_MODULE_LINES:
        yield f"{module.path}: {lines} lines, {MAX_MODULE_LINES} are allowed"
    if module.path.name == "__init__.py" and lines:
        yield f"{module.path}: a package's __init__.py stays empty"
    if vague := VAGUE_NAMES & set(module.path.stem.split("_")):
        yield f"{module.path}: {vague.pop()} says nothing; name the module after what it holds"


def environment_problems(module: Module) -> Iterator[str]:
    allowed = module.name.count(".") == 1 and module.path.name in ENVIRONMENT_MODULES
    reads = environment_reads(import_time_nodes(module.tree) if allowed else ast.walk(module.tree))
    reason = "while it is imported" if allowed else f"outside {', '.join(sorted(ENVIRONMENT_MODULES))}"
    for node in reads:
        yield f"{module.at(node)}: reads the environment {reason}"


def environment_reads(nodes: Iterator[ast.AST]) -> Iterator[ast.AST]:
    for node in nodes:
        taken = isinstance(node, ast.ImportFrom) and node.module == "os"
        names = {alias.name for alias in node.names} if taken and isinstance(node, ast.ImportFrom) else set()
        if names & {"environ", "environb", "getenv"} or dotted(node) in {
            "os.environ",
            "os.environb",
            "os.getenv",
        }:
            yield node


def import_time_nodes(tree: ast.Module) -> Iterator[ast.AST]:
    """The nodes that run while the module is imported: not the bodies of functions."""
    waiting: list[ast.AST] = list(tree.body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, Function | ast.Lambda) or is_type_checking(node):
            continue
        yield node
        waiting.extend(ast.iter_child_nodes(node))


def is_type_checking(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and dotted(node.test).endswith("TYPE_CHECKING")


# --- all modules ----------------------------------------------------------------------------------


def broad_except_problems(modules: list[Module]) -> Iterator[str]:
    places = [
        module.at(node)
        for module in modules
        for node in ast.walk(module.tree)
        if isinstance(node, ast.ExceptHandler) and is_broad(node)
    ]
    if len(places) > MAX_BROAD_EXCEPTS:
        yield f"{len(places)} catch-alls, {MAX_BROAD_EXCEPTS} is allowed: {', '.join(places)}"


def is_broad(handler: ast.ExceptHandler) -> bool:
    caught = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return handler.type is None or any(dotted(kind) in {"Exception", "BaseException"} for kind in caught)


def cycle_problems(modules: list[Module]) -> Iterator[str]:
    known = {module.name for module in modules}
    graph = {module.name: imported_modules(module, known) - {module.name} for module in modules}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        yield f"import cycle: {' -> '.join(error.args[1])}"


def imported_modules(module: Module, known: set[str]) -> set[str]:
    """The project's own modules that importing this one imports. Relative imports are ruff's to refuse."""
    found: set[str] = set()
    for node in import_time_nodes(module.tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= names & known or {node.module}
    return found & known


def patch_problems(tests: list[Module]) -> Iterator[str]:
    nodes = [node for module in tests for node in ast.walk(module.tree)]
    count = sum(isinstance(node, Function) and node.name.startswith("test") for node in nodes)
    patches = sum(isinstance(node, ast.Call) and dotted(node.func) in PATCHES for node in nodes)
    if patches * 100 > count * MAX_PATCHES_PER_100_TESTS:
        yield f"{patches} patches in {count} tests, {MAX_PATCHES_PER_100_TESTS} in 100 are allowed"


def find_problems(root: Path) -> list[str]:
    source = read_modules(root / "src" / "promoter")
    scripts = read_modules(root / "scripts")
    problems: list[str] = []
    for module in [*source, *scripts]:
        problems += [*function_problems(module), *module_problems(module)]
    for module in source:
        problems += [
            *parameter_problems(module),
            *flag_problems(module),
            *environment_problems(module),
        ]
    problems += [*broad_except_problems(source), *cycle_problems(source)]
    problems += patch_problems(read_modules(root / "tests"))
    return problems


def main(arguments: list[str]) -> int:
    root = Path(arguments[0]) if arguments else Path()
    problems = find_problems(root)
    print(*problems or ["style budgets: all kept"], sep="\n")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
