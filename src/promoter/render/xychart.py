"""What the Mermaid charts of a comment share: GitHub draws `xychart` and takes nothing but its own marks.

Mermaid draws no floating bars: every bar begins at the lower end of the axis. A bar of the background's
colour over it hides what is left of where it should begin, so such a chart has a background of its own, the
same in both themes.
"""

from __future__ import annotations

BACKGROUND, INK = "#ffffff", "#1f2328"
_FRAME = "#8c959f"
# One hiding bar would leave a faint edge of what is below it.
HIDING = 3


def palette(*bars: str) -> str:
    """Colours of bars, of those that hide, and of the line at zero, in their order."""
    return ", ".join((*bars, *[BACKGROUND] * HIDING, INK))


def theme() -> str:
    """Background and inks that belong together."""
    inks = ("titleColor", "xAxisLabelColor", "yAxisLabelColor")
    frames = ("xAxisLineColor", "yAxisLineColor", "yAxisTickColor")
    colours = (
        ("backgroundColor", BACKGROUND),
        *((name, INK) for name in inks),
        *((name, _FRAME) for name in frames),
    )
    return ", ".join(f'{name}: "{colour}"' for name, colour in colours)


def padding(longest: int) -> int:
    """Room for labels of so many characters: on a phone Mermaid takes them for shorter than it draws them."""
    return 12 + 3 * longest


def beyond(begin: float, end: float) -> float:
    """Where to end an axis: one that ended at its last label would cut it."""
    return end + (end - begin) / 20
