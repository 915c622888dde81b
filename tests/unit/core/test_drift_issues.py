"""One issue for each alias: which are opened, changed, closed, and which are left alone."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from promoter.core.drift_issues import Change, Close, Markers, Open, Wanted, plan_issues
from promoter.core.issue import Issue

MARKERS = Markers.of("promotions/**/*.yaml", ".github/promotion-policy.yaml")
CHURN = MARKERS.marker(("churn", "champion"))


def wanted(marker: str = CHURN, text: str = "was moved") -> Wanted:
    return Wanted(marker=marker, title=f"Drift: {text}", body=f"{marker}\n{text}\n")


def an_issue(number: int = 1, marker: str = CHURN, text: str = "was moved") -> Issue:
    one = wanted(marker, text)
    return Issue(number=number, marker=marker, title=one.title, body=one.body, url=f"u/{number}")


def test_a_marker_is_one_hidden_line_whatever_the_names_hold() -> None:
    for key in [("churn", "champion"), ("a --> b", "x\ny"), ("@everyone", "<!--"), ("", "")]:
        assert re.fullmatch(r"<!-- promoter drift [0-9a-f]{16} [0-9a-f]{16} -->", MARKERS.marker(key))


def test_names_that_only_look_alike_together_have_markers_of_their_own() -> None:
    assert MARKERS.marker(("a", "b")) != MARKERS.marker(("a@b", ""))
    assert MARKERS.marker(("ab", "c")) != MARKERS.marker(("a", "bc"))


def test_a_run_over_other_requests_keeps_its_own_issues() -> None:
    other = Markers.of("teams/b/*.yaml", ".github/promotion-policy.yaml")
    assert MARKERS.owns(an_issue())
    assert MARKERS.owns(an_issue(marker=MARKERS.of_the_rest))
    assert not other.owns(an_issue())
    assert not MARKERS.owns(an_issue(marker="<!-- promoter after-merge o/r#1 -->"))


def test_new_drift_is_opened() -> None:
    assert plan_issues([wanted()], [], untouched=()) == (Open(wanted=wanted()),)


def test_the_same_drift_is_left_as_it_is() -> None:
    assert plan_issues([wanted()], [an_issue()], untouched=()) == ()


def test_line_breaks_of_github_are_no_change() -> None:
    there = an_issue()
    crlf = Issue(**{**vars(there), "body": there.body.replace("\n", "\r\n").strip()})
    assert plan_issues([wanted()], [crlf], untouched=()) == ()


def test_other_drift_of_the_alias_changes_its_issue() -> None:
    now = wanted(text="was deleted")
    assert plan_issues([now], [an_issue()], untouched=()) == (Change(issue=an_issue(), wanted=now),)


def test_what_is_gone_is_closed() -> None:
    assert plan_issues([], [an_issue()], untouched=()) == (Close(issue=an_issue()),)


def test_what_could_not_be_decided_is_left_alone() -> None:
    assert plan_issues([], [an_issue()], untouched={CHURN}) == ()


def test_a_second_issue_of_one_alias_is_closed_and_the_first_stays() -> None:
    first, second = an_issue(3), an_issue(5)
    assert plan_issues([wanted()], [second, first], untouched=()) == (Close(issue=second, instead=first),)


MARKED = st.sampled_from([MARKERS.marker(("m", alias)) for alias in "abcd"])
TEXTS = st.sampled_from(["one", "two"])


@given(
    asked=st.dictionaries(MARKED, TEXTS),
    there=st.lists(st.tuples(MARKED, TEXTS), max_size=6),
    untouched=st.sets(MARKED),
)
def test_carried_out_once_nothing_is_left_to_do(
    asked: dict[str, str], there: list[tuple[str, str]], untouched: set[str]
) -> None:
    want = [wanted(marker, text) for marker, text in asked.items()]
    issues = {number: an_issue(number, marker, text) for number, (marker, text) in enumerate(there, start=1)}
    before = dict(issues)
    for step in plan_issues(want, list(issues.values()), untouched=untouched):
        match step:
            case Open(wanted=one):
                number = len(there) + len(issues) + 1
                issues[number] = an_issue(number, one.marker, asked[one.marker])
            case Change(issue=issue, wanted=one):
                issues[issue.number] = an_issue(issue.number, one.marker, asked[one.marker])
            case Close(issue=issue):
                del issues[issue.number]
    assert plan_issues(want, list(issues.values()), untouched=untouched) == ()
    held = [issue.marker for issue in issues.values() if issue.marker in asked]
    assert sorted(held) == sorted(asked)
    for number, issue in before.items():
        if issue.marker in untouched and issue.marker not in asked:
            assert issues[number] == issue
