"""GitHub's runner: masks, log lines, annotations, outputs and the summary page."""

from __future__ import annotations

import secrets as random_source
from base64 import b64encode
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TextIO
from urllib.parse import quote as percent_encode

from promoter.errors import PromoterError, ReasonCode
from promoter.text import Message, quote, say

_SHORTEST_MASK = 4


class ActionsRunner:
    """Writes to the job. Files that the runner did not name are left out, so it works on a terminal too."""

    def __init__(self, *, stream: TextIO, output: str, summary: str, report_directory: str) -> None:
        self._stream = stream
        self._output = output
        self._summary = summary
        self._directory = report_directory

    def mask(self, secrets: Sequence[str]) -> None:
        """Have the log hide these values, and the forms in which they may travel, line by line."""
        for secret in secrets:
            forms = {secret, percent_encode(secret, safe=""), b64encode(secret.encode()).decode()}
            lines = {line.strip() for form in forms for line in form.splitlines()}
            for line in sorted(line for line in lines if len(line) >= _SHORTEST_MASK):
                self._line(f"::add-mask::{_command_data(line)}")

    def log(self, message: Message) -> None:
        """One line in the log: `str` of a message holds no line break and no command."""
        self._line(str(message))

    def show(self, text: str) -> None:
        """A rendered report; the renderer has escaped it."""
        self._line(text.rstrip("\n"))

    def annotate(self, lines: Sequence[str]) -> None:
        """Workflow commands, rendered and escaped already."""
        for line in lines:
            self._line(line)

    def summary(self, text: str) -> None:
        """Append Markdown to the job's summary page."""
        if self._summary:
            self._append(self._summary, text)

    def outputs(self, values: Mapping[str, str]) -> None:
        """Write the step's outputs, each between delimiters that nobody can guess."""
        if not self._output:
            return
        for name, value in values.items():
            delimiter = f"promoter-{random_source.token_hex(16)}"
            self._append(self._output, f"{name}<<{delimiter}\n{value}\n{delimiter}\n")

    def save(self, name: str, text: str) -> str:
        """Write a file into the report folder; its path. Empty, and nothing written, without a folder."""
        if not self._directory:
            return ""
        path = Path(self._directory) / name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        except OSError as error:
            raise _cannot_write(path, error) from error
        return str(path)

    def _append(self, file: str, text: str) -> None:
        try:
            with Path(file).open("a", encoding="utf-8", newline="\n") as stream:
                stream.write(text)
        except OSError as error:
            raise _cannot_write(Path(file), error) from error

    def _line(self, text: str) -> None:
        self._stream.write(text + "\n")
        self._stream.flush()


def _command_data(value: str) -> str:
    return value.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _cannot_write(path: Path, error: OSError) -> PromoterError:
    return PromoterError(
        ReasonCode.USAGE_INVALID,
        say("the file ", quote(path), " cannot be written: ", quote(error.strerror or error)),
        hint=say("Set `report-directory` to a folder that the job may write to."),
    )
