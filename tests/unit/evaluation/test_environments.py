"""What a model asks for, what of that is refused, and what an installer is told. No index is asked here."""

from __future__ import annotations

import json
import os
import stat
import sys
from pathlib import Path
from urllib.parse import quote, unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promoter.core.policy import Environment
from promoter.errors import PromoterError, ReasonCode
from promoter.evaluation.sandbox.environments import (
    IMAGE,
    EnvironmentBuilder,
    Installer,
    find_installer,
)
from promoter.evaluation.sandbox.index_secrets import without_secrets
from promoter.evaluation.sandbox.problems import ModelProblem
from promoter.evaluation.sandbox.requirements import read_needs
from promoter.text import Message
from tests.model_folders import Unlimited

OURS = f"{sys.version_info.major}.{sys.version_info.minor}"
# Writes what it was called with, makes the environment, and fails when told so by a file beside it.
UV = """#!{python} -IS
import json, os, pathlib, sys
here = pathlib.Path({folder!r})
with (here / "calls").open("a") as calls:
    files = {{p.name: p.read_text() for p in pathlib.Path().glob("*.txt")}}
    print(json.dumps([sys.argv[1:], dict(os.environ), os.getcwd(), files]), file=calls)
if sys.argv[1] == "venv":
    if (here / "no-such-python").exists() and "9.9" in sys.argv:
        sys.exit(2)
    folder = pathlib.Path(sys.argv[-1], "bin")
    folder.mkdir(parents=True)
    (folder / "python").touch()
elif (here / "says").exists():
    print((here / "says").read_text())
    sys.exit(1)
"""


def model_with(folder: Path, requirements: str, *, python: str = "", mlmodel: str = "") -> Path:
    """A model's folder, as far as its environment goes."""
    folder.mkdir(exist_ok=True)
    (folder / "requirements.txt").write_text(requirements, encoding="utf-8")
    (folder / "python_env.yaml").write_text(
        f"python: {python}\nbuild_dependencies:\n- pip\n", encoding="utf-8"
    )
    (folder / "MLmodel").write_text(mlmodel, encoding="utf-8")
    return folder


