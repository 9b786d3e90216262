"""Plots as SVG text that stands inside a page: the same values give the same bytes, and text stays text."""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

BLUE: Final = "#0060a0"
ORANGE: Final = "#b34700"
GREY: Final = "#5a5a5a"
INK: Final = "#1a1a1a"
_LIGHT: Final = "#dcdcdc"
_WIDE_IN: Final = 8.4
# Any: the stub names every setting there is as a literal.
_STYLE: Final[Any] = {
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.size": 10.5,
    # A dollar in a name is a dollar.
    "text.parse_math": False,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.spines.left": False,
    "axes.edgecolor": GREY,
    "axes.labelcolor": INK,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "axes.axisbelow": True,
    "grid.color": _LIGHT,
}


@dataclass(frozen=True, slots=True)
class Dot:
    """A share with its 95% interval, for one row or hour of a plot; None where there is nothing to take a share of.

    Parameters
    ----------
    of
        How many incidents it is a share of.
    other
        Another share to show beside it, without an interval; None for none.
    """

    label: str
    rate: float | None
    low: float | None
    high: float | None
    of: int
    other: float | None = None


def rates_plot(name: str, dots: Sequence[Dot], overall: float | None, along: str) -> str:
    """Draw a dot with its interval for each row, the first on top, beside the rate of all.

    Parameters
    ----------
    name
        A word, unlike that of any other drawing in the page: the ids inside the drawing start with it.
    overall
        Drawn as a line; None for none.
    along
        What is shared, below the drawing.
    """

    def draw(axes: Axes) -> None:
        rows = range(len(dots) - 1, -1, -1)
        for row, dot in zip(rows, dots, strict=True):
            _dot(axes, row, dot)
        axes.set_yticks(list(rows), [dot.label for dot in dots])
        axes.set_ylim(-0.7, len(dots) - 0.3)
        percent(axes.xaxis)
        if overall is not None:
            axes.axvline(100 * overall, color=ORANGE, linewidth=1.2, linestyle=(0, (4, 3)), zorder=0)
        axes.set_xlim(0, 100)
        axes.set_xlabel(along)
        axes.tick_params(axis="y", length=0)
        for row, dot in zip(rows, dots, strict=True):
            axes.annotate(f"of {dot.of:,}", (1.02, row), xycoords=("axes fraction", "data"), va="center", color=GREY)

    return as_svg(name, draw, 0.9 + 0.34 * len(dots))


def _dot(axes: Axes, row: float, dot: Dot) -> None:
    if dot.rate is None:
        axes.text(1, row, "too few to tell" if dot.of else "none", va="center", color=GREY)
        return
    if dot.low is not None and dot.high is not None:
        axes.plot([100 * dot.low, 100 * dot.high], [row, row], color=BLUE, linewidth=2.4, solid_capstyle="butt")
    if dot.other is not None:
        axes.plot([100 * dot.other], [row], "D", color="white", markersize=6.5, markeredgecolor=ORANGE, clip_on=False)
    axes.plot([100 * dot.rate], [row], "o", color=BLUE, markersize=7, markeredgecolor="white", clip_on=False)


def hours_plot(name: str, dots: Sequence[Dot], overall: float | None) -> str:
    """Draw a dot with its interval for each hour of the day, from left to right, above how many were judged."""

    def draw(axes: Axes) -> None:
        for column, dot in enumerate(dots):
            if dot.rate is not None and dot.low is not None and dot.high is not None:
                axes.plot([column, column], [100 * dot.low, 100 * dot.high], color=BLUE, linewidth=2.4)
                axes.plot(
                    [column], [100 * dot.rate], "o", color=BLUE, markersize=7, markeredgecolor="white", clip_on=False
                )
        if overall is not None:
            axes.axhline(100 * overall, color=ORANGE, linewidth=1.2, linestyle=(0, (4, 3)), zorder=0)
        axes.set_ylim(0, 100)
        axes.set_xlim(-0.7, len(dots) - 0.3)
        percent(axes.yaxis)
        axes.set_xticks(range(len(dots)), [f"{dot.label}\n{dot.of:,}" for dot in dots])
        axes.tick_params(axis="x", labelsize=8.5)
        axes.set_xlabel("hour of receipt, and how many were judged")

    return as_svg(name, draw, 3.0)


