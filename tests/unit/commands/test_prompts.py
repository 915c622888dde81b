"""Prompts by the same road as models: judged, told apart, pinned, and looked for only where asked for."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest

from promoter.commands.gathering import Bench
from promoter.commands.history_registry import RegistryPast
from promoter.commands.judging import judge
from promoter.commands.versions import Claim, Past, applied_tag
from promoter.core.drift import DriftKind, DriftReport, compare
from promoter.core.drift_rules import DriftRules, Unmanaged
from promoter.core.fleet import Beside, State, fleet_rows
from promoter.core.model_version import ModelVersion
from promoter.core.pin import pin_of
from promoter.core.plan import Step
from promoter.core.policy import Checks, DescriptionRule, ModelRule, OnMissingChampion, Policy
from promoter.core.prompt import Kind, Prompt
from promoter.core.prompt_rules import PromptRule, Variables
from promoter.core.report import RequestReport
from promoter.core.verdict import Verdict
from promoter.errors import ReasonCode
from promoter.text import say
from tests.builders import (
    BASE_COMMIT,
    HEAD_COMMIT,
    a_custom_answer,
    a_custom_rule,
    a_model_rule,
    a_model_version,
    a_policy,
    a_request,
)
from tests.fakes.custom_checks import FakeCustomChecks
from tests.fakes.measurer import FakeMeasurer
from tests.fakes.observed import observed
from tests.fakes.registry import InMemoryRegistry
from tests.fakes.team import NOW

ASKED = a_request(kind=Kind.PROMPT, model="greet", alias="production", version="2")
CHECKS = Checks(
    description=DescriptionRule(min_length=1),
    prompt=PromptRule(variables=Variables.SUBSET, forbidden_text=(re.compile("secret"),)),
)
RULE = a_model_rule(
    match="*",
    kind=Kind.PROMPT,
    aliases=("production",),
    on_missing_champion=OnMissingChampion.BOOTSTRAP,
    task=None,
    checks=CHECKS,
)


def version(number: str, template: str, **changes: str) -> ModelVersion:
    made = a_model_version(
        model="greet", version=number, run=None, run_id=None, source="dummy-source", tags={}
    )
    return replace(made, prompt=Prompt(template=template, **changes))


def registry_with(template: str, holder: str | None = "1") -> InMemoryRegistry:
    """Version 1 holds the alias unless told otherwise; version 2 is asked for."""
    registry = InMemoryRegistry()
    registry.add_version(version("1", "Hello {{name}}"))
    registry.add_version(version("2", template))
    if holder is not None:
        registry.set_alias("greet", "production", version=holder)
    return registry


def judged(
    registry: InMemoryRegistry,
    claim: Claim | None = None,
    rules: tuple[ModelRule, ...] = (RULE,),
    custom_checks: FakeCustomChecks | None = None,
) -> RequestReport:
    bench = Bench(
        registry=registry,
        measurer=FakeMeasurer(),
        custom_checks=custom_checks or FakeCustomChecks(),
        policy=a_policy(models=rules),
        commit=BASE_COMMIT,
        head=HEAD_COMMIT,
        now=NOW,
    )
    return judge(bench, claim or Claim(request=ASKED, past=(Past(commit="c1", version="1"),)))


def test_a_good_one_is_validated_and_pinned_without_any_file() -> None:
    registry, calls = observed(registry_with("Good day {{name}}"))
    report = judged(registry)
    assert (report.reason, report.verdict, report.notes) == (ReasonCode.VALIDATED, Verdict.PROMOTE, ())
    assert {name for name, _ in calls.made} == {"aliases", "model_version"}
    assert report.evidence is not None
    assert pin_of(report.evidence) is not None


def test_a_variable_that_callers_do_not_fill_is_refused() -> None:
    assert judged(registry_with("Good day {{title}}")).reason is ReasonCode.CHECKS_FAILED


def test_a_champion_whose_template_was_taken_away_settles_nothing() -> None:
    registry = registry_with("Good day {{title}}")
    registry.add_version(replace(registry.model_version("greet", "1"), prompt=None))
    assert judged(registry).reason is ReasonCode.INCONCLUSIVE


def test_the_first_one_is_bootstrapped() -> None:
    report = judged(registry_with("Good day {{title}}", holder=None), Claim(request=ASKED))
    assert (report.reason, report.step) == (ReasonCode.VALIDATED, Step.FIRST_PROMOTION)


def test_back_to_an_earlier_one_comparisons_only_tell() -> None:
    registry = registry_with("Bye {{title}}")
    registry.set_tags("greet", "2", tags={applied_tag("production"): "1 1"})
    past = tuple(Past(commit=f"c{at}", version=number) for at, number in enumerate(("1", "2")))
    report = judged(registry, Claim(request=ASKED, past=past, pulls_of=lambda _: (1,)))
    assert (report.step, report.reason) == (Step.ROLLBACK, ReasonCode.ROLLBACK_VALIDATED)


# --- of which kind -------------------------------------------------------------------------------


def test_a_rule_for_models_lets_no_prompt_through() -> None:
    for_models = a_model_rule(match="*", aliases=("production",))
    report = judged(registry_with("a"), rules=(for_models,))
    assert report.reason is ReasonCode.ALIAS_NOT_ALLOWED
    assert "the prompt `greet`" in str(report.message)
    assert "`kind: prompt`" in str(report.hint)


def test_a_rule_for_prompts_lets_no_model_through() -> None:
    claim = Claim(request=a_request(alias="production"))
    assert judged(registry_with("a"), claim).reason is ReasonCode.ALIAS_NOT_ALLOWED


@pytest.mark.parametrize("kind", Kind)
def test_what_is_of_the_other_kind_is_not_found(kind: Kind) -> None:
    registry = registry_with("a")
    registry.add_version(a_model_version())
    name = "greet" if kind is Kind.MODEL else "churn"
    rule = a_model_rule(match="*", kind=kind, aliases=("production",))
    report = judged(registry, Claim(request=replace(ASKED, kind=kind, model=name)), rules=(rule,))
    assert report.reason is ReasonCode.MODEL_NOT_FOUND


def test_a_version_of_a_prompt_without_a_template_is_refused() -> None:
    registry = registry_with("a")
    registry.add_version(replace(version("2", ""), prompt=None))
    report = judged(registry)
    assert report.reason is ReasonCode.VERSION_NOT_FOUND
    assert "no template" in str(report.message)


def test_a_version_of_a_model_that_poses_as_a_prompt_is_refused() -> None:
    registry = InMemoryRegistry()
    registry.add_model("churn", aliases={"production": "6"})
    registry.add_version(a_model_version(prompt=Prompt(template="a")))
    rule = a_model_rule(match="*", aliases=("production",))
    report = judged(registry, Claim(request=a_request(alias="production")), rules=(rule,))
    assert report.reason is ReasonCode.VERSION_NOT_FOUND


# --- custom checks -------------------------------------------------------------------------------


def test_a_custom_check_gets_both_templates() -> None:
    asked = FakeCustomChecks(gives=(a_custom_answer(),))
    rule = replace(RULE, checks=replace(CHECKS, custom=(a_custom_rule(),)))
    assert judged(registry_with("Good day {{name}}"), rules=(rule,), custom_checks=asked).reason is (
        ReasonCode.VALIDATED
    )
    ((_, told),) = asked.asked
    (request,) = json.loads(told)["requests"]
    assert request["kind"] == "prompt"
    assert request["prompts"]["challenger"]["template"] == "Good day {{name}}"
    assert request["prompts"]["champion"]["template"] == "Hello {{name}}"


# --- drift ---------------------------------------------------------------------------------------


def watchful() -> Policy:
    rules = (RULE, a_model_rule(match="*", aliases=("production",)))
    return a_policy(models=rules, drift=DriftRules(unmanaged=Unmanaged.REPORT))


def test_a_model_of_the_same_name_does_not_answer_for_a_prompt() -> None:
    held = {"production": "2"}
    assert compare([ASKED], watchful(), live={"greet": held}).differing == (ASKED,)
    assert compare([ASKED], watchful(), live={"prompts:/greet": held}).agreeing == (ASKED,)


def test_prompts_that_nobody_asks_for_are_told_as_prompts() -> None:
    live = {"prompts:/greet": {"production": "2"}, "churn": {"production": "1"}}
    found = compare([], watchful(), live=live).unmanaged
    assert {(one.kind, one.of, one.model, one.key) for one in found} == {
        (DriftKind.UNMANAGED, Kind.PROMPT, "greet", ("prompts:/greet", "production")),
        (DriftKind.UNMANAGED, Kind.MODEL, "churn", ("churn", "production")),
    }


# --- history and status --------------------------------------------------------------------------


def test_the_past_of_a_prompt_is_read_by_its_address() -> None:
    registry = registry_with("a", holder="2")
    registry.set_tags("greet", "2", tags={applied_tag("production"): "12 1"})
    found = RegistryPast(connect=lambda: registry)(("prompts:/greet", "production"), ["1", "2"])
    assert (found.live.version, found.lacking) == ("2", ())
    record = found.records["2"]
    assert record is not None
    assert (record.pull, record.origin) == (12, "1")


def test_a_prompt_that_git_asks_for_is_one_row_of_the_fleet() -> None:
    compared = compare([ASKED], watchful(), live={"prompts:/greet": {"production": "2"}})
    report = DriftReport(reason=ReasonCode.IN_SYNC, message=say(), compared=compared)
    (row,) = fleet_rows(report, Beside())
    assert (row.key, row.state, row.live) == (ASKED.key, State.IN_SYNC, "2")
