from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import pytest
import responses
from responses.registries import OrderedRegistry

from promoter.adapters.mlflow_address import Addresses
from promoter.adapters.mlflow_artifacts import Artifacts
from promoter.adapters.mlflow_small_files import MLMODEL, REQUIREMENTS
from promoter.errors import PromoterError, ReasonCode

if TYPE_CHECKING:
    from mlflow.entities import FileInfo

SERVER = "https://mlflow.example.com/mlflow"


class Bucket:
    """A folder in a cloud's storage, as MLflow's client shows it."""

    def __init__(self, files: dict[str, bytes]) -> None:
        self.files = files
        self.calls: list[str] = []

    def list_artifacts(self, path: str | None = None) -> Sequence[FileInfo]:
        self.calls.append("list")
        found = [
            SimpleNamespace(path=name, is_dir=False, file_size=len(content))
            for name, content in self.files.items()
        ]
        return cast("list[FileInfo]", found)

    def download_artifacts(self, artifact_path: str, dst_path: str | None = None) -> str:
        target = Path(dst_path or "", artifact_path)
        self._download_file(artifact_path, str(target))
        return str(target)

    def _download_file(self, remote_file_path: str, local_path: str) -> None:
        self.calls.append(f"get {remote_file_path}")
        folder = Path(local_path).parent
        assert folder.stat().st_mode & 0o777 == 0o700
        Path(local_path).write_bytes(self.files[remote_file_path])

    def log_artifact(self, local_file: str, artifact_path: str | None = None) -> None:
        self.calls.append(f"put {artifact_path}")
        self.files["/".join(filter(None, (artifact_path, Path(local_file).name)))] = Path(
            local_file
        ).read_bytes()


def artifacts(tracking: str = SERVER, bucket: Bucket | None = None) -> tuple[Artifacts, list[str]]:
    """A reader, and the list of addresses it opens."""
    opened: list[str] = []

    def open_store(location: str) -> Bucket:
        opened.append(location)
        return bucket or Bucket({})

    return Artifacts(Addresses(tracking=tracking, registry=tracking), open_store=open_store), opened


def refusal(location: str, tracking: str = SERVER) -> PromoterError:
    reader, opened = artifacts(tracking)
    with pytest.raises(PromoterError) as caught:
        reader.read(location)
    assert opened == []
    return caught.value


@pytest.mark.parametrize(
    "location",
    [
        "file:///proc/self",
        "file:///proc/self/environ",
        "relative/model",
        "../../etc",
        "",
        "http://attacker.example.com/x",
        "https://mlflow.example.com.attacker.example.com/mlflow/api/2.0/mlflow-artifacts/artifacts/x",
        "https://mlflow.example.com/other/api/2.0/mlflow-artifacts/artifacts/x",
        "https://mlflow.example.com:8443/mlflow/api/2.0/mlflow-artifacts/artifacts/x",
        "http://mlflow.example.com/mlflow/api/2.0/mlflow-artifacts/artifacts/x",
        "https://user@attacker.example.com#@mlflow.example.com/x",
        "http://169.254.169.254/latest/meta-data",
        "mlflow-artifacts://attacker.example.com/x",
        "mlflow-artifacts://mlflow.example.com:1/x",
        "mlflow-artifacts:/../../api/2.0/mlflow/users/get?username=admin#",
        "mlflow-artifacts:/a/%2e%2e/%2E%2E/b",
        "mlflow-artifacts:/a\\..\\b",
        "hdfs://169.254.169.254/x",
        "hdfs://127.0.0.1/x",
        "viewfs://[fe80::1]/x",
        "abfss://fs@account.attacker.example.com/x",
        "abfss://fs@dfs.core.windows.net.attacker.example.com/x",
        "abfss://fs@account.dfs.core.windows.net:8080/x",
        "wasbs://c@account.blob.core.attacker.com/x",
        "r2://bucket@attacker.example.com/x",
        "b2://bucket@attacker.example.com/x",
        "ftp://host/x",
        "sftp://host/x",
        "runs:/0/model",
        "models:/other/1",
        "s3://bucket/x\n::error::y",
        "http://[broken",
        "http://host:port/x",
        "s3://a\\b/x",
        "javascript:alert(1)",
    ],
)
def test_a_source_that_could_lead_anywhere_is_not_followed(location: str) -> None:
    error = refusal(location)
    assert error.reason is ReasonCode.MODEL_UNSAFE
    assert "is not followed" in str(error)
    assert str(error.hint)


@pytest.mark.parametrize("location", ["/srv/mlruns/1/model", "file:///srv/model", "file://localhost/etc"])
def test_a_path_of_the_servers_machine_is_out_of_reach_and_not_called_unsafe(location: str) -> None:
    error = refusal(location)
    assert error.reason is ReasonCode.DATA_UNAVAILABLE
    assert "on the server's machine" in str(error)
    assert "--serve-artifacts" in str(error.hint)


