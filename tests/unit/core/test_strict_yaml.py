from __future__ import annotations

import tracemalloc

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from promoter.core.nodes import Entry, HoleNode, ListNode, MapNode, Node, ScalarNode, Style, describe
from promoter.core.problems import MOST_PROBLEMS, Place, Problems
from promoter.core.strict_yaml import DEEPEST, LARGEST_FILE, MOST_NODES, read_tree
from promoter.text import quote, say


def read(data: str | bytes) -> tuple[MapNode | None, list[str]]:
    problems = Problems("f.yaml")
    root = read_tree(data.encode() if isinstance(data, str) else data, problems)
    return root, [str(problem).removeprefix("f.yaml:") for problem in problems.all()]


def messages(data: str | bytes) -> list[str]:
    return read(data)[1]


def scalar(text: str, line: int, column: int, style: Style = Style.PLAIN) -> ScalarNode:
    return ScalarNode(text=text, style=style, place=Place(line, column))


# --- what is read --------------------------------------------------------------------------------


def test_a_tree_keeps_text_style_and_place() -> None:
    root, problems = read("a: no\n# comment\n'b':\n  - 012\n  - {c: \"1\"}\nd:\n")
    inner = MapNode(
        entries=(Entry(key=scalar("c", 5, 6), value=scalar("1", 5, 9, Style.QUOTED)),), place=Place(5, 5)
    )
    assert not problems
    assert root == MapNode(
        place=Place(1, 1),
        entries=(
            Entry(key=scalar("a", 1, 1), value=scalar("no", 1, 4)),
            Entry(
                key=scalar("b", 3, 1, Style.QUOTED),
                value=ListNode(items=(scalar("012", 4, 5), inner), place=Place(4, 3)),
            ),
            Entry(key=scalar("d", 6, 1), value=scalar("", 6, 3)),
        ),
    )


@pytest.mark.parametrize(
    ("written", "text", "style"),
    [
        ("~", "~", Style.PLAIN),
        ("1_000", "1_000", Style.PLAIN),
        ("2024-01-31", "2024-01-31", Style.PLAIN),
        ("2024-99-99", "2024-99-99", Style.PLAIN),
        ("9" * 5_000, "9" * 5_000, Style.PLAIN),
        ("'it''s'", "it's", Style.QUOTED),
        ('"\\u0041\\n"', "A\n", Style.QUOTED),
        ("|\n  two\n  lines\n", "two\nlines\n", Style.QUOTED),
        (">\n  one\n  line\n", "one line\n", Style.QUOTED),
    ],
)
def test_no_scalar_is_more_than_text(written: str, text: str, style: Style) -> None:
    root, problems = read(f"a: {written}")
    assert not problems
    assert root is not None
    assert root.entries[0].value == scalar(text, 1, 4, style)


@pytest.mark.parametrize(
    "data", ["a: 1", "a: 1\r\nb: 2\r\n", "---\na: 1\n...\n", "{a: 1}", "? a\n: 1\n", "\n\n# x\na: 1 # y\n"]
)
def test_these_spellings_are_plain_yaml(data: str) -> None:
    root, problems = read(data)
    assert not problems
    assert root is not None
    entry = root.get("a")
    assert entry is not None
    assert isinstance(entry.value, ScalarNode)
    assert entry.value.text == "1"


def test_windows_line_ends_do_not_move_a_place() -> None:
    root, _ = read("a: 1\r\nb: 2\r\n")
    assert root is not None
    assert root.entries[1].value.place == Place(2, 4)


def test_a_key_that_is_not_there_has_no_entry() -> None:
    root, _ = read("a: 1")
    assert root is not None
    assert root.get("b") is None


