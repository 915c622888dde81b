"""The bars themselves, by rich. Imported when the first one is drawn."""

from __future__ import annotations

from collections.abc import Callable
from typing import IO, TextIO, cast

from rich.console import Console, RenderableType
from rich.progress import Progress, ProgressColumn, SpinnerColumn, Task, TaskID, TextColumn
from rich.progress_bar import ProgressBar
from rich.table import Column
from rich.text import Text

from promoter.adapters.progress_pace import Pace
from promoter.adapters.quiet_stream import QuietStream

# Each drawing costs a millisecond or two of a processor that models need.
_DRAWN_IN_A_SECOND = 4
_BAR = 24
# The columns that words need; what is left is the bar's.
_WORDS = 70


class Bars:
    """On one terminal. A step's pace is asked for whenever its bar is drawn, by a thread of rich's."""

    def __init__(self, stream: TextIO, *, has_colour: bool, columns: int | None) -> None:
        self._console = _Console(
            file=cast("IO[str]", QuietStream(stream)),
            force_terminal=True,
            color_system="standard" if has_colour else None,
            no_color=not has_colour,
            width=columns,
            legacy_windows=False,
            emoji=False,
            highlight=False,
            markup=False,
            _environ={},
        )
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}", markup=False, table_column=Column(no_wrap=True, ratio=1)),
            _Bar(width=min(_BAR, max(self._console.width - _WORDS, 0))),
            _Told(),
            console=self._console,
            refresh_per_second=_DRAWN_IN_A_SECOND,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
            expand=True,
        )
        self._progress.start()

    def add(self, what: str, *, pace: Callable[[], Pace]) -> TaskID:
        """A bar at the bottom."""
        return self._progress.add_task(what, total=None, pace=pace)

    def remove(self, bar: TaskID) -> None:
        """It is gone."""
        self._progress.remove_task(bar)

    def print(self, line: str) -> None:
        """Above the bars."""
        self._console.print(line, markup=False, highlight=False, emoji=False, soft_wrap=True)

    def close(self) -> None:
        """All are gone, and nothing is drawn any more."""
        self._progress.stop()


class _Bar(ProgressColumn):
    """Drawn where it is known how much there is."""

    def __init__(self, *, width: int) -> None:
        super().__init__()
        self._width = width

    def render(self, task: Task) -> RenderableType:
        pace: Pace = task.fields["pace"]()
        if pace.total is None or not self._width:
            return Text("")
        return ProgressBar(total=max(pace.total, 1), completed=pace.done, width=self._width)


class _Told(ProgressColumn):
    """What is done, how fast, and the time that is left."""

    def render(self, task: Task) -> Text:
        return Text(task.fields["pace"]().in_short(), no_wrap=True)


class _Console(Console):
    """Leaves the cursor alone: a process that is killed could not show it again."""

    def show_cursor(self, show: bool = True) -> bool:
        return False
