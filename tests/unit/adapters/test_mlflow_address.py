from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promoter.adapters.mlflow_address import (
    Addresses,
    Kind,
    holds,
    kind_of,
    resolve,
    sqlite_path,
    without_secrets,
)
from promoter.errors import PromoterError, ReasonCode


def resolved(tracking: str, registry: str = "", *, installed: str = "sqlalchemy") -> Addresses:
    return resolve(tracking_uri=tracking, registry_uri=registry, has_module=lambda name: name in installed)


def refusal(tracking: str, registry: str = "", *, installed: str = "sqlalchemy") -> PromoterError:
    with pytest.raises(PromoterError) as caught:
        resolved(tracking, registry, installed=installed)
    return caught.value


@pytest.mark.parametrize(
    ("uri", "kind"),
    [
        ("http://mlflow:5000", Kind.SERVER),
        ("HTTPS://mlflow.example.com/mlflow", Kind.SERVER),
        ("sqlite:///mlflow.db", Kind.SQLITE),
        ("postgresql+psycopg2://u:p@h/db", Kind.DATABASE),
        ("mysql://h/db", Kind.DATABASE),
        ("mssql+pyodbc://h/db", Kind.DATABASE),
        ("databricks", Kind.DATABRICKS),
        ("databricks://profile", Kind.DATABRICKS),
        ("databricks-uc", Kind.DATABRICKS),
        ("uc:http://localhost:8080", Kind.DATABRICKS),
        ("arn:aws:sagemaker:eu-central-1:1:mlflow-tracking-server/x", Kind.PLUGIN),
    ],
)
def test_the_scheme_tells_how_an_address_is_reached(uri: str, kind: Kind) -> None:
    assert kind_of(uri) is kind


def test_models_live_beside_the_runs_unless_said_otherwise() -> None:
    assert resolved("http://a").registry == "http://a"
    assert resolved(" http://a ", " http://b ") == Addresses(tracking="http://a", registry="http://b")


@pytest.mark.parametrize(
    ("tracking", "registry"),
    [("databricks", "databricks-uc"), ("databricks://prod", "databricks-uc://prod")],
)
def test_databricks_keeps_models_in_unity_catalog(tracking: str, registry: str) -> None:
    assert resolved(tracking).registry == registry
    assert resolved(tracking, "databricks").registry == "databricks"


@pytest.mark.parametrize("tracking", ["", "  ", "\n"])
def test_without_an_address_it_says_what_to_set(tracking: str) -> None:
    error = refusal(tracking, "http://registry")
    assert error.reason is ReasonCode.USAGE_INVALID
    assert "MLFLOW_TRACKING_URI" in str(error.hint)
    assert "tracking-uri" in str(error.hint)


@pytest.mark.parametrize("uri", ["file:///mlruns", "file:mlruns", "/srv/mlruns", "./mlruns", "mlruns"])
def test_a_folder_is_no_registry(uri: str) -> None:
    error = refusal("http://a", uri)
    assert error.reason is ReasonCode.USAGE_INVALID
    assert uri in str(error)


def test_a_database_needs_the_full_mlflow(tmp_path: Path) -> None:
    file = tmp_path / "mlflow.db"
    file.touch()
    for uri in (f"sqlite:///{file}", "postgresql://u:canary@h/db"):
        error = refusal(uri, installed="")
        assert error.reason is ReasonCode.USAGE_INVALID
        assert "promoter[demo]" in str(error.hint)
        assert "canary" not in str(error)


def test_a_missing_sqlite_file_is_an_outage_and_is_not_created(tmp_path: Path) -> None:
    file = tmp_path / "mlflow.db"
    error = refusal(f"sqlite:///{file}")
    assert error.reason is ReasonCode.REGISTRY_UNAVAILABLE
    assert str(file) in str(error)
    assert not file.exists()


def test_a_sqlite_file_that_is_there_is_taken(tmp_path: Path) -> None:
    file = tmp_path / "mlflow.db"
    file.touch()
    assert resolved(f"sqlite:///{file}").registry == f"sqlite:///{file}"


