"""The release's shell scripts, with programs on the path that play `docker` and `gh` and keep their words."""

from __future__ import annotations

import os
import shlex
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DIGEST, OTHER = "sha256:" + "a" * 64, "sha256:" + "b" * 64
IMAGE = "ghcr.io/acme/promoter"


@dataclass(frozen=True, kw_only=True)
class Outcome:
    status: int
    said: str
    calls: list[str]


@dataclass(frozen=True, kw_only=True)
class Machine:
    """A folder for the program that is played, and for the files that a script writes."""

    folder: Path

    def run(self, script: str, *arguments: str, plays: str, body: str) -> Outcome:
        """Run a script where the program `plays` is the shell text `body`; `$WORDS` are its arguments."""
        program = self.folder / "bin" / plays
        program.parent.mkdir(exist_ok=True)
        log = shlex.quote(str(self.folder / "calls"))
        head = f"#!/bin/bash\nWORDS=\"$*\"\nprintf '%s\\n' \"${{WORDS%%$'\\n'*}}\" >>{log}\n"
        program.write_text(head + body, encoding="utf-8")
        program.chmod(0o755)
        done = subprocess.run(
            [ROOT / "scripts" / script, *arguments],
            cwd=self.folder,
            env={"PATH": f"{program.parent}:{os.defpath}", "STATE": str(self.folder / "state")},
            capture_output=True,
            text=True,
            check=False,
        )
        calls = (self.folder / "calls").read_text(encoding="utf-8").splitlines()
        return Outcome(status=done.returncode, said=done.stdout + done.stderr, calls=calls)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(folder=tmp_path)


# --- what was pushed is tried ---------------------------------------------------------------------

WITH_SBOM = """case $WORDS in
  run*) exit 0 ;;
  *amd64*) echo '{"spdxVersion":"SPDX-2.3","name":"amd64"}' ;;
  *arm64*) echo '{"spdxVersion":"SPDX-2.3","name":"arm64"}' ;;
esac
"""


def test_an_image_is_run_and_listed_on_each_platform(machine: Machine) -> None:
    done = machine.run(
        "release_image.sh", f"{IMAGE}@{DIGEST}", "sboms/promoter-1.2.3", plays="docker", body=WITH_SBOM
    )
    assert (done.status, done.said) == (0, "")
    kinds = [call.split()[0] + (" arm64" if "arm64" in call else " amd64") for call in done.calls]
    assert kinds == ["run amd64", "buildx amd64", "run arm64", "buildx arm64"]
    assert all(f"{IMAGE}@{DIGEST}" in call for call in done.calls)
    assert all("--network none" in call for call in done.calls if call.startswith("run"))
    written = {path.name: path.read_text() for path in (machine.folder / "sboms").iterdir()}
    assert written == {
        f"promoter-1.2.3-linux-{arch}.spdx.json": f'{{"spdxVersion":"SPDX-2.3","name":"{arch}"}}\n'
        for arch in ("amd64", "arm64")
    }


def test_an_image_that_does_not_start_ends_the_release(machine: Machine) -> None:
    body = WITH_SBOM.replace("run*)", "run*arm64*) exit 7 ;;\n  run*)")
    done = machine.run("release_image.sh", f"{IMAGE}@{DIGEST}", "sboms/promoter", plays="docker", body=body)
    assert done.status == 7


def test_an_image_without_an_sbom_ends_the_release(machine: Machine) -> None:
    body = "case $WORDS in run*) exit 0 ;; *) echo null ;; esac\n"
    done = machine.run("release_image.sh", f"{IMAGE}@{DIGEST}", "sboms/promoter", plays="docker", body=body)
    assert (done.status, done.said) == (1, f"release: {IMAGE}@{DIGEST} has no SBOM for linux/amd64\n")


@pytest.mark.parametrize(("size", "status"), [(16 * 1024 * 1024, 0), (16 * 1024 * 1024 + 1, 1)])
def test_an_sbom_that_cannot_be_attested_ends_the_release_before_anything_is(
    machine: Machine, size: int, status: int
) -> None:
    start = '{"spdxVersion":""}'
    body = f"case $WORDS in run*) exit 0 ;; *) printf '%-{size}s' '{start}' ;; esac\n"
    done = machine.run("release_image.sh", f"{IMAGE}@{DIGEST}", "sboms/promoter", plays="docker", body=body)
    assert done.status == status
    assert ("at most 16777216 can be attested" in done.said) == bool(status)


# --- names of images ------------------------------------------------------------------------------

REGISTRY = f"""case $WORDS in
  *inspect*) cat "$STATE" 2>/dev/null || {{ echo "ERROR: {IMAGE}:1.2.3: not found" >&2; exit 1; }} ;;
  *create*) echo {DIGEST} >"$STATE" ;;
esac
"""