# --- bytes ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "1:1: found an empty file. Write one `key: value` a line"),
        (
            b"\xef\xbb\xbfa: 1",
            "1:1: found a byte order mark. Save the file as UTF-8 without a byte order mark",
        ),
        (
            "a: 1".encode("utf-16"),
            "1:1: found a byte order mark. Save the file as UTF-8 without a byte order mark",
        ),
        (
            b"a: 1\nb: \xff\n",
            "2:4: found byte 0xFF, which is not UTF-8. Save the file as UTF-8 without a byte order mark",
        ),
        (
            b"\xc3",
            "1:1: found byte 0xC3, which is not UTF-8. Save the file as UTF-8 without a byte order mark",
        ),
        (
            b"a: x\x00y\n",
            "1:5: found the character U+0000 NUL. Delete it: it hides or changes what a reader sees",
        ),
        (
            b"a: 1\rb: 2\n",
            "1:5: found the character U+000D CARRIAGE RETURN. "
            "Delete it: it hides or changes what a reader sees",
        ),
        (
            "a: 1 # \u2066\n".encode(),
            "1:8: found the character U+2066 LEFT-TO-RIGHT ISOLATE. "
            "Delete it: it hides or changes what a reader sees",
        ),
        (
            "a: 1\u2028b: 2\n".encode(),
            "1:5: found the character U+2028 LINE SEPARATOR. "
            "Delete it: it hides or changes what a reader sees",
        ),
        (
            "é: \ufffe\n".encode(),
            "1:4: found the character U+FFFE. Delete it: it hides or changes what a reader sees",
        ),
        (b"a:\t1\n", "1:3: found the character U+0009 TAB. Write spaces"),
    ],
)
def test_bytes_that_are_refused(data: bytes, message: str) -> None:
    assert read(data) == (None, [message])


# --- YAML that is refused ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (
            "a: &x 1\n",
            "1:4: found `&x`, a YAML anchor. Delete it; put text that begins with `&` in quotes",
        ),
        (
            "a: [*x]\n",
            "1:5: found `*x`, a YAML alias. Write the value out; put text that begins with `*` in quotes",
        ),
        (
            "a: !!str 1\n",
            "1:4: found `!!str`, a YAML tag. Delete it; put text that begins with `!` in quotes",
        ),
        ("a: ! 1\n", "1:4: found `!`, a YAML tag. Delete it; put text that begins with `!` in quotes"),
        (
            "a: !mine {b: 1}\n",
            "1:4: found `!mine`, a YAML tag. Delete it; put text that begins with `!` in quotes",
        ),
        ("a: {<<: {b: 1}}\n", "1:5: found a YAML merge key (`<<`). Write the keys out"),
        ("? [a]\n: 1\n", "1:3: found a list as a key. Write a word as the key"),
        ("{a: 1}: 2\n", "1:1: found a mapping as a key. Write a word as the key"),
        (
            "a: 1\nb: 2\n'a': 3\n",
            "3:1: found the key `a` a second time; the first is in line 1. Keep one of them",
        ),
        (
            "a: 1\n---\nb: 2\n",
            "2:1: found a second document. Write one document a file, without `---`",
        ),
        ("%YAML 1.1\n---\na: 1\n", "1:1: found a YAML directive. Delete the line that begins with `%`"),
        (
            "%TAG ! tag:x,2000:\n---\na: 1\n",
            "1:1: found a YAML directive. Delete the line that begins with `%`",
        ),
    ],
)
def test_yaml_that_is_refused_but_read_on(data: str, message: str) -> None:
    root, problems = read(data)
    assert problems == [message]
    assert root is not None


def test_a_quoted_merge_key_is_a_key_like_any_other() -> None:
    root, problems = read('"<<": 1\n')
    assert not problems
    assert root is not None
    assert root.get("<<") is not None


def test_where_something_was_refused_stays_a_hole() -> None:
    root, problems = read("a: *x\nb: !!int 1\nc: '\\u200b'\nd: \"\\u200b\"\n")
    assert root is not None
    kinds = [type(entry.value) for entry in root.entries]
    assert kinds == [HoleNode, HoleNode, ScalarNode, HoleNode]
    assert [problem[:4] for problem in problems] == ["1:4:", "2:4:", "4:4:"]


