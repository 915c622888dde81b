from __future__ import annotations

import itertools
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promoter.core.differences import Described, Difference, Part, differences
from promoter.core.model_version import Column, Papers, Signature
from tests.builders import a_model_version, a_run


def described(
    requirements: str | None = None,
    *,
    signature: Signature | None = None,
    parameters: dict[str, str] | None = None,
) -> Described:
    run = a_run(parameters=parameters) if parameters is not None else None
    papers = Papers(signature=signature, requirements=requirements)
    return Described(version=a_model_version(run=run), papers=papers)


def between(champion: Described, challenger: Described) -> list[tuple[str, str, str | None, str | None]]:
    found = differences(champion, challenger)
    return [(one.part.value, one.name, one.champion, one.challenger) for one in found]


def packages(champion: str, challenger: str) -> list[tuple[str, str | None, str | None]]:
    return [found[1:] for found in between(described(champion), described(challenger))]


def test_packages_are_added_removed_and_changed() -> None:
    assert packages(
        "mlflow==3.17.2\nscikit-learn==1.4.2\ncloudpickle==3.0\n",
        "mlflow==3.17.2\nscikit-learn==1.5.0\npandas<3,>=2\n",
    ) == [
        ("cloudpickle", "3.0", None),
        ("pandas", None, "<3,>=2"),
        ("scikit-learn", "1.4.2", "1.5.0"),
    ]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("scikit-learn==1.5.0", "Scikit_Learn==1.5.0"),
        ("zope.interface", "zope-interface"),
        ("a==1\nb==2", "b==2\na==1"),
        ("a>=1,<2", "a <2, >=1"),
        ("a (>=1)", "a>=1"),
        ("a[x,y]==1", "a[X, Y]==1"),
        ("a==1  # why", "# a comment\n\na == 1"),
        ("a==1 \\\n    --hash=sha256:aa \\\n    --hash=sha256:bb", "a==1"),
        ("a==1 \\\r\n --hash sha256:aa\r\n", "a==1\r\n"),
        ("a[x,y_z]==1", "a[Y-Z , x]==1"),
        ("a[]==1", "a==1"),
        ("a>=1;python_version<'3.9'", 'a>=1 ; python_version  <  "3.9"'),
        ("--index-url=https://x.example/a", "--index-url https://x.example/a"),
        ("git+https://u:t@x.example/r.git@v1#egg=R_x", "git+https://x.example/r.git@v1#sub=1&egg=r-x"),
        ("git+https://u:p/w@x.example/r.git@v1", "git+https://u:o/o@x.example/r.git@v1"),
        ('a==1; python_version < "3.12"', 'a==1;   python_version < "3.12"'),
        ("--index-url https://bot:token@pypi.example/simple", "--index-url https://pypi.example/simple"),
        ("a @ https://pypi.example/a.whl?sig=1", "a @ https://pypi.example/a.whl?sig=2"),
    ],
)
def test_what_means_the_same_is_no_difference(one: str, other: str) -> None:
    assert packages(one, other) == []


def test_any_version_an_option_and_a_line_for_each_platform_are_told() -> None:
    platforms = 'a==1; sys_platform == "linux"\na==2; sys_platform == "win32"'
    assert packages(f"b\n--pre\n{platforms}", "b==1.*\n--extra-index-url https://x.example/\na==1") == [
        ("--extra-index-url", None, "https://x.example/"),
        ("--pre", "", None),
        ("a", '==1; sys_platform == "linux" or ==2; sys_platform == "win32"', "1"),
        ("b", "", "==1.*"),
    ]


def test_options_and_lines_that_are_an_address_are_told_by_what_changed() -> None:
    assert packages("--index-url=https://x.example/a", "--index-url=https://x.example/b") == [
        ("--index-url", "https://x.example/a", "https://x.example/b")
    ]
    assert packages("git+https://x.example/r@v1#egg=r", "git+https://x.example/r@v2#egg=r") == [
        ("r", "@ git+https://x.example/r@v1", "@ git+https://x.example/r@v2")
    ]
    assert packages("https://x.example/a-1.whl\n./here.whl", "https://x.example/a-2.whl") == [
        ("./here.whl", "", None),
        ("https://x.example/a-1.whl", "", None),
        ("https://x.example/a-2.whl", None, ""),
    ]


def test_a_parameter_whose_name_speaks_of_a_secret_is_told_without_it() -> None:
    names = ["db_password", "apiKey", "ACCESS_TOKEN", "aws.secret", "credentials", "old_pwd", "new_key"]
    held = {**dict.fromkeys(names, "CANARY1"), "max_tokens": "1", "tokenizer": "a", "same_key": "x"}
    asked = {**dict.fromkeys(names, "CANARY2"), "max_tokens": "2", "tokenizer": "b", "same_key": "x"}
    del held["new_key"], asked["old_pwd"]
    found = between(described(parameters=held), described(parameters=asked))
    told = {name: (champion, challenger) for _, name, champion, challenger in found}
    assert told == {
        **dict.fromkeys(names, ("not shown", "not shown, changed")),
        "old_pwd": ("not shown", None),
        "new_key": (None, "not shown"),
        "max_tokens": ("1", "2"),
        "tokenizer": ("a", "b"),
    }


