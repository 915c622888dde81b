"""Records every call to GitHub of a test run, and judges them at its end; registered by tests/conftest.py.

Each process of the run (pytest-xdist's workers, programs that tests start) leaves what it heard in one
folder, which the first of them made and named in `PROMOTER_GITHUB_CALLS`. That one judges, prints one line,
with `-v` the routes too, and fails the run when something is wrong.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING

import pytest

from tests import github_data
from tests.contract.github_recording import Recording, listen

if TYPE_CHECKING:
    from tests.contract.github_recorded import Judged

FOLDER = "PROMOTER_GITHUB_CALLS"


class GitHubCalls:
    """The plugin of one process."""

    def __init__(self) -> None:
        given = os.environ.get(FOLDER, "")
        # Ours to judge and to remove, unless another process of this run made it.
        self._own = None if Path(given).is_dir() and given else Path(mkdtemp(prefix="github-calls-"))
        if self._own is not None:
            os.environ[FOLDER] = str(self._own)
        self._recording = Recording(self._own or Path(given))
        self.judged: Judged | None = None
        self.unjudged = ""
        listen(self._recording)

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Leave the counts; judge when all others have."""
        self._recording.close()
        if self._own is None:
            return
        if not any(self._own.glob("*.jsonl")):
            return
        try:
            self.judged = _judged(self._own)
        except ImportError as absent:
            # Whoever tries the product beside other versions has not got all that its tests can use.
            self.unjudged = f"GitHub calls: not judged: {absent}"
            return
        except (pytest.skip.Exception, pytest.fail.Exception) as absent:
            self.unjudged = f"GitHub calls: not judged: {absent.msg}"
        failed = self.judged.wrong if self.judged else github_data.is_required()
        if failed and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """One line, and below it whatever is wrong."""
        if self.unjudged:
            terminalreporter.write_line(self.unjudged, yellow=True)
        if self.judged:
            terminalreporter.write_line(self.judged.line, red=bool(self.judged.wrong))
            for what in self.judged.wrong:
                terminalreporter.write_line(f"  {what}")
        if self.judged and terminalreporter.config.get_verbosity() > 0:
            for route, count in sorted(self.judged.routes.items()):
                terminalreporter.write_line(f"  {count:>7} {route}")

    def pytest_unconfigure(self) -> None:
        """Remove the folder."""
        if self._own is not None:
            os.environ.pop(FOLDER, None)
            shutil.rmtree(self._own, ignore_errors=True)


def _judged(folder: Path) -> Judged:
    """What the run comes to. What judges is slow to import, and only one process needs it."""
    from tests.contract.github_graphql_schema import find_schema  # noqa: PLC0415
    from tests.contract.github_recorded import Described, judge, read  # noqa: PLC0415
    from tests.contract.github_spec import load_spec  # noqa: PLC0415

    return judge(read(folder), Described(rest=load_spec(), queries=find_schema))
