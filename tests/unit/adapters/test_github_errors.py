"""What a person reads when GitHub refuses or does not answer."""

from __future__ import annotations

import pytest

from promoter.adapters.github_answers import Answer
from promoter.adapters.github_errors import (
    Trouble,
    TroubleKind,
    UnclearError,
    limit_is_reached,
    permission_hint,
    refused,
    remark_of,
    unreached,
)
from promoter.errors import ExitCode, ReasonCode
from promoter.text import Quoted

ACCEPTED = "x-accepted-github-permissions"


def an_answer(status: int, said: str = "", **headers: str) -> Answer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status=status, headers=named, data={"message": said})


def hint(header: str) -> str:
    return str(permission_hint(Answer(status=403, headers={ACCEPTED: header}, data=None)))


def test_a_refused_token_is_denied() -> None:
    error = refused(an_answer(401), what="reading pull request 12", said="Bad credentials")

    assert (error.reason, error.exit_code) == (ReasonCode.PERMISSION_DENIED, ExitCode.UNDECIDED)
    assert str(error) == (
        "GitHub refused the token while `reading pull request 12`. It said: `Bad credentials`"
    )
    assert "`github-token`" in str(error.hint)


def test_a_missing_permission_is_named_with_what_to_paste() -> None:
    answer = an_answer(403, x_accepted_github_permissions="issues=write; pull_requests=write")

    error = refused(answer, what="writing a comment", said="Resource not accessible by integration")

    assert error.reason is ReasonCode.PERMISSION_DENIED
    assert str(error.hint) == (
        "Add to the job's `permissions:` in the workflow: `issues: write` or `pull-requests: write`."
    )


def test_not_found_names_both_possibilities() -> None:
    answer = an_answer(404, x_accepted_github_permissions="pull_requests=read")

    error = refused(answer, what="reading pull request 12", said="Not Found")

    assert error.reason is ReasonCode.PERMISSION_DENIED
    assert str(error) == (
        "GitHub has no such thing, or does not show it to this token, while `reading pull request 12`"
    )
    assert str(error.hint).startswith("Check that it exists. Add to the job's `permissions:`")


@pytest.mark.parametrize("status", [409, 410, 422, 500, 503])
def test_other_refusals_leave_everything_undecided(status: int) -> None:
    error = refused(an_answer(status), what="asking", said="")

    assert (error.reason, error.exit_code) == (ReasonCode.GITHUB_UNAVAILABLE, ExitCode.UNDECIDED)
    assert str(error) == f"GitHub refused `asking` (status {status})"


@pytest.mark.parametrize("answer", [an_answer(429), an_answer(403, "API rate limit exceeded for 1.2.3.4")])
def test_a_limit_is_an_outage_and_no_missing_permission(answer: Answer) -> None:
    error = refused(answer, what="asking", said="slow down")

    assert error.reason is ReasonCode.GITHUB_UNAVAILABLE
    assert "(its rate limit is reached). It said: `slow down`" in str(error)


@pytest.mark.parametrize("kind", list(TroubleKind))
def test_every_trouble_is_an_outage_that_says_how(kind: TroubleKind) -> None:
    error = unreached(Trouble(kind=kind, remark="Errno 111"), what="asking")

    assert error.reason is ReasonCode.GITHUB_UNAVAILABLE
    assert str(error) == f"GitHub {kind.value} while `asking`: `Errno 111`"
    assert ("renamed" in str(error.hint)) == (kind is TroubleKind.REDIRECTED)


def test_the_server_s_words_stay_apart_from_ours() -> None:
    error = refused(an_answer(403), what="asking", said="::error::now\n::stop-commands::x")

    assert Quoted("::error::now\n::stop-commands::x") in error.message.parts
    assert "::" not in str(error)
    assert "\n" not in str(error)


def test_an_unclear_error_is_the_same_error_and_knows_whether_to_wait() -> None:
    timed_out = Trouble(kind=TroubleKind.TIMED_OUT, remark="")
    cut_off = Trouble(kind=TroubleKind.CUT_OFF, remark="")
    error = unreached(timed_out, what="writing")

    unclear = UnclearError(error, timed_out)

    assert (unclear.reason, str(unclear), unclear.hint) == (error.reason, str(error), error.hint)
    assert unclear.may_still_act
    assert not UnclearError(error, cut_off).may_still_act
    assert not UnclearError(error, an_answer(502)).may_still_act


@pytest.mark.parametrize(
    ("said", "remark"),
    [
        ("Invalid header: token s3cret", "Invalid header: token ***"),
        ("s3crets3cret", "******"),
        (
            "Cannot connect to proxy http://ann:pa55@proxy:8080/",
            "Cannot connect to proxy http://***@proxy:8080/",
        ),
        ("x" * 500, "x" * 200),
        ("", ""),
    ],
)
def test_a_remark_carries_no_secret_and_is_short(said: str, remark: str) -> None:
    assert remark_of(said, secret="s3cret") == remark


def test_without_a_secret_nothing_is_cut_out() -> None:
    assert remark_of("abc", secret="") == "abc"


@pytest.mark.parametrize(
    ("header", "said"),
    [
        ("contents=read", "Add to the job's `permissions:` in the workflow: `contents: read`."),
        (
            "pull_requests=write,contents=read",
            "Add to the job's `permissions:` in the workflow: `pull-requests: write` and `contents: read`.",
        ),
        (
            "members=read",
            "A workflow's own token cannot have `members: read`: use a GitHub App's token that has it.",
        ),
        ("members=read; issues=read", "Add to the job's `permissions:` in the workflow: `issues: read`."),
        ("metadata=read,issues=read", "Add to the job's `permissions:` in the workflow: `issues: read`."),
    ],
)
def test_the_header_becomes_lines_of_a_workflow(header: str, said: str) -> None:
    assert hint(header) == said


@pytest.mark.parametrize(
    "header", ["", "metadata=read", "`whoami`=write", "contents=everything", "a=read b=read"]
)
def test_a_header_that_says_nothing_we_know_gives_general_advice(header: str) -> None:
    assert hint(header) == (
        "Check the workflow's `permissions:` and that the input `github-token` is meant for this."
    )


@pytest.mark.parametrize(
    ("answer", "reached"),
    [
        (an_answer(429), True),
        (an_answer(403, retry_after="1"), True),
        (an_answer(403, x_ratelimit_remaining="0"), True),
        (an_answer(403, "You have exceeded a SECONDARY RATE LIMIT"), True),
        (an_answer(403, "abuse detection mechanism"), True),
        (an_answer(403, "Resource not accessible by integration", x_ratelimit_remaining="10"), False),
        (an_answer(404, "rate limit"), False),
        (an_answer(500, retry_after="1"), False),
    ],
)
def test_a_limit_comes_as_403_or_429(answer: Answer, reached: bool) -> None:
    assert limit_is_reached(answer) is reached
