"""Files of the job: what is compared around a model's run, where a checkout leaves its token (T45, T46)."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from promoter.adapters.runner_traces import kept_tokens, traces

HEADER = '[http "https://github.com/"]\n\textraheader = AUTHORIZATION: basic Y2FuYXJ5\n'


def test_a_trace_is_of_content_kind_and_mode(tmp_path: Path) -> None:
    file = tmp_path / "env"
    file.write_text("a", encoding="utf-8")
    first = traces([str(file)])
    assert traces([str(file)]) == first
    file.write_text("b", encoding="utf-8")
    assert traces([str(file)]) != first
    assert list(traces([str(file), ""])) == [str(file)]


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert "not there" not in traces([str(tmp_path / "pipe")])[str(tmp_path / "pipe")]


@pytest.mark.parametrize("header", [HEADER, HEADER.upper()])
def test_t46_a_token_in_the_clone_is_found(tmp_path: Path, header: str) -> None:
    config = tmp_path / ".git" / "config"
    config.parent.mkdir()
    config.write_text("[core]\n\tbare = false\n", encoding="utf-8")
    assert kept_tokens(workspace=str(tmp_path), temp="") == ()
    config.write_text(header, encoding="utf-8")
    assert kept_tokens(workspace=str(tmp_path), temp="") == (str(config),)


def test_t46_a_token_beside_the_clone_is_found(tmp_path: Path) -> None:
    assert kept_tokens(workspace=str(tmp_path), temp=str(tmp_path)) == ()
    kept = tmp_path / "git-credentials-3f.config"
    kept.touch()
    (tmp_path / "other.config").touch()
    assert kept_tokens(workspace="", temp=str(tmp_path)) == (str(kept),)


def test_t46_without_a_runner_there_is_nothing_to_find(tmp_path: Path) -> None:
    assert kept_tokens(workspace="", temp="") == ()
    assert kept_tokens(workspace=str(tmp_path / "gone"), temp=str(tmp_path / "gone")) == ()
