"""One chart of the HTML report as inline SVG: matplotlib draws the shapes, the words are written here.

Matplotlib is given numbers and no text: whatever a label says, nothing is measured, typeset or looked up for
it, and it reaches the page through `html.escape` like all the rest. Colours are the page's own: each ink goes
in as a colour nobody uses and comes out as a variable of the style sheet, so that one drawing is right in
light and dark, and without a script.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum, StrEnum
from html import escape
from importlib.util import find_spec
from typing import TYPE_CHECKING

from promoter.core.pictures import Point
from promoter.render.drawing_svg import shapes

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LIBRARY = "matplotlib"
_FIGURES = "matplotlib.figure"
# How a picture may fail: at an import that this machine's settings spoil, at a number without a place, at
# what a library's next version changes. None of it is worth a run's outcome.
FAILURES: tuple[type[Exception], ...] = (
    ArithmeticError, AttributeError, ImportError, LookupError, MemoryError, OSError, RuntimeError,
    SyntaxError, TypeError, ValueError, Warning,
)  # fmt: skip
# A figure's unit is the point, 72 to the inch; so that it is our pixel too.
_DPI = 72


class Ink(Enum):
    """A variable of the style sheet."""

    INK = "ink"
    SOFT = "soft"
    LINE = "line"
    CHAMPION = "champion"
    CHALLENGER = "challenger"
    GOOD = "good"
    BAD = "bad"
    UNSURE = "unsure"

    @property
    def colour(self) -> str:
        """What stands for it while matplotlib draws."""
        return f"#0f0f{tuple(Ink).index(self):02x}"


_VARIABLES = {ink.colour: f"var(--{ink.value})" for ink in Ink}


class Anchor(StrEnum):
    """Which end of a text lies at its place."""

    START = "start"
    MIDDLE = "middle"
    END = "end"


@dataclass(frozen=True, kw_only=True)
class Frame:
    """A chart's size and margins in CSS pixels, and what its axes reach from and to.

    As wide as a phone's column, so that its text is nowhere made smaller than it is.
    """

    x: Point
    y: Point
    height: float
    width: float = 320.0
    left: float = 8.0
    right: float = 8.0
    top: float = 8.0
    bottom: float = 8.0

    @property
    def field(self) -> tuple[float, float, float, float]:
        """Left, bottom, width and height of the field between the margins, as shares of the whole."""
        width, height = self.width - self.left - self.right, self.height - self.top - self.bottom
        return (
            self.left / self.width,
            self.bottom / self.height,
            width / self.width,
            height / self.height,
        )


class Sheet:
    """What a chart draws on: `axes` for shapes, `words` for text."""

    def __init__(self, axes: Axes, frame: Frame) -> None:
        self.axes = axes
        self.frame = frame
        self._texts: list[str] = []

    def words(
        self,
        at: Point,
        inner: str,
        *,
        anchor: Anchor = Anchor.START,
        kind: str = "",
        shift: Point = (0.0, 0.0),
    ) -> None:
        """Rendered text whose baseline lies at a place of the axes, and `shift` pixels right and down."""
        x, y = self.axes.transData.transform(at)
        place = f'x="{x + shift[0]:.1f}" y="{self.frame.height - y + shift[1]:.1f}"'
        self._texts.append(f'<text class="{kind}" {place} text-anchor="{anchor.value}">{inner}</text>')

    @property
    def texts(self) -> str:
        """All words so far."""
        return "".join(self._texts)


@dataclass(frozen=True, kw_only=True)
class Chart:
    """What can be drawn. `title` and `told` are plain text for those who do not see it, `caption` and `note`
    rendered parts around it. `name` is one of its kind in a request; `roles` are those whose lines need
    telling apart.
    """

    name: str
    title: str
    told: str
    frame: Frame
    draw: Callable[[Sheet], None]
    caption: str = ""
    note: str = ""
    roles: tuple[str, ...] = ()


def installed(library: str = LIBRARY) -> bool:
    """Whether there is anything to draw with."""
    return find_spec(library) is not None


def load() -> None:
    """Import what draws; one of FAILURES where that cannot be.

    Two settings of the environment are read meanwhile, MPLBACKEND and MATPLOTLIBRC: a bad one costs the
    charts.
    """
    if _FIGURES in sys.modules:
        return
    with contextlib.ExitStack() as stack:
        # A `matplotlibrc` in the working folder is the pull request's: not even its mistakes may be told. A
        # folder that is gone holds none.
        with contextlib.suppress(FileNotFoundError):
            stack.enter_context(contextlib.chdir("/"))
        import matplotlib.backends.backend_svg
        import matplotlib.figure  # noqa: F401


def svg(chart: Chart, *, prefix: str) -> str:
    """The chart as an element; `prefix` keeps its ids apart from those of the page's other charts.

    One of FAILURES where it cannot be drawn.
    """
    load()
    with _figure(chart.frame) as figure:
        sheet = Sheet(figure.axes[0], chart.frame)
        chart.draw(sheet)
        drawn = shapes(figure, _VARIABLES)
    title, told = f"{prefix}-{chart.name}-title", f"{prefix}-{chart.name}-told"
    return (
        f'<svg class="drawn" role="img" viewBox="0 0 {chart.frame.width:g} {chart.frame.height:g}" '
        f'aria-labelledby="{title} {told}"><title id="{title}">{escape(chart.title)}</title>'
        f'<desc id="{told}">{escape(chart.told)}</desc>{drawn}{sheet.texts}</svg>'
    )


@contextlib.contextmanager
def _figure(frame: Frame) -> Iterator[Figure]:
    """Bare axes under matplotlib's own defaults, whatever this machine asks for."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams["svg.fonttype"] = "none"
        mpl.rcParams["svg.hashsalt"] = "promoter"
        figure = Figure(figsize=(frame.width / _DPI, frame.height / _DPI), dpi=_DPI)
        figure.patch.set_visible(False)
        axes = figure.add_axes(frame.field, xlim=frame.x, ylim=frame.y, autoscale_on=False)
        axes.set_axis_off()
        yield figure
