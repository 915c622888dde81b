"""What the image's packages lose: only what nothing in the image asks for."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from scripts.slim_image import leave_out, shorten, shorten_all, unwanted

ROOT = Path(__file__).parents[2]
PACKAGES = Path(sysconfig.get_path("purelib"))
# What the action does with these packages, where any file that is left out would be an error.
PROGRAM = """
import sys
gone = sys.argv[1].split("\\n")
files, folders = set(gone), tuple(path for path in gone if path.endswith("/"))

def is_gone(path):
    return path in files or path.startswith(folders)

def refuse(event, given):
    if event == "open" and isinstance(given[0], str) and is_gone(given[0]):
        if given[0].rpartition("/")[2].startswith("__init__.") and "/tests/" in given[0]:
            return  # scikit-learn walks over all packages that are there
        raise FileNotFoundError(2, "left out of the image", given[0])

sys.addaudithook(refuse)
import io, os, tempfile, warnings
import numpy as np, pandas as pd, pyarrow as pa
import pyarrow.csv, pyarrow.compute, pyarrow.dataset, pyarrow.fs, pyarrow.ipc, pyarrow.parquet
import scipy.optimize, scipy.sparse, scipy.special, scipy.stats
import skops.io, sklearn.ensemble, sklearn.linear_model, sklearn.metrics, sklearn.pipeline

with tempfile.TemporaryDirectory() as folder:
    frame = pd.DataFrame({"a": [1.0, 2.0, 3.0, 4.0], "b": ["x", "y", "x", "y"]})
    frame.to_parquet(f"{folder}/x.parquet")
    assert pd.read_parquet(f"{folder}/x.parquet").equals(frame)
    table = pyarrow.dataset.dataset(f"{folder}/x.parquet").to_table()
    assert pyarrow.compute.sum(table["a"]).as_py() == 10.0

model = sklearn.ensemble.GradientBoostingClassifier(n_estimators=3).fit(np.eye(4), [0, 1, 0, 1])
written = skops.io.dumps(model)
skops.io.loads(written, trusted=skops.io.get_untrusted_types(data=written))

from matplotlib.figure import Figure
figure = Figure()
axes = figure.subplots()
axes.plot([1, 2], [3, 4])
axes.set_title("amounts")
for kind in ("svg", "png"):
    figure.savefig(io.BytesIO(), format=kind)

import boto3
from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository
from mlflow.utils import _unity_catalog_utils

os.environ.update(
    AWS_ACCESS_KEY_ID="k", AWS_SECRET_ACCESS_KEY="s", AWS_DEFAULT_REGION="eu-west-1",
    AWS_EC2_METADATA_DISABLED="true", AZURE_STORAGE_ACCESS_KEY="a2V5", GOOGLE_CLOUD_PROJECT="p",
    NO_GCE_CHECK="true", STORAGE_EMULATOR_HOST="http://127.0.0.1:9",
)
get_artifact_repository("s3://bucket/model")._get_s3_client()
for service in ("sts", "sso", "sso-oidc"):
    boto3.client(service)
get_artifact_repository("gs://bucket/model")._get_bucket("bucket")
blobs = get_artifact_repository("wasbs://c@account.blob.core.windows.net/model")
assert blobs.client.account_name == "account"
lake = get_artifact_repository("abfss://c@account.dfs.core.windows.net/model")
assert type(lake).__name__ == "AzureDataLakeArtifactRepository"
from azure.core.credentials import AzureSasCredential
from azure.identity import DefaultAzureCredential
from azure.storage.filedatalake import DataLakeServiceClient
from google.oauth2.credentials import Credentials
DefaultAzureCredential()
DataLakeServiceClient("https://account.dfs.core.windows.net", AzureSasCredential("sig"))

with open("/proc/self/maps") as maps:
    loaded = {line.split(maxsplit=5)[-1].strip() for line in maps if "/" in line}
