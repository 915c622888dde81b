from __future__ import annotations

import json
import math
from dataclasses import fields, replace
from typing import Any

import pytest

from promoter.core.measurement import Estimate, Measurement
from promoter.core.model_version import ModelFile, ModelFiles
from promoter.core.pictures import Pictures, Residuals
from promoter.core.report import Links, Phase, RequestReport
from promoter.errors import ReasonCode
from promoter.render.evidence_json import digest, evidence
from promoter.text import quote, say
from tests.builders import (
    a_comparison,
    a_logged_model,
    a_measurement,
    a_metric_result,
    a_model_run,
    a_model_version,
    a_report,
    an_estimate,
    an_evidence,
)
from tests.unit.render import reports


def _told(request: RequestReport) -> dict[str, Any]:
    (entry,) = json.loads(evidence(a_report(requests=(request,))))["requests"]
    assert isinstance(entry, dict)
    return entry


def test_canonical_form() -> None:
    text = evidence(reports.promotable())
    assert text.endswith("}\n")
    assert text.isascii()
    parsed = json.loads(text)
    assert json.dumps(parsed, sort_keys=True, indent=2) + "\n" == text
    assert parsed["schema_version"] == 1
    assert parsed["tool_version"] == "0.1.0"
    assert parsed["commits"] == {"base": "b" * 40, "head": "a" * 40}
    assert parsed["policy"] == {"path": ".github/promotion-policy.yaml", "sha256": "d" * 64}


def test_digest_is_sha256() -> None:
    assert digest("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


@pytest.mark.parametrize(
    "change",
    [
        {"evidence_digest": "x" * 64},
        {"links": Links()},
        {"message": say("other")},
        {"notes": (say("other"),)},
        {"reason": ReasonCode.APPLIED},
        {"phase": Phase.APPLY},
        {"requests": reports.applied().requests},
        {"requests": reports.approved().requests},
    ],
)
def test_what_was_judged_has_one_digest(change: dict[str, Any]) -> None:
    assert evidence(replace(reports.promotable(), **change)) == evidence(reports.promotable())


@pytest.mark.parametrize(
    "change",
    [
        {"policy_digest": "0" * 64},
        {"head_commit": "0" * 40},
        {"tool_version": "0.2.0"},
        {"requests": reports.rejected().requests},
        {"requests": reports.rollback().requests},
        {"requests": ()},
    ],
)
def test_whatever_else_was_judged_has_another(change: dict[str, Any]) -> None:
    assert evidence(replace(reports.promotable(), **change)) != evidence(reports.promotable())


def test_order_of_requests_does_not_matter() -> None:
    report = reports.mixed()
    assert evidence(report) == evidence(replace(report, requests=report.requests[::-1]))


def test_version_is_told_without_its_words() -> None:
    version = a_model_version(description="  sécret words  ", logged_model=a_logged_model())
    told = _told(reports.good_request(evidence=an_evidence(challenger=version)))["challenger"]
    assert told["description_length"] == 12
    assert told["source"] == "models:/m-7"
    assert told["model_id"] == "m-7"
    assert told["datasets"] == [{"name": "contracts", "digest": "5f1d2c3b", "context": "eval"}] * 2
    assert "words" not in json.dumps(told)


def test_absent_things_are_null() -> None:
    bare = a_model_version(run=None, run_id=None)
    found = an_evidence(challenger=bare, champion=None, challenger_signature=None, champion_signature=None)
    told = _told(reports.good_request(evidence=found))
    assert told["champion"] is None
    assert told["challenger_signature"] is None
    assert told["challenger"]["run_id"] is None
    assert told["challenger"]["datasets"] == []
    refused = _told(reports.refused_request())
    assert [refused[name] for name in ("challenger", "champion", "verdict", "step")] == [None] * 4


def test_signature_is_told_column_by_column() -> None:
    assert _told(reports.good_request())["challenger_signature"] == {
        "inputs": [
            {"name": "tenure", "kind": "long", "required": True},
            {"name": "contract", "kind": "string", "required": True},
        ],
        "outputs": [{"name": "churn", "kind": "string", "required": True}],
    }


def test_measurement_is_told_whole() -> None:
    run = a_model_run(problem=say("it does not load: ", quote("x`y")))
    measurement = a_measurement(challenger=run, value=None, estimates={"f1": an_estimate(lower=math.nan)})
    told = _told(reports.good_request(evidence=an_evidence(measurement=measurement)))["measurement"]
    assert set(told) == {field.name for field in fields(Measurement)} - {"challenger_files", "pictures"}
    assert set(told["estimates"]["f1"]) == {field.name for field in fields(Estimate)}
    assert told["estimates"]["f1"]["lower"] == "nan"
    assert told["estimates"]["f1"]["rows"] == 1_600
    assert told["estimates"]["f1"]["greater_is_better"] is True
    assert told["challenger"]["problem"] == "it does not load: `x'y`"
    assert told["champion"]["problem"] == ""
    assert told["slices"][0]["values"] == [["contract", "Monthly"]]
    assert told["data"] == {"name": "churn.parquet", "digest": "5f1d2c3b" * 8, "rows": 1_600, "columns": []}
    assert told["value"] is None
    assert told["seed"] == 0


def test_every_file_of_the_challenger_is_told_with_its_digest() -> None:
    files = ModelFiles(files=(ModelFile(path="MLmodel", sha256="ab" * 32, size=7),), location="s3://ml/7")
    told = _told(reports.good_request(evidence=an_evidence(challenger_files=files)))
    assert told["challenger_files"] == {
        "sha256": files.digest,
        "location": "s3://ml/7",
        "files": [{"path": "MLmodel", "sha256": "ab" * 32, "size": 7}],
    }


def test_whatever_was_measured_changes_the_digest() -> None:
    changes: list[dict[str, Any]] = [{}, {"seed": 1}, {"slices": ()}, {"flips": None}]
    found = [an_evidence(), *(an_evidence(measurement=a_measurement(**one)) for one in changes)]
    texts = {evidence(a_report(requests=(reports.good_request(evidence=one),))) for one in found}
    assert len(texts) == 5


def test_pictures_are_no_evidence() -> None:
    drawn = Pictures(residuals=Residuals(edges=(-1.0, 0.0, 1.0), challenger=(3, 4)))
    texts = {
        evidence(
            a_report(requests=(reports.good_request(evidence=an_evidence(measurement=a_measurement(**one))),))
        )
        for one in ({}, {"pictures": drawn})
    }
    assert len(texts) == 1


def test_comparison_has_its_interval() -> None:
    result = a_metric_result(comparison=a_comparison(lower=0.1, upper=math.inf, rows=7))
    (check,) = _told(reports.good_request(results=(result,)))["checks"]
    assert (check["metric"]["lower"], check["metric"]["upper"], check["metric"]["rows"]) == (0.1, "inf", 7)


@pytest.mark.parametrize(
    ("value", "written"),
    [(0.1, 0.1), (1, 1.0), (None, None), (math.nan, "nan"), (math.inf, "inf"), (-math.inf, "-inf")],
)
def test_figures_are_exact_or_words(value: float | None, written: object) -> None:
    result = a_metric_result(comparison=a_comparison(champion=value, challenger=0.30000000000000004))
    (check,) = _told(reports.good_request(results=(result,)))["checks"]
    assert check["metric"]["champion"] == written
    assert check["metric"]["challenger"] == 0.30000000000000004
    assert check["metric"]["rule"] == "≥ 0.6; at most 0.01 worse"
