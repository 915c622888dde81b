"""A custom check's command, run for real: what it is given, what it may answer, how it fails."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from promoter.adapters.deadline import Deadline
from promoter.core.evidence import CustomAnswer, Outcome
from promoter.core.layers import Layer, State
from promoter.core.policy import Checks, CustomRule, ModelRule
from promoter.errors import PromoterError, ReasonCode
from promoter.evaluation.custom_checks import LocalCustomChecks
from promoter.evaluation.sandbox.variables import child_environment
from promoter.text import quote
from tests.builders import a_custom_rule, a_model_rule
from tests.fakes.github import InMemoryRepository, Irregular

COMMIT = "c" * 40
EVIDENCE = '{"schema_version": 1}\n'
PASSES = b'print(\'{"outcome": "passed", "message": "fine"}\')\n'
Files = Mapping[str, bytes | Irregular]
SCRIPT = ("python", "checks/it.py")


def checks(files: Files, *, deadline: Deadline | None = None) -> tuple[LocalCustomChecks, list[str]]:
    """What asks, and what it logs."""
    lines: list[str] = []
    made = LocalCustomChecks(
        repository=InMemoryRepository({COMMIT: files}),
        deadline=deadline or Deadline(60),
        log=lambda message: lines.append(str(message)),
    )
    return made, lines


def rule_of(*custom: CustomRule, **changes: object) -> ModelRule:
    """The entry of a policy with these checks."""
    return a_model_rule(checks=Checks(custom=custom), **changes)


def ask(files: Files, /, **rule: object) -> tuple[CustomAnswer, ...]:
    """The answers of one rule; its command is the script `checks/it.py` unless told."""
    asked, _ = checks(files)
    return asked.ask(rule_of(a_custom_rule(**{"command": SCRIPT, **rule})), EVIDENCE, commit=COMMIT)


def script(code: bytes | str) -> Files:
    """A commit with one script."""
    return {"checks/it.py": code.encode() if isinstance(code, str) else code}


def failure(files: Files, /, **rule: object) -> str:
    """Why there was no usable answer."""
    (answer,) = ask(files, **rule)
    assert (answer.name, answer.subject, answer.outcome) == ("fairness", "", Outcome.ERROR)
    text = str(answer.message)
    assert text.startswith("it gave no usable answer: ")
    return text.removeprefix("it gave no usable answer: ")


def prints(code: str) -> str:
    """What an expression over `json, os, sys, Path` is in the command, by way of its answer's message."""
    whole = (
        "import json, os, sys\nfrom pathlib import Path\n"
        f"text = str({code})\n"
        "print(json.dumps({'outcome': 'passed', 'message': text or '-'}))\n"
    )
    (answer,) = ask({**script(whole), "checks/beside.py": b"", "secret.txt": b"x"})
    return str(answer.message).removeprefix("it answered `").removesuffix("`")


# --- what it is given -----------------------------------------------------------------------------


def test_a_command_reads_the_evidence_and_answers() -> None:
    code = """\
import json, sys
found = json.loads(sys.stdin.read())
results = [
    {"subject": "a", "outcome": "failed", "message": "no"},
    {"subject": "b", "outcome": "warned", "message": "so"},
]
print(json.dumps({"outcome": "inconclusive", "message": f"saw {sorted(found)}", "results": results}))
"""
    asked, lines = checks(script(code))
    rules = [a_custom_rule(command=SCRIPT), a_custom_rule(name="other", command=SCRIPT)]
    answers = asked.ask(rule_of(*rules), EVIDENCE, commit=COMMIT)
    assert [(one.name, one.subject, one.outcome, str(one.message)) for one in answers] == [
        (name, subject, outcome, message)
        for name in ("fairness", "other")
        for subject, outcome, message in (
            ("", Outcome.INCONCLUSIVE, "it answered `saw ['schema_version']`"),
            ("a", Outcome.FAILED, "it answered `no`"),
            ("b", Outcome.WARNED, "it answered `so`"),
        )
    ]
    assert lines == ["asking the custom check `fairness`", "asking the custom check `other`"]


def test_it_sees_no_variable_but_those_that_a_model_sees(tmp_path: Path) -> None:
    expected = set(child_environment(tmp_path, interpreter=Path(sys.executable), threads=2))
    assert prints(f"set(os.environ) - {expected!r} - {{'LC_CTYPE'}}") == "set()"
    assert not {name for name in expected if "TOKEN" in name or name.startswith(("GITHUB", "INPUT", "AWS"))}


