"""The parts of a release that are made of text: version, notes, pinned action, checksums, SBOM."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from scripts.release_checksums import checksums
from scripts.release_notes import is_released, is_unreleased_empty, notes, page, strange_headings
from scripts.release_pin import pinned
from scripts.release_sbom import IMAGE, LOCK, components, document
from scripts.release_version import declared_version, disagreements, version_of
from tests.unit.test_project import pins

ROOT = Path(__file__).parents[2]
PROJECT = '[project]\nname = "promoter"\nversion = "1.2.3"\n'
CHANGELOG = """# Changelog

## [Unreleased]

## [1.2.3] - 2026-11-22

### Added

- A thing.

## [1.2.2] - 2026-10-01

- Another.

[1.2.3]: https://example.com/1.2.3
"""
LATE = CHANGELOG.replace("[Unreleased]\n", "[Unreleased]\n\n- Late.\n")
DIGEST = "sha256:" + "ab" * 32
REFERENCE = f"ghcr.io/acme/promoter@{DIGEST}"
TOOLS = Path(sys.executable).parent
# Other environments run these tests too (docs/compatibility.md), without what builds and lints.
IN_DEVELOPMENT = pytest.mark.skipif(not (TOOLS / "check-jsonschema").exists(), reason="needs `make install`")
HASH = "--hash=sha256:" + "0" * 64

# --- version --------------------------------------------------------------------------------------


def test_a_source_tag_says_the_version() -> None:
    assert version_of("source/v1.20.3") == "1.20.3"


@pytest.mark.parametrize(
    "tag",
    [
        "v1.2.3",
        "1.2.3",
        "source/1.2.3",
        "source/v1.2",
        "source/v1.2.3-rc.1",
        "source/v01.2.3",
        "source/v1.2.3\n",
        "source/v1.2.3.4",
        "source/v\u0661.2.3",
        "",
    ],
)
def test_any_other_tag_starts_no_release(tag: str) -> None:
    with pytest.raises(SystemExit, match=r"starts from a tag like source/v1\.2\.3"):
        version_of(tag)


def test_a_version_that_everything_agrees_on() -> None:
    assert list(disagreements("1.2.3", project=PROJECT, changelog=CHANGELOG)) == []


@pytest.mark.parametrize(
    ("version", "project", "changelog", "said"),
    [
        ("1.2.3", PROJECT.replace("1.2.3", "1.2.4"), CHANGELOG, "pyproject.toml says 1.2.4, not 1.2.3"),
        ("1.2.3", PROJECT, CHANGELOG.replace("[1.2.3] -", "[1.2.9] -"), "no line `## [1.2.3] - YYYY-MM-DD`"),
        ("1.2.3", PROJECT, CHANGELOG.replace(" - 2026-11-22", ""), "no line `## [1.2.3] - YYYY-MM-DD`"),
        ("1.2.3", PROJECT, LATE, "move them to [1.2.3]"),
        ("1.2.3", PROJECT, CHANGELOG + "\n## Unreleased\n\n- Lost.\n", "the heading `## Unreleased`"),
        ("1.2.3", PROJECT, CHANGELOG + "\n## [unreleased]\n\n- Lost.\n", "the heading `## [unreleased]`"),
        ("1.2.3", PROJECT, CHANGELOG + "\n## [Unreleased]\n", "the heading `## [Unreleased]`"),
        ("1.2.3", PROJECT, CHANGELOG + "\n##[1.2.1] - 2026-09-01\n", "the heading `##[1.2.1] - 2026-09-01`"),
        ("1.2.3", PROJECT, CHANGELOG.replace("10-01", "02-30"), "the heading `## [1.2.2] - 2026-02-30`"),
        (
            "1.2.3",
            PROJECT,
            CHANGELOG + "\n## [1.2.2] - 2026-10-02\n",
            "the heading `## [1.2.2] - 2026-10-02`",
        ),
        (
            "1.2.3rc1",
            PROJECT.replace("1.2.3", "1.2.3rc1"),
            CHANGELOG.replace("[1.2.3] ", "[1.2.3rc1] "),
            "is no version",
        ),
    ],
)
def test_each_disagreement_is_told(version: str, project: str, changelog: str, said: str) -> None:
    found, *more = disagreements(version, project=project, changelog=changelog)
    assert said in found
    # A heading without its date is both: not the version's, and of no form.
    assert [one for one in more if "has the heading" not in one] == []


def test_a_date_that_is_in_no_calendar_is_no_release() -> None:
    changelog = CHANGELOG.replace("2026-11-22", "2026-99-99")
    missing, strange = disagreements("1.2.3", project=PROJECT, changelog=changelog)
    assert "no line `## [1.2.3] - YYYY-MM-DD`" in missing
    assert "the heading `## [1.2.3] - 2026-99-99`" in strange


def test_a_version_that_is_out_already_is_told_before_anything_is_built() -> None:
    tags = {"v1.2.2", "v1.2.30", "source/v1.2.3"}
    assert list(disagreements("1.2.3", project=PROJECT, changelog=CHANGELOG, tags=tags)) == []
    (said,) = disagreements("1.2.3", project=PROJECT, changelog=CHANGELOG, tags={*tags, "v1.2.3"})
    assert "the tag v1.2.3 is there already" in said


def test_our_own_changelog_has_the_form_that_is_read() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    version = declared_version((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    headings = re.findall(r"^## (.*)$", changelog, re.MULTILINE)
    assert headings[0] == "[Unreleased]"
    assert strange_headings(changelog) == []
    assert is_released(changelog, version) or notes(changelog, "Unreleased")


# --- notes ----------------------------------------------------------------------------------------


def test_the_notes_are_what_stands_under_the_version() -> None:
    assert notes(CHANGELOG, "1.2.3") == "### Added\n\n- A thing.\n"
    assert notes(CHANGELOG, "1.2.2") == "- Another.\n"


@pytest.mark.parametrize(
    ("changelog", "version", "said"),
    [
        (CHANGELOG, "1.2", "0 headings"),
        (CHANGELOG + "\n## [1.2.3] - 2026-11-23\n\n- Twice.\n", "1.2.3", "2 headings"),
        (CHANGELOG, "Unreleased", "says nothing under"),
    ],
)
def test_notes_that_cannot_be_cut_are_refused(changelog: str, version: str, said: str) -> None:
    with pytest.raises(SystemExit, match=said):
        notes(changelog, version)


def test_what_waits_is_seen() -> None:
    assert is_unreleased_empty(CHANGELOG)
    assert is_unreleased_empty(CHANGELOG.replace("## [Unreleased]\n\n", ""))
    assert not is_unreleased_empty(LATE)


def test_the_page_says_how_to_pin_each_action() -> None:
    images = {"promoter": REFERENCE, "promoter-spark": f"ghcr.io/acme/promoter-spark@{DIGEST}"}
    text = page("1.2.3", repository="Acme/promoter", commit="c" * 40, images=images, changes="- A thing.\n")
    assert text.splitlines()[2:6] == [
        "```yaml",
        f"uses: Acme/promoter@{'c' * 40} # v1.2.3",
        f"uses: Acme/promoter/promoter-spark@{'c' * 40} # v1.2.3",
        "```",
    ]
    assert f"| `promoter-spark` | `ghcr.io/acme/promoter-spark@{DIGEST}` |" in text
    assert text.endswith("\n- A thing.\n")


# --- the pinned action ----------------------------------------------------------------------------


def action() -> str:
    return (ROOT / "action.yml").read_text(encoding="utf-8")


def test_pinning_changes_one_line() -> None:
    before, after = action().splitlines(), pinned(action(), REFERENCE).splitlines()
    changed = [(old, new) for old, new in zip(before, after, strict=True) if old != new]
    assert changed == [("  image: Dockerfile", f"  image: docker://{REFERENCE}")]


def test_a_pinned_action_is_the_same_action() -> None:
    before, after = yaml.safe_load(action()), yaml.safe_load(pinned(action(), REFERENCE))
    assert after["runs"] == {"using": "docker", "image": f"docker://{REFERENCE}"}
    assert {**after, "runs": before["runs"]} == before


@pytest.mark.parametrize("host", ["ghcr.io", "registry.example.com:5000", "localhost:5000"])
def test_a_registry_is_a_name_with_a_dot_or_a_port(host: str) -> None:
    assert f"image: docker://{host}/promoter@{DIGEST}" in pinned(action(), f"{host}/promoter@{DIGEST}")


@IN_DEVELOPMENT
def test_a_pinned_action_fits_the_schema_and_the_linter(tmp_path: Path) -> None:
    target = tmp_path / "action.yml"
    target.write_text(pinned(action(), REFERENCE), encoding="utf-8")
    schema: list[str | Path] = [TOOLS / "check-jsonschema", "--builtin-schema", "vendor.github-actions"]
    linter: list[str | Path] = [TOOLS / "zizmor", "--quiet", "--offline", "--strict-collection"]
    for command in ([*schema, target], [*linter, "--persona", "pedantic", target]):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, ""), done.stdout


@pytest.mark.parametrize(
    "image",
    [
        "ghcr.io/acme/promoter:1.2.3",
        f"ghcr.io/acme/promoter:1.2.3@{DIGEST}",
        "ghcr.io/acme/promoter@sha256:abc",
        f"ghcr.io/acme/promoter@{DIGEST}0",
        f"ghcr.io/acme/promoter@{DIGEST.upper()}",
        f"ghcr.io/Acme/promoter@{DIGEST}",
        f"ghcr.io/acme/promoter@{DIGEST}\n",
        f"ghcr.io/acme/promoter@sha512:{'ab' * 32}",
        f"docker://ghcr.io/acme/promoter@{DIGEST}",
        f"promoter@{DIGEST}",
        f"acme/promoter@{DIGEST}",
        f"localhost/promoter@{DIGEST}",
        DIGEST,
        "",
    ],
)
def test_only_an_image_by_digest_is_pinned(image: str) -> None:
    with pytest.raises(SystemExit, match="is no image by digest"):
        pinned(action(), image)


@pytest.mark.parametrize(
    "text",
    [
        pinned(action(), REFERENCE),
        action() + "\n  image: Dockerfile\n",
        action().replace("  image: Dockerfile", "  image: Dockerfile.spark"),
        action().replace("  image: Dockerfile\n", ""),
    ],
    ids=["pinned already", "twice", "another file", "none"],
)
def test_an_action_that_does_not_build_from_the_dockerfile_is_refused(text: str) -> None:
    with pytest.raises(SystemExit, match="has to say `image: Dockerfile` once"):
        pinned(text, REFERENCE)


# --- checksums ------------------------------------------------------------------------------------


def test_checksums_are_what_sha256sum_checks(tmp_path: Path) -> None:
    files = [tmp_path / name for name in ("b.whl", "a.tar.gz")]
    for file in files:
        file.write_bytes(file.name.encode())
    (tmp_path / "SHA256SUMS").write_text(checksums(files), encoding="utf-8")
    command = ["sha256sum", "--check", "--strict", "SHA256SUMS"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.stdout.splitlines() == ["a.tar.gz: OK", "b.whl: OK"]
    files[0].write_bytes(b"other")
    assert subprocess.run(command, cwd=tmp_path, capture_output=True, check=False).returncode == 1


def test_two_files_of_one_name_are_refused(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    files = [tmp_path / "a", tmp_path / "other" / "a"]
    for file in files:
        file.touch()
    with pytest.raises(SystemExit, match="several files are called a"):
        checksums(files)


# --- what is in the image -------------------------------------------------------------------------


def test_the_sbom_has_every_package_that_linux_installs() -> None:
    found = {one["name"]: one["version"] for one in components(LOCK.read_text(encoding="utf-8"), IMAGE)}
    locked = pins("image")
    assert locked.keys() - found.keys() == {"tzdata"}  # for Windows and Emscripten alone
    assert all(version in locked[name] for name, version in found.items())


def test_one_version_of_a_package_is_taken_the_one_for_this_python() -> None:
    older, newer = (f"; python_full_version {sign} '3.12' \\\n    {HASH}\n" for sign in ("<", ">="))
    lock = f"a==1 {older}a==2 {newer}"
    assert [one["purl"] for one in components(lock, IMAGE)] == ["pkg:pypi/a@2"]
    before = {**IMAGE, "python_full_version": "3.11.9"}
    assert [one["purl"] for one in components(lock, before)] == ["pkg:pypi/a@1"]


def test_names_are_written_as_package_urls_have_them() -> None:
    (one,) = components(f"Ruamel.Yaml_x==1.0 \\\n    {HASH}\n", IMAGE)
    assert (one["name"], one["purl"]) == ("Ruamel.Yaml_x", "pkg:pypi/ruamel-yaml-x@1.0")
    assert one["properties"] == [{"name": "promoter:accepted-sha256", "value": "0" * 64}]


@pytest.mark.parametrize(("lock", "said"), [("a==1\n", "a has no hash"), ("# nothing\n", "names no package")])
def test_a_lock_that_says_too_little_is_refused(lock: str, said: str) -> None:
    with pytest.raises(SystemExit, match=said):
        document(lock, version="1.2.3", epoch=0)


def test_the_document_is_the_same_each_time_and_names_each_package_once() -> None:
    lock = LOCK.read_text(encoding="utf-8")
    text = document(lock, version="1.2.3", epoch=1_700_000_000)
    assert document(lock, version="1.2.3", epoch=1_700_000_000) == text
    assert document(lock, version="1.2.4", epoch=1_700_000_000) != text
    read = json.loads(text)
    assert (read["bomFormat"], read["specVersion"], read["metadata"]["timestamp"]) == (
        "CycloneDX", "1.6", "2023-11-14T22:13:20Z",
    )  # fmt: skip
    references = [one["bom-ref"] for one in read["components"]]
    assert len(set(references)) == len(references)
    assert read["dependencies"] == [{"ref": "promoter", "dependsOn": references}]
