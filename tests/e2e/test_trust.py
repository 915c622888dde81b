"""Who may move an alias: an approval counts for the change it saw, and only what a reviewed merge brought."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import pytest

from promoter.demo.github.exchange import Answer, Request, json_answer
from promoter.demo.github.model import MergeMethod, Push, ReviewState
from promoter.demo.job import Finished
from promoter.errors import ExitCode
from tests.e2e.house import POLICY, POLICY_TEXT, House
from tests.fakes.co_authors import TellsCoAuthors

LOOSE = POLICY_TEXT.replace("threshold: 0.5, max_absolute_degradation: 0.01", "threshold: 0.1").encode()
BOBS_ADDRESS = "bob@acme.example"


@dataclass
class Meddles:
    """GitHub with some answers replaced: `instead` of asking, or `changed` on the way back."""

    instead: Callable[[Request], Answer | None] = lambda _: None
    changed: Callable[[Request, Answer], Answer] = lambda _, answer: answer

    def before(self, request: Request) -> Answer | None:
        return self.instead(request)

    def after(self, request: Request, answer: Answer) -> Answer:
        return self.changed(request, answer)


def reason(finished: Finished) -> str:
    return finished.outputs["reason-code"]


def promoted(house: House, version: str, method: MergeMethod = MergeMethod.MERGE) -> int:
    """Have a version asked for, approved, merged and applied; the pull request's number."""
    number = house.ask_for(version)
    house.approve(number)
    finished = house.apply(house.merge(number, method))
    assert reason(finished) == "applied", finished.log
    return number


def reverted(house: House, number: int) -> None:
    """Take a merged pull request back by a reviewed one, and apply that."""
    branch = house.world.revert(number, by="dora")
    revert = house.world.open_pull_request(branch, author="dora", title="Revert").number
    house.approve(revert)
    house.apply(house.merge(revert))


def proposed_from(house: House, branch: str, author: str = "dora") -> int:
    """Open a pull request of a branch that is there already."""
    return house.world.open_pull_request(branch, author=author, title="Promote").number


def merged_by_hand(house: House, branch: str, other: str, files: Mapping[str, bytes]) -> Push:
    """Push a merge of the commit `other` into a branch, with these files in it whatever either side says."""
    ref, before = house.world.branch_ref(branch), house.world.tip(branch) or ""
    who = f"mallory <mallory@x.example> {int(house.world.now().timestamp())} +0000"
    stream = f"commit {ref}\nauthor {who}\ncommitter {who}\ndata 5\nmerge\nfrom {before}\nmerge {other}"
    for path, content in files.items():
        stream += f'\nM 100644 inline "{path}"\ndata {len(content)}\n{content.decode()}'
    command = ("fast-import", "--quiet", "--force", "--date-format=raw")
    house.world.git.run(*command, stdin=f"{stream}\ndone\n".encode())
    house.world.sync()
    return Push(ref=ref, before=before, after=house.world.tip(branch) or "", by="alice")


# --- an approval is for the change it saw ---------------------------------------------------------


def with_a_typo_fixed_and_approved(house: House) -> tuple[int, str, str]:
    """A branch from before the last promotion, whose pull request showed nothing but a README to alice.

    Its number, the version that its request still holds, and the champion.
    """
    old, new = house.version(0.8), house.version(0.85)
    house.adopt(old)
    house.world.create_branch("early", "main")
    promoted(house, new)
    house.world.commit("early", {"README.md": b"typo\n"}, author="dora", message="Typo")
    number = proposed_from(house, "early")
    house.approve(number)
    assert [one.path for one in house.world.pull_changes(house.world.pulls[number])] == ["README.md"]
    return number, old, new


def test_an_approval_of_a_readme_is_none_of_the_request_that_the_branch_still_held(house: House) -> None:
    number, old, new = with_a_typo_fixed_and_approved(house)
    merged_by_hand(house, "early", house.world.tip("main") or "", {house.path: house.request(old)})

    finished = house.apply(house.merge(number))

    assert (reason(finished), house.champion()) == ("approval_stale", new)


@pytest.mark.parametrize("method", [MergeMethod.MERGE, MergeMethod.SQUASH])
def test_an_approval_of_a_readme_is_none_of_a_request_that_was_put_back_later(
    house: House, method: MergeMethod
) -> None:
    number, old, new = with_a_typo_fixed_and_approved(house)
    merged_by_hand(house, "early", house.world.tip("main") or "", {house.path: house.request(new)})
    house.push_more(number, {house.path: house.request(old)})

    finished = house.apply(house.merge(number, method))

    assert (reason(finished), house.champion()) == ("approval_stale", new)


