"""The issue of one alias: both ways out, steady from run to run, and harmless whatever names hold."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promoter.core.drift import Comparison, DriftKind, DriftReport, Finding
from promoter.core.drift_issues import Markers
from promoter.core.report import Links
from promoter.core.request_file import parse_request
from promoter.errors import ReasonCode
from promoter.render.drift_adopting import request_text
from promoter.render.drift_issue import closed_body, issue_body, issue_title, rest_body, rest_title
from promoter.text import quote, say
from tests.builders import a_request
from tests.unit.render.structure import markdown_shape

COMMIT = "c0ffee" * 6 + "abcd"
PATH = "promotions/churn/champion.yaml"
ASKED = a_request(version="7", path=PATH)
LINKS = Links(registry="https://mlflow.example", repository="https://github.example/acme/models")
REPORT = DriftReport(
    reason=ReasonCode.DRIFT_FOUND, message=say(), compared=Comparison(), branch="main", links=LINKS
)
MARKER = Markers.of("promotions/**/*.yaml", "policy.yaml").marker(("churn", "champion"))
MOVED = Finding(
    kind=DriftKind.MOVED,
    model="churn",
    alias="champion",
    live="6",
    request=ASKED,
    since="2026-03-01T14:30:00+02:00",
    commit=COMMIT,
)
UNMANAGED = Finding(kind=DriftKind.UNMANAGED, model="churn", alias="shadow", live="3")


def body(finding: Finding, report: DriftReport = REPORT) -> str:
    return issue_body(finding, report, marker=MARKER)


def yaml_of(text: str) -> str:
    return text.partition("```yaml\n")[2].partition("```")[0]


def test_what_git_says_what_the_registry_holds_and_since_when() -> None:
    text = body(MOVED)
    assert text.startswith(f"{MARKER}\n### ❌ `churn` @\u00a0`champion` was moved outside git\n")
    row = next(line for line in text.splitlines() if line.startswith("| version"))
    assert row == (
        f"| version `7` in [`{PATH}`](https://github.example/acme/models/blob/{COMMIT}/{PATH}#L3) "
        f"| 2026-03-01 12:30 UTC [`c0ffeec0ffee`](https://github.example/acme/models/commit/{COMMIT}) "
        "| version [`6`](https://mlflow.example/#/models/churn/versions/6) |"
    )


def test_the_ready_made_change_is_a_request_for_the_live_version() -> None:
    read = parse_request(yaml_of(body(MOVED)).encode(), path=PATH)
    assert (read.model, read.alias, read.version) == ("churn", "champion", "6")
    assert f"(https://github.example/acme/models/edit/main/{PATH})" in body(MOVED)


def test_an_alias_that_git_does_not_know_gets_a_new_file() -> None:
    text = body(UNMANAGED)
    assert "acme/models/new/main?filename=promotions%2Fchurn%2Fshadow.yaml&value=model%3A%20churn" in text
    assert parse_request(yaml_of(text).encode(), path=PATH).key == ("churn", "shadow")


@pytest.mark.parametrize(
    ("kind", "live", "said"),
    [
        (DriftKind.MOVED, "6", 'mlflow.MlflowClient().set_registered_model_alias("churn", "champion", "7")'),
        (DriftKind.MISSING, None, "delete [`promotions/churn/champion.yaml`]"),
        (DriftKind.NEVER_APPLIED, "6", "`workflow_dispatch` with `command: apply`"),
        (DriftKind.VERSION_MISSING, None, "asks for a version which exists"),
        (DriftKind.VERSION_NOT_READY, "6", "Its status is `FAILED_REGISTRATION`."),
        (DriftKind.MODEL_MISSING, None, "| no such model |"),
    ],
)
def test_every_kind_says_what_to_do(kind: DriftKind, live: str | None, said: str) -> None:
    text = body(replace(MOVED, kind=kind, live=live, status="FAILED_REGISTRATION"))
    assert said in text
    assert "One way out: what git says" in text
    assert "The other: what the registry holds" in text


def test_it_does_not_change_from_run_to_run() -> None:
    later = replace(
        REPORT, head_commit="d" * 40, tool_version="9", links=replace(LINKS, run="https://r.example")
    )
    assert body(MOVED) == body(MOVED, later)


def test_without_addresses_there_are_no_links() -> None:
    assert "](" not in body(MOVED, replace(REPORT, links=Links()))


def test_a_branch_with_slashes() -> None:
    text = body(MOVED, replace(REPORT, branch="release/1"))
    assert f"/edit/release/1/{PATH})" in text


@pytest.mark.parametrize("model", ["churn", "prod.ml.churn", "churn eu", "true", "123", "0x1F", "null"])
def test_a_name_is_quoted_where_yaml_would_read_something_else(model: str) -> None:
    text = request_text(model, "champion", version="6")
    assert parse_request(text.encode(), path=PATH).model == model


@pytest.mark.parametrize("model", ["a\nalias: x", "ünï", "a: b #c", "", "x" * 300, "a\ud800"])
def test_a_name_that_no_request_may_hold_gets_no_file(model: str) -> None:
    assert request_text(model, "champion", version="6") == ""
    assert "No request can name this model" in body(replace(UNMANAGED, model=model))


HOSTILE = st.text(max_size=300) | st.sampled_from(
    [
        "@everyone",
        "--> <script>alert(1)</script>",
        "```\n# heading",
        "[x](https://evil.example)",
        "a|b`c``d",
        "#12 GH-3 :tada:",
        "\u202eabc",
    ]
)


@given(model=HOSTILE, alias=HOSTILE, live=HOSTILE)
def test_no_name_becomes_markup(model: str, alias: str, live: str) -> None:
    finding = replace(UNMANAGED, model=model, alias=alias, live=live)
    text = body(finding, replace(REPORT, links=Links()))
    plain = body(replace(UNMANAGED, model="é", alias="é", live="é"), replace(REPORT, links=Links()))
    if "```yaml" not in text:
        assert markdown_shape(text) == markdown_shape(plain)
    title = issue_title(finding)
    assert "\n" not in title
    assert title.isprintable()
    assert len(title) <= 256


def test_the_last_sentence() -> None:
    text = closed_body(say("the registry holds version ", quote("7")), marker=MARKER)
    assert text.startswith(f"{MARKER}\n### ✅")
    assert "the registry holds version `7`." in text


def test_the_issue_of_the_rest_names_the_first_and_counts_the_others() -> None:
    keys = [(f"churn-{number}", "champion") for number in range(60)]
    text = rest_body(keys, REPORT, marker=MARKER)
    assert re.findall(r"^- `churn-(\d+)`", text, flags=re.MULTILINE) == [str(number) for number in range(50)]
    assert "- … and 10 more\n" in text
    assert (rest_title(60), rest_title(1)) == (
        "Drift: 60 more aliases differ from git",
        "Drift: 1 more alias differs from git",
    )
