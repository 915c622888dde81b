"""Who may import whom: the table of docs/architecture.md, held by walking the imports."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2] / "src"
PACKAGE = SOURCE / "promoter"

# Room → the rooms it may import from, besides itself. A room is a folder or a module of the package.
MAY_IMPORT: dict[str, set[str]] = {
    "text": set(),
    "version": set(),
    "errors": {"text"},
    "core": {"errors", "text"},
    "ports": {"core", "errors", "text"},
    "checks": {"core", "errors", "text"},
    "render": {"core", "errors", "text"},
    "commands": {"checks", "render", "ports", "core", "errors", "text"},
    "evaluation": {"ports", "core", "errors", "text"},
    "adapters": {"core", "errors", "text"},
    "inputs": {"core", "errors", "text"},
    "event": {"inputs", "core", "errors", "text"},
    "addresses": {"inputs", "core", "errors", "text"},
    "ending": {"errors", "text"},
    "cli_arguments": {"cli_help", "cli_help_layout"},
    "cli_help": set(),
    "cli_help_layout": {"cli_help"},
}
DOORS = {
    "__main__",
    "action",
    "cli",
    "cli_apply",
    "cli_asking",
    "cli_completion",
    "cli_completion_words",
    "cli_doctor",
    "cli_drift",
    "cli_propose",
    "cli_history",
    "cli_init",
    "cli_lint",
    "cli_request",
    "cli_rollback",
    "cli_screen",
    "cli_validate",
    "world",
    "world_doctor",
    "world_judging",
    "world_propose",
    "demo",
}
ONLY_IN: dict[str, set[str]] = {
    "mlflow": {"adapters", "demo", "evaluation"},
    "github": {"adapters"},
    "sklearn": {"demo"},
    "pandas": {"demo", "evaluation"},
    "numpy": {"demo", "evaluation"},
    "scipy": {"evaluation"},
    "matplotlib": {"render"},
    "pyarrow": {"evaluation"},
    "pyspark": {"evaluation"},
    "rich": {"adapters"},
}
# What the pure rooms must not reach for: clock, network, processes, files.
IMPURE = {
    "os",
    "time",
    "subprocess",
    "socket",
    "requests",
    "urllib.request",
    "tempfile",
    "threading",
}
PURE = {"core", "checks", "render", "commands", "ports", "errors", "text", "event"}


@dataclass(frozen=True)
class Import:
    """Module `by` imports `name` (a module, dotted) at a line."""

    by: str
    name: str
    line: int

    @property
    def room(self) -> str:
        return room_of(self.by)

    def __str__(self) -> str:
        return f"{self.by}:{self.line} imports {self.name}"


def module_name(path: Path) -> str:
    parts = path.relative_to(SOURCE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def room_of(module: str) -> str:
    """`promoter.core.plan` is in `core`; the package itself is in no room."""
    return (*module.split("."), "")[1]


MODULES = {module_name(path): path for path in sorted(PACKAGE.rglob("*.py"))}


def imports_of(module: str) -> Iterator[Import]:
    for node in ast.walk(ast.parse(MODULES[module].read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(module, alias.name, node.lineno)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module}:{node.lineno} imports by a relative name"
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                yield Import(module, inner if inner in MODULES else str(node.module), node.lineno)


IMPORTS = [found for module in MODULES for found in imports_of(module)]
OWN = [found for found in IMPORTS if found.name.split(".")[0] == "promoter"]


def test_every_room_is_in_the_table() -> None:
    rooms = {room_of(module) for module in MODULES} - {""}
    assert rooms == MAY_IMPORT.keys() | DOORS


@pytest.mark.parametrize("room", sorted(MAY_IMPORT))
def test_a_room_imports_only_what_the_table_says(room: str) -> None:
    allowed = MAY_IMPORT[room] | {room}
    assert [str(one) for one in OWN if one.room == room and room_of(one.name) not in allowed] == []


def test_only_doors_know_adapters() -> None:
    outside = DOORS | {"adapters"}
    assert [str(one) for one in OWN if room_of(one.name) == "adapters" and one.room not in outside] == []


def test_nobody_imports_a_door_but_doors() -> None:
    assert [str(one) for one in OWN if room_of(one.name) in DOORS and one.room not in DOORS] == []


@pytest.mark.parametrize("package", sorted(ONLY_IN))
def test_a_foreign_package_is_imported_only_where_it_belongs(package: str) -> None:
    found = [one for one in IMPORTS if one.name.split(".")[0] == package]
    assert [str(one) for one in found if one.room not in ONLY_IN[package]] == []


def test_no_adapter_speaks_to_two_outside_things() -> None:
    both = {one.by for one in IMPORTS if one.name.split(".")[0] == "mlflow"} & {
        one.by for one in IMPORTS if one.name.split(".")[0] == "github" and room_of(one.by) == "adapters"
    }
    assert both == set()


def test_pygithub_is_known_to_one_module() -> None:
    found = {one.by for one in IMPORTS if one.name.split(".")[0] == "github"}
    assert found == {"promoter.adapters.github_client"}


def pygithub_in_what_others_see(tree: ast.Module) -> list[str]:
    """Annotations, public names and their values that mention PyGithub, in a module that imports it."""
    names = {
        (alias.asname or alias.name).split(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
        if (getattr(node, "module", "") or alias.name).split(".")[0] == "github"
    }
    shown = (part for node in ast.walk(tree) for part in seen_by_others(node))
    return [
        f"{part.lineno}: {ast.unparse(part)}"
        for part in shown
        if names & {inner.id for inner in ast.walk(part) if isinstance(inner, ast.Name)}
        or (isinstance(part, ast.Constant) and "github." in str(part.value))
    ]


def seen_by_others(node: ast.AST) -> Iterator[ast.expr]:
    """What a definition or an assignment tells whoever uses it: types, bases, values of public names."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        arguments = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
        arguments += [one for one in (node.args.vararg, node.args.kwarg) if one]
        yield from (one.annotation for one in arguments if one.annotation)
        yield from (node.returns,) if node.returns else ()
    if isinstance(node, ast.ClassDef):
        yield from node.bases
    if isinstance(node, ast.AnnAssign):
        yield node.annotation
    targets = node.targets if isinstance(node, ast.Assign) else []
    for target in targets:
        name = getattr(target, "attr", getattr(target, "id", ""))
        if not name.startswith("_"):
            yield node.value  # type: ignore[attr-defined]