def overtaken(house: House) -> tuple[int, str]:
    """A pull request that asked for a version when another was promoted; its number and that other one.

    Its branch was brought up to date, and still asks for what it asked for. Nobody approved it yet.
    """
    first, asked, other = house.version(0.8), house.version(0.9), house.version(0.895)
    house.adopt(first)
    number = house.ask_for(asked)
    promoted(house, other)
    return number, other


def brought_up_to_date(house: House, number: int) -> None:
    """Merge main into the pull request's branch and keep the branch's request."""
    branch = house.world.pulls[number].head_ref
    request = house.world.git.text("show", f"{house.world.pulls[number].head_sha}:{house.path}")
    files = {house.path: f"{request.strip()}\n".encode()}
    merged_by_hand(house, branch, house.world.tip("main") or "", files)


def test_an_approval_of_another_step_to_the_same_version_is_stale(house: House) -> None:
    number, other = overtaken(house)
    stale = house.world.pulls[number].head_sha
    house.approve(number)
    brought_up_to_date(house, number)
    assert house.world.pulls[number].head_sha != stale

    finished = house.apply(house.merge(number, MergeMethod.SQUASH))

    assert (reason(finished), house.champion()) == ("approval_stale", other)


def test_an_approval_after_the_branch_was_brought_up_to_date_counts(house: House) -> None:
    number, _ = overtaken(house)
    brought_up_to_date(house, number)
    house.approve(number)

    assert reason(house.validate(number)) == "validated"
    assert reason(house.apply(house.merge(number))) == "applied"


def test_twenty_commits_on_one_request_are_one_change(house: House) -> None:
    house.adopt(house.version(0.8))
    version = house.version(0.85)
    number = house.ask_for(version)
    for attempt in range(20):
        house.push_more(number, {house.path: house.request(version, reason=f"try {attempt}")})
    house.approve(number)

    assert reason(house.validate(number)) == "validated"
    assert reason(house.apply(house.merge(number))) == "applied"


def test_a_readers_stale_approval_is_no_reason_to_ask_the_reader_again(house: House) -> None:
    house.adopt(house.version(0.8))
    version = house.version(0.85)
    number = house.ask_for("99")
    comment = house.world.review(number, "alice", state=ReviewState.COMMENTED)
    house.world.record_review(
        replace(comment, id=house.world.new_id(), author="rita", state=ReviewState.APPROVED)
    )
    house.push_more(number, {house.path: house.request(version)})

    assert reason(house.apply(house.merge(number))) == "approval_missing"


# --- only the pull request that was merged counts -------------------------------------------------


def squashed_and_reverted(house: House, *, approved: bool) -> tuple[str, str]:
    """A pull request was squashed, then reverted; its branch is still there, and the live version."""
    first, second = house.version(0.8), house.version(0.85)
    house.adopt(first)
    number = house.ask_for(second)
    if approved:
        house.approve(number)
    finished = house.apply(house.merge(number, MergeMethod.SQUASH))
    assert reason(finished) == ("applied" if approved else "approval_missing")
    branch = house.world.pulls[number].head_ref
    reverted(house, number)
    assert house.champion() == first
    return branch, first


def test_an_old_approval_does_not_bring_a_reverted_request_back_with_stacked_work(house: House) -> None:
    branch, live = squashed_and_reverted(house, approved=True)
    house.world.create_branch("stacked", branch)
    house.world.commit("stacked", {"train.py": b"x\n"}, author="bob", message="Code")
    number = proposed_from(house, "stacked", author="bob")

    finished = house.apply(house.merge(number))

    assert (reason(finished), house.champion()) == ("approval_missing", live)


def test_an_old_approval_is_none_of_a_second_pull_request_from_the_same_branch(house: House) -> None:
    branch, live = squashed_and_reverted(house, approved=True)

    finished = house.apply(house.merge(proposed_from(house, branch)))

    assert (reason(finished), house.champion()) == ("approval_missing", live)


def test_a_second_pull_request_from_the_same_branch_needs_no_approval_of_the_first(house: House) -> None:
    branch, _ = squashed_and_reverted(house, approved=False)
    number = proposed_from(house, branch)
    house.approve(number)

    assert reason(house.apply(house.merge(number))) == "applied"


def test_a_direct_push_of_a_merge_brings_back_nothing_that_was_approved_once(house: House) -> None:
    first, approved, later = house.version(0.8), house.version(0.85), house.version(0.9)
    house.adopt(first)
    number = house.ask_for(approved)
    house.approve(number)
    seen = house.world.pulls[number].head_sha
    house.push_more(number, {house.path: house.request(later)})
    assert reason(house.apply(house.merge(number))) == "approval_stale"

    finished = house.apply(merged_by_hand(house, "main", seen, {house.path: house.request(approved)}))

    assert (reason(finished), house.champion()) == ("no_pull_request", first)


