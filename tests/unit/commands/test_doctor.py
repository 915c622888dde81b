"""What the doctor gathers: everything it can, and why it could not see the rest."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import pytest

from promoter.commands.doctor import AskedRegistry, DoctorWorld, diagnose
from promoter.commands.trees import Places
from promoter.core.doctor import BranchRules, CodeOwnersFile, Diagnosis, Environment, Rights
from promoter.core.doctor_owners import LARGEST
from promoter.core.files import FileEntry
from promoter.core.prompt import Kind, Prompt
from promoter.core.schema import FileKind, schema
from promoter.core.schema_files import SCHEMAS
from promoter.errors import ExitCode, PromoterError, ReasonCode
from promoter.ports import RegistryReader
from promoter.text import say
from tests.builders import a_model_version
from tests.fakes.github import Files, InMemoryRepository, Irregular
from tests.fakes.registry import InMemoryRegistry
from tests.fakes.settings import InMemoryRights, InMemorySettings
from tests.unit.core.doctor_facts import A_POLICY, POLICY, REQUESTS, WORKFLOWS, a_request, example

TIP = "a" * 40
SOUND: dict[str, bytes | Irregular] = {
    f"{WORKFLOWS}validate.yml": example("validate.yml"),
    f"{WORKFLOWS}apply.yml": example("apply.yml"),
    POLICY: A_POLICY.encode(),
    "promotions/churn/champion.yaml": a_request(),
    ".github/CODEOWNERS": b"/.github/ @your-org/ml-platform\n",
}
SOUND_RULES = BranchRules(
    is_protected=True,
    approvals=1,
    dismisses_stale=True,
    last_push_needs_approval=True,
    code_owners_review=True,
    refuses_force_push=True,
    required_checks=frozenset({"Validate promotion"}),
    sourced_checks=frozenset({"Validate promotion"}),
)


def no_layer_is_gone() -> Mapping[str, str]:
    return {}


def registry_with(*models: str) -> InMemoryRegistry:
    registry = InMemoryRegistry()
    for model in models:
        registry.add_model(model)
    return registry


@dataclass
class Scene:
    """A repository that is set up as it should be, to be changed."""

    files: dict[str, bytes | Irregular] = field(default_factory=lambda: dict(SOUND))
    settings: InMemorySettings | None = field(
        default_factory=lambda: InMemorySettings(
            rules=SOUND_RULES,
            environments={
                "model-registry-write": Environment(name="model-registry-write", branches=frozenset({"main"}))
            },
        )
    )
    reader: Callable[[], RegistryReader] = field(default_factory=lambda: lambda: registry_with("churn"))
    rights: InMemoryRights = field(default_factory=InMemoryRights)
    commit: str = ""
    open_rights: Callable[[], InMemoryRights] | None = None
    repository: InMemoryRepository | None = None
    gone: Callable[[], Mapping[str, str]] = no_layer_is_gone

    def diagnose(self) -> Diagnosis:
        files: Files = self.files
        registry = AskedRegistry(reader=self.reader, rights=self.open_rights or (lambda: self.rights))
        return diagnose(
            DoctorWorld(
                repository=self.repository or InMemoryRepository({TIP: files}, branches={"main": TIP}),
                places=Places(requests=REQUESTS, policy=POLICY),
                now=lambda: datetime(2026, 3, 1, tzinfo=UTC),
                gone_layers=self.gone,
                commit=self.commit,
                settings=self.settings,
                why_no_settings=say("no token was given"),
                registry=registry,
                tool_version="1.2.3",
            )
        )


def ids(diagnosis: Diagnosis) -> list[str]:
    return [one.rule.id for one in diagnosis.findings]


def told(diagnosis: Diagnosis) -> str:
    return " | ".join(str(one.found.message) for one in diagnosis.findings)


def test_a_repository_set_up_as_the_examples_say_is_sound() -> None:
    scene = Scene()
    diagnosis = scene.diagnose()
    assert ids(diagnosis) == []
    assert (diagnosis.reason, diagnosis.commit) == (ReasonCode.SETUP_SOUND, TIP)
    assert scene.rights.asked == ["churn"]


def test_an_empty_repository() -> None:
    diagnosis = Scene(files={}, settings=InMemorySettings()).diagnose()
    assert {
        "policy_missing",
        "validate_missing",
        "apply_missing",
        "codeowners_missing",
        "branch_unprotected",
    } <= set(ids(diagnosis))
    assert diagnosis.reason.exit_code is ExitCode.NO


@pytest.mark.parametrize(
    ("method", "what"),
    [
        ("branch_rules", "The rules of the default branch"),
        ("environment", "An environment"),
        ("workflow_settings", "What workflows may do"),
        ("sha_pinning", "Whether actions have to be pinned"),
        ("code_owners_errors", "What is wrong in CODEOWNERS"),
    ],
)
def test_what_may_not_be_seen_is_a_finding(method: str, what: str) -> None:
    scene = Scene()
    assert scene.settings is not None
    scene.settings.failing = {method: ReasonCode.PERMISSION_DENIED}
    diagnosis = scene.diagnose()
    assert ids(diagnosis) == ["not_looked_at"]
    assert told(diagnosis) == f"{what} could not be looked at, because {method} is refused. Ask for more."
    assert diagnosis.reason is ReasonCode.SETUP_SOUND


def test_a_schema_of_another_release_is_told_in_lint_s_words() -> None:
    path = SCHEMAS[FileKind.REQUEST]
    current = json.dumps(schema(FileKind.POLICY)).encode()
    scene = Scene()
    scene.files |= {path: b"{}", SCHEMAS[FileKind.POLICY]: current}
    diagnosis = scene.diagnose()
    assert ids(diagnosis) == ["schema_stale"]
    renews = f"`promoter schema request > {path}` renews it"
    assert told(diagnosis) == f"`{path}` is of another release of Promoter; {renews}"
    assert diagnosis.reason is ReasonCode.SETUP_SOUND


def test_an_outage_is_neither_yes_nor_no() -> None:
    scene = Scene()
    assert scene.settings is not None
    scene.settings.failing = {"branch_rules": ReasonCode.GITHUB_UNAVAILABLE}
    diagnosis = scene.diagnose()
    assert diagnosis.reason is ReasonCode.GITHUB_UNAVAILABLE
    assert ids(diagnosis) == ["not_looked_at"]


def test_an_error_that_was_found_outweighs_an_outage() -> None:
    scene = Scene()
    scene.files.pop(POLICY)
    assert scene.settings is not None
    scene.settings.failing = {"branch_rules": ReasonCode.GITHUB_UNAVAILABLE}
    assert scene.diagnose().reason is ReasonCode.SETUP_UNSAFE


@pytest.mark.parametrize("reason", [ReasonCode.PERMISSION_DENIED, ReasonCode.GITHUB_UNAVAILABLE])
def test_a_github_that_cannot_be_asked_at_all_ends_the_run(reason: ReasonCode) -> None:
    scene = Scene()
    assert scene.settings is not None
    scene.settings.failing = {"about": reason}
    with pytest.raises(PromoterError) as caught:
        scene.diagnose()
    assert caught.value.exit_code is ExitCode.UNDECIDED


def test_with_files_of_a_clone_it_does_not() -> None:
    scene = Scene(commit=TIP)
    assert scene.settings is not None
    scene.settings.failing = {"about": ReasonCode.GITHUB_UNAVAILABLE}
    diagnosis = scene.diagnose()
    assert (diagnosis.reason, ids(diagnosis)) == (ReasonCode.GITHUB_UNAVAILABLE, ["not_looked_at"])


@pytest.mark.parametrize("method", ["branch_rules", "sha_pinning", "code_owners_errors"])
def test_a_github_that_hangs_takes_nothing_from_what_was_found(method: str) -> None:
    scene = Scene()
    assert scene.settings is not None
    scene.settings.failing = {method: ReasonCode.DEADLINE_EXCEEDED}
    diagnosis = scene.diagnose()
    assert (diagnosis.reason, ids(diagnosis)) == (ReasonCode.DEADLINE_EXCEEDED, ["not_looked_at"])
    scene.files.pop(POLICY)
    diagnosis = scene.diagnose()
    assert (diagnosis.reason, diagnosis.reason.exit_code) == (ReasonCode.SETUP_UNSAFE, ExitCode.NO)
    assert {"policy_missing", "not_looked_at"} <= set(ids(diagnosis))


def test_a_run_that_is_stopped_stops() -> None:
    scene = Scene()
    assert scene.settings is not None
    scene.settings.failing = {"sha_pinning": ReasonCode.INTERRUPTED}
    with pytest.raises(PromoterError, match="sha_pinning"):
        scene.diagnose()
    with pytest.raises(PromoterError, match="nothing answers"):
        Scene(reader=refuse(ReasonCode.INTERRUPTED)).diagnose()


def test_a_branch_whose_files_cannot_be_listed_again_is_told() -> None:
    class Forgetful(InMemoryRepository):
        def files(self, commit: str, patterns: Sequence[str]) -> tuple[FileEntry, ...]:
            if any("CODEOWNERS" in pattern for pattern in patterns):
                raise PromoterError(ReasonCode.GITHUB_UNAVAILABLE, say("it went away"))
            return super().files(commit, patterns)

    diagnosis = Scene(repository=Forgetful({TIP: SOUND}, branches={"main": TIP})).diagnose()
    assert told(diagnosis) == "CODEOWNERS could not be looked at, because it went away"
    assert diagnosis.reason is ReasonCode.GITHUB_UNAVAILABLE


def test_without_github_only_files_are_looked_at() -> None:
    diagnosis = Scene(settings=None, commit=TIP).diagnose()
    assert ids(diagnosis) == ["not_looked_at"]
    assert "no token was given" in told(diagnosis)


def test_classic_protection_that_is_not_shown_is_told_and_concludes_nothing() -> None:
    scene = Scene()
    assert scene.settings is not None
    scene.settings.rules = BranchRules(is_whole=False)
    diagnosis = scene.diagnose()
    assert ids(diagnosis) == ["not_looked_at"]
    assert "administration: read" in told(diagnosis)


# --- files ----------------------------------------------------------------------------------------


def test_a_workflow_too_large_or_doubtful_is_told_where_it_names_promoter() -> None:
    scene = Scene()
    scene.files |= {
        f"{WORKFLOWS}large.yaml": b"# promoter\n" + b"#" * 70_000,
        f"{WORKFLOWS}anchored.yml": b"on: &a push\njobs: {a: {steps: [{uses: o/promoter@v1}]}}\n",
        f"{WORKFLOWS}others.yml": b"on: &a push\n",
        f"{WORKFLOWS}link.yml": Irregular("120000", b"apply.yml"),
    }
    diagnosis = scene.diagnose()
    assert {one.found.path for one in diagnosis.findings} == {
        f"{WORKFLOWS}{n}" for n in ("large.yaml", "anchored.yml")
    }
    assert set(ids(diagnosis)) == {"workflow_unread"}


def test_a_policy_that_is_wrong_is_told_with_its_line() -> None:
    scene = Scene()
    scene.files[POLICY] = A_POLICY.replace("minimum: 1", "minimun: 1, from: 3").encode()
    diagnosis = scene.diagnose()
    assert ids(diagnosis) == ["policy_invalid"]
    assert told(diagnosis).startswith("line 2: found")


def test_requests_that_are_wrong_are_told_with_their_lines() -> None:
    scene = Scene()
    scene.files["promotions/churn/champion.yaml"] = a_request(version="newest")
    (finding,) = scene.diagnose().findings
    assert (finding.rule.id, finding.found.line) == ("requests_invalid", 3)


@pytest.mark.parametrize(("size", "rule"), [(LARGEST + 1, "codeowners_too_large"), (300 * 1024, None)])
def test_code_owners_of_any_size(size: int, rule: str | None) -> None:
    scene = Scene()
    scene.files[".github/CODEOWNERS"] = b"/.github/ @ann\n".ljust(size, b"#")
    assert ids(scene.diagnose()) == ([rule] if rule else [])


def test_the_first_place_of_code_owners_counts() -> None:
    scene = Scene()
    scene.files["CODEOWNERS"] = b"* @ann\n"
    scene.files[".github/CODEOWNERS"] = b"docs/ @ann\n"
    assert {"workflows_unowned", "policy_unowned"} == set(ids(scene.diagnose()))
    assert CodeOwnersFile(path="", size=0, text=None).errors == ()


def test_an_environment_whose_name_is_made_later_is_told() -> None:
    scene = Scene()
    text = example("apply.yml").replace(b"environment: model-registry-write", b"environment: ${{ vars.E }}")
    scene.files[f"{WORKFLOWS}apply.yml"] = text
    diagnosis = scene.diagnose()
    assert ids(diagnosis) == ["not_looked_at"]
    assert "made when the job runs" in told(diagnosis)


# --- registry and machine -------------------------------------------------------------------------


def refuse(reason: ReasonCode) -> Callable[[], RegistryReader]:
    def reader() -> RegistryReader:
        raise PromoterError(reason, say("nothing answers there"))

    return reader


@pytest.mark.parametrize(
    ("reason", "ends_with"),
    [
        (ReasonCode.REGISTRY_UNAVAILABLE, ReasonCode.REGISTRY_UNAVAILABLE),
        (ReasonCode.PERMISSION_DENIED, ReasonCode.SETUP_SOUND),
    ],
)
def test_a_registry_that_cannot_be_asked(reason: ReasonCode, ends_with: ReasonCode) -> None:
    diagnosis = Scene(reader=refuse(reason)).diagnose()
    assert (diagnosis.reason, ids(diagnosis)) == (ends_with, ["not_looked_at"])


@pytest.mark.parametrize(
    ("right", "rule"), [(Rights.WRITE, "registry_writable"), (Rights.OPEN, "registry_open")]
)
def test_rights(right: Rights, rule: str) -> None:
    assert ids(Scene(rights=InMemoryRights(right=right)).diagnose()) == [rule]


def test_rights_that_are_not_told_are_a_finding() -> None:
    rights = InMemoryRights(failing=ReasonCode.NOT_AVAILABLE)
    assert ids(Scene(rights=rights).diagnose()) == ["not_looked_at"]


def test_rights_are_asked_of_models_that_are_there() -> None:
    scene = Scene(reader=lambda: registry_with("other", "churn"))
    assert ids(scene.diagnose()) == []
    assert scene.rights.asked == ["churn"]


def test_the_rights_on_another_model_say_nothing_of_one_that_is_not_shown() -> None:
    scene = Scene(reader=lambda: registry_with("other", "some"))
    assert set(ids(scene.diagnose())) == {"rule_matches_nothing", "not_looked_at"}
    assert scene.rights.asked == []
    assert ids(Scene(reader=scene.reader, rights=InMemoryRights(right=Rights.OPEN)).diagnose()) == [
        "rule_matches_nothing",
        "registry_open",
    ]


def test_without_requests_any_model_tells_the_rights() -> None:
    scene = Scene(reader=lambda: registry_with("churn", "some"))
    del scene.files["promotions/churn/champion.yaml"]
    scene.diagnose()
    assert scene.rights.asked == ["churn"]


def test_a_registry_that_fails_after_its_first_answer_is_neither_yes_nor_no() -> None:
    diagnosis = Scene(rights=InMemoryRights(failing=ReasonCode.REGISTRY_UNAVAILABLE)).diagnose()
    assert (diagnosis.reason, ids(diagnosis)) == (ReasonCode.REGISTRY_UNAVAILABLE, ["not_looked_at"])
    assert diagnosis.reason.exit_code is ExitCode.UNDECIDED


def test_a_source_that_the_policy_does_not_name_is_told() -> None:
    scene = Scene()
    path = "promotions/churn/champion.yaml"
    scene.files[path] = b"model: churn\nalias: champion\nfrom: dev.churn/3\nreason: A good one\n"
    diagnosis = scene.diagnose()
    assert ids(diagnosis) == ["request_without_rule"]
    assert "lets no request copy `dev.churn/3` to `churn`" in told(diagnosis)
    allowed = A_POLICY.replace("match: churn,", "match: churn, sources: [dev.churn],")
    scene.files[POLICY] = allowed.encode()
    assert ids(scene.diagnose()) == []


def test_a_layer_that_is_gone() -> None:
    assert ids(Scene(gone=lambda: {"Landlock": "no"}).diagnose()) == ["sandbox_incomplete"]


# --- what fails half-way --------------------------------------------------------------------------


class Unreadable(InMemoryRepository):
    """Contents of `path` cannot be read, for a reason."""

    def __init__(self, files: Files, path: str, *, reason: ReasonCode) -> None:
        super().__init__({TIP: files}, branches={"main": TIP})
        self.path, self.reason = path, reason

    def contents(self, entries: Sequence[FileEntry]) -> Mapping[str, bytes]:
        if any(entry.path == self.path for entry in entries):
            raise PromoterError(self.reason, say("it is too large"))
        return super().contents(entries)


def test_requests_that_cannot_be_read_are_told() -> None:
    repository = Unreadable(SOUND, "promotions/churn/champion.yaml", reason=ReasonCode.REQUEST_INVALID)
    diagnosis = Scene(repository=repository).diagnose()
    assert told(diagnosis) == "The promotion requests could not be looked at, because it is too large"


def test_a_policy_too_large_is_a_wrong_one() -> None:
    repository = Unreadable(SOUND, POLICY, reason=ReasonCode.REQUEST_INVALID)
    assert ids(Scene(repository=repository).diagnose()) == ["policy_invalid"]


def test_a_policy_that_cannot_be_fetched_is_told_and_not_taken_for_a_wrong_one() -> None:
    repository = Unreadable(SOUND, POLICY, reason=ReasonCode.GITHUB_UNAVAILABLE)
    diagnosis = Scene(repository=repository).diagnose()
    assert told(diagnosis) == "The policy could not be looked at, because it is too large"
    assert diagnosis.reason is ReasonCode.GITHUB_UNAVAILABLE


def test_a_registry_that_hangs_takes_nothing_from_what_was_found() -> None:
    diagnosis = Scene(reader=refuse(ReasonCode.DEADLINE_EXCEEDED)).diagnose()
    assert (diagnosis.reason, ids(diagnosis)) == (ReasonCode.DEADLINE_EXCEEDED, ["not_looked_at"])
    files = {path: data for path, data in SOUND.items() if path != POLICY}
    worse = Scene(files=files, reader=refuse(ReasonCode.DEADLINE_EXCEEDED)).diagnose()
    assert worse.reason is ReasonCode.SETUP_UNSAFE


# --- prompts --------------------------------------------------------------------------------------

PROMPT_RULE = """\
  - match: "greet*"
    kind: prompt
    aliases: [production]
    checks: {prompt: {variables: subset}}