@pytest.mark.parametrize("name", ["MLFLOW_TRACKING_URI", "HOME", "TMPDIR"])
def test_what_names_a_place_names_its_own(name: str) -> None:
    assert "promoter-custom-" in prints(f"os.environ[{name!r}]")


def test_it_works_in_a_folder_with_its_own_files_alone() -> None:
    assert prints("sorted(str(one) for one in Path().rglob('*'))") == "['checks', 'checks/it.py']"
    assert prints("Path().resolve().name") == "work"


def test_a_script_imports_what_lies_beside_it() -> None:
    code = "from beside import answer\nprint(answer())\n"
    beside = b"""def answer():\n    return '{"outcome": "passed", "message": "from beside"}'\n"""
    files = {**script(code), "checks/beside.py": beside}
    (answer,) = ask(files, files=("checks/*.py",))
    assert (answer.outcome, str(answer.message)) == (Outcome.PASSED, "it answered `from beside`")
    assert "No module named 'beside'" in failure(files)


def test_python_is_the_interpreter_we_run_on() -> None:
    assert prints("sys.executable == " + repr(sys.executable)) == "True"


def test_a_file_of_the_commit_is_a_program() -> None:
    code = b'#!/bin/sh\ncat >/dev/null\nprintf \'{"outcome": "passed", "message": "%s"}\' "$1"\n'
    for word in ("checks/run", "./checks/run"):
        (answer,) = ask({"checks/run": code}, command=(word, "$HOME; *"))
        assert str(answer.message) == "it answered `$HOME; *`", "no shell reads the words"


def test_a_program_of_the_commit_may_run_others_of_it_and_nothing_it_writes() -> None:
    code = (
        b"#!/bin/sh\ncat >/dev/null\ncp checks/other mine\nchmod 755 mine 2>/dev/null\n"
        b"./mine >/dev/null 2>&1 && mine=ran\n./checks/other $mine\n"
    )
    other = b'#!/bin/sh\nprintf \'{"outcome": "passed", "message": "other:%s"}\' "$1"\n'
    files: Files = {"checks/run": code, "checks/other": Irregular("100755", other)}
    (answer,) = ask(files, command=("checks/run",), files=("checks/other",))
    assert str(answer.message) == "it answered `other:`"


def test_it_may_write_beside_its_own_files() -> None:
    assert prints("open('checks/found.txt', 'w').write('ten bytes!')") == "10"


def test_a_program_of_the_commit_leaves_its_user_without_any_right() -> None:
    """Lying where only its user may look, it must not count as a file that is out of reach."""
    code = b"""#!/bin/sh
cat >/dev/null
while read name value; do [ "$name" = CapEff: ] && found="$value"; done < /proc/$$/status
printf '{"outcome": "passed", "message": "%s"}' "$found"
"""
    (answer,) = ask({"checks/run": code}, command=("checks/run",))
    assert str(answer.message) == "it answered `0000000000000000`"
    assert "past file modes" not in answer.sandbox[0].note


def test_every_layer_around_a_command_is_evidence() -> None:
    code = """import json
one = {"subject": "a", "outcome": "passed", "message": "fine"}
print(json.dumps({"outcome": "passed", "message": "fine", "results": [one]}))"""
    whole, part = ask(script(code))
    assert [one.layer for one in whole.sandbox] == list(Layer)
    assert State.MISSING not in {one.state for one in whole.sandbox}
    assert part.sandbox == ()
    (failed,) = ask(script("raise SystemExit(3)"))
    assert (failed.outcome, len(failed.sandbox)) == (Outcome.ERROR, len(Layer)), "it was run all the same"
    (never,) = ask({}, command=("gone",))
    assert never.sandbox == ()


def test_a_program_of_the_machine_gets_files_of_the_commit() -> None:
    answer = b'{"outcome": "failed", "message": "as written"}'
    for mode in ("100644", "100755"):
        (found,) = ask({"answer.json": Irregular(mode, answer)}, command=("cat", "./answer.json"))
        assert (found.outcome, str(found.message)) == (Outcome.FAILED, "it answered `as written`")


