"""T26 to T38: no file in a pull request is more than what it asks for, and none costs more than a moment."""

from __future__ import annotations

import gc
import os
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice

import pytest
from jsonschema import Draft7Validator

from promoter.commands.validate import validate
from promoter.core.policy_file import parse_policy
from promoter.core.request_file import parse_request
from promoter.core.schema import FileKind, schema
from promoter.errors import PromoterError, ReasonCode
from tests.corpus_files import corpus_files
from tests.fakes.github import Irregular
from tests.fakes.team import REQUEST, Team, request
from tests.trust.mutants import mutants
from tests.yaml_1_2 import as_an_editor

# `make test-hostile` asks for 100,000
FILES = int(os.environ.get("PROMOTER_FUZZ_FILES", "10000"))
BATCHES = 10
HOW_LONG = 0.25  # seconds of this process, for the worst of all
MOST_MEMORY = 64 * 1024  # KiB
SMALLEST = b"model: churn\nalias: champion\nversion: 7\n"
VALIDATOR = Draft7Validator(schema(FileKind.REQUEST))


def outcome(data: bytes) -> bool:
    """Whether it is a request; a refusal names problems, and nothing else is ever raised."""
    try:
        read = parse_request(data, path="f.yaml")
    except PromoterError as error:
        refusal = (error.reason, bool(error.problems))
    else:
        assert f"{read.model}{read.alias}{read.version}".isascii()
        assert VALIDATOR.is_valid(as_an_editor(data)), data
        return True
    assert refusal == (ReasonCode.REQUEST_INVALID, True), data
    return False


@contextmanager
def unswept() -> Iterator[None]:
    """Without the collector, which would look through all that the whole suite has made."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def refused(data: bytes) -> None:
    assert not outcome(data), data


@pytest.mark.parametrize("batch", range(BATCHES))
def test_t28_whatever_is_done_to_a_request_it_is_read_or_refused_quickly(batch: int) -> None:
    files = [file.read_bytes() for kind in ("valid", "invalid") for file in corpus_files("request", kind)]
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    taken: list[float] = []
    accepted = 0
    with unswept():
        for data in islice(mutants(files, seed=batch), FILES // BATCHES):
            started = time.process_time()
            accepted += outcome(data)
            taken.append(time.process_time() - started)
    taken.sort()
    assert taken[int(len(taken) * 0.99)] < HOW_LONG / 5
    assert taken[-1] < HOW_LONG
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < MOST_MEMORY
    assert 0.01 < accepted / len(taken) < 0.9, "mutants that are all refused, or all taken, show nothing"


# --- T26: keys ------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", ["version", '"version"', "'version'", '"\\x76ersion"', "? version\n"])
def test_t26_a_key_is_said_once_however_it_is_written(key: str) -> None:
    second = f"{key}: 8\n"
    refused(SMALLEST + second.encode())
    refused(second.encode() + SMALLEST)


# --- T27: bombs -----------------------------------------------------------------------------------

BOMBS = {
    "alias bomb": b"a: &a [x, x]\n"
    + b"".join(b"%c: &%c [*%c, *%c]\n" % (c + 1, c + 1, c, c) for c in range(97, 121)),
    "dense": b"{" + b",".join(b"k%d: 0" % n for n in range(8000)) + b"}",
    "flow": b"[" * 32_000,
    "block": b"".join(b" " * n + b"a:\n" for n in range(350)),
    "flat": b"- \n" * 20_000,
    "long scalar": b"model: " + b"x" * 65_000,
    "quotes": b'model: "' + b"\\U0001F600" * 6_000 + b'"',
    "comments": b"#\n" * 32_000,
    "keys without values": b"? " * 30_000,
    "tags": b"!!str " * 10_000,
    "documents": b"---\n" * 16_000,
    "over 64 KiB": SMALLEST + b"#" * 70_000,
}


TIMED = """
import resource, sys, time
from promoter.core.request_file import parse_request
from promoter.errors import PromoterError
bomb = sys.stdin.buffer.read()
before, started = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
try:
    parse_request(bomb, path="f.yaml")
