from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import matplotlib as mpl
import pytest

from promoter.render import drawing
from promoter.render.drawing import Anchor, Chart, Frame, Ink, Sheet
from promoter.render.drawing_axes import given, number, ticks
from tests.unit.render.structure import html_shape

FRAME = Frame(x=(0.0, 10.0), y=(0.0, 5.0), height=120.0, left=20.0, right=20.0, top=10.0, bottom=10.0)


def _draw(sheet: Sheet) -> None:
    sheet.axes.plot((0, 10), (0, 5), color=Ink.CHALLENGER.colour, linewidth=2)
    sheet.axes.barh(2, 4, color=Ink.BAD.colour, alpha=0.5)
    sheet.axes.plot((5, 10), (1, 1), marker="o", color=Ink.GOOD.colour)
    sheet.words((0, 0), "here", anchor=Anchor.END, kind="named", shift=(-2, 3))


CHART = Chart(name="one", title="A <chart>", told="From 0 to 5", frame=FRAME, draw=_draw)


def test_a_chart_is_an_image_with_a_name_and_a_description() -> None:
    text = drawing.svg(CHART, prefix="r3")
    assert text.startswith(
        '<svg class="drawn" role="img" viewBox="0 0 320 120" aria-labelledby="r3-one-title r3-one-told">'
        '<title id="r3-one-title">A &lt;chart&gt;</title><desc id="r3-one-told">From 0 to 5</desc><path '
    )


def test_shapes_are_paths_in_the_colours_of_the_style_sheet() -> None:
    text = drawing.svg(CHART, prefix="r1")
    assert {shape[0] for shape in html_shape(text)} == {
        *("svg", "title", "desc", "path", "text", "#text"),
        *("/svg", "/title", "/desc", "/path", "/text"),
    }
    assert set(re.findall(r"var\(--[a-z]+\)", text)) == {"var(--challenger)", "var(--bad)", "var(--good)"}
    assert "#" not in text
    assert "url(" not in text
    assert '<path d="M20 110L300 10" style="fill:none;' in text


def test_a_mark_stands_where_its_point_is() -> None:
    marks = re.findall(r'transform="translate\(([\d. ]+)\)"', drawing.svg(CHART, prefix="r1"))
    assert marks == ["160 90", "300 90"]


def test_words_stand_where_their_point_is() -> None:
    text = drawing.svg(CHART, prefix="r1")
    assert '<text class="named" x="18.0" y="113.0" text-anchor="end">here</text>' in text


def test_ids_of_one_page_do_not_meet() -> None:
    def ids(prefix: str) -> set[str]:
        return set(re.findall(r' id="([^"]+)"', drawing.svg(CHART, prefix=prefix)))

    assert len(ids("r1")) == 2
    assert not ids("r1") & ids("r2")


def test_a_chart_is_drawn_alike_every_time_and_whatever_the_settings_are() -> None:
    first = drawing.svg(CHART, prefix="r1")
    with mpl.rc_context({"lines.linewidth": 9.0, "path.sketch": (5, 50, 2), "patch.force_edgecolor": True}):
        before = dict(mpl.rcParams)
        assert drawing.svg(CHART, prefix="r1") == first
        assert dict(mpl.rcParams) == before


def test_a_colour_that_the_page_does_not_have_is_a_mistake() -> None:
    def draw(sheet: Sheet) -> None:
        sheet.axes.plot((0, 1), (0, 1), color="#123456")

    with pytest.raises(KeyError):
        drawing.svg(replace(CHART, draw=draw), prefix="r1")


_PROGRAM = """
import sys
from functools import partial
from promoter.render.html import html
from promoter.render.html_charts import charts, undrawn
from promoter.render import drawing
from tests.unit.render import pictures, reports
html(reports.rejected())
assert "matplotlib" not in sys.modules
html(pictures.binary(), charts=partial(charts, library="no_such_library"))
html(pictures.binary(), charts=undrawn)
assert "matplotlib" not in sys.modules
sys.stdout.write(html(pictures.binary()))
"""


def test_the_working_folder_has_no_say_and_nothing_is_imported_in_vain(tmp_path: Path) -> None:
    # Both what it sets and what is wrong in it: matplotlib would tell the log of the second.
    (tmp_path / "matplotlibrc").write_text("lines.linewidth: 9\n##[error]x: y\npath.sketch: 5, 50, 2\n")
    project = Path(__file__).parents[3]
    program = f"import sys; sys.path[:0] = [{str(project)!r}, {str(project / 'src')!r}]\n{_PROGRAM}"

    def drawn(folder: Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-I", "-c", program], cwd=folder, capture_output=True, text=True, check=True
        )

    inside, outside = drawn(tmp_path), drawn(project)
    assert inside.stdout == outside.stdout
    assert "<svg" in inside.stdout
    assert "##[" not in inside.stderr


_SPOILT = """
import os, sys
from promoter.render.html import html
from tests.unit.render import pictures
folder = os.getcwd()
for gone in sys.argv[1:]:
    os.rmdir(gone)
sys.stdout.write(html(pictures.binary()))
assert os.readlink("/proc/self/cwd").startswith(folder)
"""


def _spoilt(folder: Path, *gone: str, **environ: str) -> str:
    project = Path(__file__).parents[3]
    program = f"import sys; sys.path[:0] = [{str(project)!r}, {str(project / 'src')!r}]\n{_SPOILT}"
    done = subprocess.run(
        [sys.executable, "-P", "-c", program, *gone],
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
        env=environ,
    )
    return done.stdout


def test_bad_settings_of_this_machine_cost_the_charts_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "settings").write_bytes(b"lines.linewidth: \xff\xfe9\n")
    for environ in ({"MPLBACKEND": "garbage"}, {"MATPLOTLIBRC": str(tmp_path / "settings")}):
        page = _spoilt(tmp_path, **environ)
        assert page.count("Charts could not be drawn: matplotlib cannot be imported here.") == 1
        assert "garbage" not in page
        assert '<svg class="drawn"' not in page
        assert page.endswith("</html>\n")


def test_a_working_folder_that_is_gone_costs_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "gone"
    folder.mkdir()
    assert '<svg class="drawn"' in _spoilt(folder, str(folder))


def test_what_is_installed() -> None:
    assert drawing.installed()
    assert not drawing.installed("no_such_library")


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (0.0, "0"),
        (-0.0, "0"),
        (-2.5, "\u22122.5"),
        (1200.0, "1,200"),
        (9999.0, "9,999"),
        (15_000.0, "15k"),
        (-1_500_000.0, "\u22121.5M"),
        (2e9, "2G"),
        (0.025, "0.025"),
    ],
)
def test_figures_in_little_room(value: float, written: str) -> None:
    assert number(value) == written


def test_ticks_are_round_and_within() -> None:
    assert ticks(-2_100.0, 1_600.0) == (
        (-2000.0, "\u22122,000"),
        (-1000.0, "\u22121,000"),
        (0.0, "0"),
        (1000.0, "1,000"),
    )
    assert [label for _, label in ticks(0.0, 16_000.0)] == ["0", "5,000", "10k", "15k"]


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("short", "short"),
        ("just ten c", "just ten c"),
        ("more than ten", "more than…"),
        ("鳥の分類と名前", "鳥の分類…"),
        ("<b>&", "&lt;b&gt;&amp;"),
        ("a\nb", "a\\nb"),
    ],
)
def test_text_from_outside_is_cut_to_its_room(value: str, shown: str) -> None:
    assert given(value, width=67.0) == f"<tspan>{shown}</tspan>"