@pytest.mark.parametrize("module", sorted({one.by for one in IMPORTS if one.name.split(".")[0] == "github"}))
def test_pygithub_s_types_are_seen_by_nobody_else(module: str) -> None:
    """What its methods really answer and raise: tests/contract/test_github_own_types.py."""
    tree = ast.parse(MODULES[module].read_text(encoding="utf-8"))
    assert pygithub_in_what_others_see(tree) == []


@pytest.mark.parametrize(
    "leak",
    [
        "import github\ndef get() -> github.Issue.Issue: ...",
        "from github import Issue\ndef get(one: list[Issue]) -> None: ...",
        "from github.Issue import Issue as Theirs\nclass Ours(Theirs): ...",
        "import github\nclass A:\n    def __init__(self) -> None:\n        self.client = github.Github()",
        "import github\nERRORS = (github.GithubException,)",
        "import github\none: 'github.Issue.Issue'",
    ],
)
def test_a_leak_of_pygithub_s_types_would_be_seen(leak: str) -> None:
    assert len(pygithub_in_what_others_see(ast.parse(leak))) == 1


@pytest.mark.parametrize("room", sorted(PURE))
def test_a_room_that_decides_touches_nothing(room: str) -> None:
    # ports name the type of a folder that is handed on, and import it for that alone
    banned = IMPURE if room == "ports" else IMPURE | {"pathlib"}
    assert [str(one) for one in IMPORTS if one.room == room and one.name in banned] == []


def test_there_is_no_cycle() -> None:
    graph: dict[str, set[str]] = {module: set() for module in MODULES}
    for one in OWN:
        graph[one.by].add(one.name)
    try:
        order = list(TopologicalSorter(graph).static_order())
    except CycleError as cycle:
        pytest.fail(f"import cycle: {' → '.join(cycle.args[1])}")
    assert set(order) >= set(MODULES)


def test_packages_are_empty() -> None:
    full = [str(path) for path in PACKAGE.rglob("__init__.py") if path.read_bytes()]
    assert full == []


def test_the_environment_is_read_in_one_module() -> None:
    readers = {
        module
        for module, path in MODULES.items()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute)
        and node.attr in {"environ", "getenv", "environb", "putenv"}
        and isinstance(node.value, ast.Name)
        and node.value.id == "os"
    }
    from_os = {one.by for one in IMPORTS if one.name == "os"}
    assert readers == {"promoter.inputs"}
    assert "promoter.inputs" in from_os


def test_there_is_one_catch_all() -> None:
    broad = [
        f"{module}:{node.lineno}"
        for module, path in MODULES.items()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ExceptHandler)
        and (
            node.type is None
            or (isinstance(node.type, ast.Name) and node.type.id in {"Exception", "BaseException"})
        )
    ]
    assert [place.split(":")[0] for place in broad] == ["promoter.ending"]


def test_every_room_is_described() -> None:
    text = (PACKAGE.parents[1] / "docs" / "architecture.md").read_text(encoding="utf-8")
    folders = {room for room in MAY_IMPORT if (PACKAGE / room).is_dir()}
    assert [room for room in sorted(folders) if f"`{room}/`" not in text] == []
    assert [room for room in sorted(DOORS - {"demo"}) if f"`{room}.py`" not in text] == []
