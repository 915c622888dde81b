"""T60 to T72: what others wrote stays text in all that a job leaves behind, and no secret is in any of it.

Each renderer alone has 10,000 hostile strings in tests/unit/render/test_hostile.py.
"""

from __future__ import annotations

import io
import json
import re
from base64 import b64encode
from dataclasses import replace
from pathlib import Path

import pytest

from promoter.action import main
from promoter.adapters.mlflow_address import Addresses
from promoter.demo.github.events import pull_request_event
from promoter.demo.github.model import Permission
from promoter.demo.job import Finished, Trigger, environment, read_outputs
from promoter.inputs import known_secrets
from promoter.render.comment import comment
from promoter.render.outputs import outputs
from tests.builders import a_report, a_request, a_request_report, an_evidence
from tests.e2e.house import TOKEN, House
from tests.oracles import runner_commands, unprintable
from tests.proxy import Answer, proxied

HOSTILE = (
    "Better.\r::add-mask::promote\n::stop-commands::x\n##[set-output name=decision]promote"
    " ::set-env name=A::b @octocat <img src=x onerror=alert(1)> `` ```"
    " [a](https://evil.example) Fixes #1 \u202e\u2028::error::x"
)
FORGED = "<!-- promoter results acme/models#{} -->\n### ✅ Promote\n"


def told(house: House, finished: Finished) -> str:
    """Everything the job left behind but the masks, which are meant for the runner alone."""
    log = [line for line in finished.log.splitlines() if not line.startswith("::add-mask::")]
    files = [path.read_text(encoding="utf-8") for path in finished.folder.rglob("*") if path.is_file()]
    comments = [one.body for number in house.world.pulls for one in house.comments(number)]
    return "\n".join([*log, finished.summary, *map(str, finished.outputs.values()), *files, *comments])


def test_t60_t61_t62_hostile_words_of_a_version_reach_no_channel_as_more_than_words(house: House) -> None:
    """The oracle reads the job's log as the runner does; the outputs read back as a consuming step would."""
    house.adopt(house.version(0.80))
    new = house.version(0.85, description=HOSTILE)
    house.client.set_model_version_tag(house.model, new, "note", HOSTILE)
    number = house.propose({house.path: house.request(new, reason='"::add-mask::promote ##[error]x"')})
    finished = house.validate(number)

    assert (finished.outputs["decision"], finished.outputs["reason-code"]) == ("promote", "validated")
    commands = runner_commands(finished.log)
    assert {command.name for command in commands} <= {"add-mask", "notice", "warning", "error"}
    masks = {command.data for command in commands if command.name == "add-mask"}
    assert masks == {TOKEN, b64encode(TOKEN.encode()).decode()}
    assert all(value.isascii() and value.isprintable() for value in finished.outputs.values())
    assert not [mask for mask in masks for value in finished.outputs.values() if mask in value]
    assert json.loads(finished.outputs["result"])["requests"][0]["version"] == new
    for text in (finished.summary, house.comments(number)[0].body):
        outside_of_code = re.sub(r"(`+)(?!`).*?(?<!`)\1(?!`)", "", text)
        assert "octocat" not in outside_of_code
        assert "evil.example" not in outside_of_code
        assert not unprintable(text)


def test_t63_masks_come_before_anything_that_others_wrote(house: House) -> None:
    house.adopt(house.version(0.80))
    number = house.ask_for(house.version(0.85, description="::stop-commands::pause"))
    lines = house.validate(number).log.splitlines()
    kinds = [line.startswith("::add-mask::") for line in lines]
    assert kinds[0]
    assert kinds == sorted(kinds, reverse=True)


def test_t67_comments_with_our_marker_by_others_are_left_alone_and_believed_by_nobody(house: House) -> None:
    house.adopt(house.version(0.80))
    number = house.ask_for(house.version(0.3))
    house.world.add_token("dora-token", "dora")
    house.world.add_user("mallory", Permission.READ)
    forged = FORGED.format(number)
    first = _comment(house, number, "dora", forged)
    finished = house.validate(number)
    second = _comment(house, number, "mallory", forged)
    again = house.validate(number)

    assert finished.outputs["reason-code"] == again.outputs["reason-code"] == "checks_failed"
    bodies = {one.id: one.body for one in house.comments(number)}
    assert len(bodies) == 3
    assert bodies[first] == bodies[second] == forged


def _comment(house: House, number: int, author: str, body: str) -> int:
    return house.world.add_comment(number, author=author, body=body).id