def test_a_secret_that_is_an_address_is_compared_whole() -> None:
    champion, challenger = {"key": "https://a:1@x.example"}, {"key": "https://a:2@x.example"}
    assert len(between(described(parameters=champion), described(parameters=challenger))) == 1


@pytest.mark.parametrize(
    "text",
    [
        "https://bot:CANARY@x.example/a.whl",
        "https://x.example/a.whl?token=CANARY#egg=a",
        "s3://CANARY@x/y",
        "jdbc:sqlserver://x.example;user=sa;password=CANARY",
        "https://x.example/back#access_token=CANARY",
        "https://user:CAN/CANARY@x.example/x",
        "postgresql://user:CANARY#CANARY@x.example/db",
        "redis://:CANARY?CANARY@x.example/0",
        "git+https://user:CANARY@x.example/r.git@v1",
        "git+https://user:CANARY/CANARY@x.example/r.git@v1",
        "git+https://u@x.example:CANARY/CANARY@x.example/r.git",
    ],
)
def test_no_password_in_an_address_is_told(text: str) -> None:
    found = differences(
        described("a", parameters={"source": "none"}), described(f"a @ {text}", parameters={"source": text})
    )
    assert {one.part for one in found} == {Part.PACKAGES, Part.PARAMETERS}
    assert "CANARY" not in repr(found)


def test_columns_differ_in_name_kind_and_whether_they_may_be_missing() -> None:
    champion = Signature(
        inputs=(Column(name="tenure", kind="long"), Column(name="plan", kind="string")),
        outputs=(Column(name="0", kind="long"),),
    )
    challenger = replace(
        champion,
        inputs=(Column(name="plan", kind="string", required=False), Column(name="age", kind="double")),
        outputs=(Column(name="0", kind="double"),),
    )
    assert between(described(signature=champion), described(signature=challenger)) == [
        ("inputs", "age", None, "double"),
        ("inputs", "plan", "string", "string, optional"),
        ("inputs", "tenure", "long", None),
        ("outputs", "0", "long", "double"),
    ]


def test_parameters_differ_by_name() -> None:
    champion, challenger = {"depth": "3", "same": "1", "old": ""}, {"depth": "5", "same": "1"}
    assert between(described(parameters=champion), described(parameters=challenger)) == [
        ("parameters", "depth", "3", "5"),
        ("parameters", "old", "", None),
    ]


FULL = described(
    "a==1", signature=Signature(inputs=(Column(name="x", kind="long"),), outputs=()), parameters={"p": "1"}
)


@pytest.mark.parametrize(
    ("bare", "left"),
    [
        (replace(FULL, papers=replace(FULL.papers, signature=None)), Part.INPUTS),
        (replace(FULL, papers=replace(FULL.papers, requirements=None)), Part.PACKAGES),
        (replace(FULL, version=replace(FULL.version, run=None)), Part.PARAMETERS),
    ],
)
def test_what_only_one_of_them_tells_of_is_not_compared(bare: Described, left: Part) -> None:
    other = described("a==2", signature=Signature(inputs=(), outputs=()), parameters={"p": "2"})
    parts = {Part.INPUTS, Part.PACKAGES, Part.PARAMETERS}
    assert {one.part for one in differences(FULL, other)} == parts
    assert {one.part for one in differences(bare, other)} == parts - {left}
    assert {one.part for one in differences(other, bare)} == parts - {left}


LINES = st.lists(
    st.one_of(
        st.text(max_size=40), st.sampled_from(["a==1", "A == 2", "-r x", "b[c]>=1,<2", "\\", "#", "=="])
    ),
    max_size=8,
).map("\n".join)


@given(LINES, LINES)
def test_whatever_the_file_holds_both_ways_tell_the_same(one: str, other: str) -> None:
    there = differences(described(one), described(other))
    back = differences(described(other), described(one))
    turned = [replace(found, champion=found.challenger, challenger=found.champion) for found in back]
    assert list(there) == turned
    assert differences(described(one), described(one)) == ()
    assert all(found.champion != found.challenger for found in there)


@given(st.permutations(["a==1", "b>=2", "c", "--pre", "d[e]==4"]))
def test_the_order_of_lines_is_no_difference(lines: list[str]) -> None:
    assert packages("a==1\nb>=2\nc\n--pre\nd[e]==4", "\n".join(lines)) == []


def test_parts_come_in_one_order_each_by_name() -> None:
    other = described(
        "b==1\na==2", signature=Signature(inputs=(), outputs=()), parameters={"q": "1", "p": "2"}
    )
    found = differences(FULL, other)
    keys = [(list(Part).index(one.part), one.name) for one in found]
    assert keys == sorted(keys)
    assert [part for part, _ in itertools.groupby(one.part for one in found)] == [
        Part.INPUTS,
        Part.PACKAGES,
        Part.PARAMETERS,
    ]
    assert found[0] == Difference(part=Part.INPUTS, name="x", champion="long", challenger=None)