class FakeUv:
    """A program in uv's place."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = folder / "uv"
        self.path.write_text(UV.format(python=sys.executable, folder=str(folder)), encoding="utf-8")
        self.path.chmod(0o700)
        self.log: list[Message] = []

    def builder(
        self, *, seconds: float = 600.0, variables: dict[str, str] | None = None
    ) -> EnvironmentBuilder:
        """A builder that uses it."""
        return EnvironmentBuilder(
            self.folder / "cache",
            installer=Installer(uv=self.path, variables=variables or {}),
            log=self.log.append,
            deadline=Unlimited(seconds),
        )

    def calls(self) -> list[tuple[list[str], dict[str, str], str, dict[str, str]]]:
        """Arguments, variables, working directory, and the text files in it."""
        path = self.folder / "calls"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    def say(self, text: str) -> None:
        """Fail to install, with this output."""
        (self.folder / "says").write_text(text, encoding="utf-8")


@pytest.fixture
def uv(tmp_path: Path) -> FakeUv:
    folder = tmp_path / "uv"
    folder.mkdir()
    return FakeUv(folder)


def test_the_image_needs_no_building(uv: FakeUv, tmp_path: Path) -> None:
    assert uv.builder().build(tmp_path, Environment.IMAGE) is IMAGE
    assert IMAGE.path == Path(sys.executable)
    assert uv.calls() == []


def test_requirements_are_installed_with_what_a_worker_needs(uv: FakeUv, tmp_path: Path) -> None:
    model = model_with(
        tmp_path / "model",
        "mlflow==3.17.2\nscikit-learn==1.9.1  # theirs\n\n# nothing\n"
        "xgboost[all]>=2,<4 ; python_version > '3'\n"
        "-c constraints.txt\n",
        python=f"{OURS}.5",
    )
    (model / "constraints.txt").write_text("mlflow==3.17.2\nnumpy<3\n", encoding="utf-8")
    found = uv.builder(variables={"UV_INDEX_URL": "https://index.example.com"}).build(
        model, Environment.MODEL
    )
    (venv, *_), (install, variables, folder, files) = uv.calls()
    assert venv[:4] == ["venv", "--no-python-downloads", "--python", sys.executable]
    assert install[:4] == ["pip", "install", "--no-compile-bytecode", "--python"]
    assert install[5:] == ["-r", "requirements.txt", "-c", "constraints.txt", "--only-binary", ":all:"]
    assert files == {
        "requirements.txt": "mlflow-skinny==3.17.2\npandas\npyarrow\nscikit-learn==1.9.1\n"
        'xgboost[all]<4,>=2; python_version > "3"\n',
        "constraints.txt": "mlflow-skinny==3.17.2\nnumpy<3\n",
    }
    assert {name: value for name, value in variables.items() if name != "LC_CTYPE"} == {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "HOME": folder,
        "UV_INDEX_URL": "https://index.example.com",
    }
    assert found.path.is_file()
    assert found.path.parent.parent.parent == uv.folder / "cache"
    assert str(found.name).endswith(f"(Python {OURS})")
    assert found.note.parts == ()
    assert stat.S_IMODE((uv.folder / "cache").stat().st_mode) == 0o711
    assert [path.name for path in (uv.folder / "cache").iterdir()] == [found.path.parent.parent.name]


def test_the_same_needs_are_built_once(uv: FakeUv, tmp_path: Path) -> None:
    first = uv.builder().build(model_with(tmp_path / "a", "numpy\nmlflow==3.1\n"), Environment.MODEL)
    again = uv.builder().build(model_with(tmp_path / "b", "mlflow == 3.1\n# x\nnumpy\n"), Environment.MODEL)
    other = uv.builder().build(model_with(tmp_path / "c", "numpy<3\nmlflow==3.1\n"), Environment.MODEL)
    assert first.path == again.path != other.path
    assert len(uv.calls()) == 4
    assert len(uv.log) == 2


def test_a_python_that_is_not_there_is_replaced_and_said(uv: FakeUv, tmp_path: Path) -> None:
    (uv.folder / "no-such-python").touch()
    found = uv.builder().build(model_with(tmp_path / "model", "numpy", python="9.9.1"), Environment.MODEL)
    assert [call[0][3] for call in uv.calls()[:2]] == ["9.9", sys.executable]
    assert (
        str(found.note)
        == f"the model was logged with Python `9.9`, which is not installed here; {OURS} ran it"
    )
    assert uv.builder().build(tmp_path / "model", Environment.MODEL) == found


def test_a_python_that_is_there_is_used(uv: FakeUv, tmp_path: Path) -> None:
    found = uv.builder().build(model_with(tmp_path / "model", "numpy", python="'9.8.1'"), Environment.MODEL)
    assert found.name.endswith("(Python 9.8)")
    assert found.note.parts == ()


@pytest.mark.parametrize(
    "line",
    [
        "https://example.com/evil.whl",
        "evil @ https://example.com/evil.whl",
        "evil @ file:///tmp/evil",
        "git+https://example.com/evil.git",
        "./evil",
        "/tmp/evil",
        "evil.whl",
        "-e .",
        "-r other.txt",
        "-c other.txt",
        "-c ../constraints.txt",
        "--index-url https://example.com",
        "--extra-index-url=https://example.com",
        "-i https://example.com",
        "--find-links /tmp",
        "-f /tmp",
        "--no-binary :all:",
        "numpy --hash=sha256:00",
        "numpy \\",
        "numpy; import os",
        "numpy\x00",
        "numpy\x0b-r x",
        "n" * 2_000,
    ],
)
def test_a_line_that_is_more_than_a_name_is_not_tried(uv: FakeUv, tmp_path: Path, line: str) -> None:
    with pytest.raises(ModelProblem) as caught:
        uv.builder().build(model_with(tmp_path / "model", f"pandas\n{line}\n"), Environment.MODEL)
    assert caught.value.reason is ReasonCode.MODEL_UNSAFE
    assert "of `requirements.txt` is not installed" in str(caught.value)
    assert uv.calls() == []


@given(st.text(alphabet=st.sampled_from("aZ9-_.[]=<>!~,;@:/ \t#'\"\\\n\r-reci$(){}\x85\u2028"), max_size=40))
def test_what_an_installer_reads_is_never_an_option(
    tmp_path_factory: pytest.TempPathFactory, text: str
) -> None:
    model = model_with(tmp_path_factory.mktemp("model"), text)
    try:
        needs = read_needs(model)
    except ModelProblem:
        return
    for line in needs.requirements:
        assert line.isprintable()
        assert line[0].isalnum()
        assert "://" not in line


def test_the_version_of_mlflow_is_read_without_reading_yaml(tmp_path: Path) -> None:
    bomb = "a: &a [x]\nmlflow_version: 3.16.0\nb: [*a, *a]\n"
    assert "mlflow-skinny==3.16.0" in read_needs(model_with(tmp_path, "numpy", mlmodel=bomb)).requirements
    assert "mlflow-skinny" in read_needs(model_with(tmp_path, "numpy", mlmodel="")).requirements


def test_files_that_are_too_large_or_links_are_not_read(tmp_path: Path) -> None:
    with pytest.raises(ModelProblem, match="larger than 1 MiB"):
        read_needs(model_with(tmp_path, "#" * 1_100_000))
    with pytest.raises(ModelProblem, match="1,001 lines"):
        read_needs(model_with(tmp_path, "numpy\n" * 1_001))
    (tmp_path / "requirements.txt").unlink()
    (tmp_path / "requirements.txt").symlink_to("/etc/hostname")
    with pytest.raises(ModelProblem, match=r"has no `requirements\.txt`"):
        read_needs(tmp_path)


def test_a_model_without_requirements_says_so(uv: FakeUv, tmp_path: Path) -> None:
    with pytest.raises(ModelProblem, match=r"has no `requirements\.txt`") as caught:
        uv.builder().build(tmp_path, Environment.MODEL)
    assert caught.value.reason is ReasonCode.CHECKS_FAILED


def test_what_cannot_be_installed_is_the_models_problem(uv: FakeUv, tmp_path: Path) -> None:
    uv.say("noise\n" * 5_000 + "  x No solution found\n::error::Because there is no version of nothing==1")
    model = model_with(tmp_path / "model", "nothing==1")
    with pytest.raises(ModelProblem, match="its environment cannot be built") as caught:
        uv.builder().build(model, Environment.MODEL)
    assert caught.value.reason is ReasonCode.CHECKS_FAILED
    assert "`x No solution found` / `" in str(caught.value)
    assert "::error" not in str(caught.value)
    assert len(str(caught.value)) < 3_000
    assert list((uv.folder / "cache").iterdir()) == []


@pytest.mark.parametrize(
    "text",
    [
        "error: Failed to fetch: `x`\n  cause: error sending request for url (x)",
        "  cause: dns error: failed to lookup address information",
        "ReadTimeoutError: Read timed out.",
        "HTTP status server error (503 Service Unavailable)",
        "No space left on device",
    ],
)
def test_an_index_that_does_not_answer_is_nobodys_verdict(uv: FakeUv, tmp_path: Path, text: str) -> None:
    uv.say(text)
    with pytest.raises(PromoterError) as caught:
        uv.builder().build(model_with(tmp_path / "model", "numpy"), Environment.MODEL)
    assert not isinstance(caught.value, ModelProblem)
    assert caught.value.reason is ReasonCode.DATA_UNAVAILABLE


def test_a_build_ends_with_the_runs_time(uv: FakeUv, tmp_path: Path) -> None:
    uv.path.write_text("#!/bin/sh\nexec sleep 60\n", encoding="utf-8")
    with pytest.raises(PromoterError) as caught:
        uv.builder(seconds=0.3).build(model_with(tmp_path / "model", "numpy"), Environment.MODEL)
    assert caught.value.reason is ReasonCode.DEADLINE_EXCEEDED


@pytest.mark.slow
def test_without_uv_pip_builds_with_the_same_rules(tmp_path: Path) -> None:
    """A real virtual environment; its pip is given an index that has nothing."""
    (tmp_path / "nothing").mkdir()
    builder = EnvironmentBuilder(
        tmp_path / "cache",
        installer=Installer(
            uv=None, variables={"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(tmp_path / "nothing")}
        ),
        log=lambda _: None,
        deadline=Unlimited(),
    )
    with pytest.raises(ModelProblem, match="No matching distribution found"):
        builder.build(model_with(tmp_path / "model", "numpy"), Environment.MODEL)


def test_of_the_environment_only_what_finds_packages_is_kept(tmp_path: Path) -> None:
    program = tmp_path / "uv"
    program.touch(mode=0o700)
    given = {
        "PATH": str(tmp_path),
        "UV_INDEX_URL": "u",
        "UV_INDEX_PRIVATE_PASSWORD": "i",
        "UV_COMPILE_BYTECODE": "1",
        "UV_PYTHON": "/tmp/python",
        "PIP_PYTHON": "/tmp/python",
        "UV_PUBLISH_TOKEN": "secret",
        "UV_PUBLISH_PASSWORD": "secret",
        "PIP_INDEX_URL": "p",
        "SSL_CERT_FILE": "c",
        "HTTPS_PROXY": "h",
        "GITHUB_TOKEN": "secret",
        "MLFLOW_TRACKING_PASSWORD": "secret",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "secret",
        "GITHUB_ENV": "secret",
        "INPUT_GITHUB-TOKEN": "secret",
        "PYTHONPATH": "secret",
        "LD_PRELOAD": "secret",
    }
    found = find_installer(given, beside=tmp_path / "nowhere" / "python")
    assert found.uv == program
    kept = ["HTTPS_PROXY", "PIP_INDEX_URL", "SSL_CERT_FILE", "UV_INDEX_PRIVATE_PASSWORD", "UV_INDEX_URL"]
    assert sorted(found.variables) == kept
    assert find_installer({"PATH": os.devnull}, beside=tmp_path / "nowhere" / "python").uv is None


SECRET = "s3cr3t-t0ken/+="
WORD = "s3cr3t-t0ken"


def failing(uv: FakeUv, model: Path, *, says: str, variables: dict[str, str]) -> str:
    """What is told of a build whose installer says so."""
    uv.say(says)
    with pytest.raises(PromoterError) as caught:
        uv.builder(variables=variables).build(model_with(model, "numpy"), Environment.MODEL)
    return str(caught.value)


@pytest.mark.parametrize(
    ("variables", "says"),
    [
        ({"UV_INDEX_URL": f"https://{WORD}@index.example.com/simple"}, "{UV_INDEX_URL}/numpy/"),
        ({"UV_INDEX_URL": f"https://me:{WORD}@index.example.com/simple"}, "401 of `{UV_INDEX_URL}`"),
        ({"UV_INDEX_URL": f"https://me:{WORD}@index.example.com/simple"}, f"bad credentials me:{WORD}"),
        ({"PIP_INDEX_URL": f"https://me:a@{WORD}@index.example.com/simple"}, "{PIP_INDEX_URL}"),
        ({"PIP_INDEX_URL": f"https://me:{WORD}%2F%2B@index.example.com/"}, f"user me, password {WORD}/+"),
        ({"UV_INDEX": f"one=https://a.example.com/{WORD} two=https://b.example.com/?t={WORD}"}, "{UV_INDEX}"),
        ({"UV_INDEX_ONE_PASSWORD": WORD}, f"Authorization: Bearer {WORD}, twice: {WORD}"),
        ({"UV_INDEX_ONE_PASSWORD": SECRET}, f"sent {SECRET}"),
        ({"HTTPS_PROXY": f"socks5h://me:{WORD}@proxy.example.com:1080"}, "proxy {HTTPS_PROXY} refused"),
        ({"HTTPS_PROXY": f"me:{WORD}@proxy.example.com:1080"}, "proxy {HTTPS_PROXY} refused"),
        ({}, f"https://files.example.com/numpy.whl?X-Amz-Signature={WORD}#sha256=0"),
        ({}, f"HTTPS://me:{WORD}@files.example.com/{WORD}/x (from https://b.example.com/{WORD})"),
        ({"HTTPS_PROXY": f"me:{WORD}@proxy.example.com:1080"}, f"407: {WORD} is not known"),
        ({"PIP_FIND_LINKS": f"git+ssh://{WORD}@git.example.com/x"}, "cannot use {PIP_FIND_LINKS}"),
    ],
)
def test_nothing_by_which_an_index_knows_us_is_told(
    variables: dict[str, str], says: str, uv: FakeUv, tmp_path: Path
) -> None:
    told = failing(uv, tmp_path / "model", says=says.format(**variables), variables=variables)
    assert WORD not in told
    assert SECRET not in told
    assert "***" in told or "example.com/..." in told or "example.com:1080/..." in told


def test_what_helps_is_still_told(uv: FakeUv, tmp_path: Path) -> None:
    """The host, the package, a path, and what is shorter than any secret."""
    told = failing(
        uv,
        tmp_path / "model",
        says="no numpy==9 at https://me:pw-of-mine@index.example.com:8443/simple/numpy/; "
        "read /etc/ssl/ca.pem in 15 s",
        variables={
            "UV_INDEX_URL": "https://me:pw-of-mine@index.example.com:8443/simple",
            "SSL_CERT_FILE": "/etc/ssl/ca.pem",
            "UV_HTTP_TIMEOUT": "15",
        },
    )
    assert "no numpy==9 at https://index.example.com:8443/... read /etc/ssl/ca.pem in 15 s" in told.replace(
        "\\x3a", ":"
    )


@given(st.text(alphabet="abcXYZ0189-_.~!$&'()*+,;=%", min_size=4, max_size=24))
def test_a_password_is_told_in_none_of_the_ways_it_is_written(password: str) -> None:
    """By itself, in an address, quoted, unquoted."""
    quoted = quote(password, safe="")
    variables = {"UV_INDEX_URL": f"https://somebody:{quoted}@index.example.com/simple"}
    for said in (password, quoted, unquote(quoted), f"https://somebody:{quoted}@index.example.com/x"):
        left = without_secrets(f"<{said}>", variables)
        assert password not in left.replace("***", ""), said
