"""History and status as text, JSON and page: whole texts, and text from outside that stays text."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser

from hypothesis import given
from hypothesis import strategies as st

from promoter.core.as_of import as_of
from promoter.core.drift import DriftKind
from promoter.core.fleet import Fleet, Row, State
from promoter.core.history import Asked
from promoter.core.report import Links
from promoter.core.timeline import History, Lack, Live, LiveState, Pull, Record, Sources, Teller
from promoter.core.timeline_join import timeline
from promoter.errors import ExitCode, ReasonCode
from promoter.render.fleet_html import fleet_html
from promoter.render.fleet_json import fleet_json
from promoter.render.fleet_terminal import fleet_terminal
from promoter.render.history_html import history_html
from promoter.render.history_json import history_json
from promoter.render.history_terminal import history_terminal
from promoter.render.terminal import Style
from promoter.text import quote, say

START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
LINKS = Links(registry="https://mlflow.example", repository="https://github.example/acme/models")
HOSTILE = "</title></svg><script>alert(1)</script>\"'`\n::error::x \x1b[31m"


def asked(number: int, version: str | None, **changes: str) -> Asked:
    when = (START + timedelta(days=number)).isoformat()
    one = Asked(
        version=version,
        path="promotions/churn/champion.yaml",
        commit=f"{number:040x}",
        when=when,
        merged_at=when,
        author="alice",
        subject=f"Merge pull request #{number} from acme/x",
        reason="better",
    )
    return replace(one, **changes)  # type: ignore[arg-type]


def told(text: str = "dora", live: Live | None = None) -> History:
    """6, then 7 by a pull request, then 8, which was never applied; `text` wherever others write."""
    changes = [asked(3, "8", subject=text), asked(2, "7", reason=text, author=text), asked(1, "6")]
    pull = Pull(
        number=2, told_by=Teller.GITHUB, title=text, author=text, url="https://x", approved_by=(text,)
    )
    record = Record(
        pull=2,
        origin="6",
        pull_request="2",
        promoted_at=(START + timedelta(days=2, minutes=1)).isoformat(),
        approved_by=text,
        evidence=text,
    )
    records = {"6": Record(pull=0), "7": record, "8": Record()}
    live = live or Live(state=LiveState.HELD, version="7")
    entries = timeline(Sources(asked=changes, pulls={changes[1].commit: pull}, records=records, live=live))
    return History(
        model="churn",
        alias="champion",
        commit="a" * 40,
        entries=entries,
        shown=entries,
        live=live,
        now=START + timedelta(days=4),
        tool_version="0.1.0",
    )


def test_a_history_on_a_terminal() -> None:
    text = history_terminal(told(), style=Style.PLAIN)
    assert text.partition("\nGit says")[0] == (
        "✗ `churn@champion`: git asks for version `8` since 2026-03-04 12:00:00 UTC, but the registry says: "
        "version `7`\n"
        "\n"
        "✗ version 8  2026-03-04 12:00:00 UTC until now  promotion\n"
        "    reason: `better`\n"
        "    no pull request is known\n"
        "    commit `000000000000` by `alice`: `dora`\n"
        "    never applied: it was merged, and never held the alias\n"
        "\n"
        "✓ version 7  2026-03-03 12:00:00 UTC until 2026-03-04 12:00:00 UTC  promotion\n"
        "    reason: `dora`\n"
        "    pull request #2 `dora`, asked by `dora`, approved by `dora`\n"
        "    commit `000000000000` by `dora`: `Merge pull request #2 from acme/x`\n"
        "    applied 2026-03-03 12:01:00 UTC, taken from version `6`\n"
        "    the tags say: approved by `dora`, evidence `dora`\n"
        "\n"
        "✓ version 6  2026-03-02 12:00:00 UTC until 2026-03-03 12:00:00 UTC  adopted as it was\n"
        "    reason: `better`\n"
        "    no pull request is known\n"
        "    commit `000000000000` by `alice`: `Merge pull request #1 from acme/x`\n"
        "    held the alias already when git asked for it\n"
    )


def test_what_cannot_be_told_is_told() -> None:
    lack = Lack(message=say("the registry could not be asked: ", quote("x")), exit_code=ExitCode.UNDECIDED)
    text = history_terminal(replace(told(), lacking=(lack,)), style=Style.PLAIN)
    assert "? the registry could not be asked: `x`\n" in text
    assert "anybody who may write to the registry can edit them" in text


def test_a_day_is_answered_with_both_facts() -> None:
    history = told()
    moment = START + timedelta(days=3, hours=1)
    found = as_of(history.entries, moment)
    answered = replace(history, as_of=found, shown=(history.entries[0],))
    first, git, applied, *_ = history_terminal(answered, style=Style.PLAIN).splitlines()
    assert "git asks for version `8`" in first
    assert git == "  at 2026-03-04 13:00:00 UTC git asked for version `8`"
    assert applied == "  applied by then: version `7`, since 2026-03-03 12:01:00 UTC"
    (entry,) = json.loads(history_json(answered))
    assert entry["as_of"] == {
        "moment": "2026-03-04T13:00:00+00:00",
        "certainty": "dated",
        "applied_version": "7",
        "applied_at": "2026-03-03T12:01:00+00:00",
    }


def test_the_first_line_by_what_the_registry_holds() -> None:
    lines = {
        state: history_terminal(told(live=Live(state=state, version=held)), style=Style.PLAIN).splitlines()[0]
        for state, held in (
            (LiveState.HELD, "8"),
            (LiveState.NOBODY, None),
            (LiveState.NO_MODEL, None),
            (LiveState.NOT_ASKED, None),
            (LiveState.UNKNOWN, None),
        )
    }
    assert [line[0] for line in lines.values()] == ["✓", "✗", "✗", "·", "?"]
    assert lines[LiveState.HELD].endswith("and the registry holds it")


def test_the_keys_for_programs() -> None:
    newest, second, _ = json.loads(history_json(told()))
    assert {"version", "commit", "when", "author", "subject", "reason"} <= newest.keys()
    assert (newest["schema_version"], newest["live"], newest["until"]) == (
        1,
        {"state": "held", "version": "7"},
        None,
    )
    assert (second["live"], second["asked_by"], second["registry"]["took_from"]) == (None, "dora", "6")
    assert second["pull_request"]["approved_by"] == ["dora"]


class Page(HTMLParser):
    """The elements of a page, and its text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.names: list[str] = []
        self.said = ""
        self.attributes: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.append(tag)
        self.attributes.update(name for name, _ in attrs)

    def handle_data(self, data: str) -> None:
        self.said += data


