"""Editing a request file: the asked values change, and not a byte besides."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promoter.core.problems import Problems
from promoter.core.request_edit import refuse_other_changes, scalar, with_version
from promoter.core.request_file import parse_request
from promoter.core.strict_yaml import read_tree
from promoter.errors import PromoterError, ReasonCode


@pytest.mark.parametrize(
    ("before", "reason", "after"),
    [
        ("version: 7 # now\n", None, "version: 12 # now\n"),
        ("version: '7'\n", None, "version: '12'\n"),
        ('"version": "7"\n', None, '"version": "12"\n'),
        ('version: "\\x37"\n', None, 'version: "12"\n'),
        ("version:\n  7\n", None, "version:\n  12\n"),
        ("version: |-  # seven\n  7\n\n", None, "version: 12  # seven\n\n"),
        ("version: 7", "why", "version: 12\nreason: why\n"),
        ("version: 7 # now", "why", "version: 12 # now\nreason: why\n"),
        ("version: 7\r\n# end\r\n", "why", "version: 12\r\nreason: why\r\n# end\r\n"),
        ("reason: |  # why\n  a\n  b\n\n# c\nversion: 7\n", "x", "reason: x  # why\n\n# c\nversion: 12\n"),
        ("reason: two\n  lines  # z\nversion: 7\n", "it's: #1", 'reason: "it\'s: #1"  # z\nversion: 12\n'),
        ("? version\n: 7\n", "why", "? version\n: 12\nreason: why\n"),
        ("version: 7\nreason: old\n", "two\nlines", 'version: 12\nreason: "two\\nlines"\n'),
        ("version: 7\nreason: old\n", "old", "version: 12\nreason: old\n"),
    ],
)
def test_only_what_was_asked_changes(before: str, reason: str | None, after: str) -> None:
    head = "# team growth\nmodel: churn\nalias: champion\n"
    # In a file with CRLF every line has it.
    head = head.replace("\n", "\r\n") if "\r\n" in before else head
    found = with_version((head + before).encode(), version="12", reason=reason)
    assert found.decode() == head + after


SOURCE, NEWER = "dev.ml.churn/7", "dev.ml.churn/12"


@pytest.mark.parametrize(
    ("before", "version", "after"),
    [
        ("from: dev.ml.churn/7 # now\n", NEWER, "from: dev.ml.churn/12 # now\n"),
        ("from: 'dev.ml.churn/7'\n", "other model/3", "from: 'other model/3'\n"),
        ("from: dev.ml.churn/7\n", "7up/3", 'from: "7up/3"\n'),
        ("version: 7  # now\n", SOURCE, "from: dev.ml.churn/7  # now\n"),
        ("version: '7'\n", SOURCE, "from: 'dev.ml.churn/7'\n"),
        ('"version": "7"\r\n', SOURCE, '"from": "dev.ml.churn/7"\r\n'),
        ("version: |-  # seven\n  7\n\n", SOURCE, "from: dev.ml.churn/7  # seven\n\n"),
        ("? version\n: 7\n", SOURCE, "? from\n: dev.ml.churn/7\n"),
        ("from: dev.ml.churn/7 # copy\n", "12", "version: 12 # copy\n"),
        ("'from': \"dev.ml.churn/7\"\n", "12", "'version': \"12\"\n"),
        ("version: '7' # a\nfrom: dev.ml.churn/7\n", NEWER, "version: '12' # a\nfrom: dev.ml.churn/12\n"),
        ("from: dev.ml.churn/7\nversion: 7\n", SOURCE, "from: dev.ml.churn/7\nversion: 7\n"),
    ],
)
def test_number_and_source_take_each_others_place(before: str, version: str, after: str) -> None:
    head = "# team growth\nmodel: prod.ml.churn\nalias: champion\n"
    head = head.replace("\n", "\r\n") if "\r\n" in before else head
    assert with_version((head + before).encode(), version=version, reason=None).decode() == head + after


@pytest.mark.parametrize(
    ("before", "version", "after"),
    [
        ("version: 7}", SOURCE, 'from: "dev.ml.churn/7", reason: "why"}'),
        ('"version":7}', SOURCE, '"from":"dev.ml.churn/7", reason: "why"}'),
        ("from: dev.ml.churn/7}", "8", 'version: 8, reason: "why"}'),
    ],
)
def test_number_and_source_in_braces(before: str, version: str, after: str) -> None:
    head = "{model: churn, alias: champion, "
    assert with_version((head + before).encode(), version=version, reason="why").decode() == head + after


def test_a_reason_stands_behind_the_source() -> None:
    data = b"model: churn\nfrom: dev.ml.churn/7 # x\nalias: champion\n"
    assert with_version(data, version=SOURCE, reason="why") == (
        b"model: churn\nfrom: dev.ml.churn/7 # x\nreason: why\nalias: champion\n"
    )


@pytest.mark.parametrize(
    ("before", "version"),
    [
        # Nobody knows which of the two lines somebody wants to keep.
        ("from: dev.ml.churn/7\nversion: 7\n", "8"),
        ("version: 7\n", "churn/8"),
        ("version: 7\n", "dev.ml.churn/x"),
        ("version: 7\n", "a/b/7"),
        ("kind: prompt\nversion: 7\n", SOURCE),
    ],
)
def test_a_source_that_no_request_may_hold(before: str, version: str) -> None:
    data = f"model: churn\nalias: champion\n{before}".encode()
    with pytest.raises(PromoterError) as refused:
        with_version(data, version=version, reason=None)
    assert refused.value.reason is ReasonCode.REQUEST_INVALID


def test_in_braces() -> None:
    data = b"{model: churn, alias: champion, version: 7} # one line"
    assert with_version(data, version="8", reason="a, b") == (
        b'{model: churn, alias: champion, version: 8, reason: "a, b"} # one line'
    )


def test_keys_that_are_indented_together() -> None:
    data = b"  model: churn\n  alias: champion\n  version: 7\n"
    assert with_version(data, version="8", reason="x") == (
        b"  model: churn\n  alias: champion\n  version: 8\n  reason: x\n"
    )


def test_the_same_again_is_the_same_bytes() -> None:
    data = b"model: churn\nalias: champion\nversion:   7\nreason: >\n  folded\n  text\n"
    assert with_version(data, version="7", reason="folded text") == data
    assert with_version(data, version="7", reason=None) == data


def test_the_same_words_further_in_are_left_alone() -> None:
    override = "override:\n  checks: [metrics]\n  reason: once\n  expires: 2026-12-31\n"
    data = f"{override}model: churn\nalias: champion\nversion: 7\n".encode()
    found = with_version(data, version="8", reason="mine")
    assert found.decode() == f"{override}model: churn\nalias: champion\nversion: 8\nreason: mine\n"


@pytest.mark.parametrize(
    ("data", "version", "reason"),
    [
        (b"modle: churn\n", "8", None),
        (b"model: churn\nalias: champion\nversion: 7\n", "v8", None),
        (b"model: churn\nalias: champion\nversion: 7\n", "8", "hidden \u202e".encode().decode()),
        (b"model: churn\nalias: champion\nversion: 7\n", "8", "x" * 1_001),
        (b"model: churn\nalias: champion\nfrom: dev.churn/7\nversion: 7\n", "8", None),
    ],
)
def test_what_cannot_be_is_refused(data: bytes, version: str, reason: str | None) -> None:
    with pytest.raises(PromoterError) as refused:
        with_version(data, version=version, reason=reason, path="p.yaml")
    assert refused.value.reason is ReasonCode.REQUEST_INVALID
    assert {problem.path for problem in refused.value.problems} == {"p.yaml"}


@pytest.mark.parametrize(
    "edited",
    [
        b"model: other\nalias: champion\nversion: 8\n",
        b"model: churn\nalias: champion\nversion: 9\n",
        b"model: churn\nalias: champion\nversion: 8\nreason: none was asked for\n",
    ],
)
def test_a_change_that_nobody_asked_for_is_refused(edited: bytes) -> None:
    data = b"model: churn\nalias: champion\nversion: 7\n"
    with pytest.raises(PromoterError) as refused:
        refuse_other_changes(data, edited, asked=("8", None))
    assert "by hand" in str(refused.value.problems[0].write)


# --- any file -------------------------------------------------------------------------------------

COMMENT = st.from_regex(r"(  ?# [a-z:'\"|>{}, -]{0,12})?", fullmatch=True)
BETWEEN = st.lists(st.sampled_from(["\n", "# note: 7\n", "   \n", "  # version: 9\n"]), max_size=2).map(
    "".join
)
WORDS = st.from_regex(r"[a-z]{1,6}( [a-z0-9]{1,5}){0,4}", fullmatch=True).filter(
    lambda text: text not in {"no", "on", "off", "yes", "true", "false", "null", "y", "n"}
)
TEXT = st.text(st.characters(categories=("L", "N", "P", "S", "Zs")), min_size=1, max_size=40).filter(
    lambda text: text.strip() != ""
)


@st.composite
def reasons(draw: st.DrawFn) -> str:
    """A `reason` entry in one of YAML's styles."""
    words = draw(WORDS)
    comment = draw(COMMENT)
    return draw(
        st.sampled_from(
            [
                f"reason: {words}{comment}\n",
                f"reason: '{words}'{comment}\n",
                f'"reason": "{words}\\n7"{comment}\n',
                f"reason: {words}\n    more: no\n".replace(": no", " no"),
                f"reason: |{comment}\n   {words}\n     7\n\n   end\n",
                f"reason: >-{comment}\n   {words}\n\n",
                f"reason: |+{comment}\n   {words}\n\n\n",
                f"reason:{comment}\n  {words}\n",
            ]
        )
    )


