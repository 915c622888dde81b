"""GitHub's runner: masks, log lines, annotations, outputs and the summary page."""

from __future__ import annotations

import secrets as random_source
from base64 import b64encode
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TextIO
from urllib.parse import quote as percent_encode

from promoter.adapters.progress_lines import Lines
from promoter.core.progress import Progress
from promoter.errors import PromoterError, ReasonCode
from promoter.text import Message, quote, say

_SHORTEST_MASK = 4


class ActionsRunner:
    """Writes to the job. Files that the runner did not name are left out, so it works on a terminal too.

    `progress` is told of what takes long: in the log, folded, unless another is given.
    """

    def __init__(
        self,
        *,
        stream: TextIO,
        output: str,
        summary: str,
        report_directory: str,
        progress: Progress | None = None,
    ) -> None:
        self.progress = progress or Lines(self)
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

    def fold(self, title: Message) -> None:
        """Begin a group of lines. The log shows its title until somebody opens it; groups do not nest."""
        self._line(f"::group::{_command_data(str(title))}")

    def unfold(self) -> None:
        """End the group."""
        self._line("::endgroup::")

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
        """Write a file into the report folder; its path. Empty, and nothing written, without a folder.

        One that is there is replaced whole or stays as it is, whatever ends the run meanwhile.
        """
        if not self._directory:
            return ""
        path = Path(self._directory) / name
        content = text.encode()
        part = path.with_name(f".{path.name}.{random_source.token_hex(4)}")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            part.write_bytes(content)
            part.replace(path)
        except OSError as error:
            with suppress(OSError):
                part.unlink()
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
