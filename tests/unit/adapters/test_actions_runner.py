"""What reaches the runner: one line per message, outputs that read back exactly, masks for every form."""

from __future__ import annotations

import io
import random
import re
from base64 import b64encode
from pathlib import Path
from urllib.parse import quote as percent_encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promoter.adapters.actions_runner import ActionsRunner
from promoter.errors import PromoterError, ReasonCode
from promoter.text import quote, say
from tests.oracles import runner_commands, unprintable

HOSTILE = (
    *("\r", "\n", "\r\n", "\x85", "\u2028", "\u2029", "\x0b", "\x0c", "\x1b[31m", "\0", "\u200b", "\ufeff"),
    *(
        "::error::x",
        "::add-mask::true",
        "##[error]x",
        "::stop-commands::x",
        "<<EOF",
        "EOF",
        "decision=promote",
    ),
    *("result<<promoter-0", "=", "<<", "%0A", "%", "`", "\u202e", "\ud83d\ude00", "a", " ", "🦊", "ä"),
)
NUMBER = 2000


def hostile_texts(number: int, seed: int) -> list[str]:
    """Strings of fragments that mean something to a runner."""
    chance = random.Random(seed)
    return ["".join(chance.choices(HOSTILE, k=chance.randrange(8))) for _ in range(number)]


def file_commands(text: str) -> dict[str, str]:
    """GITHUB_OUTPUT as the runner reads it: actions/runner, src/Runner.Worker/FileCommandManager.cs."""
    values: dict[str, str] = {}
    at = 0
    while at < len(text):
        line, at = _next_line(text, at)
        if not line:
            continue
        equals, heredoc = line.find("="), line.find("<<")
        if equals >= 0 and (heredoc < 0 or equals < heredoc):
            values[line[:equals]] = line[equals + 1 :]
            continue
        if heredoc < 0:
            raise ValueError(f"Invalid format {line!r}")
        values[line[:heredoc]], at = _heredoc(text, at, line[heredoc + 2 :])
    return values


def _next_line(text: str, at: int) -> tuple[str, int]:
    """A line without its end, and where the next one begins: on Linux only a line feed ends one."""
    end = text.find("\n", at)
    return (text[at:end], end + 1) if end >= 0 else (text[at:], len(text))


def _heredoc(text: str, at: int, delimiter: str) -> tuple[str, int]:
    start = end = at
    while True:
        if at >= len(text):
            raise ValueError(f"Matching delimiter not found {delimiter!r}")
        line_start = at
        line, at = _next_line(text, at)
        if line == delimiter:
            return text[start:end], at
        end = line_start + len(line)


def runner_to(folder: Path, stream: io.StringIO | None = None) -> ActionsRunner:
    return ActionsRunner(
        stream=stream or io.StringIO(),
        output=str(folder / "output"),
        summary=str(folder / "summary"),
        report_directory=str(folder / "report"),
    )


def logged(*values: str) -> str:
    stream = io.StringIO()
    runner = ActionsRunner(stream=stream, output="", summary="", report_directory="")
    for value in values:
        runner.log(say("the description is ", quote(value)))
    return stream.getvalue()


def masked(*secrets: str) -> list[str]:
    stream = io.StringIO()
    ActionsRunner(stream=stream, output="", summary="", report_directory="").mask(secrets)
    commands = runner_commands(stream.getvalue())
    assert {command.name for command in commands} <= {"add-mask"}
    assert len(commands) == stream.getvalue().count("\n")
    return [command.data for command in commands]


# --- log ------------------------------------------------------------------------------------------


def test_one_message_is_one_line_and_no_command() -> None:
    texts = hostile_texts(NUMBER, 1)
    told = logged(*texts)
    assert len(told.splitlines()) == NUMBER
    assert runner_commands(told) == ()
    assert unprintable(told) <= {"\u200b"}


@given(st.text(max_size=40))
def test_any_text_is_one_line(value: str) -> None:
    assert len(logged(value).splitlines()) == 1


def test_a_rendered_report_ends_with_one_line_break() -> None:
    stream = io.StringIO()
    ActionsRunner(stream=stream, output="", summary="", report_directory="").show("a\nb\n\n")
    assert stream.getvalue() == "a\nb\n"


def test_workflow_commands_are_passed_on_as_they_are() -> None:
    stream = io.StringIO()
    runner = ActionsRunner(stream=stream, output="", summary="", report_directory="")
    runner.annotate(["::error file=a::b", "::notice::c"])
    assert [command.name for command in runner_commands(stream.getvalue())] == ["error", "notice"]


# --- outputs --------------------------------------------------------------------------------------