def test_a_refused_source_is_shown_without_its_password() -> None:
    error = refusal("https://user:canary@attacker.example.com/x?sig=canary")
    assert "attacker.example.com/x" in str(error)
    assert "canary" not in str(error)


@pytest.mark.parametrize(
    "location",
    [
        "s3://bucket/path/model",
        "gs://bucket/path/model",
        "hdfs://namenode:8020/path",
        "viewfs://cluster/path",
        "dbfs:/databricks/mlflow-tracking/1/2/artifacts/model",
        "wasbs://container@account.blob.core.windows.net/model",
        "abfss://fs@account.dfs.core.windows.net/model",
        "abfss://fs@onelake.dfs.fabric.microsoft.com/model",
        "r2://bucket@account.r2.cloudflarestorage.com/model",
        "b2://bucket@s3.us-west-004.backblazeb2.com/model",
    ],
)
def test_a_clouds_storage_is_asked_for_that_one_file(location: str) -> None:
    bucket = Bucket({"MLmodel": b"flavors: {}", "model.pkl": b"never fetched"})
    reader, opened = artifacts(bucket=bucket)
    assert reader.read(location) == b"flavors: {}"
    assert opened == [location]
    assert bucket.calls == ["list", "get MLmodel"]


def test_a_folder_without_the_file_has_none() -> None:
    reader, _ = artifacts(bucket=Bucket({"model.pkl": b""}))
    assert reader.read("s3://bucket/model") is None


def test_a_file_that_is_too_large_is_not_fetched() -> None:
    bucket = Bucket({"MLmodel": b"x" * (MLMODEL.largest + 1)})
    reader, _ = artifacts(bucket=bucket)
    with pytest.raises(PromoterError, match="larger than 1 MiB") as caught:
        reader.read("s3://bucket/model")
    assert caught.value.reason is ReasonCode.MODEL_UNSAFE
    assert bucket.calls == ["list"]


def test_another_small_file_has_a_limit_of_its_own() -> None:
    bucket = Bucket({"MLmodel": b"flavors: {}", "requirements.txt": b"scikit-learn==1.5.0"})
    reader, _ = artifacts(bucket=bucket)
    assert reader.read("s3://bucket/model", REQUIREMENTS) == b"scikit-learn==1.5.0"
    bucket.files["requirements.txt"] = b"x" * (REQUIREMENTS.largest + 1)
    with pytest.raises(PromoterError, match=r"`requirements\.txt` is larger than 64 KiB"):
        reader.read("s3://bucket/model", REQUIREMENTS)


def test_a_clouds_storage_is_given_a_file_over_what_is_there() -> None:
    bucket = Bucket({})
    writer, opened = artifacts(bucket=bucket)
    for content in (b"first", b"second"):
        writer.put("s3://bucket/run/artifacts", "promoter/12-champion/report.html", content=content)
    writer.put("s3://bucket/run/artifacts", "top.txt", content=b"")
    assert bucket.files == {"promoter/12-champion/report.html": b"second", "top.txt": b""}
    assert set(opened) == {"s3://bucket/run/artifacts"}


@pytest.mark.parametrize(
    "location",
    ["http://attacker.example.com/x", "ftp://x/y", "file:///proc/self", "mlflow-artifacts://else/1"],
)
def test_nothing_is_written_to_a_place_that_is_not_followed(location: str) -> None:
    writer, opened = artifacts()
    with pytest.raises(PromoterError) as caught:
        writer.put(location, "promoter/1-a/report.html", content=b"")
    assert (caught.value.reason, opened) == (ReasonCode.MODEL_UNSAFE, [])


@pytest.mark.parametrize("path", ["../report.html", "/etc/report", "a//b", "a\\b", "a/../../b", "a\nb"])
def test_no_name_leads_out_of_the_place_that_is_written_to(path: str) -> None:
    bucket = Bucket({})
    writer, _ = artifacts(bucket=bucket)
    with pytest.raises(PromoterError) as caught:
        writer.put("s3://bucket/run", path, content=b"")
    assert (caught.value.reason, bucket.files) == (ReasonCode.MODEL_UNSAFE, {})


def test_databricks_is_asked_for_the_version_itself() -> None:
    reader, opened = artifacts("databricks", Bucket({"MLmodel": b"flavors: {}"}))
    assert reader.read_registered("main.ml.churn", "7") == b"flavors: {}"
    assert opened == ["models:/main.ml.churn/7"]


def test_what_a_server_serves_cannot_be_read_from_its_database(tmp_path: Path) -> None:
    error = refusal("mlflow-artifacts:/1/models/m-1/artifacts", f"sqlite:///{tmp_path}/mlflow.db")
    assert error.reason is ReasonCode.DATA_UNAVAILABLE
    assert "tracking-uri" in str(error.hint)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A model's folder on this machine, with a space in its name."""
    made = tmp_path / "a model"
    made.mkdir()
    return made