def test_a_key_that_was_refused_is_left_out() -> None:
    root, problems = read("!!str a: 1\nb: 2\n")
    assert len(problems) == 1
    assert root is not None
    assert [entry.key.text for entry in root.entries] == ["b"]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ("word\n", "1:1: found `word` where a mapping belongs. Write one `key: value` a line"),
        ("---\n", "2:1: found no value where a mapping belongs. Write one `key: value` a line"),
        ("- a\n", "1:1: found a list where a mapping belongs. Write one `key: value` a line"),
        ("''\n", "1:1: found an empty text where a mapping belongs. Write one `key: value` a line"),
        (
            "*a\n",
            "1:1: found `*a`, a YAML alias. Write the value out; put text that begins with `*` in quotes",
        ),
        (
            'a: "x\n',
            "1:4: found something that is not YAML (`while scanning a quoted scalar, found unexpected end of "
            "stream`). Close the quotes, and write a backslash only as YAML knows it",
        ),
        (
            'a: "\\q"\n',
            "1:6: found something that is not YAML (`while scanning a double-quoted scalar, found unknown "
            "escape character 'q'`). Close the quotes, and write a backslash only as YAML knows it",
        ),
        (
            "a: *\n",
            "1:5: found something that is not YAML (`while scanning an alias, expected alphabetic or numeric "
            "character, but found '\\n'`). Put a value that begins with `*` in quotes",
        ),
        (
            "a: &\n",
            "1:5: found something that is not YAML (`while scanning an anchor, expected alphabetic or "
            "numeric character, but found '\\n'`). Put a value that begins with `&` in quotes",
        ),
        (
            "a: @b\n",
            "1:4: found something that is not YAML (`while scanning for the next token, found character '@' "
            "that cannot start any token`). Put the value in quotes",
        ),
        (
            "a: 1\nb\n",
            "2:1: found something that is not YAML (`while scanning a simple key, could not find expected "
            "':'`). Write `key: value`, with a space after the colon",
        ),
        (
            "a: 1\n  b: 2\n",
            "2:4: found something that is not YAML (`mapping values are not allowed here`). "
            "Write one `key: value` a line; put a value with `: ` in it in quotes",
        ),
        (
            "a:\n  - b\n c: 1\n",
            "3:2: found something that is not YAML (`while parsing a block mapping, expected <block end>, "
            "but found '<block mapping start>'`). Indent the keys of one mapping, or the dashes of one list, "
            "alike",
        ),
        (
            "a: [1\n",
            "1:4: found something that is not YAML (`while parsing a flow sequence, expected ',' or ']', but "
            "got '<stream end>'`). Write plain YAML: one `key: value` a line, spaces to indent, quotes round "
            "special characters",
        ),
        (
            'a: "\\UFFFFFFFF"\n',
            "1:7: found a number too large for YAML in an escape or a directive. "
            "Write the character itself, without an escape",
        ),
        (
            'a: "\\U00110000"\n',
            "1:7: found a number too large for YAML in an escape or a directive. "
            "Write the character itself, without an escape",
        ),
    ],
)
def test_files_that_hold_no_mapping(data: str, message: str) -> None:
    assert read(data) == (None, [message])


def test_a_giant_number_in_a_directive_is_refused() -> None:
    root, problems = read(f"%YAML 1.{'9' * 5_000}\n---\na: 1\n")
    assert root is None
    assert problems[0].startswith("1:9: found a number too large for YAML")


def test_all_that_is_wrong_is_found_not_only_the_first() -> None:
    assert messages("a: &x 1\na: *x\nb: !!int 2\n<<: {}\n---\n") == [
        "1:4: found `&x`, a YAML anchor. Delete it; put text that begins with `&` in quotes",
        "2:1: found the key `a` a second time; the first is in line 1. Keep one of them",
        "2:4: found `*x`, a YAML alias. Write the value out; put text that begins with `*` in quotes",
        "3:4: found `!!int`, a YAML tag. Delete it; put text that begins with `!` in quotes",
        "4:1: found a YAML merge key (`<<`). Write the keys out",
        "5:1: found a second document. Write one document a file, without `---`",
    ]


# --- limits --------------------------------------------------------------------------------------

SHORTER = "Write less: a file here is a few short keys"
TOO_MANY = f"found more than 2,000 keys and values. {SHORTER}"
TOO_DEEP = f"found more than 20 levels inside each other. {SHORTER}"


