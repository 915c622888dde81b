"""What is read without a YAML parser is what the parser reads."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from promoter.core.nodes import Entry, MapNode, ScalarNode, Style
from promoter.core.plain_yaml import plain_mapping
from promoter.core.problems import Place, Problems
from promoter.core.strict_yaml import read_tree

# It changes no node, and what is read here is ASCII: the parser has to read it.
ONLY_PARSED = "# ö\n"


def parsed(text: str) -> tuple[MapNode | None, bool]:
    problems = Problems("f.yaml")
    root = read_tree(f"{text}\n{ONLY_PARSED}".encode(), problems)
    return root, not problems.all()


def test_a_request_as_people_write_it_needs_no_parser() -> None:
    found = plain_mapping("# Owned by growth\nmodel: dev.ml.churn\n\nversion: 007\nreason: Q3, it's 12% up!")

    def scalar(text: str, line: int, column: int) -> ScalarNode:
        return ScalarNode(text=text, style=Style.PLAIN, place=Place(line, column))

    assert found == MapNode(
        place=Place(2, 1),
        entries=(
            Entry(key=scalar("model", 2, 1), value=scalar("dev.ml.churn", 2, 8)),
            Entry(key=scalar("version", 4, 1), value=scalar("007", 4, 10)),
            Entry(key=scalar("reason", 5, 1), value=scalar("Q3, it's 12% up!", 5, 9)),
        ),
    )


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="nothing"),
        pytest.param("# only a comment\n", id="no key"),
        pytest.param("a: b\na: c\n", id="a key twice"),
        pytest.param("a: b # why\n", id="a comment after the value"),
        pytest.param("a: b: c\n", id="a mapping in a line"),
        pytest.param("a: b\n  c\n", id="a value that goes on"),
        pytest.param("a:\n  b: c\n", id="a mapping below"),
        pytest.param("a: 'b'\n", id="quotes"),
        pytest.param("a: [b]\n", id="a list"),
        pytest.param("a: &b c\n", id="an anchor"),
        pytest.param("a: *b\n", id="an alias"),
        pytest.param("a: !b c\n", id="a tag"),
        pytest.param("a: |\n", id="a block"),
        pytest.param("a: b \n", id="white space at the end"),
        pytest.param("a:  b\n", id="two spaces"),
        pytest.param(" a: b\n", id="indented"),
        pytest.param("a: b\r\n", id="a carriage return"),
        pytest.param("a: ü\n", id="more than ASCII"),
        pytest.param("---\na: b\n", id="a document's mark"),
        pytest.param("a: b\n...\n", id="a document's end"),
        pytest.param("%YAML 1.1\n", id="a directive"),
        pytest.param("a: b\n\t\n", id="a tabulator"),
        pytest.param("a: b\n" + "\n" * 100, id="very long"),
    ],
)
def test_what_looks_any_other_way_is_left_to_the_parser(text: str) -> None:
    assert plain_mapping(text) is None


LINES = st.one_of(
    st.builds(
        "{}: {}".format,
        st.sampled_from(["model", "a", "version", "y"]),
        st.text("ab1 :#-,'\"[]&*!|>%@`{}?/._"),
    ),
    st.text("ab1 :#-,'\"[]&*!|>%@`{}?/._\\~", max_size=12),
    st.just(""),
)


@given(st.lists(LINES, max_size=5).map("\n".join))
@example("a: b\n# c\n\ny: n")
@example("a: 1e3\nmodel: ...")
@example("a: b?\nversion: b- c, d\\n")
@example("a: b\nb")
def test_both_read_the_same(text: str) -> None:
    found = plain_mapping(text)
    assert found is None or parsed(text) == (found, True)