@st.composite
def files(draw: st.DrawFn) -> str:
    """A valid request file, in any order, with comments and blank lines where they may stand."""
    version = draw(
        st.sampled_from(
            ["version: 7", "version: '7'", 'version: "7"', "version:   7", "'version': 7", "version:\n  7"]
        )
    )
    entries = ["model: churn\n", "alias: 'champion'\n", f"{version}{draw(COMMENT)}\n"]
    entries += [draw(reasons())] if draw(st.booleans()) else []
    text = "".join(draw(BETWEEN) + entry for entry in draw(st.permutations(entries))) + draw(BETWEEN)
    text = text.rstrip("\n") if draw(st.booleans()) else text
    return text.replace("\n", "\r\n") if draw(st.booleans()) else text


@given(text=files(), reason=st.one_of(st.none(), WORDS, TEXT))
def test_any_file(text: str, reason: str | None) -> None:
    before = parse_request(text.encode(), path="p")
    try:
        found = with_version(text.encode(), version="12", reason=reason)
    except PromoterError:
        # The reason is one that no file may hold, not the file.
        assert reason is not None
        made = f"model: churn\nalias: champion\nversion: 12\nreason: {scalar(reason.strip())}\n"
        with pytest.raises(PromoterError):
            parse_request(made.encode(), path="p")
        return
    after = parse_request(found, path="p")
    assert (after.key, after.version) == (before.key, "12")
    assert after.reason == (before.reason if reason is None else reason.strip())
    kept = found.decode()
    for line in text.splitlines():
        if line.lstrip().startswith("#"):
            assert line in kept
    assert ("\r\n" in text) <= (kept.count("\n") == kept.count("\r\n"))
    assert with_version(found, version="12", reason=reason) == found
    if reason is None:
        assert with_version(found, version="7", reason=None).decode() == text


@given(text=TEXT)
def test_a_scalar_is_read_as_the_text_it_is(text: str) -> None:
    problems = Problems("")
    root = read_tree(f"reason: {scalar(text)}\n".encode(), problems)
    entry = root.get("reason") if root else None
    assert entry is not None
    assert getattr(entry.value, "text", None) == text