def dense_mapping(size: int) -> str:
    """A flow mapping of about `size` bytes, as many keys as fit."""
    return "{" + ",".join(f"k{number}: 1" for number in range(size // 9)) + "}"


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (dense_mapping(51 * 1024), TOO_MANY),
        ("\n".join(f"k{number}: 1" for number in range(5_000)), TOO_MANY),
        ("a: [" + "1," * 30_000 + "]", TOO_MANY),
        ("[" * 60_000, TOO_DEEP),
        ("{" * 60_000, TOO_DEEP),
        ("{a: " * 15_000, TOO_DEEP),
        ("- " * 30_000, TOO_DEEP),
        ("? " * 30_000, TOO_DEEP),
        ("\n".join(" " * depth + "a:" for depth in range(300)), TOO_DEEP),
    ],
)
def test_an_expensive_file_is_refused_while_it_streams(data: str, message: str) -> None:
    tracemalloc.start()
    root, problems = read(data)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert root is None
    assert [problem.split(": ", 1)[1] for problem in problems] == [message]
    # 64 MiB is the budget; the whole of these files composed by PyYAML takes more than half of it
    assert peak < 8 * 1024 * 1024


def test_an_alias_bomb_is_never_expanded() -> None:
    layers = [f"l{n}: &l{n} [{','.join([f'*l{n - 1}'] * 9)}]" for n in range(1, 9)]
    problems = messages("l0: &l0 [x,x,x,x,x,x,x,x,x]\n" + "\n".join(layers))
    assert len(problems) == MOST_PROBLEMS + 1
    assert problems[0].startswith("1:5: found `&l0`, a YAML anchor")
    assert problems[-1].endswith("found 31 more problems in this file. Correct the ones above first")


def test_the_largest_file_the_deepest_and_the_fullest_are_read() -> None:
    for data in (
        "a: b " + "#" * (LARGEST_FILE - 5),
        "a: " + "[" * (DEEPEST - 1) + "x" + "]" * (DEEPEST - 1),
        "\n".join(f"k{number}: 1" for number in range((MOST_NODES - 1) // 2)),
    ):
        root, problems = read(data)
        assert not problems
        assert root is not None


def test_one_more_of_each_is_refused() -> None:
    assert messages("a: b " + "#" * (LARGEST_FILE - 4)) == [
        f"1:1: found a file of 65,537 bytes; 65,536 is the most. {SHORTER}"
    ]
    assert messages("a: " + "[" * DEEPEST + "]" * DEEPEST) == [f"1:23: {TOO_DEEP}"]
    assert messages("\n".join(f"k{number}: 1" for number in range(1_000))) == [f"1000:7: {TOO_MANY}"]


# --- anything at all -----------------------------------------------------------------------------

YAML_LIKE = st.text(alphabet="ab01 :\n-?[]{},&*!|>'\"%@`#~<\\.Ux\t\r\u0085\u2028\ufeff", max_size=120)


@given(st.one_of(st.binary(max_size=200), YAML_LIKE.map(str.encode)))
@example(b'a: "\\ud800"')
@example(b"\xff\xfe\x00")
def test_no_bytes_are_more_than_problems(data: bytes) -> None:
    root, problems = read(data)
    assert root is not None or problems
    for problem in problems:
        line, column, _ = problem.split(":", 2)
        assert 1 <= int(line) <= data.count(b"\n") + data.count(b"\r") + 2
        assert int(column) >= 1


# --- problems and names of nodes -----------------------------------------------------------------


def test_problems_stand_in_the_order_of_the_file() -> None:
    problems = Problems("f.yaml")
    for place in (Place(2, 1), Place(1, 9), Place(1, 2)):
        problems.add(place, found=say("found ", quote(place.column)), write=say("Write less"))
    assert [str(problem) for problem in problems.all()] == [
        "f.yaml:1:2: found `2`. Write less",
        "f.yaml:1:9: found `9`. Write less",
        "f.yaml:2:1: found `1`. Write less",
    ]


@pytest.mark.parametrize(
    ("node", "words"),
    [
        (scalar("x", 1, 1), "`x`"),
        (scalar("", 1, 1), "no value"),
        (scalar("", 1, 1, Style.QUOTED), "an empty text"),
        (ListNode(items=(), place=Place(1, 1)), "a list"),
        (MapNode(entries=(), place=Place(1, 1)), "a mapping"),
    ],
)
def test_messages_call_a_node_by_what_it_is(node: Node, words: str) -> None:
    assert str(say(describe(node))) == words
