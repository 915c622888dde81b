"""Fetching a holdout: what cannot be read is an outage, and the policy lets nothing through but stores."""

from __future__ import annotations

from pathlib import Path

import pytest

from promoter.core.policy_file import parse_policy
from promoter.errors import ExitCode, PromoterError, ReasonCode
from promoter.evaluation.object_store import fetch

POLICY = """\
version: 1
models:
  - match: churn
    aliases: [champion]
    task: regression
    evaluation: {{source: inference, data: "{address}", target: price}}
    checks:
      metrics: [{{name: r2_score, greater_is_better: true, threshold: 0.5}}]
"""


def test_an_object_is_copied_as_it_is(tmp_path: Path) -> None:
    content = bytes(range(256)) * 10_000
    (tmp_path / "holdout.parquet").write_bytes(content)
    fetch((tmp_path / "holdout.parquet").as_uri(), tmp_path / "copy")
    assert (tmp_path / "copy").read_bytes() == content


@pytest.mark.parametrize(
    "address",
    ["nonsense", "wat://bucket/holdout.csv", "s3://bucket/%zz.csv", "s3://", "file:///nowhere/holdout.csv"],
)
def test_an_address_that_cannot_be_read_is_an_outage(address: str, tmp_path: Path) -> None:
    with pytest.raises(PromoterError) as caught:
        fetch(address, tmp_path / "copy")
    assert (caught.value.reason, caught.value.exit_code) == (ReasonCode.DATA_UNAVAILABLE, ExitCode.UNDECIDED)
    assert address in str(caught.value)
    assert "credentials" in str(caught.value.hint)
    assert not (tmp_path / "copy").exists()


@pytest.mark.parametrize(
    "address",
    [
        "file:///etc/holdout.csv",
        "hdfs://host/holdout.csv",
        "s3://key:secret@bucket/holdout.csv",
        "s3://bucket/holdout.csv?endpoint_override=inside:80&x=.csv",
        "s3://bucket/../holdout.csv",
    ],
)
def test_the_policy_lets_no_other_address_through(address: str) -> None:
    assert parse_policy(POLICY.format(address="s3://bucket/holdout.csv").encode(), path="p").models
    with pytest.raises(PromoterError) as caught:
        parse_policy(POLICY.format(address=address).encode(), path="p")
    assert caught.value.reason is ReasonCode.POLICY_INVALID
