"""uv's lock: which wheels it means, what becomes of their addresses, and how they are fetched."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from promoter.evaluation.sandbox.locking import fetch_over, localised, wheels_of
from promoter.evaluation.sandbox.wheels import Kept, Wheel
from tests.model_folders import Unlimited
from tests.wheel_index import Index, served, wheel

MADE = wheel("churn", "1.0")
SHA256 = hashlib.sha256(MADE[1]).hexdigest()


def lock_of(*urls: str, sha256: str = SHA256, size: int = len(MADE[1])) -> str:
    """A lock of one package with these wheels, as uv writes it."""
    entries = ", ".join(
        f"{{ url = {json.dumps(url)}, size = {size}, hashes = {{ sha256 = {json.dumps(sha256)} }} }}"
        for url in urls
    )
    return f'lock-version = "1.0"\n\n[[packages]]\nname = "churn"\nversion = "1.0"\nwheels = [{entries}]\n'


@pytest.fixture
def index() -> Iterator[Index]:
    with served(Index()) as found:
        found.add(MADE)
        yield found


def address(index: Index) -> str:
    return f"{index.url}/files/{MADE[0]}"


def nobody(_: Wheel, __: Path) -> bool:
    raise AssertionError("nothing was to be fetched")


def test_the_wheel_for_this_python_is_chosen() -> None:
    lock = lock_of(
        "https://x.example/churn-1.0-cp27-cp27m-win_amd64.whl",
        "https://x.example/churn-1.0-py2.py3-none-any.whl",
        "https://x.example/churn-1.0-cp36-abi3-manylinux2014_x86_64.manylinux_2_17_x86_64.whl",
    )
    (found,) = wheels_of(lock)
    assert found.name.startswith("churn-1.0-cp36-abi3-")
    assert (found.sha256, found.size) == (SHA256, len(MADE[1]))


@pytest.mark.parametrize(
    "url",
    [
        "https://x.example/churn-1.0-cp27-cp27m-win_amd64.whl",
        "https://x.example/churn-1.0-cp312-cp312-macosx_11_0_arm64.whl",
        "https://x.example/churn-1.0.tar.gz",
        "https://x.example/churn.whl",
        "https://x.example/..%2f..%2fchurn-1.0-py3-none-any.whl",
        'https://x.example/"churn-1.0-py3-none-any.whl',
        "file:///etc/churn-1.0-py3-none-any.whl",
        "https://x.example/churn-1.0-py3-none-any.whl#x",
        "",
    ],
)
def test_what_does_not_run_here_or_looks_odd_is_left_to_uv(tmp_path: Path, url: str) -> None:
    lock = lock_of(url)
    assert wheels_of(lock) == []
    kept = Kept(root=tmp_path, name="kept")
    assert localised(lock, tmp_path / "wheels", kept=kept, fetch=nobody) == lock


@pytest.mark.parametrize("sha256", ["", "0" * 63, "A" * 64, "../../../etc/passwd"])
def test_a_wheel_without_a_digest_is_left_to_uv(sha256: str) -> None:
    assert wheels_of(lock_of("https://x.example/churn-1.0-py3-none-any.whl", sha256=sha256)) == []


def test_what_is_fetched_is_kept_and_not_fetched_again(index: Index, tmp_path: Path) -> None:
    lock, kept = lock_of(address(index)), Kept(root=tmp_path, name="kept")
    fetch = fetch_over({}, Unlimited())
    first = localised(lock, tmp_path / "a" / "wheels", kept=kept, fetch=fetch)
    again = localised(lock, tmp_path / "b" / "wheels", kept=kept, fetch=nobody)
    assert first == again == lock.replace(f'url = "{address(index)}"', f'path = "wheels/{SHA256}/{MADE[0]}"')
    for name in "ab":
        assert (tmp_path / name / "wheels" / SHA256 / MADE[0]).read_bytes() == MADE[1]
    assert index.fetched() == [MADE[0]]


def test_a_poisoned_wheel_is_fetched_anew(index: Index, tmp_path: Path) -> None:
    (tmp_path / "kept").mkdir()
    stored = tmp_path / "kept" / f"{SHA256}.whl"
    stored.write_bytes(wheel("churn", "1.0", content="evil")[1])
    lock, kept = lock_of(address(index)), Kept(root=tmp_path, name="kept")
    localised(lock, tmp_path / "wheels", kept=kept, fetch=fetch_over({}, Unlimited()))
    assert (tmp_path / "wheels" / SHA256 / MADE[0]).read_bytes() == MADE[1]
    assert stored.read_bytes() == MADE[1]


def test_an_index_that_sends_something_else_is_uvs_to_complain_of(index: Index, tmp_path: Path) -> None:
    lock, kept = lock_of(address(index)), Kept(root=tmp_path, name="kept")
    index.files[MADE[0]] = b"x" * len(MADE[1])
    fetch = fetch_over({}, Unlimited())
    assert localised(lock, tmp_path / "wheels", kept=kept, fetch=fetch) == lock
    assert not (tmp_path / "kept").exists()


@pytest.mark.parametrize("way", ["password", "absent", "user in the address", "nobody listens"])
def test_what_cannot_be_fetched_without_credentials_is_left_to_uv(
    index: Index, tmp_path: Path, way: str
) -> None:
    url = address(index)
    if way == "password":
        index.needs_password = True
    elif way == "absent":
        index.files.clear()
    elif way == "user in the address":
        url = url.replace("//", "//me:secret@")
    else:
        url = url.replace(index.url, "http://127.0.0.1:9")
    lock, kept = lock_of(url), Kept(root=tmp_path, name="kept")
    assert localised(lock, tmp_path / "wheels", kept=kept, fetch=fetch_over({}, Unlimited())) == lock
    assert not list((tmp_path / "wheels").rglob("*.whl"))


def test_a_proxy_that_is_named_is_asked(index: Index, tmp_path: Path) -> None:
    made = Wheel(name=MADE[0], url="http://nowhere.invalid/x.whl", sha256=SHA256, size=len(MADE[1]))
    assert not fetch_over({"HTTP_PROXY": index.url}, Unlimited())(made, tmp_path / "x.whl")
    assert index.asked == ["http://nowhere.invalid/x.whl"]


def test_an_index_that_drips_is_not_waited_for_longer_than_the_run(index: Index, tmp_path: Path) -> None:
    index.pause = 0.01
    made = Wheel(name=MADE[0], url=address(index), sha256=SHA256, size=len(MADE[1]))
    assert not fetch_over({}, Unlimited(0.0))(made, tmp_path / "x.whl")
    assert not (tmp_path / "x.whl").exists()
