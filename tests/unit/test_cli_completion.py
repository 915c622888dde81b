"""`promoter completion`: what may follow on a line, from the parser and from a clone's requests."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from promoter.cli import Terminal, run
from promoter.cli_arguments import parser, verbs_of
from promoter.cli_completion import named
from promoter.cli_completion_words import Kind, Named, reply
from promoter.cli_help import VERBS
from promoter.errors import ExitCode

KNOWN = (
    Named(model="churn", alias="champion"),
    Named(model="churn", alias="canary"),
    Named(model="fraud", alias="champion"),
    Named(model="prompts:/greeting", alias="production"),
)
REQUESTS = "promotions/**/*.yaml"


def names(_: str) -> Sequence[Named]:
    return KNOWN


def words(line: str) -> list[str]:
    found = reply(line, names)
    assert found.kind is Kind.WORDS
    return [word for word, _ in found.words]


# --- words ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("promoter ", list(VERBS)),
        ("promoter s", ["status", "schema"]),
        ("promoter --v", ["--version"]),
        ("promoter nothing --", []),
        ("promoter history ", ["churn", "fraud", "prompts:/greeting"]),
        ("promoter history prompts:/", ["prompts:/greeting"]),
        ("promoter history churn ", ["champion", "canary"]),
        ("promoter history --limit 5 churn ca", ["canary"]),
        ("promoter history --limit=5 churn ca", ["canary"]),
        ("promoter history unknown ", []),
        ("promoter rollback fraud ", ["champion"]),
        ("promoter request churn 8 --alias ", ["champion", "canary"]),
        ("promoter request --alias ", ["champion", "canary", "production"]),
        ("promoter request churn ", []),
        ("promoter init --aliases ca", ["canary"]),
        ("promoter status --models f", ["fraud"]),
        ("promoter init --step ", ["all", "policy", "requests"]),
        ("promoter init --step=p", ["--step=policy"]),
        ("promoter drift --rev ", []),
        ("promoter drift --rev=", []),
        ("promoter completion ", ["bash", "zsh", "fish"]),
        ("promoter action ", ["--help"]),
        ("promoter history 2>/dev/null chu", ["churn"]),
        ("promoter history 2> /dev/null churn ca", ["canary"]),
        ("promoter history churn 2>&1 ca", ["canary"]),
        ("promoter 2>log li", ["lint"]),
        ("promoter > log history f", ["fraud"]),
        ('promoter history "chu', ["churn"]),
        ("promoter history 'chu", ["churn"]),
        ("promoter history 'churn' ch", ["champion"]),
        ("promoter history chu\\", ["churn"]),
        ("/a/folder/promoter li", ["lint"]),
        ("promoter", []),
        ("", []),
    ],
)
def test_what_may_follow(line: str, expected: list[str]) -> None:
    assert words(line) == expected


def test_an_option_is_offered_once_unless_it_may_be_given_again() -> None:
    assert "--rev" in words("promoter drift --")
    assert "--rev" not in words("promoter drift --rev main --")
    assert "--models" in words("promoter init --models 'churn*' --")


@pytest.mark.parametrize("verb", VERBS)
def test_every_option_of_every_verb_is_offered(verb: str) -> None:
    actions = verbs_of(parser("0"))[verb]._actions
    expected = {one.option_strings[-1] for one in actions if one.option_strings}
    assert set(words(f"promoter {verb} --")) == expected


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("promoter lint ", Kind.FILES),
        ("promoter lint one.yaml two", Kind.FILES),
        ("promoter history --html ", Kind.FILES),
        ("promoter validate --policy=.git", Kind.FILES),
        ("promoter schema request > zeb", Kind.FILES),
        ("promoter schema request >zeb", Kind.FILES),
        ("promoter schema request >> ", Kind.FILES),
        ("promoter validate --json 2> zeb", Kind.FILES),
        ("promoter validate --json &>zeb", Kind.FILES),
        ("promoter init < ", Kind.FILES),
        ("promoter >", Kind.FILES),
        ("promoter validate --directory ", Kind.FOLDERS),
        ("promoter validate --report-directory=", Kind.FOLDERS),
    ],
)
def test_paths_are_left_to_the_shell(line: str, kind: Kind) -> None:
    found = reply(line, names)
    assert (found.kind, found.words) == (kind, ())


def test_the_glob_of_the_line_says_where_requests_are() -> None:
    asked: list[str] = []

    def noted(pattern: str) -> Sequence[Named]:
        asked.append(pattern)
        return ()

    for option in ("", "--requests 'models/*.yaml' ", "--requests=x.yaml "):
        reply(f"promoter history {option}c", noted)
    assert asked == [REQUESTS, "models/*.yaml", "x.yaml"]


@pytest.mark.parametrize("line", ["promoter ", "promoter drift --", "promoter init --step "])
def test_nobody_reads_requests_whose_names_are_not_asked_for(line: str) -> None:
    def never(_: str) -> Sequence[Named]:
        raise AssertionError

    assert reply(line, never).words


# --- names of a clone -----------------------------------------------------------------------------


def written(folder: Path, files: dict[str, str]) -> Path:
    (folder / ".git").mkdir()
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    return folder


def test_requests_are_found_from_any_folder_of_the_clone(tmp_path: Path) -> None:
    clone = written(
        tmp_path,
        {
            "promotions/churn/champion.yaml": "# why\nmodel: churn\nalias: 'champion' # now\nversion: 7\n",
            "promotions/fraud/champion.yaml": "model: fraud\nalias: champion\n",
            "promotions/deep/er/greeting.yaml": "kind: prompt\nmodel: greeting\nalias: production\n",
            "elsewhere/x.yaml": "model: elsewhere\nalias: champion\n",
        },
    )
    expected = {
        Named(model="churn", alias="champion"),
        Named(model="fraud", alias="champion"),
        Named(model="prompts:/greeting", alias="production"),
    }
    assert set(named(clone, REQUESTS)) == expected
    assert set(named(clone / "promotions" / "deep", REQUESTS)) == expected
    assert [one.model for one in named(clone, "elsewhere/*.yaml")] == ["elsewhere"]


@pytest.mark.parametrize(
    "text",
    [
        "alias: champion\n",
        "model: churn\n",
        "model: $(touch x)\nalias: champion\n",
        "model: churn;x\nalias: champion\n",
        "model: churn\nalias: \x1b[31mred\n",
        "model: two words\nalias: champion\n",
        "no: request",
        "",
    ],
)
def test_what_no_shell_should_see_is_left_out(text: str, tmp_path: Path) -> None:
    assert named(written(tmp_path, {"promotions/a.yaml": text}), REQUESTS) == ()


def test_links_and_what_cannot_be_read_are_passed_over(tmp_path: Path) -> None:
    (tmp_path / "clone").mkdir()
    clone = written(tmp_path / "clone", {})
    (tmp_path / "secret.yaml").write_text("model: secret\nalias: champion\n", encoding="utf-8")
    (clone / "promotions").mkdir()
    (clone / "promotions" / "link.yaml").symlink_to(tmp_path / "secret.yaml")
    (clone / "promotions" / "broken.yaml").write_bytes(b"\xff\xfe\x00")
    (clone / "promotions" / "loop").symlink_to(clone)
    assert named(clone, REQUESTS) == ()
    assert named(clone, "nowhere/*.yaml") == ()


@pytest.mark.parametrize(
    "leads", ["{outside}/*.yaml", "{outside}/**/*.yaml", "../outside/*.yaml", "a{{b}}.yaml"]
)
def test_a_glob_that_no_verb_takes_finds_nothing(leads: str, tmp_path: Path) -> None:
    (tmp_path / "clone").mkdir()
    clone = written(tmp_path / "clone", {"a{b}.yaml": "model: churn\nalias: champion\n"})
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "a.yaml").write_text("model: secret\nalias: champion\n", encoding="utf-8")
    assert named(clone, leads.format(outside=tmp_path / "outside")) == ()


def test_a_pipe_is_not_opened(tmp_path: Path) -> None:
    text = "model: churn\nalias: champion\n"
    clone = written(tmp_path, {"promotions/b.yaml": text, "promotions/.hidden/c.yaml": text})
    os.mkfifo(clone / "promotions" / "a.yaml")
    assert named(clone, f"./{REQUESTS}") == (Named(model="churn", alias="champion"),)


def test_so_many_files_are_looked_at_and_no_more(tmp_path: Path) -> None:
    """Of whatever kind: those nearest to the root first."""
    near = {f"{number}.yaml": f"model: m{number}\nalias: champion\n" for number in range(3)}
    clone = written(tmp_path, {**near, "deep/a.txt": "", "deep/z.yaml": "model: deep\nalias: champion\n"})
    # .git, 0.yaml, 1.yaml, 2.yaml, deep
    assert [one.model for one in named(clone, "**/*.yaml", most=5)] == ["m0", "m1", "m2"]
    assert [one.model for one in named(clone, "**/*.yaml", most=7)] == ["m0", "m1", "m2", "deep"]
    assert len(named(clone, "**/*.yaml", most=4)) < 4


# --- the verb -------------------------------------------------------------------------------------


def typed(*arguments: str) -> tuple[ExitCode, str]:
    out, err = io.StringIO(), io.StringIO()
    exit_code = run(["completion", *arguments], Terminal(environ={}, out=out, err=err))
    assert err.getvalue() == ""
    return exit_code, out.getvalue()


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_has_its_script(shell: str) -> None:
    exit_code, script = typed(shell)
    assert exit_code is ExitCode.DONE
    assert f"completion {shell} --line" in script
    assert json.loads(typed(shell, "--json")[1]) == {"shell": shell, "script": script}


def test_an_answer_is_the_kind_and_then_words_with_their_meaning() -> None:
    assert typed("bash", "--line", "promoter sch") == (
        ExitCode.DONE,
        "words\nschema\tprint a JSON Schema (draft-07) for your editor\n",
    )
    assert typed("zsh", "--line", "promoter lint x") == (ExitCode.DONE, "files\n")
    assert json.loads(typed("bash", "--line", "promoter lin", "--json")[1]) == {
        "kind": "words",
        "words": {"lint": VERBS["lint"].summary},
    }
