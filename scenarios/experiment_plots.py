"""The plots of a simulation's report, as SVG text; `drawing_plots` says how they come into a page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from scenarios.drawing_plots import BLUE, GREY, INK, ORANGE, as_svg, percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_DASHES: Final = (0, (4, 3))
_MARKERS: Final[Mapping[str, str]] = {"median": "o", "p75": "s", "p90": "D", "p95": "^"}
_WORDS: Final[Mapping[str, str]] = {"median": "median", "p75": "75%", "p90": "90%", "p95": "95%"}


@dataclass(frozen=True, slots=True)
class Times:
    """Percentiles of response times as shares of the target, for one row of a plot.

    Parameters
    ----------
    shares
        By name, see `results_measures.PERCENTILES`; one that is not known is not there.
    low, high
        Interval of the 90th; None for none.
    """

    label: str
    shares: Mapping[str, float]
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Point:
    """A number over time, with its interval; None where there is none."""

    label: str
    value: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class Whisker:
    """A difference with its interval, and whether it is good; None where that cannot be said."""

    label: str
    value: float
    low: float
    high: float
    good: bool | None


def response_plot(name: str, rows: Sequence[Times]) -> str:
    """Draw percentiles of response times against the target of each row, the first on top."""

    def draw(axes: Axes) -> None:
        places = range(len(rows) - 1, -1, -1)
        for place, row in zip(places, rows, strict=True):
            _percentiles(axes, place, row)
        most = max([1.2, *(share for row in rows for share in row.shares.values())])
        axes.axvline(100, color=ORANGE, linewidth=1.2, linestyle=_DASHES, zorder=0)
        axes.set_xlim(0, 105 * most)
        axes.xaxis.set_major_formatter("{x:.0f}%")
        axes.grid(visible=True, axis="x")
        axes.set_yticks(list(places), [row.label for row in rows])
        axes.set_ylim(-0.7, len(rows) - 0.3)
        axes.tick_params(axis="both", length=0)
        axes.set_xlabel("response time, of the target")
        for each, marker in _MARKERS.items():
            axes.plot([], [], marker, color=BLUE, markersize=6, label=_WORDS[each])
        axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncols=4, frameon=False, handletextpad=0.2)

    return as_svg(name, draw, 1.2 + 0.42 * len(rows))


def _percentiles(axes: Axes, place: float, row: Times) -> None:
    if not row.shares:
        axes.text(1, place, "too few to tell", va="center", color=GREY)
        return
    shares = [100 * share for share in row.shares.values()]
    axes.plot([min(shares), max(shares)], [place, place], color=BLUE, linewidth=1.2)
    if row.low is not None and row.high is not None:
        axes.plot([100 * row.low, 100 * row.high], [place, place], color=BLUE, linewidth=4.5, solid_capstyle="butt")
    for each, share in row.shares.items():
        axes.plot([100 * share], [place], _MARKERS[each], color=BLUE, markersize=7, markeredgecolor="white")


def shares_plot(name: str, points: Sequence[Point], overall: float | None, along: str) -> str:
    """Draw a share with its interval for each row, the first on top, beside that of all."""

    def draw(axes: Axes) -> None:
        rows = range(len(points) - 1, -1, -1)
        for row, point in zip(rows, points, strict=True):
            if point.value is None:
                continue
            if point.low is not None and point.high is not None:
                axes.plot([100 * point.low, 100 * point.high], [row, row], color=BLUE, linewidth=2.4)
            axes.plot([100 * point.value], [row], "o", color=BLUE, markersize=6, markeredgecolor="white", clip_on=False)
        if overall is not None:
            axes.axvline(100 * overall, color=ORANGE, linewidth=1.2, linestyle=_DASHES, zorder=0)
        axes.set_yticks(list(rows), [point.label for point in points])
        axes.set_ylim(-0.7, len(points) - 0.3)
        axes.set_xlim(0, 100)
        percent(axes.xaxis)
        axes.tick_params(axis="y", length=0)
        axes.set_xlabel(along)

    return as_svg(name, draw, 0.9 + 0.26 * len(points))


def hours_plot(name: str, points: Sequence[Point], overall: float | None, below: str, along: str) -> str:
    """Draw a share with its interval for each hour of the day, from left to right, beside that of all."""

    def draw(axes: Axes) -> None:
        for column, point in enumerate(points):
            if point.value is None:
                continue
            if point.low is not None and point.high is not None:
                axes.plot([column, column], [100 * point.low, 100 * point.high], color=BLUE, linewidth=2.4)
            axes.plot(
                [column], [100 * point.value], "o", color=BLUE, markersize=7, markeredgecolor="white", clip_on=False
            )
        if overall is not None:
            axes.axhline(100 * overall, color=ORANGE, linewidth=1.2, linestyle=_DASHES, zorder=0)
        axes.set_ylim(0, 100)
        axes.set_xlim(-0.7, len(points) - 0.3)
        percent(axes.yaxis)
        axes.set_xticks(range(len(points)), [point.label for point in points])
        axes.tick_params(axis="x", labelsize=8.5)
        axes.set_xlabel(below)
        axes.set_ylabel(along)

    return as_svg(name, draw, 2.9)


def week_plot(name: str, points: Sequence[Point], overall: float | None, along: str) -> str:
    """Draw a share over the hours of a week, from left to right, with its interval as a band."""

    def draw(axes: Axes) -> None:
        known = [(at, point) for at, point in enumerate(points) if point.value is not None]
        axes.plot([at for at, _ in known], [100 * (point.value or 0) for _, point in known], color=BLUE, linewidth=1.8)
        banded = [(at, point) for at, point in known if point.low is not None and point.high is not None]
        axes.fill_between(
            [at for at, _ in banded],
            [100 * (point.low or 0) for _, point in banded],
            [100 * (point.high or 0) for _, point in banded],
            color=BLUE,
            alpha=0.25,
            linewidth=0,
        )
        if overall is not None:
            axes.axhline(100 * overall, color=ORANGE, linewidth=1.2, linestyle=_DASHES, zorder=0)
        axes.set_ylim(0, 100)
        axes.set_xlim(0, max(len(points) - 1, 1))
        percent(axes.yaxis)
        days = [at for at, point in enumerate(points) if point.label.endswith("00:00")]
        axes.set_xticks(days, [points[at].label.split(" ")[0] for at in days])
        axes.grid(visible=True, axis="x")
        axes.set_ylabel(along)

    return as_svg(name, draw, 2.7)


def whiskers_plot(name: str, rows: Sequence[Whisker], along: str) -> str:
    """Draw a difference with its interval for each row, the first on top, beside none at all."""

    def draw(axes: Axes) -> None:
        places = range(len(rows) - 1, -1, -1)
        for place, row in zip(places, rows, strict=True):
            color = GREY if row.good is None else BLUE if row.good else ORANGE
            axes.plot([row.low, row.high], [place, place], color=color, linewidth=2.4, solid_capstyle="butt")
            marker = "s" if row.good is None else "o" if row.good else "D"
            axes.plot([row.value], [place], marker, color=color, markersize=7, markeredgecolor="white")
        axes.axvline(0, color=INK, linewidth=1.2, zorder=0)
        axes.set_yticks(list(places), [row.label for row in rows])
        axes.set_ylim(-0.7, len(rows) - 0.3)
        axes.grid(visible=True, axis="x")
        axes.tick_params(axis="both", length=0)
        axes.set_xlabel(along)

    return as_svg(name, draw, 0.9 + 0.34 * len(rows))
