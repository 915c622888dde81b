"""A template in comment and HTML report: every line of the change, and nothing of it alive."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from promoter.core.evidence import Evidence
from promoter.core.prompt import Prompt
from promoter.core.report import RequestReport
from promoter.render.evidence_json import evidence as evidence_json
from promoter.render.evidence_json import with_templates
from promoter.render.layout import Limit, in_utf16
from promoter.render.template_blocks import html, text
from promoter.render.template_diff import LONGEST_PIECE, template_diff
from tests.builders import a_champion, a_model_version, a_report, a_request_report, an_evidence
from tests.unit.render.hostile import hostile_texts

LIMIT = Limit(size=59_500, measure=in_utf16, pointer="the job summary")
WIDE = Limit(size=10_000_000, measure=in_utf16, pointer="the job summary")


def evidence(new: Prompt, old: Prompt | None) -> Evidence:
    champion = a_champion(prompt=old) if old else None
    return an_evidence(challenger=a_model_version(prompt=new), champion=champion)


def asked(new: str, old: str | None = "old", **changes: str) -> RequestReport:
    held = Prompt(template=old, **changes) if old is not None else None
    return a_request_report(evidence=evidence(Prompt(template=new, **changes), held))


def lines(request: RequestReport) -> list[str]:
    return [line.sign + (line.title or line.text) for line in template_diff(request.evidence)]


class Seen(HTMLParser):
    """The elements and the text of a piece of HTML."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        assert all(name == "class" for name, _ in attrs)

    def handle_data(self, data: str) -> None:
        self.text += data


# --- what differs --------------------------------------------------------------------------------


def test_a_change_is_shown_with_what_stands_around_it() -> None:
    old = "\n".join(f"line {number}" for number in range(20))
    request = asked(old.replace("line 9", "line nine"), old)
    assert lines(request) == [
        *(
            "@text",
            " line 6",
            " line 7",
            " line 8",
            "-line 9",
            "+line nine",
            " line 10",
            " line 11",
            " line 12",
        )
    ]
    assert text(request, LIMIT).startswith("**Template:** 1 line added, 1 removed, sha256 ")


def test_of_a_first_promotion_everything_is_shown() -> None:
    request = asked("a\n\nb", None)
    assert lines(request) == ["@text", "+a", "+", "+b"]
    assert "the first that holds the alias" in text(request, LIMIT)


def test_the_same_template_shows_no_lines() -> None:
    request = asked("a", "a")
    assert lines(request) == []
    assert "```" not in text(request, LIMIT)
    assert "the same as the champion's" in text(request, LIMIT)


def test_a_chat_is_compared_message_by_message() -> None:
    old = [
        {"role": "system", "content": "a"},
        {"role": "user", "content": "b"},
        {"role": "user", "content": "c"},
    ]
    new = [{"role": "system", "content": "a"}, {"role": "assistant", "content": "x"}]
    request = asked(json.dumps(new), json.dumps(old), form="chat")
    assert lines(request) == [
        *("@message 2", "-role: user", "+role: assistant", "-b", "+x", "@message 3", "-c")
    ]


@pytest.mark.parametrize(
    ("field", "title"), [("response_format", "response format"), ("model_config", "model config")]
)
def test_what_goes_with_the_text_is_compared_too(field: str, title: str) -> None:
    new = replace(Prompt(template="a"), **{field: '{"b": 2, "a": 1}'})
    found = [
        line.sign + (line.title or line.text) for line in template_diff(evidence(new, Prompt(template="a")))
    ]
    assert found == [f"@{title}", "+{", '+ "a": 1,', '+ "b": 2', "+}"]


def test_a_text_that_becomes_a_chat_says_so() -> None:
    chat = Prompt(template='[{"role": "user", "content": "a"}]', form="chat")
    found = [line.text for line in template_diff(evidence(chat, Prompt(template="a")))]
    assert found[-2:] == ["text", "chat"]


@given(old=st.text("ab\n", max_size=200), new=st.text("ab\n", max_size=200))
def test_every_line_of_the_new_text_is_added_or_there_already(old: str, new: str) -> None:
    found = template_diff(evidence(Prompt(template=new), Prompt(template=old)))
    added = [line.text for line in found if line.sign == "+"]
    removed = [line.text for line in found if line.sign == "-"]
    if old == new:
        assert found == ()
        return
    before, after = (one.split("\n") if one else [] for one in (old, new))
    assert sorted([*before, *added]) == sorted([*after, *removed])