def lost_plot(name: str, lost_s: Sequence[float]) -> str:
    """Draw how many incidents lost more than so many minutes, for every length of time."""

    def draw(axes: Axes) -> None:
        minutes = sorted(seconds / 60 for seconds in lost_s)
        left = range(len(minutes), 0, -1)
        axes.step([0, *minutes], [len(minutes), *left], where="pre", color=BLUE, linewidth=2)
        axes.plot([minutes[-1]], [1], "o", color=BLUE, markersize=6)
        axes.set_xlim(0, minutes[-1] * 1.03 or 1)
        axes.set_ylim(0, len(minutes) * 1.04)
        axes.grid(visible=True)
        axes.locator_params(axis="y", integer=True)
        axes.set_xlabel("minutes lost")
        axes.set_ylabel("incidents that lost\nas much or more")

    return as_svg(name, draw, 2.8)


def times_plot(name: str, predicted_s: Sequence[float], actual_s: Sequence[float]) -> str:
    """Draw the actual time of each journey against the predicted one, with the line on which they agree."""

    def draw(axes: Axes) -> None:
        x, y = ([seconds / 60 for seconds in values] for values in (predicted_s, actual_s))
        end = max(*x, *y, 1.0) * 1.03
        axes.plot([0, end], [0, end], color=ORANGE, linewidth=1.2, linestyle=(0, (4, 3)))
        axes.plot(x, y, "o", color=BLUE, markersize=3, alpha=0.35, markeredgewidth=0)
        axes.set_xlim(0, end)
        axes.set_ylim(0, end)
        axes.set_aspect("equal")
        axes.grid(visible=True)
        axes.set_xlabel("predicted minutes")
        axes.set_ylabel("actual minutes")

    return as_svg(name, draw, 4.2)


def percent(axis: Any) -> None:
    """Mark an axis from 0 to 100 %."""
    axis.set_ticks(range(0, 101, 20))
    axis.set_major_formatter("{x:.0f}%")
    axis.grid(visible=True)
    axis.set_tick_params(length=0)


def as_svg(name: str, draw: Callable[[Axes], None], high_in: float) -> str:
    """Return a drawing as an ``<svg>`` element that stands inside a page.

    Parameters
    ----------
    name
        A word, unlike that of any other drawing in the page.
    """
    import matplotlib as mpl  # noqa: PLC0415 - half a second that a dispatcher never needs
    from matplotlib.figure import Figure  # noqa: PLC0415

    with mpl.rc_context({**_STYLE, "svg.hashsalt": name}), warnings.catch_warnings():
        # The page's own fonts write the text; the one it is measured by need not have every letter.
        warnings.filterwarnings("ignore", message="Glyph")
        figure = Figure(figsize=(_WIDE_IN, high_in), layout="constrained")
        draw(figure.add_subplot())
        return _within_page(_written(figure), name)


def _written(figure: Figure) -> str:
    file = io.StringIO()
    figure.savefig(file, format="svg", transparent=True, metadata=dict.fromkeys(("Date", "Creator", "Format", "Type")))
    return file.getvalue()


_FONT: Final = re.compile(r"font-family: [^;\"]*(;? ?)")
_SPAN: Final = re.compile(r' width="[\d.]+pt" height="[\d.]+pt"')
_STYLE_OF_ALL: Final = re.compile(r"\s*<defs>\s*<style.*?</style>\s*</defs>", re.DOTALL)


def _within_page(svg: str, name: str) -> str:
    """Leave out what is for a file of its own, and keep ids and styles from meaning anything elsewhere in the page."""
    svg = svg[svg.index("<svg") :]
    svg = _STYLE_OF_ALL.sub("", svg, count=1)
    svg = _SPAN.sub(' aria-hidden="true" focusable="false"', svg, count=1)
    svg = re.sub(r'( id="|="#|url\(#)', rf"\g<1>{name}-", svg)
    return _FONT.sub("", svg).strip()
