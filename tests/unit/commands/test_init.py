"""init: what is planned from a registry and a folder, and what is written of it."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest

from promoter.commands.adopting import Wanted
from promoter.commands.init import Choice, InitWorld, looked_at, plan_init, write
from promoter.core.model_version import Column, Signature
from promoter.core.policy_file import parse_policy
from promoter.core.prompt import Kind, Prompt
from promoter.core.prompt_rules import PromptRule, ResponseFormat, Variables
from promoter.core.request_file import parse_request
from promoter.core.schema_files import SCHEMAS
from promoter.core.starter_workflow import Setting
from promoter.core.starting import Done, FileState, InitPlan, InitResult, Part, Step
from promoter.errors import PromoterError, ReasonCode
from promoter.render.init_words import asks_to_replace, difference, init_json, init_text
from promoter.text import Message, say
from tests.builders import a_model_version, a_run
from tests.fakes.folder import InMemoryFolder
from tests.fakes.registry import InMemoryRegistry
from tests.fakes.team import PLACES, POLICY, policy

SIGNATURE = Signature(inputs=(Column(name="x", kind="double"),), outputs=())
CHAMPION = "promotions/churn/champion.yaml"
TEMPLATE = "on: push\njobs: {a: {steps: [{uses: your-org/promoter@x, with: {command: apply}}]}}\n"


def a_registry() -> InMemoryRegistry:
    registry = InMemoryRegistry()
    registry.add_model("churn", aliases={"champion": "6", "shadow": "7", "Champion": "6"})
    registry.add_model("bare")
    for number in ("6", "7"):
        logged = a_run(run_id=number, metrics={"f1_score": 0.8})
        registry.add_version(a_model_version(version=number, run=logged, run_id=number), signature=SIGNATURE)
    return registry


def planned(
    folder: InMemoryFolder, registry: InMemoryRegistry, *, step: Step = Step.ALL, wanted: Wanted | None = None
) -> InitPlan:
    told: list[Message] = []
    world = InitWorld(
        registry=lambda: registry,
        folder=folder,
        places=PLACES,
        templates={"apply": TEMPLATE},
        tell=told.append,
    )
    return plan_init(world, Choice(wanted=wanted or Wanted(), setting=Setting(branch="main"), step=step))


def states(plan: InitPlan) -> dict[str, FileState]:
    return {one.path: one.state for one in plan.files}


def test_an_empty_folder() -> None:
    plan = planned(InMemoryFolder(), a_registry())
    assert set(states(plan)) == {
        POLICY,
        *SCHEMAS.values(),
        ".github/workflows/promoter-apply.yml",
        CHAMPION,
        "promotions/churn/shadow.yaml",
    }
    assert set(states(plan).values()) == {FileState.NEW}
    assert [(one.model, one.alias) for one in plan.skipped] == [("churn", "Champion")]
    assert "1 registered model(s) hold no alias" in str(plan.notes[0])
    assert plan.adopted == 2


@pytest.mark.parametrize("step", list(Step))
def test_steps(step: Step) -> None:
    plan = planned(InMemoryFolder(), a_registry(), step=step)
    assert {one.part for one in plan.files} == step.parts
    waits = any("there is no policy yet" in str(note) for note in plan.notes)
    assert waits == (step is Step.REQUESTS)


def with_prompts(registry: InMemoryRegistry) -> InMemoryRegistry:
    """`greeting` at production, `farewell` at an alias no request can name, and a model's version among
    prompts."""
    for number, text in (("1", "Hello {{name}}"), ("2", "Hi {{name}}")):
        prompt = Prompt(template=text, response_format='{"type": "object"}' if number == "2" else "")
        registry.add_version(a_model_version(model="greeting", version=number, run=None, prompt=prompt))
    registry.set_alias("greeting", "production", version="2")
    registry.set_alias("greeting", "Beta", version="1")
    registry.add_version(
        a_model_version(model="bare prompt", version="1", run=None, prompt=Prompt(template=""))
    )
    registry.writes.clear()
    return registry


def test_prompts_are_adopted_beside_models() -> None:
    folder, registry = InMemoryFolder(), with_prompts(a_registry())
    write(planned(folder, registry), folder, replace=())
    path = "promotions/greeting/production.yaml"
    request = parse_request(folder.files[path], path=path)
    assert (request.kind, request.key, request.version) == (
        Kind.PROMPT,
        ("prompts:/greeting", "production"),
        "2",
    )
    rule = parse_policy(folder.files[POLICY], path=POLICY).rule_for("greeting", Kind.PROMPT)
    assert rule is not None
    assert rule.checks.prompt == PromptRule(variables=Variables.SUBSET, response_format=ResponseFormat.SAME)
    plan = planned(folder, registry)
    assert set(states(plan).values()) == {FileState.UNCHANGED}
    assert ("prompts:/greeting", "Beta") in {(one.model, one.alias) for one in plan.skipped}
    assert "1 prompt(s) hold no alias: nothing of them is adopted" in {str(note) for note in plan.notes}
    assert not [note for note in plan.notes if "nobody holds" in str(note) or "does not let" in str(note)]
    assert registry.writes == []


@pytest.mark.parametrize(
    ("wanted", "models"),
    [
        (Wanted(prompts=()), {"churn"}),
        (Wanted(models=()), {"greeting"}),
        (Wanted(models=("greet*",), prompts=("churn",)), set()),
        (Wanted(aliases=("production",)), {"greeting"}),
    ],
)
def test_models_and_prompts_are_chosen_apart(wanted: Wanted, models: set[str]) -> None:
    registry = with_prompts(a_registry())
    if not models:
        with pytest.raises(PromoterError, match=r"greet\*, prompts:/churn @ \*"):
            planned(InMemoryFolder(), registry, wanted=wanted)
        return
    plan = planned(InMemoryFolder(), registry, wanted=wanted, step=Step.REQUESTS)
    assert {one.path.split("/")[1] for one in plan.files} == models


def test_a_prompt_that_the_policy_does_not_speak_of_is_told() -> None:
    folder = InMemoryFolder({POLICY: policy()})
    notes = [str(note) for note in planned(folder, with_prompts(a_registry())).notes]
    assert any("does not let requests move `prompts:/greeting@production`" in note for note in notes)


def test_a_version_without_the_tags_of_a_prompt_is_left_out() -> None:
    registry = with_prompts(a_registry())
    registry.add_version(a_model_version(model="greeting", version="2", run=None))
    plan = planned(InMemoryFolder(), registry)
    told = {one.model: str(one.why) for one in plan.skipped if one.alias == "production"}
    assert told == {"prompts:/greeting": "version `2` has not the tags of MLflow that make it a prompt's"}


def test_a_registry_without_prompts_here_is_told_and_its_models_adopted() -> None:
    class Catalog(InMemoryRegistry):
        def all_aliases(self, kind: Kind = Kind.MODEL) -> Mapping[str, Mapping[str, str]]:
            if kind is Kind.PROMPT:
                raise PromoterError(ReasonCode.NOT_AVAILABLE, say("prompts are kept apart"))
            return super().all_aliases(kind)

    registry = Catalog()
    registry.add_model("churn", aliases={"champion": "6"})
    registry.add_version(a_model_version(version="6"), signature=SIGNATURE)
    plan = planned(InMemoryFolder(), registry)
    assert "no prompt is adopted: prompts are kept apart" in [str(note) for note in plan.notes]
    assert plan.adopted == 1


def test_written_once_and_unchanged_after() -> None:
    folder, registry = InMemoryFolder(), a_registry()
    done = write(planned(folder, registry), folder, replace=())
    assert {one.done for one in done} == {Done.CREATED}
    folder.written.clear()
    plan = planned(folder, registry)
    assert {one.done for one in write(plan, folder, replace=())} == {Done.UNCHANGED}
    assert folder.written == []
    assert registry.writes == []


def test_what_differs_is_replaced_only_where_that_was_said() -> None:
    old = b"model: churn # mine\nalias: champion\nversion: 5\nreason: old\n"
    folder, registry = InMemoryFolder({"promotions/x.yaml": old, POLICY: policy()}), a_registry()
    plan = planned(folder, registry)
    differ = {path for path, state in states(plan).items() if state is FileState.DIFFERS}
    assert differ == {POLICY, "promotions/x.yaml"}
    assert {one.done for one in looked_at(plan, replace=differ)} == {Done.WOULD_CREATE, Done.WOULD_REPLACE}
    done = {one.file.path: one.done for one in write(plan, folder, replace={"promotions/x.yaml"})}
    assert (done[POLICY], done["promotions/x.yaml"]) == (Done.KEPT, Done.REPLACED)
    assert folder.files[POLICY] == policy()
    assert folder.files["promotions/x.yaml"].startswith(b"model: churn # mine\nalias: champion\nversion: 6\n")
    assert CHAMPION not in folder.files


def test_a_policy_that_does_not_speak_of_it_is_told() -> None:
    folder = InMemoryFolder({POLICY: policy("aliases: [champion, shadow]", "aliases: [champion]")})
    notes = [str(note) for note in planned(folder, a_registry()).notes]
    assert any("does not let requests move `churn@shadow`" in note for note in notes)
    assert not any("`churn@champion`" in note for note in notes)


def test_a_request_for_what_nobody_holds_is_told() -> None:
    gone = b"model: gone\nalias: champion\nversion: 5\n"
    notes = [str(note) for note in planned(InMemoryFolder({"promotions/g.yaml": gone}), a_registry()).notes]
    assert "`promotions/g.yaml` asks for `gone@champion`, which nobody holds in the registry" in notes


def test_somebody_elses_workflow_is_not_doubled() -> None:
    folder = InMemoryFolder({".github/workflows/mine.yaml": TEMPLATE.encode()})
    plan = planned(folder, a_registry())
    assert ".github/workflows/promoter-apply.yml" not in states(plan)
    assert any("`.github/workflows/mine.yaml` runs apply already" in str(note) for note in plan.notes)


def test_versions_that_cannot_be_adopted_are_left_out() -> None:
    registry = a_registry()
    registry.add_model("new", aliases={"champion": "1", "shadow": "9"})
    registry.add_version(a_model_version(model="new", version="1", status="PENDING_REGISTRATION"))
    plan = planned(InMemoryFolder(), registry, wanted=Wanted(aliases=("champion", "shadow")))
    assert {(one.model, one.alias) for one in plan.skipped} == {("new", "champion"), ("new", "shadow")}


@pytest.mark.parametrize("method", ["all_aliases", "model_version"])
def test_an_outage_ends_it(method: str) -> None:
    registry = a_registry()
    registry.fail(method, PromoterError(ReasonCode.REGISTRY_UNAVAILABLE, say("down")))
    with pytest.raises(PromoterError) as ended:
        planned(InMemoryFolder(), registry)
    assert ended.value.reason is ReasonCode.REGISTRY_UNAVAILABLE


@pytest.mark.parametrize("reason", [ReasonCode.DATA_UNAVAILABLE, ReasonCode.REGISTRY_UNAVAILABLE])
def test_a_signature_that_cannot_be_read_is_not_asked_for(reason: ReasonCode) -> None:
    registry = a_registry()
    registry.fail("signature", PromoterError(reason, say("no store")))
    plan = planned(InMemoryFolder(), registry)
    assert any("asks `churn` for no signature: no store" in str(note) for note in plan.notes)
    text = next(one.data for one in plan.files if one.path == POLICY)
    assert b"signature:" not in text


def test_a_signature_behind_an_outage_ends_it() -> None:
    registry = a_registry()
    for method in ("signature", "aliases"):
        registry.fail(method, PromoterError(ReasonCode.REGISTRY_UNAVAILABLE, say("down")))
    with pytest.raises(PromoterError):
        planned(InMemoryFolder(), registry)


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        (Wanted(models=("x*",)), "no alias in the registry fits `x*, prompts:/* @ *`"),
        (Wanted(aliases=("Champion",)), "none of the 1 chosen alias(es) can be adopted"),
    ],
)
def test_nothing_to_adopt(wanted: Wanted, words: str) -> None:
    with pytest.raises(PromoterError) as refused:
        planned(InMemoryFolder(), a_registry(), wanted=wanted)
    assert refused.value.reason is ReasonCode.USAGE_INVALID
    assert words in str(refused.value.message)


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ({"promotions/a.yaml": b"x"}, ReasonCode.REQUEST_INVALID),
        (dict.fromkeys(("promotions/a.yaml", "promotions/b.yaml"), b"model: m\nalias: a\nversion: 1\n"),
         ReasonCode.DUPLICATE_REQUEST),
        ({POLICY: b"version: 2\n"}, ReasonCode.POLICY_INVALID),
    ],
)  # fmt: skip
def test_files_that_cannot_be_read_end_it(files: dict[str, bytes], reason: ReasonCode) -> None:
    with pytest.raises(PromoterError) as refused:
        planned(InMemoryFolder(files), a_registry())
    assert refused.value.reason is reason


# --- what is said ---------------------------------------------------------------------------------


def a_result(plan: InitPlan, folder: InMemoryFolder, *, pending: bool = True) -> InitResult:
    done = write(plan, folder, replace=())
    waiting = frozenset(one.path for one in plan.files) if pending else frozenset()
    return InitResult(plan=plan, files=done, branch="main", pending=waiting, places=("/.github/",))


def test_two_pull_requests_are_told() -> None:
    folder = InMemoryFolder()
    text = init_text(a_result(planned(folder, a_registry()), folder))
    assert text.startswith("Put 2 aliases of the registry into files.\n\n  created ")
    assert "Two pull requests, one after the other" in text
    rules, requests = text.index("git switch -c promoter-set-up"), text.index("git switch -c promoter-adopt")
    assert rules < requests
    assert "git switch main && git pull\n" in text
    assert f"git add -- {CHAMPION} promotions/churn/shadow.yaml\n" in text
    assert "left out: churn@Champion: found `Champion` for `alias`" in text
    assert "  /.github/ @your-org/your-team\n" in text


def test_nothing_left_to_merge() -> None:
    folder = InMemoryFolder()
    write(planned(folder, a_registry()), folder, replace=())
    result = a_result(planned(folder, a_registry()), folder, pending=False)
    assert init_text(result).startswith(
        "Unchanged: 2 aliases of the registry and the set-up are in these files"
    )
    assert "git add" not in init_text(result)
    told = json.loads(init_json(result))
    assert (told["pull_requests"], {one["done"] for one in told["files"]}) == ([], {"unchanged"})


def test_one_part_is_one_pull_request() -> None:
    folder = InMemoryFolder()
    result = a_result(planned(folder, a_registry(), step=Step.POLICY), folder)
    assert result.to_merge(Part.REQUESTS) == ()
    assert "One pull request:" in init_text(result)


def test_kept_and_dry() -> None:
    folder = InMemoryFolder({POLICY: policy()})
    plan = planned(folder, a_registry(), step=Step.POLICY)
    dry = InitResult(plan=plan, files=looked_at(plan, replace=()), branch="main", pending=frozenset({POLICY}))
    assert init_text(dry).startswith("Would put 2 aliases")
    assert "git add" not in init_text(dry)
    write(plan, folder, replace=())
    again = init_text(a_result(planned(folder, a_registry(), step=Step.POLICY), folder))
    assert again.startswith("Nothing was written: what differs was kept.")


def test_differences_are_one_line_each_and_not_endless() -> None:
    folder = InMemoryFolder({POLICY: policy() + b"# ::error::x\n" + b"# more\n" * 200})
    (file,) = [one for one in planned(folder, a_registry()).files if one.path == POLICY]
    lines = difference(file)
    assert len(lines) == 61
    assert lines[-1].startswith("… and ")
    assert not any("::" in line for line in lines)


def test_line_ends_alone() -> None:
    folder = InMemoryFolder()
    write(planned(folder, a_registry()), folder, replace=())
    folder.files[POLICY] = folder.files[POLICY].replace(b"\n", b"\r\n")
    (file,) = [one for one in planned(folder, a_registry()).files if one.path == POLICY]
    assert difference(file) == [f"{POLICY}: only its line ends differ"]
    assert str(asks_to_replace(file)) == f"Replace `{POLICY}`?"


def test_many_requests_are_added_by_their_folder() -> None:
    registry = a_registry()
    registry.add_model("churn", aliases={f"a{place}": "6" for place in range(9)})
    registry.add_version(a_model_version(version="6"))
    folder = InMemoryFolder()
    assert "git add -- promotions\n" in init_text(a_result(planned(folder, registry), folder))


def test_progress_is_told_and_requests_that_copy_stay() -> None:
    copying = b"model: m00\nalias: champion\nfrom: dev.churn/3\n"
    folder, registry = InMemoryFolder({"promotions/c.yaml": copying}), InMemoryRegistry()
    for place in range(25):
        name = f"m{place:02}"
        registry.add_model(name, aliases={"champion": "1"})
        registry.add_version(a_model_version(model=name, version="1"))
    told: list[Message] = []
    world = InitWorld(registry=lambda: registry, folder=folder, places=PLACES, templates={}, tell=told.append)
    plan = plan_init(world, Choice(wanted=Wanted(), setting=Setting(branch="main")))
    assert [str(message) for message in told] == ["read 25 of 25 names"]
    assert states(plan)["promotions/c.yaml"] is FileState.UNCHANGED