def test_a_long_line_is_shown_whole() -> None:
    line = "".join(chr(ord("a") + number % 26) for number in range(1_000))
    shown = [
        one.text
        for one in template_diff(evidence(Prompt(template=line), Prompt(template="x")))
        if one.sign == "+"
    ]
    assert "".join(shown) == line
    assert max(map(len, shown)) == LONGEST_PIECE


@pytest.mark.parametrize(
    ("one", "other"), [("\n", "a\n"), ("a\nb\n", "b\na\n"), ("a\n\n", "\nb\n"), ("x", "y")]
)
def test_no_pair_of_templates_takes_long(one: str, other: str) -> None:
    started = time.process_time()
    for size in (1_900, 100_000):
        new, old = ((piece * size)[:size] for piece in (one, other))
        text(asked(new, old), LIMIT)
        html(asked(new, old))
    assert time.process_time() - started < 15


# --- where it stands -----------------------------------------------------------------------------


def test_a_model_has_no_template() -> None:
    request = a_request_report(evidence=an_evidence())
    assert (text(request, LIMIT), html(request)) == ("", "")


def test_what_the_comment_has_no_room_for_is_counted() -> None:
    new = "\n".join("word " * 20 + str(number) for number in range(900))
    shown = text(asked(new, None), LIMIT)
    assert in_utf16(shown) < 16_000
    assert shown.endswith("more, see the job summary.")
    assert shown.count("\n```") == 2


def test_hostile_templates_stay_text_in_the_comment() -> None:
    for template in hostile_texts(400, seed=7):
        for request in (asked(template, None), asked("a", template), asked(template, "b\n" + template)):
            tokens = MarkdownIt("gfm-like", {"html": True, "linkify": False}).parse(text(request, WIDE))
            kinds = [token.type for token in tokens]
            assert kinds == ["paragraph_open", "inline", "paragraph_close", "fence"]
            fence = tokens[-1]
            assert fence.info == "diff"
            rows = fence.content.rstrip("\n").split("\n")
            assert len(rows) == len(template_diff(request.evidence))
            assert {row[0] for row in rows} <= set("@+- ")
            assert all(row.isprintable() for row in rows)


def test_hostile_templates_stay_text_in_the_report() -> None:
    for template in hostile_texts(400, seed=8):
        request = asked(template, "b")
        seen = Seen(html(request))
        count = len(template_diff(request.evidence))
        assert seen.tags == ["p", "strong", "pre", *["span"] * count]
        assert seen.text.replace("\n", "").isprintable()


def test_hostile_roles_stay_text() -> None:
    for role in hostile_texts(200, seed=9):
        chat = json.dumps([{"role": role, "content": role}])
        request = asked(chat, None, form="chat")
        tokens = MarkdownIt("gfm-like", {"html": True, "linkify": False}).parse(text(request, WIDE))
        assert [token.type for token in tokens][-1] == "fence"
        assert set(Seen(html(request)).tags) == {"p", "strong", "pre", "span"}


# --- evidence ------------------------------------------------------------------------------------


def test_the_evidence_holds_digests_and_custom_checks_get_the_text() -> None:
    request = asked("secret words {{b}} {{a}}", "other words")
    assert request.evidence is not None
    told = evidence_json(a_report(requests=(request,)))
    assert "words" not in json.dumps(json.loads(told)["requests"][0]["prompts"])
    (found,) = json.loads(told)["requests"]
    assert found["prompts"]["challenger"]["variables"] == ["a", "b"]
    assert found["prompts"]["champion"]["template_sha256"] == Prompt(template="other words").text_digest
    (given_to_checks,) = json.loads(with_templates(told, request.evidence))["requests"]
    assert given_to_checks["prompts"]["challenger"]["template"] == "secret words {{b}} {{a}}"
    assert given_to_checks["prompts"]["champion"]["template"] == "other words"


def test_custom_checks_of_a_first_prompt_get_its_text_alone() -> None:
    request = asked("secret words", "other words")
    assert request.evidence is not None
    first = replace(request, evidence=replace(request.evidence, champion=None))
    assert first.evidence is not None
    told = evidence_json(a_report(requests=(first,)))
    (found,) = json.loads(with_templates(told, first.evidence))["requests"]
    assert found["prompts"]["challenger"]["template"] == "secret words"
    assert found["prompts"]["champion"] is None


def test_the_evidence_of_a_model_says_nothing_of_prompts() -> None:
    (found,) = json.loads(evidence_json(a_report(requests=(a_request_report(evidence=an_evidence()),))))[
        "requests"
    ]
    assert not {"kind", "prompts"} & found.keys()