except PromoterError:
    taken = time.process_time() - started
    print(taken, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


@pytest.mark.parametrize("bomb", BOMBS.values(), ids=BOMBS.keys())
def test_t27_a_bomb_is_refused_within_a_quarter_of_a_second(bomb: bytes) -> None:
    refused(bomb)
    # In a process of its own, where nothing traces lines to measure what tests cover.
    done = subprocess.run([sys.executable, "-c", TIMED], input=bomb, capture_output=True, check=True)
    taken, memory = map(float, done.stdout.split())
    assert taken < HOW_LONG
    assert memory < MOST_MEMORY


# --- T29, T30, T31: scalars -----------------------------------------------------------------------

# What one YAML or another, or MLflow itself, takes for a version although nobody would read 7.
NOT_SEVEN = (
    *("07", "007", "+7", "-7", "7.0", "7.", "7e0", "0.7e1", "0x7", "0o7", "0b111", "1_0", "1,000", "1:30"),
    *("7 8", "7\u00a0", "\u0667", "\uff17", "\u2077", "VII", "seven", "no", "yes", "on", "off", "y", "n"),
    *("true", "False", "null", "~", "", "Null", ".inf", "-.inf", ".nan", ".NaN", "1e400", "1.0e+400"),
    *("2024-01-01", "2024-99-99", "2024-01-01T00:00:00Z", "12:30:45", "190:20:30", "=", "<<", "0", "00"),
    *("-0", "99999999999", "1" * 400, "latest", "v7", "Champion", "7\u200b", "\u202e7", "7 # x", "'07'"),
    *(
        '"7\\n"',
        '"7\\0"',
        '" 7"',
        '"7 "',
        "!!int 7",
        "!!str 7",
        "[7]",
        "{7: 7}",
        "*seven",
        "&seven 7",
        "|\n  7",
    ),
    *("'7' 7", "'", "@7", "`7`", "%7", "7:", "- 7"),
)
SEVEN = ("7", "'7'", '"7"', '"\\x37"', "7 # a comment", "  7")


@pytest.mark.parametrize("version", [text for text in NOT_SEVEN if text != "7 # x"])
def test_t29_what_is_no_plain_number_is_no_version(version: str) -> None:
    refused(f"model: churn\nalias: champion\nversion: {version}\n".encode())


@pytest.mark.parametrize("version", SEVEN)
def test_t29_seven_is_seven_however_it_is_quoted(version: str) -> None:
    data = f"model: churn\nalias: champion\nversion: {version}\n".encode()
    assert parse_request(data, path="f.yaml").version == "7"


@pytest.mark.parametrize("key", ["model", "alias", "version"])
def test_t30_names_hold_no_character_outside_of_ascii(key: str) -> None:
    """One of every category, and letters that look like ours, as they are and escaped in quotes."""
    strange = "\x01\x7f\x85\xa0\xad\u0430\u0455\u0501\u03bf\u04cf\u0660\u1160\u200b\u200e\u2028\u202e\u2066"
    for char in f"{strange}\ufe0f\ufeff\uff41\uff17\ufffd\ue000\U0001d41a\U000e0041\U0001f600":
        for written in (f'"7{char}"', f'"{char}7"', f"7{char}", f'"7\\U{ord(char):08x}"'):
            values = {"model": "churn", "alias": "champion", "version": "7", key: written}
            refused("".join(f"{name}: {value}\n" for name, value in values.items()).encode())


# --- T32, T34, T37 --------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["120000", "100755", "160000"])
@pytest.mark.parametrize("content", [request("7"), b"/etc/passwd", b"../../.github/promotion-policy.yaml"])
def test_t32_a_request_that_is_no_regular_file_is_refused_and_not_followed(
    team: Team, mode: str, content: bytes
) -> None:
    entry = Irregular(mode=mode, content=b"a" * 40 if mode == "160000" else content)
    team.propose(12, {REQUEST: entry})
    report = validate(team.validate_world(), team.change())
    assert report.reason is ReasonCode.REQUEST_INVALID
    assert report.problems


def test_t32_a_pointer_to_a_large_file_is_no_request(team: Team) -> None:
    pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"0" * 64 + b"\nsize 42\n"
    team.propose(12, {REQUEST: pointer})
    assert validate(team.validate_world(), team.change()).reason is ReasonCode.REQUEST_INVALID


ELSEWHERE = (
    *("tracking_uri", "tracking-uri", "registry_uri", "artifact_uri", "MLFLOW_TRACKING_URI", "uri", "url"),
    *("headers", "token", "host", "source", "run_id", "policy", "checks", "evaluation", "data", "command"),
    *("env", "image", "approvals", "mode", "on_missing_champion", "custom", "environment", "args", "script"),
)


@pytest.mark.parametrize("key", ELSEWHERE)
def test_t34_a_request_says_nothing_of_where_or_how(key: str) -> None:
    refused(SMALLEST + f"{key}: http://169.254.169.254/\n".encode())
    refused(SMALLEST + f"{key.upper()}: x\n".encode())


@pytest.mark.parametrize(
    "data",
    [
        SMALLEST + b"---\n" + SMALLEST,
        SMALLEST + b"...\n---\nmodel: fraud\n",
        b"%TAG ! tag:x,2000:\n---\n" + SMALLEST,
        b"!!map {model: churn, alias: champion, version: 7}\n",
        SMALLEST.replace(b"7", b"!!python/object/apply:os.system [id]"),
        SMALLEST.replace(b"7", b"!!binary Nw=="),
        SMALLEST.replace(b"7", b"!<tag:yaml.org,2002:int> 7"),
    ],
)
def test_t37_one_document_without_tags(data: bytes) -> None:
    refused(data)


# --- T33: where data and files of a check may lie --------------------------------------------------

OUTSIDE = (
    *("../x.csv", "a/../../x.csv", "/etc/x.csv", "~/x.csv", "..\\x.csv", "file:///x.csv", "http://x/x.csv"),
    *(
        "a/..",
        "..",
        "//host/x.csv",
        "C:/x.csv",
        "data/\\0x.csv",
        "https://169.254.169.254/x.csv",
        "s3:/x.csv",
    ),
)


@pytest.mark.parametrize("path", OUTSIDE)
def test_t33_data_outside_of_the_repository_and_its_stores_is_refused_with_the_policy(path: str) -> None:
    text = f"""\
version: 1
models:
  - match: churn
    aliases: [champion]
    task: binary_classification
    evaluation: {{source: inference, data: "{path}", target: churn, positive_label: "Yes"}}
    checks: {{metrics: [{{name: f1_score, greater_is_better: true, threshold: 0.5}}]}}
"""
    sound = text.replace(f'"{path}"', "data/x.csv")
    parse_policy(sound.encode(), path="p.yaml")  # raises where the rest is not sound
    with pytest.raises(PromoterError) as refused_policy:
        parse_policy(text.encode(), path="p.yaml")
    assert refused_policy.value.reason is ReasonCode.POLICY_INVALID