@pytest.mark.parametrize("verdict", ["promote", "reject"])
def test_t68_our_own_comment_in_other_hands_changes_nothing(house: House, verdict: str) -> None:
    """Every workflow is the same `github-actions[bot]`: it can edit ours, and label what it wants."""
    first, second = house.version(0.80), house.version(0.85 if verdict == "promote" else 0.3)
    house.adopt(first)
    number = house.ask_for(second)
    house.validate(number)
    (ours,) = house.comments(number)
    said = "reject" if verdict == "promote" else "promote"
    forged = f"{FORGED.format(number)}\n{said}, approved by alice\n<!-- result 0000000000000000 -->"
    house.world.comments[ours.id] = replace(ours, body=forged)

    assert house.validate(number).outputs["decision"] == verdict
    house.approve(number)
    house.world.comments[ours.id] = replace(ours, body=forged)
    finished = house.apply(house.merge(number))
    assert finished.outputs["reason-code"] == ("applied" if verdict == "promote" else "checks_failed")
    assert house.champion() == (second if verdict == "promote" else first)


# --- T70: no secret, wherever it was --------------------------------------------------------------

SECRET_NAMES = (
    *("GITHUB_TOKEN", "GH_TOKEN", "MLFLOW_TRACKING_TOKEN", "MLFLOW_TRACKING_PASSWORD", "DATABRICKS_TOKEN"),
    *("DATABRICKS_PASSWORD", "DATABRICKS_CLIENT_SECRET", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"),
    *("AZURE_CLIENT_SECRET", "ARM_CLIENT_SECRET", "AZURE_STORAGE_ACCESS_KEY", "AZURE_STORAGE_SAS_TOKEN"),
    *("AZURE_STORAGE_CONNECTION_STRING", "ACTIONS_RUNTIME_TOKEN", "ACTIONS_ID_TOKEN_REQUEST_TOKEN"),
    *("UV_INDEX_COMPANY_PASSWORD", "HF_TOKEN", "TEAM_API_KEY", "SLACK_SECRET", "B2_APPLICATION_SECRET_KEY"),
)
ADDRESSES = {
    "UV_INDEX_URL": "https://canary-user:canary-index@pypi.example/simple",
    "UV_EXTRA_INDEX_URL": "https://a.example https://u:canary-extra@b.example",
    "PIP_INDEX_URL": "https://canary-user:canary%2Dpip@pypi.example/simple",
    "HTTPS_PROXY": "http://u:canary-proxy@proxy.example",
    "UV_INDEX": "company=https://u:canary-named@c.example/simple",
}


def canaries() -> dict[str, str]:
    return {name: f"canary-{index:02}-{name.lower()}" for index, name in enumerate(SECRET_NAMES)} | ADDRESSES


def test_t70_every_secret_of_the_environment_is_masked() -> None:
    given = {**canaries(), "MLFLOW_TRACKING_USERNAME": "ada"}
    masked = {secret.value for secret in known_secrets(given)}
    assert {given[name] for name in SECRET_NAMES} <= masked
    assert {
        "canary-index",
        "canary-extra",
        "canary-pip",
        "canary%2Dpip",
        "canary-proxy",
        "canary-named",
    } <= masked
    assert f"ada:{given['MLFLOW_TRACKING_PASSWORD']}" in masked


def told_by(house: House, number: int, **inputs: str) -> tuple[Finished, dict[str, str]]:
    """A validate with canaries in every variable and input; what it left behind, and the masks."""
    payload = pull_request_event(house.standin.view, number, action="opened")
    trigger = Trigger(name="pull_request", payload=payload, ref="refs/pull/1/merge", commit="f" * 40)
    job = house.folder / f"canaries-{len(list(house.folder.iterdir()))}"
    job.mkdir()
    given = {"github-token": TOKEN, "tracking-uri": house.registry, **inputs}
    environ = canaries() | environment(house.standin, trigger, job=job, inputs=given)
    log = io.StringIO()
    exit_code = main(environ, log)
    finished = Finished(
        exit_code=exit_code,
        log=log.getvalue(),
        outputs=read_outputs((job / "output").read_text(encoding="utf-8")),
        summary=(job / "summary.md").read_text(encoding="utf-8"),
        folder=job / "report",
    )
    return finished, environ


ECHOES = {
    "refused": (401, "you sent {}"),
    "broken": (500, '{{"error_code": "INTERNAL_ERROR", "message": "could not log in with {}"}}'),
    "no model": (404, '{{"error_code": "RESOURCE_DOES_NOT_EXIST", "message": "no model for {}"}}'),
    "no json": (200, "<html>{}</html>"),
    "elsewhere": (302, "{}"),
}


@pytest.mark.parametrize(("status", "body"), ECHOES.values(), ids=ECHOES.keys())
def test_t70_a_registry_that_repeats_our_credentials_gets_them_into_nothing(
    house: House, caplog: pytest.LogCaptureFixture, status: int, body: str
) -> None:
    """It answers with the password, the header made of it, and the whole address."""
    password = "canary-Passw0rd"
    header = b64encode(f"ada:{password}".encode()).decode()
    house.adopt(house.version(0.8))
    number = house.ask_for(house.version(0.85))
    with proxied("http://127.0.0.1:9") as registry:
        address = registry.url.replace("http://", f"http://ada:{password}@")
        tokens = " ".join(canaries()[name] for name in SECRET_NAMES)
        signed = "https://b.s3.amazonaws.com/k/MLmodel?X-Amz-Signature=canary-signature"
        said = body.format(f"{signed} {password} in {address}, Basic {header}, {tokens}").encode()
        registry.inject(".", Answer(status=status, body=said, headers={"Retry-After": "0"}))
        finished, _ = told_by(house, number, **{"tracking-uri": address, "deadline": "0.1"})
    everything = told(house, finished) + caplog.text
    assert finished.outputs["decision"] != "promote"
    assert not [text for text in ("canary", TOKEN, header) if text in everything]
    masks = {command.data for command in runner_commands(finished.log) if command.name == "add-mask"}
    assert {password, header} <= masks


def test_t70_a_good_run_with_canaries_everywhere_tells_none(house: House) -> None:
    house.adopt(house.version(0.8))
    number = house.ask_for(house.version(0.85))
    finished, _ = told_by(house, number)
    assert finished.outputs["reason-code"] == "validated"
    everything = told(house, finished)
    assert "canary" not in everything
    assert TOKEN not in everything


# --- T69, T71 -------------------------------------------------------------------------------------


@pytest.mark.parametrize("char", ["x", "\U0001f600", "`", "|", "\n", "<", "\u202e", "&"])
@pytest.mark.parametrize("length", [30_000, 65_535, 65_537, 200_000])
def test_t69_no_text_makes_a_comment_that_github_refuses(char: str, length: int) -> None:
    evidence = an_evidence()
    evidence = replace(evidence, challenger=replace(evidence.challenger, description=char * length))
    asked = a_request(reason=char * length)
    report = a_report(requests=tuple(a_request_report(request=asked, evidence=evidence) for _ in range(3)))
    text = comment(report, marker="<!-- promoter results acme/models#12 -->")
    assert len(text) <= 60_000
    assert text.count("```") % 2 == 0


def test_t71_outputs_have_a_few_words_and_one_line_of_json() -> None:
    """Whoever pastes one into `run:` pastes no more than this; `result` goes through `env:`."""
    evidence = an_evidence()
    evidence = replace(evidence, challenger=replace(evidence.challenger, description=HOSTILE))
    report = a_report(requests=(a_request_report(request=a_request(reason=HOSTILE), evidence=evidence),))
    values = outputs(
        report, comment_url="https://github.com/a/b/pull/1#issuecomment-2", report_path="/r.html"
    )
    for name in ("decision", "reason-code"):
        assert re.fullmatch(r"[a-z_]+", values[name])
    assert re.fullmatch(r"[\x20-\x7e]+", values["result"])
    assert Path(values["report"]).suffix == ".html"


ECHOED = (
    "403 Client Error: Forbidden for url: https://b.s3.amazonaws.com/k?X-Amz-Credential=canary&X-Amz-Signature=canary",
    "Max retries exceeded with url: /c/MLmodel?sv=2022&sig=canary (Caused by NewConnectionError())",
    "Authorization: Bearer canary-token-1",
    "Authorization: Basic " + b64encode(b"ada:canary-token-1").decode(),
    "cannot log in to https://x:canary@y.example/z",
    "token%3Dcanary-token-1",
)


@pytest.mark.parametrize("text", ECHOED)
def test_t70_what_a_server_or_a_store_repeats_is_taken_out_of_its_words(text: str) -> None:
    """Masks hide in the log alone; comments, summaries and reports are not masked by GitHub."""
    addresses = Addresses(
        tracking="http://a", registry="http://b", secrets=("canary-token-1", "ada:canary-token-1")
    )
    shown = addresses.redact(text)
    assert "canary" not in shown
    assert b64encode(b"ada:canary-token-1").decode() not in shown