def local() -> Artifacts:
    reader, _ = artifacts("sqlite:////srv/mlflow.db")
    return reader


def test_beside_a_local_database_a_local_folder_is_read(folder: Path) -> None:
    (folder / "MLmodel").write_bytes(b"flavors: {}")
    assert local().read(str(folder)) == b"flavors: {}"
    assert local().read(folder.as_uri()) == b"flavors: {}"
    assert local().read(f"{folder}/") == b"flavors: {}"


def test_a_local_folder_without_the_file_has_none(folder: Path) -> None:
    assert local().read(str(folder)) is None
    (folder / "MLmodel").mkdir()
    assert local().read(str(folder)) is None
    assert local().read(str(folder / "nowhere")) is None


def test_a_link_out_of_the_folder_is_not_followed(folder: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("canary")
    (folder / "MLmodel").symlink_to(secret)
    with pytest.raises(PromoterError) as caught:
        local().read(str(folder))
    assert caught.value.reason is ReasonCode.MODEL_UNSAFE


def test_a_local_file_is_not_read_past_its_limit(folder: Path) -> None:
    (folder / "MLmodel").write_bytes(b"x" * MLMODEL.largest)
    assert len(local().read(str(folder)) or b"") == MLMODEL.largest
    (folder / "MLmodel").write_bytes(b"x" * (MLMODEL.largest + 1))
    with pytest.raises(PromoterError, match="larger than 1 MiB"):
        local().read(str(folder))


def test_beside_a_local_database_a_local_folder_is_written_to(folder: Path) -> None:
    run = folder / "artifacts"
    for content in (b"first", b"second"):
        local().put(str(run), "promoter/12-champion/report.html", content=content)
    written = run / "promoter" / "12-champion"
    assert [file.name for file in written.iterdir()] == ["report.html"]
    assert (written / "report.html").read_bytes() == b"second"
    assert (written / "report.html").stat().st_mode & 0o777 == 0o644


def test_a_write_that_fails_leaves_nothing_behind(folder: Path) -> None:
    in_the_way = folder / "promoter" / "report.html"
    in_the_way.mkdir(parents=True)
    with pytest.raises(OSError, match="directory"):
        local().put(str(folder), "promoter/report.html", content=b"x")
    assert list((folder / "promoter").iterdir()) == [in_the_way]


def test_nothing_is_written_through_a_link(folder: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "kept").write_text("as it was")
    (folder / "promoter").symlink_to(elsewhere)
    with pytest.raises(PromoterError, match="leads out of the folder") as caught:
        local().put(str(folder), "promoter/12-champion/report.html", content=b"")
    assert caught.value.reason is ReasonCode.MODEL_UNSAFE
    (folder / "report.html").symlink_to(elsewhere / "kept")
    local().put(str(folder), "report.html", content=b"the report")
    assert (folder / "report.html").read_bytes() == b"the report"
    assert [(file.name, file.read_text()) for file in elsewhere.iterdir()] == [("kept", "as it was")]


@pytest.mark.parametrize(
    "location", ["/proc/self", "/dev", "relative", "file:relative", "file://host/x", "/a\0b"]
)
def test_even_locally_not_every_path_is_read(location: str) -> None:
    assert refusal(location, "sqlite:////srv/mlflow.db").reason is ReasonCode.MODEL_UNSAFE


FILE = f"{SERVER}/api/2.0/mlflow-artifacts/artifacts/1/model/requirements.txt"
FOLDER = f"{SERVER}/api/2.0/mlflow-artifacts/artifacts"


def folder_of(*names: str) -> responses.Response:
    """What the server lists."""
    files = [{"path": name, "is_dir": False, "file_size": 1} for name in names]
    return responses.Response("GET", FOLDER, json={"files": files})


def read_requirements(monkeypatch: pytest.MonkeyPatch, *answers: responses.Response) -> bytes | None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR", "0")
    with responses.RequestsMock(registry=OrderedRegistry) as mock:
        for answer in answers:
            mock.add(answer)
        return artifacts()[0].read("mlflow-artifacts:/1/model", REQUIREMENTS)


def test_an_old_server_answers_500_for_a_file_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    failed = responses.Response("GET", FILE, status=500)
    assert read_requirements(monkeypatch, failed, folder_of("MLmodel")) is None


def test_a_file_that_is_listed_is_asked_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    failed = responses.Response("GET", FILE, status=500)
    there = responses.Response("GET", FILE, body=b"numpy")
    assert read_requirements(monkeypatch, failed, folder_of("MLmodel", "requirements.txt"), there) == b"numpy"


def test_a_file_that_is_listed_and_never_given_is_an_outage(monkeypatch: pytest.MonkeyPatch) -> None:
    from mlflow.exceptions import MlflowException  # noqa: PLC0415 - as the adapter: late

    failed = responses.Response("GET", FILE, status=500)
    with pytest.raises(MlflowException):
        read_requirements(monkeypatch, failed, folder_of("requirements.txt"), failed, failed)
