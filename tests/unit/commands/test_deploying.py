"""Recording deployments: with addresses that may be shown, within bounds, changing no outcome."""

from __future__ import annotations

from promoter.commands.deploying import MOST_NEW, deployed
from promoter.commands.publish import Channels, publish
from promoter.core.report import Links, Phase, Report, RequestReport
from promoter.errors import ExitCode, PromoterError, ReasonCode
from promoter.text import say
from tests.builders import a_report, a_request, a_request_report
from tests.fakes.deployments import InMemoryDeployments
from tests.fakes.runner import RecordingRunner

REFUSED = PromoterError(
    ReasonCode.PERMISSION_DENIED, say("GitHub refused"), hint=say("Add `deployments: write`.")
)


def applied(model: str = "churn") -> RequestReport:
    return a_request_report(reason=ReasonCode.APPLIED, request=a_request(model=model))


def an_apply(*reports: RequestReport, **changes: object) -> Report:
    return a_report(phase=Phase.APPLY, reason=ReasonCode.APPLIED, requests=reports, **changes)


def many(count: int) -> Report:
    return an_apply(*(applied(f"churn-{at}") for at in range(count)))


def notes(report: Report) -> list[str]:
    return [str(note) for note in report.notes]


def test_each_has_the_pages_of_version_and_run() -> None:
    github = InMemoryDeployments()
    report = an_apply(applied("Churn model"))
    assert deployed(report, github) == report
    (made,) = github.made
    assert made.page == "https://mlflow.example/#/models/Churn%20model/versions/7"
    assert made.log == "https://github.example/acme/models/actions/runs/1"


def test_an_address_that_may_not_be_shown_is_left_out() -> None:
    github = InMemoryDeployments()
    deployed(an_apply(applied(), links=Links(registry="https://user:canary@mlflow.example")), github)
    assert (github.made[0].page, github.made[0].log) == ("", "")


def test_a_refusal_is_a_note_that_says_what_to_do() -> None:
    report = deployed(an_apply(applied()), InMemoryDeployments(error=REFUSED))
    assert report.reason is ReasonCode.APPLIED
    assert notes(report) == [
        "the deployment to `churn@champion` could not be recorded: GitHub refused. Add `deployments: write`."
    ]


def test_after_the_first_refusal_nobody_asks_again() -> None:
    github = InMemoryDeployments(error=REFUSED, failing_after=2)
    report = deployed(many(5), github)
    assert (len(github.made), github.asked) == (2, 3)
    assert notes(report)[0].startswith(
        "the deployment to `churn-2@champion` and 2 more could not be recorded"
    )


def test_a_run_makes_only_so_many_and_the_next_attempt_goes_on() -> None:
    github = InMemoryDeployments()
    report = deployed(many(MOST_NEW + 3), github)
    assert len(github.made) == MOST_NEW
    assert notes(report)[0].startswith("3 deployments are not recorded yet")
    assert deployed(many(MOST_NEW + 3), github).notes == ()
    assert len(github.made) == MOST_NEW + 3


def test_as_many_as_a_run_makes_are_no_news() -> None:
    assert deployed(many(MOST_NEW), InMemoryDeployments()).notes == ()


def test_publishing_records_them_and_tells_what_went_wrong() -> None:
    runner = RecordingRunner()
    github = InMemoryDeployments(error=REFUSED)
    exit_code = publish(an_apply(applied()), Channels(runner=runner, deployments=github))
    assert exit_code is ExitCode.DONE
    assert [line for line in runner.logged if "could not be recorded" in line]
    assert "could not be recorded" in runner.summaries[0]
    assert runner.values["reason-code"] == "applied"
