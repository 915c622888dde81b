"""`scripts/check_budgets.py` finds each breach of a budget, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from scripts.check_budgets import find_problems, main


def write(root: Path, path: str, text: str) -> None:
    file = root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


def problems(root: Path, path: str, text: str) -> list[str]:
    write(root, path, text)
    return [line.replace(f"{root}/", "") for line in find_problems(root)]


def body(lines: int) -> str:
    return "    pass\n" * lines


def test_nothing_to_say_about_kept_budgets(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = f'def long() -> None:\n    """Left\n    out.\n    """\n{body(39)}'
    assert problems(tmp_path, "src/promoter/core/plan.py", text) == []
    assert main([str(tmp_path)]) == 0
    assert capsys.readouterr().out == "style budgets: all kept\n"


def test_long_function(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = problems(tmp_path, "src/promoter/a.py", f"@cache\ndef long() -> None:\n{body(40)}")
    assert found == ["src/promoter/a.py:2: long has 41 lines, 40 are allowed"]
    assert main([str(tmp_path)]) == 1
    assert capsys.readouterr().out.endswith("long has 41 lines, 40 are allowed\n")


def test_long_module(tmp_path: Path) -> None:
    assert problems(tmp_path, "src/promoter/a.py", "\n" * 300) == []
    assert problems(tmp_path, "src/promoter/a.py", "\n" * 301) == [
        "src/promoter/a.py: 301 lines, 300 are allowed"
    ]


@pytest.mark.parametrize(
    ("text", "branches"),
    [
        ("    if a and b and c and d and e:\n        pass\n" * 2, 11),
        ("    x = [a for a in b if c or d]\n" * 5, 11),
        ("    assert a\n" * 9, 10),
        ("    match a:\n" + "        case 1: pass\n" * 10, 11),
        ("    try: pass\n    except (A, B): pass\n" * 10, 11),
        ("    a = b if c else d\n" * 10, 11),
        ("    while a:\n        pass\n" * 10, 11),
    ],
)
def test_branches(tmp_path: Path, text: str, branches: int) -> None:
    found = problems(tmp_path, "src/promoter/a.py", f"def f() -> None:\n{text}")
    message = f"src/promoter/a.py:1: f has {branches} branches, 10 are allowed"
    assert found == ([message] if branches > 10 else [])


@pytest.mark.parametrize(
    ("signature", "message"),
    [
        ("self, a, b, *, c, d, e", ""),
        ("a, b, *, c, d, e, f", "f has 6 parameters, 5 are allowed"),
        ("a, b, c", "f has 3 positional parameters: keyword-only from the third"),
        ("a, /, b, c=1", "f has 3 positional parameters: keyword-only from the third"),
    ],
)
def test_parameters(tmp_path: Path, signature: str, message: str) -> None:
    found = problems(tmp_path, "src/promoter/a.py", f"def f({signature}): ...\n")
    assert found == ([f"src/promoter/a.py:1: {message}"] if message else [])


@pytest.mark.parametrize("signature", ["x: bool", "a, x=True", "*, a, x=False", "a=1, *, x: bool = False"])
@pytest.mark.parametrize(("room", "count"), [("core", 1), ("checks", 1), ("commands", 1), ("render", 0)])
def test_boolean_parameters(tmp_path: Path, signature: str, room: str, count: int) -> None:
    path = f"src/promoter/{room}/a.py"
    message = f"{path}:1: f takes the boolean x; pass an enum or write two"
    assert problems(tmp_path, path, f"def f({signature}): ...\n") == [message] * count


@pytest.mark.parametrize(
    "text", ["import os\nos.environ\n", "import os\nos.getenv('A')\n", "\nfrom os import environ\n"]
)
def test_environment_is_read_in_one_module(tmp_path: Path, text: str) -> None:
    outside = "reads the environment outside inputs.py"
    assert problems(tmp_path, "src/promoter/core/inputs.py", text) == [
        f"src/promoter/core/inputs.py:2: {outside}"
    ]


def test_environment_is_not_read_while_importing(tmp_path: Path) -> None:
    path = "src/promoter/inputs.py"
    assert problems(tmp_path, path, "import os\ndef read(): return os.environ\n") == []
    assert problems(tmp_path, path, "import os\nHOME = os.environ['HOME']\n") == [
        f"{path}:2: reads the environment while it is imported"
    ]


@pytest.mark.parametrize("second", ["except:", "except Exception:", "except (A, BaseException):"])
def test_one_catch_all(tmp_path: Path, second: str) -> None:
    write(tmp_path, "src/promoter/action.py", "try: a\nexcept Exception: b\n")
    found = problems(tmp_path, "src/promoter/b.py", f"try: a\n{second} b\n")
    places = "src/promoter/action.py:2, src/promoter/b.py:2"
    assert found == [f"2 catch-alls, 1 is allowed: {places}"]


def test_import_cycle(tmp_path: Path) -> None:
    write(tmp_path, "src/promoter/core/a.py", "from promoter.core import b\n")
    (found,) = problems(tmp_path, "src/promoter/core/b.py", "import promoter.core.a\n")
    assert found.startswith("import cycle: ")
    assert {"promoter.core.a", "promoter.core.b"} == set(found.removeprefix("import cycle: ").split(" -> "))


@pytest.mark.parametrize(
    "text",
    [
        "def late():\n    from promoter.core import a\n",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from promoter.core import a\n",
    ],
)
def test_no_cycle_without_an_import_at_import_time(tmp_path: Path, text: str) -> None:
    write(tmp_path, "src/promoter/core/a.py", "from promoter.core.b import late\n")
    assert problems(tmp_path, "src/promoter/core/b.py", text) == []


def test_names_and_package_files(tmp_path: Path) -> None:
    write(tmp_path, "src/promoter/core/__init__.py", "A = 1\n")
    assert problems(tmp_path, "src/promoter/string_utils.py", "") == [
        "src/promoter/core/__init__.py: a package's __init__.py stays empty",
        "src/promoter/string_utils.py: utils says nothing; name the module after what it holds",
    ]


def test_patches(tmp_path: Path) -> None:
    patched = "def test_it(monkeypatch):\n    monkeypatch.setattr('a', 'b')\n"
    others = "".join(f"def test_{number}(): ...\n" for number in range(49))
    assert problems(tmp_path, "tests/test_a.py", patched) == ["1 patches in 1 tests, 2 in 100 are allowed"]
    assert problems(tmp_path, "tests/test_a.py", patched + others) == []


def test_scripts_keep_the_length_budgets_too(tmp_path: Path) -> None:
    found = problems(tmp_path, "scripts/a.py", f"def long():\n{body(40)}")
    assert found == ["scripts/a.py:1: long has 41 lines, 40 are allowed"]