def test_an_image_gets_its_name_and_the_name_is_looked_at(machine: Machine) -> None:
    done = machine.run("release_name.sh", IMAGE, DIGEST, "1.2.3", plays="docker", body=REGISTRY)
    assert (done.status, done.said) == (0, "")
    assert done.calls[1] == f"buildx imagetools create --tag {IMAGE}:1.2.3 {IMAGE}@{DIGEST}"
    assert [call.split()[2] for call in done.calls] == ["inspect", "create", "inspect"]


def test_a_name_that_is_right_already_is_let_be(machine: Machine) -> None:
    (machine.folder / "state").write_text(f"{DIGEST}\n", encoding="utf-8")
    done = machine.run("release_name.sh", IMAGE, DIGEST, "1.2.3", plays="docker", body=REGISTRY)
    assert (done.status, len(done.calls)) == (0, 1)


def test_a_name_of_another_image_is_never_moved(machine: Machine) -> None:
    (machine.folder / "state").write_text(f"{OTHER}\n", encoding="utf-8")
    done = machine.run("release_name.sh", IMAGE, DIGEST, "1.2.3", plays="docker", body=REGISTRY)
    assert (done.status, len(done.calls)) == (1, 1)
    assert f"{IMAGE}:1.2.3 is {OTHER} already" in done.said


@pytest.mark.parametrize(
    "words",
    [
        "ERROR: unexpected status from HEAD request to https://ghcr.io/v2/a/manifests/1.2.3: 503 Busy",
        "ERROR: unexpected status from HEAD request to https://ghcr.io/v2/a/manifests/1.2.3: 401 No",
        "ERROR: failed to fetch anonymous token: unexpected status from GET request: 404 Not Found",
        "ERROR: error getting credentials - err: exec: docker-credential-gone: executable file not found",
        f"ERROR: {IMAGE}:1.2.4: not found",
        "",
    ],
)
def test_a_name_of_which_nothing_is_known_is_never_moved(machine: Machine, words: str) -> None:
    body = f"echo {shlex.quote(words)} >&2\nexit 1\n"
    done = machine.run("release_name.sh", IMAGE, DIGEST, "1.2.3", plays="docker", body=body)
    assert (done.status, len(done.calls)) == (1, 1)
    assert words in done.said
    assert f"whether {IMAGE}:1.2.3 is there already is not known" in done.said


def test_a_registry_that_knows_no_such_manifest_lets_the_name_be_given(machine: Machine) -> None:
    body = REGISTRY.replace(f"{IMAGE}:1.2.3: not found", "manifest unknown: manifest unknown")
    done = machine.run("release_name.sh", IMAGE, DIGEST, "1.2.3", plays="docker", body=body)
    assert (done.status, len(done.calls)) == (0, 3)


def test_a_name_that_became_something_else_is_told(machine: Machine) -> None:
    body = REGISTRY.replace(f"echo {DIGEST}", f"echo {OTHER}")
    done = machine.run("release_name.sh", IMAGE, DIGEST, "1.2.3", plays="docker", body=body)
    assert done.status == 1
    assert f"became {OTHER}, not {DIGEST}" in done.said


# --- GitHub's release -----------------------------------------------------------------------------


def published(machine: Machine, *, view: str) -> Outcome:
    body = f"case $WORDS in *view*) {view} ;; esac\n"
    return machine.run(
        "release_publish.sh", "v1.2.3", "notes.md", "SHA256SUMS", "a b.whl", plays="gh", body=body
    )


CREATED = "release create v1.2.3 --verify-tag --draft --title v1.2.3 --notes-file notes.md SHA256SUMS a b.whl"


def test_a_release_is_drafted_with_all_its_files_and_then_published(machine: Machine) -> None:
    done = published(machine, view="echo 'release not found' >&2; exit 1")
    assert done.status == 0
    assert done.calls[1:] == [CREATED, "release edit v1.2.3 --draft=false"]


def test_a_draft_of_a_run_that_broke_off_is_made_anew_and_the_tag_stays(machine: Machine) -> None:
    done = published(machine, view="echo true")
    assert done.status == 0
    assert done.calls[1:] == ["release delete v1.2.3 --yes", CREATED, "release edit v1.2.3 --draft=false"]


def test_a_published_release_is_left_as_it_is(machine: Machine) -> None:
    done = published(machine, view="echo false")
    assert (done.status, done.said, len(done.calls)) == (0, "release: v1.2.3 is published already\n", 1)


@pytest.mark.parametrize(
    "words", ["HTTP 502: Bad Gateway (https://api.github.com/repos/a)", "HTTP 404: Not Found", ""]
)
def test_a_release_of_which_nothing_is_known_is_not_made(machine: Machine, words: str) -> None:
    done = published(machine, view=f"echo {shlex.quote(words)} >&2; exit 1")
    assert (done.status, len(done.calls)) == (1, 1)
    assert words in done.said
    assert "whether v1.2.3 is published already is not known" in done.said