def test_hostile_values_read_back_exactly_and_bring_no_output_of_their_own(tmp_path: Path) -> None:
    texts = [text.encode("utf-8", "replace").decode() for text in hostile_texts(NUMBER, 2)]
    values = {f"value-{index}": text for index, text in enumerate(texts)}
    runner_to(tmp_path).outputs(values)
    written = (tmp_path / "output").read_bytes().decode("utf-8")
    assert file_commands(written) == values


def test_outputs_are_added_to_what_is_there(tmp_path: Path) -> None:
    (tmp_path / "output").write_text("before=1\n")
    runner = runner_to(tmp_path)
    runner.outputs({"decision": "promote"})
    runner.outputs({"decision": "reject"})
    assert file_commands((tmp_path / "output").read_text()) == {"before": "1", "decision": "reject"}


def test_no_delimiter_is_used_twice(tmp_path: Path) -> None:
    runner_to(tmp_path).outputs({f"name-{index}": "x" for index in range(50)})
    delimiters = re.findall(r"<<(\S+)", (tmp_path / "output").read_text())
    assert len(set(delimiters)) == 50
    assert all(len(one) >= 32 for one in delimiters)


def test_the_summary_is_added_to_what_is_there(tmp_path: Path) -> None:
    (tmp_path / "summary").write_text("# Mine\n")
    runner_to(tmp_path).summary("# Theirs ✅\n")
    assert (tmp_path / "summary").read_text(encoding="utf-8") == "# Mine\n# Theirs ✅\n"


def test_a_report_file_is_written_into_a_folder_that_is_made(tmp_path: Path) -> None:
    path = runner_to(tmp_path).save("report.html", "<p>ä</p>")
    assert path == str(tmp_path / "report" / "report.html")
    assert Path(path).read_text(encoding="utf-8") == "<p>ä</p>"


def test_a_report_file_is_replaced_whole_or_stays(tmp_path: Path) -> None:
    runner = runner_to(tmp_path)
    runner.save("report.html", "first")
    with pytest.raises(UnicodeEncodeError):
        runner.save("report.html", "half of it \ud800")
    assert (tmp_path / "report" / "report.html").read_text() == "first"
    runner.save("report.html", "second")
    (tmp_path / "report" / "evidence.json").mkdir()
    with pytest.raises(PromoterError):
        runner.save("evidence.json", "{}")
    assert sorted(file.name for file in (tmp_path / "report").iterdir()) == ["evidence.json", "report.html"]
    assert (tmp_path / "report" / "report.html").read_text() == "second"


def test_without_a_runners_files_nothing_is_written(tmp_path: Path) -> None:
    runner = ActionsRunner(stream=io.StringIO(), output="", summary="", report_directory="")
    runner.summary("x")
    runner.outputs({"a": "b"})
    assert runner.save("report.html", "x") == ""
    assert list(tmp_path.iterdir()) == []


def test_files_that_cannot_be_written_name_themselves(tmp_path: Path) -> None:
    (tmp_path / "report").write_text("a file where the folder should be")
    (tmp_path / "output").mkdir()
    (tmp_path / "summary").mkdir()
    runner = runner_to(tmp_path)
    for write in (
        lambda: runner.save("report.html", "x"),
        lambda: runner.outputs({"a": "b"}),
        lambda: runner.summary("x"),
    ):
        with pytest.raises(PromoterError) as refused:
            write()
        assert refused.value.reason is ReasonCode.USAGE_INVALID
        assert str(tmp_path) in str(refused.value.message)
        assert str(refused.value.hint)


# --- masks ----------------------------------------------------------------------------------------


def test_a_secret_is_masked_in_the_forms_in_which_it_travels() -> None:
    secret = "p@ss w/rd%"
    assert set(masked(secret)) == {
        secret,
        percent_encode(secret, safe=""),
        b64encode(secret.encode()).decode(),
    }


def test_every_line_of_a_key_is_masked() -> None:
    found = masked("-----BEGIN KEY-----\r\nabcdef\nghijkl\n-----END KEY-----\n")
    assert {"abcdef", "ghijkl"} <= set(found)
    assert not any("\n" in one or "\r" in one for one in found)


@pytest.mark.parametrize("secret", ["", "abc", "  a  ", "\n\n"])
def test_what_is_too_short_to_be_a_secret_is_not_masked(secret: str) -> None:
    plain = [one for one in masked(secret) if one == secret.strip()]
    assert plain == []


@given(st.text(alphabet=st.characters(codec="utf-8"), min_size=1, max_size=30))
def test_no_secret_ends_its_mask_early(secret: str) -> None:
    for line in (part.strip() for part in secret.splitlines()):
        assert len(line) < 4 or line in masked(secret)