def test_a_fork_is_judged_neither_before_nor_after_its_merge(house: House) -> None:
    first, version = house.version(0.8), house.version(0.85)
    house.adopt(first)
    house.world.add_user("stranger")
    files = {house.path: house.request(version)}
    house.world.commit("stranger:try", files, author="stranger", message="Promote")
    number = proposed_from(house, "stranger:try", author="stranger")
    house.approve(number)

    assert reason(house.validate(number)) == "fork_unsupported"
    assert reason(house.apply(house.merge(number))) == "fork_unsupported"
    assert house.champion() == first


# --- nobody approves their own work, whatever GitHub leaves out -----------------------------------


def without_graphql(answer: Answer) -> Meddles:
    """GraphQL does not tell who co-authors are."""
    return Meddles(
        instead=lambda request: (
            answer if request.path.endswith("/graphql") and b"authors(" in request.body else None
        )
    )


@pytest.mark.parametrize(
    ("github", "expected"),
    [
        (TellsCoAuthors({"dora@acme.example": "dora", BOBS_ADDRESS: "bob"}), "approval_self"),
        (TellsCoAuthors({"dora@acme.example": "dora", BOBS_ADDRESS: None}), "applied"),
        (without_graphql(json_answer({"message": "Bad gateway"}, status=502)), "github_unavailable"),
        (without_graphql(json_answer({"errors": [{"message": "Timeout"}]})), "github_unavailable"),
    ],
)
def test_a_co_author_whose_account_is_not_told_does_not_approve(
    house: House, github: Meddles | TellsCoAuthors, expected: str
) -> None:
    first, second = house.version(0.8), house.version(0.85)
    house.adopt(first)
    message = f"Promote\n\nCo-authored-by: bob <{BOBS_ADDRESS}>"
    house.world.commit("pair", {house.path: house.request(second)}, author="dora", message=message)
    number = proposed_from(house, "pair")
    house.approve(number, by="bob")
    push = house.merge(number)
    house.standin.interceptor = github

    finished = house.apply(push)

    assert reason(finished) == expected
    assert house.champion() == (second if expected == "applied" else first)


def test_a_committer_does_not_approve_where_github_lists_no_commits(house: House) -> None:
    first, second = house.version(0.8), house.version(0.85)
    house.adopt(first)
    number = house.ask_for(first)
    house.push_more(number, {house.path: house.request(second)}, author="bob")
    house.approve(number, by="bob")
    push = house.merge(number)
    house.standin.interceptor = Meddles(
        changed=lambda request, answer: (
            replace(answer, body=b"[]") if request.path.endswith(f"/pulls/{number}/commits") else answer
        )
    )

    finished = house.apply(push)

    assert (reason(finished), house.champion()) == ("too_many_files", first)
    house.standin.interceptor = None
    assert reason(house.apply(push)) == "approval_self"


def forged(house: House, *, pusher: str) -> tuple[int, str, str]:
    """A request whose commit says that dora wrote it, pushed by somebody else; live and asked-for version."""
    first, second = house.version(0.8), house.version(0.85)
    house.adopt(first)
    files = {house.path: house.request(second)}
    house.world.commit("forged", files, author="dora", message="Promote", pusher=pusher)
    return proposed_from(house, "forged"), first, second


def test_whoever_pushed_commits_in_anothers_name_does_not_approve_them(house: House) -> None:
    number, first, second = forged(house, pusher="bob")
    house.approve(number, by="bob")
    assert "pushed part of the change" in house.validate(number).summary
    push = house.merge(number)
    house.world.delete_branch("forged")

    assert (reason(house.apply(push)), house.champion()) == ("approval_self", first)
    house.approve(number)
    assert (reason(house.apply(push)), house.champion()) == ("applied", second)


def test_what_was_pushed_over_by_force_was_pushed_all_the_same(house: House) -> None:
    """dora takes what bob pushed in her name and pushes it anew: the commit is another, its content bob's."""
    number, first, second = forged(house, pusher="bob")
    files = {house.path: house.request(second)}
    house.world.commit("anew", files, author="dora", message="Promote, in other words")
    house.world.create_branch("forged", "anew", by="dora")
    house.approve(number, by="bob")

    assert (reason(house.apply(house.merge(number))), house.champion()) == ("approval_self", first)