"""


def with_prompts(*names: str) -> InMemoryRegistry:
    registry = registry_with("churn")
    for name in names:
        registry.add_version(a_model_version(model=name, version="1", run=None, prompt=Prompt(template="x")))
    return registry


def of_prompts(**scene: object) -> Scene:
    """The sound scene, whose policy speaks of prompts too."""
    request = b"kind: prompt\nmodel: greeting\nalias: production\nversion: 1\n"
    files = {**SOUND, POLICY: (A_POLICY + PROMPT_RULE).encode(), "promotions/greeting/p.yaml": request}
    return replace(Scene(files=files, reader=lambda: with_prompts("greeting")), **scene)  # type: ignore[arg-type]


def test_a_policy_for_prompts_is_held_against_prompts() -> None:
    scene = of_prompts()
    assert ids(scene.diagnose()) == []
    assert scene.rights.asked == ["churn", "greeting"]
    diagnosis = of_prompts(reader=lambda: with_prompts("other")).diagnose()
    assert ids(diagnosis) == ["rule_matches_nothing"]
    assert told(diagnosis) == "no prompt matches `greet*`"


def test_a_model_of_a_prompts_name_does_not_help_it() -> None:
    diagnosis = of_prompts(reader=lambda: registry_with("churn", "greeting")).diagnose()
    assert told(diagnosis) == "no prompt matches `greet*`"


def test_a_request_for_a_prompt_that_no_rule_of_prompts_allows_is_told() -> None:
    scene = of_prompts()
    scene.files[POLICY] = A_POLICY.encode()
    assert told(scene.diagnose()) == "the policy allows no request for `prompts:/greeting@production`"


def test_prompts_that_cannot_be_listed_are_told_and_concluded_of_nothing() -> None:
    class Catalog(InMemoryRegistry):
        def all_aliases(self, kind: Kind = Kind.MODEL) -> Mapping[str, Mapping[str, str]]:
            if kind is Kind.PROMPT:
                raise PromoterError(ReasonCode.NOT_AVAILABLE, say("prompts are kept apart"))
            return super().all_aliases(kind)

    registry = Catalog()
    registry.add_model("churn")
    diagnosis = of_prompts(reader=lambda: registry).diagnose()
    assert told(diagnosis) == "The registry's prompts could not be looked at, because prompts are kept apart"


def test_rights_that_cannot_be_asked_are_told() -> None:
    def unopened() -> InMemoryRights:
        raise PromoterError(ReasonCode.USAGE_INVALID, say("the address is wrong"))

    assert "the address is wrong" in told(Scene(open_rights=unopened).diagnose())