def test_hostile_text_stays_text_on_the_page() -> None:
    page, plain = Page(history_html(told(HOSTILE), links=LINKS)), Page(history_html(told(), links=LINKS))
    assert page.names == plain.names
    assert page.attributes == plain.attributes
    assert "<script>alert(1)</script>" in page.said


@given(st.text(min_size=1, max_size=40))
def test_any_text_leaves_the_page_as_it_is(text: str) -> None:
    assert Page(history_html(told(text), links=LINKS)).names == Page(history_html(told(), links=LINKS)).names


@given(st.text(min_size=1, max_size=40))
def test_any_text_leaves_the_terminal_as_it_is(text: str) -> None:
    shown = history_terminal(told(text), style=Style.PLAIN)
    assert len(shown.splitlines()) == len(history_terminal(told(), style=Style.PLAIN).splitlines())
    assert "\x1b" not in shown


def test_the_page_loads_nothing_and_draws_the_timeline() -> None:
    page = history_html(told(), links=LINKS)
    assert re.findall(r"(?:src|url)\s*[=(]", page) == []
    assert page.count("<rect") == 6
    assert "prefers-color-scheme: dark" in page


def test_the_timeline_of_git_alone_has_one_lane() -> None:
    entries = timeline(Sources(asked=[asked(2, "7"), asked(1, "6")]))
    alone = replace(told(), entries=entries, shown=entries, live=Live())
    page = history_html(alone, links=LINKS)
    assert "Git asked for" in page
    assert "as the registry" not in page


# --- status ---------------------------------------------------------------------------------------


def fleet(text: str = "churn") -> Fleet:
    return Fleet(
        reason=ReasonCode.DRIFT_FOUND,
        message=say("x"),
        rows=(
            Row(
                model=text,
                alias="champion",
                state=State.DRIFT,
                asked="7",
                live="6",
                kind=DriftKind.MOVED,
                since="2026-03-01T12:30:00+00:00",
                commit="c" * 40,
                path="promotions/churn/champion.yaml",
                pending=(13, 12),
            ),
            Row(model="fraud", alias="champion", state=State.IN_SYNC, asked="3", live="3"),
            Row(model="spam", alias="champion", state=State.UNMANAGED, live="1"),
        ),
        notes=(say("a note on ", quote(text)),),
        left_out=2,
        head_commit="d" * 40,
        policy_digest="e" * 64,
        tool_version="0.1.0",
        links=LINKS,
    )


def test_a_fleet_on_a_terminal() -> None:
    assert fleet_terminal(fleet(), style=Style.PLAIN) == (
        "✗ 3 aliases: 1 out of sync, 1 unmanaged, 1 in sync; 1 with a pull request open\n"
        "\n"
        "MODEL@ALIAS       GIT SAYS  REGISTRY HOLDS  SINCE                 PENDING  STATE\n"
        "✗ churn@champion  7         6               2026-03-01 12:30 UTC  #13 #12  was moved outside git\n"
        "✓ fraud@champion  3         3               –                     –        in sync\n"  # noqa: RUF001
        "· spam@champion   nothing   1               –                     –        unmanaged\n"  # noqa: RUF001
        "\n"
        "· A note on `churn`.\n"
        "2 other alias(es) are left out\n"
        "\n"
        "Looked at dddddddddddd · policy sha256:eeeeeeeeeeee · Promoter 0.1.0\n"
    )


def test_colour_only_where_it_is_asked_for() -> None:
    assert "\x1b" not in fleet_terminal(fleet(), style=Style.PLAIN)
    assert "\x1b[31m✗" in fleet_terminal(fleet(), style=Style.COLOUR)


def test_a_fleet_for_programs() -> None:
    document = json.loads(fleet_json(fleet()))
    assert (document["schema_version"], document["counts"]["drift"], document["aliases_left_out"]) == (
        1,
        1,
        2,
    )
    first = document["aliases"][0]
    assert (first["state"], first["kind"], first["version"], first["now"], first["pending"]) == (
        "drift",
        "alias_moved",
        "7",
        "6",
        [13, 12],
    )


@given(st.text(min_size=1, max_size=40))
def test_any_name_leaves_the_fleet_as_it_is(text: str) -> None:
    assert Page(fleet_html(fleet(text))).names == Page(fleet_html(fleet())).names
    lines = fleet_terminal(fleet(text), style=Style.PLAIN).splitlines()
    assert len(lines) == len(fleet_terminal(fleet(), style=Style.PLAIN).splitlines())


def test_what_failed_is_the_headline_where_nothing_could_be_compared() -> None:
    failed = replace(
        fleet(), rows=(), left_out=0, reason=ReasonCode.REGISTRY_UNAVAILABLE, message=say("it is down")
    )
    assert fleet_terminal(failed, style=Style.PLAIN).startswith("? it is down\n")