@pytest.mark.parametrize("status", [404, 403])
def test_where_github_does_not_tell_who_pushed_that_is_said_and_the_rest_decides(
    house: House, status: int
) -> None:
    number, _, second = forged(house, pusher="dora")
    house.approve(number)
    house.standin.interceptor = Meddles(
        instead=lambda request: (
            json_answer({"message": "Not Found"}, status=status)
            if request.path.endswith("/activity")
            else None
        )
    )
    assert house.validate(number).summary.count("GitHub does not tell who pushed") == 1

    finished = house.apply(house.merge(number))

    assert (reason(finished), house.champion()) == ("applied", second)
    assert finished.summary.count("GitHub does not tell who pushed") == 1


# --- what is not known is not nothing -------------------------------------------------------------


def test_a_history_that_graphql_leaves_out_is_read_another_way(house: House) -> None:
    """The alias is gone from the registry; taken for one that never was, it would be a first promotion."""
    bootstrap = "    on_missing_champion: bootstrap\n    evaluation"
    house.land({POLICY: POLICY_TEXT.replace("    evaluation", bootstrap).encode()})
    first, second = house.version(0.8), house.version(0.85)
    house.adopt(first)
    house.land({house.path: house.request(first, reason="two")})
    house.client.delete_registered_model_alias(house.model, "champion")
    number = house.ask_for(second)
    assert reason(house.validate(number)) == "conflict"
    house.standin.interceptor = Meddles(
        changed=lambda request, answer: (
            json_answer({"data": {"repository": {}}})
            if request.path.endswith("/graphql") and b"object(expression" in request.body
            else answer
        )
    )

    assert reason(house.validate(number)) == "conflict"
    house.approve(number)
    assert reason(house.apply(house.merge(number))) == "conflict"
    assert house.champion() is None


def test_a_forged_tag_does_not_make_a_version_one_that_held_the_alias(house: House) -> None:
    first, worse = house.version(0.9), house.version(0.55)
    house.adopt(first)
    for version in (worse, first):
        number = house.ask_for(version)
        house.approve(number)
        house.apply(house.merge(number))
    number = house.ask_for(worse)
    house.approve(number)
    assert reason(house.validate(number)) == "checks_failed"
    house.client.set_model_version_tag(house.model, worse, "promoter_applied_champion", "x y")

    assert reason(house.validate(number)) == "checks_failed"
    assert reason(house.apply(house.merge(number))) == "checks_failed"
    assert house.champion() == first


# --- no request brings its own rules --------------------------------------------------------------


def test_a_merge_commit_that_loosens_the_policy_brings_no_request(house: House) -> None:
    """The pull request's own files are harmless: the policy is changed in the merge, by whoever pushed it."""
    first, bad = house.version(0.9), house.version(0.3)
    house.adopt(first)
    number = house.ask_for(bad)
    house.approve(number)
    files = {house.path: house.request(bad), POLICY: LOOSE}
    push = merged_by_hand(house, "main", house.world.pulls[number].head_sha, files)
    assert house.world.pulls[number].merge

    finished = house.apply(push)

    assert (reason(finished), house.champion()) == ("policy_changed_in_pull_request", first)


def test_a_workflow_that_names_another_policy_brings_no_request(house: House) -> None:
    first, bad = house.version(0.9), house.version(0.3)
    house.adopt(first)
    sample = "docs/sample-policy.yaml"
    house.merge(house.propose({sample: LOOSE}))
    workflow = {".github/workflows/apply.yml": f"policy: {sample}\n".encode()}
    number = house.propose({**workflow, house.path: house.request(bad)})
    house.approve(number)

    assert reason(house.validate(number, policy=sample)) == "policy_changed_in_pull_request"
    finished = house.apply(house.merge(number), policy=sample)
    assert (reason(finished), house.champion()) == ("policy_changed_in_pull_request", first)


# --- validate says what apply will do -------------------------------------------------------------


def test_a_policy_that_was_tightened_since_is_the_one_that_counts(house: House) -> None:
    house.adopt(house.version(0.8))
    number = house.ask_for(house.version(0.85))
    house.approve(number)
    assert reason(house.validate(number)) == "validated"
    house.land({POLICY: POLICY_TEXT.replace("threshold: 0.5", "threshold: 0.99").encode()})

    assert reason(house.validate(number)) == "checks_failed"
    assert reason(house.apply(house.merge(number))) == "checks_failed"


def test_what_another_pull_request_promoted_since_was_not_moved_outside_git(house: House) -> None:
    number, other = overtaken(house)

    finished = house.validate(number)

    assert finished.exit_code is ExitCode.DONE
    assert "outside git" not in finished.log
    assert other == house.champion()
