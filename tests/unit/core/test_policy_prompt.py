"""A policy's rules for prompts, and what they refuse beside them."""

from __future__ import annotations

import pytest

from promoter.core.policy import ModelRule
from promoter.core.policy_file import parse_policy
from promoter.core.prompt import Kind
from promoter.core.prompt_rules import ResponseFormat, Variables
from promoter.core.request_file import parse_request
from promoter.core.requests import read_requests
from promoter.errors import PromoterError, ReasonCode
from tests.builders import a_file_entry

HEAD = "version: 1\nmodels:\n  - match: greet\n    aliases: [production]\n"
FOR_PROMPTS = f"{HEAD}    kind: prompt\n"


def rule(checks: str, head: str = FOR_PROMPTS) -> ModelRule:
    (found,) = parse_policy(f"{head}    checks: {checks}\n".encode(), path="p").models
    return found


def refusals(checks: str, head: str = FOR_PROMPTS) -> list[str]:
    with pytest.raises(PromoterError) as caught:
        rule(checks, head)
    assert caught.value.reason is ReasonCode.POLICY_INVALID
    return [str(problem) for problem in caught.value.problems]


def test_everything_that_can_be_asked_is_read() -> None:
    asked = rule(
        "{prompt: {variables: same, max_length: 10, required_text: [a, 'b.*c'], "
        "forbidden_text: ['sk-[A-Za-z0-9]{20,}'], response_format: same}}"
    ).checks.prompt
    assert asked is not None
    assert (asked.variables, asked.max_length) == (Variables.SAME, 10)
    assert asked.response_format is ResponseFormat.SAME
    assert [one.pattern for one in asked.required_text] == ["a", "b.*c"]
    assert [one.pattern for one in asked.forbidden_text] == ["sk-[A-Za-z0-9]{20,}"]


def test_a_rule_is_for_models_unless_it_says_otherwise() -> None:
    checks = "{description: {min_length: 1}}"
    assert (rule(checks, HEAD).kind, rule(checks).kind) == (Kind.MODEL, Kind.PROMPT)


@pytest.mark.parametrize(
    "check",
    [
        "signature: {compatible_with_champion: true}",
        "artifacts: {}",
        "inference: {}",
        "metrics: [{name: f1, greater_is_better: true, threshold: 0.5}]",
        "negative_flips: {max_rate: 0.1}",
        "slices: [{by: [a], metrics: [{name: f1, greater_is_better: true, threshold: 0.5}]}]",
        "business_value: {unit: USD, test: superiority, values: {under_prediction: -1, over_prediction: -1}}",
    ],
)
def test_what_asks_for_a_model_is_refused(check: str) -> None:
    name = check.partition(":")[0]
    found = [one for one in refusals(f"{{{check}}}") if "beside `kind: prompt`" in one]
    assert len(found) == 1
    assert f"`{name}`" in found[0]


@pytest.mark.parametrize(
    "line", ["task: regression", "evaluation: {source: run_metrics}", "sources: [dev]", "log_report: false"]
)
def test_what_is_for_measuring_is_refused(line: str) -> None:
    found = refusals("{description: {min_length: 1}}", f"{FOR_PROMPTS}    {line}\n")
    assert any(f"`{line.partition(':')[0]}` beside `kind: prompt`" in one for one in found)


def test_a_template_is_not_asked_of_a_model() -> None:
    (found,) = refusals("{prompt: {variables: same}}", HEAD)
    assert "found `prompt` without `kind: prompt`" in found


@pytest.mark.parametrize(
    "asked",
    [
        "{}",
        "{max_length: 0}",
        "{max_length: 100001}",
        "{variables: superset}",
        "{response_format: subset}",
        "{required_text: []}",
        "{required_text: [a, a]}",
        "{required_text: ['(a+)+']}",
        "{forbidden_text: ['.*.*x']}",
        "{forbidden_text: ['a)(b']}",
        "{forbidden_text: ['(?i:a)']}",
        "{forbidden_text: [a, b, c, d, e, f, g, h, i, j, k]}",
    ],
)
def test_what_cannot_be_asked_is_refused(asked: str) -> None:
    assert refusals(f"{{prompt: {asked}}}")


def test_the_first_rule_of_the_kind_that_fits_speaks() -> None:
    text = (
        "version: 1\nmodels:\n"
        '  - {match: "*", aliases: [one], checks: {description: {min_length: 1}}}\n'
        '  - {match: "*", kind: prompt, aliases: [two], checks: {description: {min_length: 1}}}\n'
    )
    policy = parse_policy(text.encode(), path="p")
    model, prompt = policy.rule_for("greet"), policy.rule_for("greet", Kind.PROMPT)
    assert model is not None
    assert prompt is not None
    assert (model.aliases, prompt.aliases) == (("one",), ("two",))


# --- requests ------------------------------------------------------------------------------------

REQUEST = b"model: greet\nalias: production\nversion: 2\n"


@pytest.mark.parametrize(
    ("line", "kind"), [("", "model"), ("kind: model\n", "model"), ("kind: prompt\n", "prompt")]
)
def test_a_request_says_of_which_kind_it_is(line: str, kind: str) -> None:
    assert parse_request(line.encode() + REQUEST, path="r.yaml").kind == kind


@pytest.mark.parametrize("line", ["kind: Prompt", "kind: dataset", "kind: [prompt]", "kind:"])
def test_another_kind_is_refused(line: str) -> None:
    with pytest.raises(PromoterError) as caught:
        parse_request(f"{line}\n".encode() + REQUEST, path="r.yaml")
    assert caught.value.reason is ReasonCode.REQUEST_INVALID


def test_no_prompt_is_copied() -> None:
    with pytest.raises(PromoterError) as caught:
        parse_request(b"kind: prompt\nmodel: greet\nalias: production\nfrom: dev/2\n", path="r.yaml")
    assert "found `from` beside `kind: prompt`" in str(caught.value.problems[0])


def test_requests_for_one_alias_are_told_apart_by_their_kind() -> None:
    prompt = b"kind: prompt\n" + REQUEST
    files = [(a_file_entry(path=f"{at}.yaml"), data) for at, data in enumerate((REQUEST, prompt, prompt))]
    assert read_requests(files[:2]).reason is None
    assert read_requests(files).reason is ReasonCode.DUPLICATE_REQUEST