@pytest.mark.parametrize("uri", ["sqlite://", "sqlite:///", "sqlite:///:memory:"])
def test_a_database_in_memory_is_no_registry(uri: str) -> None:
    assert refusal(uri).reason is ReasonCode.USAGE_INVALID


@pytest.mark.parametrize(
    ("uri", "path"),
    [
        ("sqlite:///mlflow.db", Path("mlflow.db")),
        ("sqlite:////srv/mlflow.db", Path("/srv/mlflow.db")),
        ("sqlite+pysqlite:////srv/mlflow.db?timeout=1", Path("/srv/mlflow.db")),
        ("sqlite:///file:/srv/mlflow.db?mode=ro&uri=true", Path("/srv/mlflow.db")),
        ("sqlite:///:memory:", None),
    ],
)
def test_the_file_of_a_sqlite_address(uri: str, path: Path | None) -> None:
    assert sqlite_path(uri) == path


@pytest.mark.parametrize(
    ("uri", "shown"),
    [
        ("https://user:canary@mlflow.example.com/x", "https://mlflow.example.com/x"),
        ("https://canary@mlflow.example.com", "https://mlflow.example.com"),
        ("https://user:can@ary@mlflow.example.com", "https://mlflow.example.com"),
        ("mssql+pyodbc:///?odbc_connect=PWD%3Dcanary", "mssql+pyodbc:///"),
        ("databricks-uc", "databricks-uc"),
    ],
)
def test_an_address_is_shown_without_its_secrets(uri: str, shown: str) -> None:
    assert without_secrets(uri) == shown
    assert Addresses(tracking="http://a", registry=uri).shown == shown


SECRETS = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zs", "Zl", "Zp"]), min_size=4, max_size=20)


@given(secret=SECRETS, before=st.text(max_size=20), after=st.text(max_size=20))
def test_no_text_shows_a_password_once_it_is_redacted(secret: str, before: str, after: str) -> None:
    encoded = quote(secret, safe="")
    addresses = Addresses(
        tracking=f"http://user:{encoded}@tracking.example.com", registry="http://registry.example.com"
    )
    text = f"{before} {encoded} {addresses.tracking}/api {after}"
    assert encoded not in addresses.redact(text)
    assert secret not in addresses.redact(f" {secret} ")


def test_redacting_hides_any_user_and_password_and_keeps_the_rest() -> None:
    addresses = Addresses(tracking="http://a", registry="postgresql://u:canary@h/db?sslpassword=other")
    text = "opening postgresql://u:canary@h/db?sslpassword=other nor https://x:unknown@y/z: canary, other"
    shown = addresses.redact(text)
    assert shown == "opening postgresql://***@h/db?*** nor https://***@y/z: ***, other"


def test_a_text_without_secrets_stays_as_it_is() -> None:
    text = "Registered Model with name=a@b not found at http://mlflow.example.com/#/models"
    assert Addresses(tracking="http://a", registry="http://b").redact(text) == text


@pytest.mark.parametrize(
    ("location", "place", "held"),
    [
        ("s3://b/run/artifacts", "s3://b/run/artifacts/promoter/1-a/report.html", True),
        ("s3://b/run/artifacts/", "s3://b/run/artifacts/promoter/1-a/report.html", True),
        ("s3://b/run", "s3://b/run/artifacts/promoter/1-a/report.html", True),
        ("s3://b/run/artifacts/model", "s3://b/run/artifacts/promoter/1-a/report.html", False),
        ("s3://b/run/art", "s3://b/run/artifacts/report.html", False),
        ("s3://c/run/artifacts", "s3://b/run/artifacts/report.html", False),
        ("file:///a%20b/run", "/a b/run/report.html", True),
        ("mlflow-artifacts://host:5000/1/r/artifacts", "mlflow-artifacts:/1/r/artifacts/report.html", True),
        ("http://[", "s3://b/report.html", False),
        ("", "/a/report.html", False),
    ],
)
def test_a_folder_holds_what_lies_in_it(location: str, place: str, held: bool) -> None:
    assert holds(location, place) is held
