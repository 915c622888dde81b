"""A cluster elsewhere: a Spark Connect server whose executor is a process of its own, in a folder of its own.

It reads a table that only it knows, and gets the models' files by the session.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from promoter.core.measurement import Measurement
from promoter.core.policy import Checks, Evaluation, MetricRule, Source, Statistics, Task, Test
from promoter.evaluation.engines import spark
from promoter.evaluation.engines.spark_models import ClusterModel, Reach, Workers
from promoter.evaluation.engines.spark_process import Cluster, Place, cluster
from promoter.evaluation.engines.spark_table import TableSpec, open_table
from tests.builders import a_model_rule
from tests.model_folders import Unlimited, write_model

pytestmark = pytest.mark.slow
SERVER = "org.apache.spark.sql.connect.service.SparkConnectServer"
SECONDS = 240.0


def free_port() -> int:
    with closing(socket.socket()) as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    missing = [name for name in ("pyspark", "grpc") if find_spec(name) is None]
    missing += [] if shutil.which("java") else ["java"]
    if missing:
        if os.environ.get("PROMOTER_REQUIRE_SPARK"):
            pytest.fail(f"PROMOTER_REQUIRE_SPARK is set, and there is no {missing}")
        pytest.skip(f"there is no {missing}: install requirements/spark.txt, and Java 17")
    spec = find_spec("pyspark")
    assert spec is not None
    assert spec.origin is not None
    home, folder, port = Path(spec.origin).parent, tmp_path_factory.mktemp("server"), free_port()
    settings = {
        "spark.connect.grpc.binding.port": port,
        "spark.sql.warehouse.dir": folder / "warehouse",
        "spark.driver.host": "127.0.0.1",
        "spark.ui.enabled": "false",
        "spark.python.worker.reuse": "false",
        "spark.sql.shuffle.partitions": 2,
    }
    options = [word for name, value in settings.items() for word in ("--conf", f"{name}={value}")]
    # One executor: a process of its own, in a folder of its own
    master = ["--master", "local-cluster[1,2,1024]"]
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(
            [str(home / "bin" / "spark-submit"), "--class", SERVER, *options, *master, "spark-internal"],
            env={
                **os.environ,
                "SPARK_HOME": str(home),
                "PYSPARK_PYTHON": sys.executable,
                "SPARK_LOCAL_IP": "127.0.0.1",
            },
            cwd=folder,
            stdout=log,
            stderr=log,
        )
    try:
        wait_for(port, server)
        yield f"sc://127.0.0.1:{port}/;user_id=promoter"
    finally:
        server.terminate()
        server.wait(timeout=60)


def wait_for(port: int, server: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + SECONDS
    while time.monotonic() < end and server.poll() is None:
        with closing(socket.socket()) as asking:
            if asking.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.5)
    raise RuntimeError("the server did not start")


@pytest.fixture
def session(address: str) -> Iterator[Cluster]:
    variables = {**os.environ, "SPARK_REMOTE": address}
    with cluster(Place(variables=variables), deadline=Unlimited(900)) as opened:
        told = opened.start(None, settings={"spark.sql.session.timeZone": "UTC"}, patience=SECONDS)
        assert told["reuses"] is False
        yield opened


def measured(session: Cluster, folder: Path) -> Measurement:
    """Two models on the table, whose files no executor sees but by what is sent."""
    models = [
        ClusterModel(
            files=write_model(folder / name, predict=f'return numpy.where(frame["x"] > {cut}, "Yes", "No")'),
            digest=name * 8,
        )
        for name, cut in (("new-", 0.0), ("old-", 0.5))
    ]
    metric = MetricRule(name="f1_score", greater_is_better=True, test=Test.SUPERIORITY)
    spec = TableSpec(
        name="ml.holdout", table="ml.holdout", target="label", task=Task.BINARY, positive_label="Yes"
    )
    case = spark.SparkCase(
        rule=a_model_rule(
            checks=Checks(metrics=(metric,)),
            evaluation=Evaluation(source=Source.INFERENCE, target="label", positive_label="Yes"),
            statistics=Statistics(resamples=200),
        ),
        cluster=session,
        table=open_table(session, spec),
        columns=(),
        challenger=models[0],
        champion=models[1],
        reach=Reach.SENT,
        workers=Workers.NEW,
        seed=1,
        environment="Spark",
    )
    return spark.evaluate(case, log=lambda _: None, tick=lambda: None)


def test_models_are_sent_to_a_cluster_and_judged_on_its_table(session: Cluster, tmp_path: Path) -> None:
    numbers = np.random.default_rng(1)
    x = numbers.normal(size=3_000)
    label = np.where(x + numbers.normal(0, 0.5, 3_000) > 0, "Yes", "No")
    pd.DataFrame({"x": x, "label": label}).to_parquet(tmp_path / "h.parquet", index=False)
    session.ask("CREATE DATABASE IF NOT EXISTS ml")
    session.ask(f"CREATE TABLE ml.holdout USING parquet AS SELECT * FROM parquet.`{tmp_path}/h.parquet`")
    found = measured(session, tmp_path)
    assert not found.challenger.problem.parts
    assert found.champion is not None
    assert not found.champion.problem.parts
    confusion = found.pictures.confusion
    assert confusion is not None
    for counts, cut in ((confusion.challenger, 0.0), (confusion.champion, 0.5)):
        predicted = np.where(x > cut, "Yes", "No")
        assert counts is not None
        assert [list(row) for row in counts] == [
            [int(((label == truth) & (predicted == answer)).sum()) for answer in ("No", "Yes")]
            for truth in ("No", "Yes")
        ]