print("refused", sorted(path for path in loaded if is_gone(path)))
"""


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-I", "-c", *arguments], capture_output=True, text=True, check=False, timeout=240
    )


@pytest.mark.slow
def test_the_action_does_its_work_without_what_is_left_out() -> None:
    pytest.importorskip("google.cloud.storage", reason="needs the packages of the image")
    gone = "\n".join(
        f"{path}{'/' if path.is_dir() else ''}" for _, found in unwanted(PACKAGES) for path in found
    )
    done = run(PROGRAM, gone)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "refused []\n"


def test_the_oracle_refuses_what_is_left_out() -> None:
    done = run(PROGRAM, f"{PACKAGES / 'numpy'}/")
    assert done.returncode != 0
    assert "left out of the image" in done.stderr or "No module named" in done.stderr, done.stderr


def test_every_line_of_the_lists_finds_something_here() -> None:
    assert [line for line, found in unwanted(PACKAGES) if not found] == []


@pytest.mark.parametrize(
    "package",
    ["boto3", "google-cloud-storage", "azure-storage-blob", "azure-storage-file-datalake", "azure-identity"],
)
def test_what_reads_a_clouds_storage_is_locked_for_the_image(package: str) -> None:
    lock = (ROOT / "requirements" / "image.txt").read_text(encoding="utf-8")
    assert re.search(rf"^{package}==[0-9.]+ \\$", lock, re.MULTILINE)


KEPT = (
    "botocore/data/s3/2006-03-01/service-2.json.gz",
    "botocore/data/sts/x",
    "botocore/data/sso/x",
    "botocore/data/sso-oidc/x",
    "botocore/data/signin/x",
    "botocore/data/endpoints.json",
    "fontTools/agl.py",
    "fontTools/misc/x.py",
    "fontTools/config/x.py",
    "fontTools/encodings/x.py",
    "numpy/_core/x.py",
    "other/tests/x.py",
    "pyarrow/libarrow.so.2500",
)
GONE = (
    "botocore/data/ec2/x",
    "fontTools/ttLib/x.py",
    *(
        f"{name}/deep/tests/x.py"
        for name in ("matplotlib", "numpy", "pandas", "pyarrow", "scipy", "skops", "sklearn")
    ),
    "numpy/tests/data/tests/x",
    "numpy/_core/include/x.h",
    "numpy/_core/lib/x.a",
    "pyarrow/_flight.so",
    "pyarrow/flight.py",
    "pyarrow/include/x.h",
    "pyarrow/libarrow.so",
    "pyarrow/libarrow.so.2500.1.0",
    "pyarrow/libarrow_flight.so.2500",
    "pyarrow/libarrow_python_flight.so",
    "pyarrow/src/x.cc",
)


def planted(folder: Path) -> Path:
    for name in (*KEPT, *GONE):
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"x" * 10)
    return folder


def test_what_is_listed_goes_and_everything_else_stays(tmp_path: Path) -> None:
    assert leave_out(planted(tmp_path)) == 10 * len(GONE)
    left = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()}
    assert left == set(KEPT)


@pytest.mark.parametrize("missing", ["botocore/data/ec2/x", "pyarrow/flight.py", "numpy/_core/lib/x.a"])
def test_a_line_that_finds_nothing_stops_the_build(tmp_path: Path, missing: str) -> None:
    (planted(tmp_path) / missing).unlink()
    if missing.endswith("ec2/x"):
        (tmp_path / missing).parent.rmdir()
    with pytest.raises(SystemExit, match="nothing is at"):
        leave_out(tmp_path)


def test_a_folder_that_must_stay_and_is_not_there_stops_the_build(tmp_path: Path) -> None:
    (planted(tmp_path) / "botocore/data/sts/x").unlink()
    (tmp_path / "botocore/data/sts").rmdir()
    with pytest.raises(SystemExit, match="has no sts"):
        leave_out(tmp_path)


# --- what is never loaded -------------------------------------------------------------------------

# Enough to import, to compute with BLAS and to run code that C++ wrote; the copies come first on the path.
COMPUTES = """
import sys
sys.path.insert(0, sys.argv[1])
import numpy as np, scipy.linalg, yaml
assert np.__file__.startswith(sys.argv[1]) and scipy.__file__.startswith(sys.argv[1])
assert np.allclose(scipy.linalg.inv(np.eye(9) * 2) @ (np.eye(9) * 2), np.eye(9))
assert np.linalg.svd(np.eye(9))[1].sum() == 9
assert yaml.load("a: [1]", Loader=yaml.CSafeLoader) == {"a": [1]}
"""


@pytest.mark.slow
def test_libraries_compute_without_the_end_that_is_never_loaded(tmp_path: Path) -> None:
    for name in ("numpy", "numpy.libs", "scipy", "scipy.libs", "yaml"):
        shutil.copytree(PACKAGES / name, tmp_path / name, ignore=shutil.ignore_patterns("tests"))
    before = sum(path.stat().st_size for path in tmp_path.rglob("*") if path.is_file())
    cut = shorten_all(tmp_path)
    assert cut == before - sum(path.stat().st_size for path in tmp_path.rglob("*") if path.is_file())
    assert cut > 5_000_000
    done = run(COMPUTES, str(tmp_path))
    assert done.returncode == 0, done.stderr


def test_a_library_that_was_cut_has_no_list_of_sections_and_is_not_cut_again(tmp_path: Path) -> None:
    (original,) = (PACKAGES / "yaml").glob("_yaml*.so")
    library = tmp_path / "x.so"
    shutil.copyfile(original, library)
    assert shorten(library) > 1_000_000
    header = library.read_bytes()[:64]
    assert (header[40:48], header[58:64]) == (bytes(8), bytes(6))
    assert header[:40] == original.read_bytes()[:40]
    assert shorten(library) == 0


def library_of(*, end: int, size: int) -> bytes:
    """One part of a library, whose last loaded byte is before `end`, and what lies behind it."""
    header = b"\x7fELF\x02\x01" + bytes(26) + (64).to_bytes(8, "little") + (end).to_bytes(8, "little")
    header += bytes(6) + (56).to_bytes(2, "little") + (1).to_bytes(2, "little")
    header = header.ljust(64, b"s")
    part = bytes(8) + (120).to_bytes(8, "little") + bytes(16) + (end - 120).to_bytes(8, "little") + bytes(16)
    return (header + part).ljust(size, b"x")


def test_what_is_behind_the_last_part_goes(tmp_path: Path) -> None:
    library = tmp_path / "x.so.2"
    library.write_bytes(library_of(end=200, size=1_000))
    assert shorten(library) == 800
    assert library.read_bytes()[120:] == b"x" * 80


@pytest.mark.parametrize(
    "content",
    [
        b"INPUT(libx.so.2)",  # a linker's script
        b"\x7fELF\x02\x01" + bytes(20),
        b"\x7fELF\x01\x01" + bytes(200),  # 32 bits
        library_of(end=1_000, size=1_000),
        # Its table says that more is loaded than there is
        library_of(end=2_000, size=1_000),
        # No parts at all
        b"\x7fELF\x02\x01" + bytes(500),
    ],
)
def test_what_is_no_such_library_stays_as_it_is(tmp_path: Path, content: bytes) -> None:
    library = tmp_path / "x.so"
    library.write_bytes(content)
    assert shorten(library) == 0
    assert library.read_bytes() == content


def test_packages_without_anything_to_cut_stop_the_build(tmp_path: Path) -> None:
    (tmp_path / "x.so").write_bytes(b"text")
    (tmp_path / "y.so").symlink_to(tmp_path / "x.so")
    with pytest.raises(SystemExit, match="nothing to cut off"):
        shorten_all(tmp_path)
