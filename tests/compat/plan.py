"""What is tried: which servers, clients and interpreters together, by which of the project's own tests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

# The oldest that pyproject.toml takes, one between, and the newest that can be installed: mlflow 3.18.0 asks
# for an mlflow-skinny 3.18.0, which is not published.
OLDEST, BETWEEN, NEWEST = "3.3.0", "3.10.0", "3.17.2"


class Suite(StrEnum):
    """A part of the project's tests."""

    CONTRACT = "contract"
    STORY = "story"
    UNIT = "unit"


_CONTRACT = ("tests/contract/test_registry_contract.py", "tests/contract/test_prompts_contract.py")
# A test or a few of each thing that Promoter does with a registry; development runs all of them.
_STORY = {
    "tests/e2e/test_flows.py": (
        "test_a_pull_request_promotes_a_model",
        "test_a_revert_rolls_back_though_the_figures_are_worse",
        "test_several_requests_in_one_pull_request_move_together_or_not_at_all",
    ),
    "tests/e2e/test_drift.py": (
        "test_moved_by_hand_is_one_issue_until_it_is_moved_back",
        "test_a_version_that_was_deleted",
        "test_a_model_that_was_deleted",
        "test_healing_puts_back_what_was_moved_and_says_so",
    ),
    "tests/e2e/test_history.py": ("test_the_whole_life_of_an_alias", "test_status_of_a_fleet"),
    "tests/e2e/test_doctor.py": ("test_a_person_with_a_token_sees_the_same",),
    "tests/e2e/test_propose.py": ("test_from_the_alias_to_the_champion", "test_the_newest_with_a_tag"),
    "tests/e2e/test_across_models.py": (
        "test_a_version_of_another_model_is_copied_and_promoted",
        "test_an_answer_that_is_lost_is_no_second_copy",
        "test_a_copy_made_of_other_files_is_not_taken",
    ),
    "tests/e2e/test_prompts.py": ("test_a_prompt_goes_the_whole_road", "test_drift_of_a_prompt_is_found"),
    "tests/e2e/test_reports.py": (
        "test_apply_logs_report_and_evidence_to_the_run_and_the_comment_leads_there",
    ),
    "tests/integration/test_inference.py": (
        "test_a_better_model_is_promoted_with_its_interval",
        "test_a_worse_model_is_rejected",
    ),
    "tests/integration/test_predictions.py": (
        "test_two_labels",
        "test_a_run_that_logged_no_table_is_told_with_what_to_do",
    ),
    # The others grant rights by an interface that MLflow 3.3 does not have.
    "tests/integration/test_mlflow_rights.py": ("test_a_server_that_asks_nobody_who_they_are_is_open",),
}
PATHS = {
    Suite.CONTRACT: _CONTRACT,
    Suite.STORY: (*_CONTRACT, *(f"{file}::{name}" for file, names in _STORY.items() for name in names)),
    Suite.UNIT: ("tests/unit",),
}
# The fake in memory is of no version.
_NO_FAKE = ("-k", "not memory")
LEFT_OUT: dict[Suite, tuple[str, ...]] = {
    Suite.CONTRACT: _NO_FAKE,
    Suite.STORY: _NO_FAKE,
    Suite.UNIT: (),
}


@dataclass(frozen=True, kw_only=True)
class Trial:
    """One environment to try: MLflow's versions of server and client, Python's of the client."""

    server: str
    client: str
    python: str
    suite: Suite


@dataclass(frozen=True, kw_only=True)
class Absence:
    """A test of what servers before a version do not do, and why."""

    test: str
    before: str
    why: str


ABSENCES = (
    Absence(
        test="tests/e2e/test_drift.py::test_a_version_that_was_deleted",
        before=NEWEST,
        why="an old server keeps the alias of a version that was deleted; drift asks for no versions",
    ),
)


def absent(trial: Trial) -> list[Absence]:
    """What is left out of a trial."""
    wanted = PATHS[trial.suite]
    return [one for one in ABSENCES if one.test in wanted and numbers(trial.server) < numbers(one.before)]


def trials(versions: Sequence[str], *, pythons: Sequence[str], suite: Suite) -> list[Trial]:
    """Each version with itself, the oldest and the newest with each other: all on the first Python, on the
    others the newest. The unit tests, which ask no server but one, on each Python with the newest.
    """
    first, *others = pythons
    ordered = sorted(versions, key=numbers)
    oldest, newest = ordered[0], ordered[-1]
    pairs = dict.fromkeys(
        [*((one, one) for one in ordered), (oldest, newest), (newest, oldest)],
    )
    found = [Trial(server=server, client=client, python=first, suite=suite) for server, client in pairs]
    if suite is Suite.UNIT:
        return [Trial(server=newest, client=newest, python=one, suite=suite) for one in pythons]
    return [*found, *(Trial(server=newest, client=newest, python=one, suite=suite) for one in others)]


def numbers(version: str) -> tuple[int, ...]:
    """`3.10.0` as (3, 10, 0)."""
    return tuple(int(part) for part in version.split("."))
