"""The first policy: whatever a registry holds, it is one that Promoter reads."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promoter.core.model_version import Column, ModelVersion, Signature
from promoter.core.names import ALIAS, METRIC, MODEL
from promoter.core.policy import Policy, Severity, Source, Task, Test
from promoter.core.policy_file import parse_policy
from promoter.core.prompt import Kind, Prompt
from promoter.core.prompt_rules import PromptRule, ResponseFormat, Variables
from promoter.core.request_file import parse_request
from promoter.core.starter import Adopted, policy_text, request_text, schema_line
from promoter.core.starter_guess import guess, known_metric
from tests.builders import a_model_version, a_run

SIGNATURE = Signature(inputs=(Column(name="x", kind="double"),), outputs=(Column(name="", kind="double"),))


def version(metrics: dict[str, float]) -> ModelVersion:
    made: ModelVersion = a_model_version(version="7", run=a_run(metrics=metrics))
    return made


def adopted(model: str = "churn", metrics: dict[str, float] | None = None, **changes: object) -> Adopted:
    given_: dict[str, Any] = {"aliases": {"champion": "7"}, "champion": "champion", "signature": SIGNATURE}
    given_["version"] = version(metrics or {})
    return Adopted(model=model, **{**given_, **changes})


def read(text: str) -> Policy:
    return parse_policy(text.encode(), path="policy.yaml")


# --- guesses --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "figure", "greater"),
    [
        ("f1_score", "f1_score", True),
        ("val_f1", "f1_score", True),
        ("test_log_loss", "log_loss", False),
        ("holdout/rmse", "root_mean_squared_error", False),
        ("training_f1_score", None, None),
        ("train_rmse", None, None),
        ("my_score", None, None),
        ("val_val_f1", None, None),
        ("f1_score\n", None, None),
    ],
)
def test_names_whose_meaning_is_known(name: str, figure: str | None, greater: bool | None) -> None:
    found = known_metric(name)
    assert (found and found.figure, found and found.greater_is_better) == (figure, greater)


@pytest.mark.parametrize(
    ("metrics", "task"),
    [
        ({"f1_score": 1.0}, Task.BINARY),
        ({"f1_macro": 1.0, "accuracy": 1.0}, Task.MULTICLASS),
        ({"rmse": 1.0, "r2": 1.0}, Task.REGRESSION),
        ({"accuracy": 1.0}, None),
        ({"rmse": 1.0, "f1_score": 1.0}, None),
        ({}, None),
    ],
)
def test_the_task(metrics: dict[str, float], task: Task | None) -> None:
    assert guess(version(metrics), None).task is task


def test_the_task_from_a_signature() -> None:
    labels = Signature(inputs=(), outputs=(Column(name="", kind="boolean"),))
    assert guess(version({}), labels).task is Task.BINARY
    assert guess(version({}), SIGNATURE).task is None


def test_of_each_figure_one_name_of_held_out_data() -> None:
    logged = {"f1": 0.1, "val_f1_score": 0.2, "training_f1_score": 0.9, "roc_auc": 0.5, "log_loss": 0.2}
    found = guess(
        version({**logged, "accuracy": 0.1, "rows": float("nan"), "brier_score": float("inf")}), None
    )
    assert [one.name for one in found.metrics] == ["roc_auc", "val_f1_score", "log_loss"]
    assert found.left_out == 5


# --- policy ---------------------------------------------------------------------------------------


def test_a_policy_holds_a_challenger_to_the_champion_and_invents_no_floor() -> None:
    policy = read(policy_text([adopted(metrics={"f1_score": 0.8, "log_loss": 0.3})]))
    (rule,) = policy.models
    assert (rule.match, rule.aliases, rule.task) == ("churn", ("champion",), Task.BINARY)
    assert policy.approvals.minimum == 1
    assert rule.evaluation is not None
    assert rule.evaluation.source is Source.RUN_METRICS
    assert [(one.name, one.severity) for one in rule.checks.metrics] == [
        ("f1_score", Severity.FAIL),
        ("log_loss", Severity.WARN),
    ]
    for metric in rule.checks.metrics:
        assert (metric.threshold, metric.max_absolute_degradation, metric.test) == (None, 0.0, Test.POINT)
    assert rule.checks.signature is not None
    assert rule.checks.lineage is not None


def test_what_was_guessed_stands_beside_it() -> None:
    text = policy_text([adopted(metrics={"f1_score": 0.8, "mine": 1.0}, signature=None)])
    assert "# Guessed from version 7, which holds champion:\n" in text
    assert "# - the task from its metrics (f1_score)\n" in text
    assert "# - 1 other metric(s) it logged are left out\n" in text
    assert "# - no signature of it was found, so none is asked for\n" in text


def test_a_model_of_which_nothing_is_known_is_still_asked_for_something() -> None:
    bare = a_model_version(version="7", run=None, logged_model=None)
    one = Adopted(model="m", aliases={"champion": "7"}, champion="champion", version=bare)
    (rule,) = read(policy_text([one])).models
    assert rule.checks.description is not None


@pytest.mark.parametrize("kinds", [1, 60])
def test_hundreds_of_models_share_an_entry(kinds: int) -> None:
    many = [
        adopted(f"m{place:03}", {"f1_score": 0.8}, aliases={f"a{place % kinds}": "7", "champion": "7"})
        for place in range(600)
    ]
    policy = read(policy_text(many))
    assert len(policy.models) <= 41
    for one in many:
        rule = policy.rule_for(one.model)
        assert rule is not None
        assert set(one.aliases) <= set(rule.aliases)


def names(pattern: str, longest: int) -> st.SearchStrategy[str]:
    return st.from_regex(re.compile(pattern, re.ASCII), fullmatch=True).filter(
        lambda one: len(one) <= longest
    )


ALIASES = names(ALIAS.pattern, 63).filter(lambda one: not re.fullmatch(r"latest|v[0-9]+", one))
LOGGED = st.one_of(
    st.sampled_from(["f1", "val_rmse", "r2_score", "test_roc_auc", "f1_macro", "log_loss"]),
    names(METRIC.pattern, 40),
    st.text(max_size=20),
)


@given(
    models=st.lists(
        st.tuples(
            names(MODEL.pattern, 255),
            st.dictionaries(LOGGED, st.floats(), max_size=5),
            st.dictionaries(ALIASES, st.just("7"), min_size=1, max_size=3),
            st.sampled_from([None, SIGNATURE]),
        ),
        min_size=1,
        max_size=4,
        unique_by=lambda one: one[0],
    )
)
def test_any_registry_gives_a_policy_that_speaks_for_all_of_it(
    models: list[tuple[str, dict[str, float], dict[str, str], Signature | None]],
) -> None:
    given_ = [
        adopted(name, metrics, aliases=aliases, champion=min(aliases), signature=signature)
        for name, metrics, aliases, signature in models
    ]
    text = schema_line(".github/p.yaml", schema=".github/s.json") + policy_text(given_)
    policy = read(text)
    assert policy_text(given_[::-1]) == policy_text(given_)
    for one in given_:
        rule = policy.rule_for(one.model)
        assert rule is not None
        assert (rule.match, set(rule.aliases)) == (one.model, set(one.aliases))
        for alias in one.aliases:
            request = request_text((one.model, alias), version="7", reason="adopted: all of it")
            found = parse_request(request.encode(), path="p")
            assert (found.model, found.alias, found.version) == (one.model, alias, "7")
            assert found.reason == "adopted: all of it"


def test_the_schema_is_found_from_the_file() -> None:
    schema = ".github/promoter/x.json"
    assert schema_line("promotions/a/b.yaml", schema=schema).endswith("=../../.github/promoter/x.json\n")
    assert schema_line("policy.yaml", schema=schema).endswith("=.github/promoter/x.json\n")


@pytest.mark.parametrize(
    ("response_format", "asked"), [("", None), ('{"type": "object"}', ResponseFormat.SAME)]
)
def test_a_prompt_is_held_to_what_its_callers_rely_on(
    response_format: str, asked: ResponseFormat | None
) -> None:
    prompt = Prompt(template="Hello {{name}}", response_format=response_format)
    one = adopted("prompts:/greeting", version=a_model_version(model="greeting", run=None, prompt=prompt))
    policy = read(policy_text([adopted("greeting"), one]))
    rule, of_the_model = policy.rule_for("greeting", Kind.PROMPT), policy.rule_for("greeting")
    assert rule is not None
    assert of_the_model is not None
    assert rule.checks.prompt == PromptRule(variables=Variables.SUBSET, response_format=asked)
    assert of_the_model.checks.prompt is None


def test_hundreds_of_prompts_share_an_entry_of_their_own() -> None:
    prompt = a_model_version(model="x", run=None, prompt=Prompt(template="Hello"))
    many = [adopted(f"prompts:/p{number}", version=prompt) for number in range(300)]
    policy = read(policy_text([*many, adopted("churn")]))
    assert [(one.match, one.kind) for one in policy.models] == [("churn", Kind.MODEL), ("*", Kind.PROMPT)]
