"""From matplotlib's SVG to shapes that may stand in a page: no ids, no references, nothing but paths."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_SVG = "{http://www.w3.org/2000/svg}"
_LINK = "{http://www.w3.org/1999/xlink}href"
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:e[+-]?\d+)?")
_COLOUR = re.compile(r"#[0-9a-f]{6}")


def shapes(figure: Figure, variables: Mapping[str, str]) -> str:
    """Every path of a figure in the order it was drawn; its colours become what `variables` has for them.

    A figure with a colour that has no variable is a mistake of the one who drew it: `KeyError`.
    """
    target = io.StringIO()
    figure.savefig(target, format="svg", metadata={"Date": None, "Creator": None})
    # Matplotlib wrote it of numbers alone: there is nothing in it that anybody else chose.
    root = ET.fromstring(target.getvalue())
    known = {f"#{one.get('id')}": one for one in root.iter(f"{_SVG}path")}
    hidden = {id(path) for part in root.iter(f"{_SVG}defs") for path in part.iter()}
    return "".join(_shape(one, known, variables=variables) for one in root.iter() if id(one) not in hidden)


def _shape(element: ET.Element, known: Mapping[str, ET.Element], *, variables: Mapping[str, str]) -> str:
    if element.tag == f"{_SVG}use":
        place = f"{_rounded(element.get('x', '0'))} {_rounded(element.get('y', '0'))}"
        moved = f' transform="translate({place})"'
        return _path(known[element.get(_LINK, "")], element, moved=moved, variables=variables)
    return _path(element, element, moved="", variables=variables) if element.tag == f"{_SVG}path" else ""


def _path(outline: ET.Element, styled: ET.Element, *, moved: str, variables: Mapping[str, str]) -> str:
    # "M 1 2 \nL 3 4" says no more than "M1 2L3 4".
    steps = re.sub(r"\s*([A-Za-z])\s*", r"\1", _rounded(outline.get("d", "").strip()))
    style = _COLOUR.sub(lambda match: variables[match[0]], styled.get("style", "")).replace(" ", "")
    return f'<path d="{steps}"{moved} style="{style}"></path>'


def _rounded(numbers: str) -> str:
    """To a tenth of a pixel."""
    return _NUMBER.sub(lambda match: f"{float(match[0]) + 0.0:.1f}".removesuffix(".0"), numbers)