def test_a_large_file_is_read_as_data() -> None:
    code = 'n = len(open(\'big\').read())\nprint(\'{"outcome": "passed", "message": "%s"}\' % n)\n'
    (answer,) = ask({**script(code), "big": b"x" * 900_000}, command=(*SCRIPT, "big"))
    assert str(answer.message) == "it answered `900000`"


def test_an_expression_needs_no_file_and_its_slashes_are_no_paths() -> None:
    code = "import json; print(json.dumps({'outcome': 'passed', 'message': str(4 / 2)}))"
    for words in (
        ("python", "-c", code),
        ("python3", "-c", code, "/dev/null", "https://a.example/b", "--x=a/b"),
    ):
        (answer,) = ask({}, command=words)
        assert str(answer.message) == "it answered `2.0`"


def test_a_folder_is_there_when_files_of_it_are() -> None:
    code = 'import os\nprint(\'{"outcome": "passed", "message": "%s"}\' % os.listdir(\'data/rules\')[0])\n'
    files = {**script(code), "data/rules/one.txt": b"1"}
    (answer,) = ask(files, command=(*SCRIPT, "data/rules"), files=("data/**",))
    assert str(answer.message) == "it answered `one.txt`"
    assert "its command names `data/rules`" in failure(files, command=(*SCRIPT, "data/rules"))


# --- commands that cannot be started --------------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        (
            {"command": ("python", "checks/gone.py")},
            "its command names `checks/gone.py`, and there is no such",
        ),
        ({"command": ("python", "gone.sh")}, f"no such file at commit `{COMMIT[:12]}`"),
        ({"command": ("python", "../it.py")}, "its command names `../it.py`"),
        ({"command": ("checks/gone",)}, "its command names `checks/gone`"),
        ({"command": ("../../../bin/s h",)}, "its program is `../../../bin/s h`"),
        ({"command": ("/usr/bin/env", "python")}, "its program is `/usr/bin/env`"),
        (
            {"command": ("checks",)},
            "there is no program `checks` here; a file of the repository is `./checks`",
        ),
        ({"command": ("no-such-program",)}, "there is no program `no-such-program` here"),
        ({"files": ("other/*.py",)}, "the pattern `other/*.py` of `files` matches nothing"),
        ({"command": ("checks/link",)}, "`checks/link` is a link or a submodule"),
        ({"files": ("vendor",)}, "`vendor` is a link or a submodule"),
        ({"files": ("checks/*",)}, "`checks/link` is a link or a submodule"),
    ],
)
def test_a_command_that_cannot_be_started(rule: dict[str, object], said: str) -> None:
    link, module = Irregular("120000", b"/etc/passwd"), Irregular("160000", b"1" * 40)
    assert said in failure({**script(PASSES), "checks/link": link, "vendor": module}, **rule)


def test_there_is_an_end_to_how_many_files_are_written() -> None:
    many = {f"data/{number}": b"" for number in range(1_001)}
    assert "more than 1,000 files or 50 MiB of them" in failure({**script(PASSES), **many}, files=("data/*",))


def test_there_is_an_end_to_how_large_they_are() -> None:
    half = b"x" * (26 * 1024 * 1024)
    files = {**script(PASSES), "data/a": half, "data/b": half}
    assert "more than 1,000 files or 50 MiB of them" in failure(files, files=("data/*",))
    assert ask(files, files=("data/a",))[0].outcome is Outcome.PASSED


def test_a_name_that_leaves_the_folder_is_not_written() -> None:
    files = {**script(PASSES), "data/../../../escaped": b"x"}
    assert "is no path below a folder" in failure(files, files=("data/**",))


def test_a_name_that_the_machine_refuses_is_told() -> None:
    files = {**script(PASSES), "data/" + "n" * 300: b"x"}
    assert "cannot be written" in failure(files, files=("data/**",))


def test_a_program_without_a_form_is_told() -> None:
    assert failure({"checks/run": b"\x00\x01"}, command=("checks/run",)).startswith(
        "it ended with exit code 127; "
    )


# --- answers that are none ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("", "it answered nothing"),
        ("raise SystemExit(3)", "it ended with exit code 3"),
        (f"{PASSES.decode()}raise SystemExit(3)", "it ended with exit code 3"),
        (
            f"{PASSES.decode()}import os, sys\nsys.stdout.flush()\nos.kill(os.getpid(), 9)",
            "it was killed by signal 9",
        ),
        ("print('x' * 70000)", "it answered more than 65,536 bytes"),
        ("while True: print('x' * 70000)", "it answered more than 65,536 bytes"),
        (f"{PASSES.decode()}print('more')", "it answered something that is not one JSON document"),
        ("x = bytearray(4 * 1024 ** 3)", "it ended with exit code 1; it printed "),
    ],
)
def test_a_command_that_does_not_answer(code: str, said: str) -> None:
    assert failure(script(code)).startswith(said)


@pytest.mark.parametrize(
    "code",
    [
        "import time\ntime.sleep(600)",
        f"{PASSES.decode()}import time\ntime.sleep(600)",
        f"import os, time\n{PASSES.decode()}os.sys.stdout.flush()\nos.close(1)\ntime.sleep(600)",
    ],
    ids=["silent", "answered already", "closed already"],
)
def test_a_command_that_hangs_is_ended(code: str) -> None:
    begin = time.monotonic()
    assert failure(script(code), timeout_seconds=0.5).startswith("it did not finish within 0.5 s")
    assert time.monotonic() - begin < 30


def test_what_it_printed_before_it_was_ended_is_told() -> None:
    code = "import sys, time\nprint('still here', file=sys.stderr, flush=True)\ntime.sleep(600)"
    assert failure(script(code), timeout_seconds=2).endswith("; it printed `still here`")


def test_what_it_started_ends_with_it() -> None:
    code = """import os, time
other = os.fork()
if other == 0:
    os.setsid()
    time.sleep(600)
    os._exit(0)
print('{"outcome": "passed", "message": "%s"}' % other)
"""
    (answer,) = ask(script(code))
    other = str(answer.message).removeprefix("it answered `").removesuffix("`")
    assert other.isdigit()
    assert not Path("/proc", other).exists()


def test_one_that_ends_what_watches_it_has_not_answered() -> None:
    code = f"{PASSES.decode()}import os, sys\nsys.stdout.flush()\nos.kill(os.getppid(), 9)"
    assert failure(script(code)).startswith(("it was killed by signal 9", "it ended with exit code 1"))


def test_a_command_need_not_read_much_evidence() -> None:
    asked, _ = checks(script(PASSES))
    (answer,) = asked.ask(rule_of(a_custom_rule(command=SCRIPT)), "x" * 2_000_000, commit=COMMIT)
    assert answer.outcome is Outcome.PASSED


def test_the_last_lines_of_what_it_prints_are_quoted() -> None:
    code = (
        "import sys\nfor at in range(30): print(f'::error::line {at}', file=sys.stderr)\nraise SystemExit(1)"
    )
    (answer,) = ask(script(code))
    assert quote("::error::line 29") in answer.message.parts
    assert quote("::error::line 2") not in answer.message.parts
    assert "::error" not in "".join(part for part in answer.message.parts if isinstance(part, str))


def test_one_that_fails_does_not_keep_the_next_from_being_asked() -> None:
    asked, _ = checks(script(PASSES))
    rules = [a_custom_rule(command=("gone",)), a_custom_rule(name="next", command=SCRIPT)]
    assert [one.outcome for one in asked.ask(rule_of(*rules), EVIDENCE, commit=COMMIT)] == [
        Outcome.ERROR,
        Outcome.PASSED,
    ]


# --- the run's own limits -------------------------------------------------------------------------


def test_the_runs_deadline_is_no_answer() -> None:
    for deadline, code in ((Deadline(0.0), PASSES), (Deadline(0.5), b"import time\ntime.sleep(600)")):
        asked, _ = checks(script(code), deadline=deadline)
        with pytest.raises(
            PromoterError, match="deadline was reached at the custom check `fairness`"
        ) as caught:
            asked.ask(rule_of(a_custom_rule(command=SCRIPT)), EVIDENCE, commit=COMMIT)
        assert caught.value.reason is ReasonCode.DEADLINE_EXCEEDED


def test_a_repository_that_does_not_answer_is_an_outage() -> None:
    asked, _ = checks({})
    with pytest.raises(PromoterError) as caught:
        asked.ask(rule_of(a_custom_rule(command=SCRIPT)), EVIDENCE, commit="d" * 40)
    assert caught.value.reason is ReasonCode.PERMISSION_DENIED
