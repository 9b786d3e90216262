"""A map of where help came late, as values for a template to draw: nothing here knows of markup."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from graphs.network import Network
from scenarios.drawing import WIDTH, Paper, paper_for, roads_on, round_length_m
from scenarios.rates import SMALL
from scenarios.report_words import count, share
from scenarios.results_places import Cell, Grid, on_coarser

# Up to which share of late ones a square has which shade; the last holds for all above.
SHADES: Final = (
    (0.05, "under 5%"),
    (0.10, "5 to 10%"),
    (0.25, "10 to 25%"),
    (0.50, "25 to 50%"),
    (1.01, "50% and more"),
)
FEW: Final = "few"
_TIMES: Final = (1, 2, 4, 8)
_WORST: Final = 10


@dataclass(frozen=True, slots=True)
class Square:
    """A square on the paper, with the name of its shade."""

    x: float
    y: float
    wide: float
    high: float
    shade: str


@dataclass(frozen=True, slots=True)
class LateMap:
    """A drawn map: path data in paper units, as `scenarios.drawing` has them.

    Parameters
    ----------
    roads
        ``(weight, path data)``, lightest first.
    side_m, side_label
        Of a square.
    alt
        What it shows, for who cannot see it.
    worst
        The squares with the largest shares of late ones, first the largest, and where the middle of each is.
    """

    roads: tuple[tuple[str, str], ...]
    squares: tuple[Square, ...]
    side_m: int
    side_label: str
    bar_px: float
    bar_label: str
    attribution: str
    alt: str
    worst: tuple[tuple[str, Cell], ...]


def late_map(network: Network, grid: Grid, cells: Sequence[Cell]) -> LateMap | None:
    """Draw the share of late incidents in each square on the roads; None where no square has enough to tell.

    Parameters
    ----------
    cells
        On the squares of ``grid``; they are put together to larger ones until most have enough to tell.
    """
    times = next((times for times in _TIMES if _most_tell(on_coarser(cells, times))), _TIMES[-1])
    larger, squares = grid.coarser(times), on_coarser(cells, times)
    told = sorted((cell for cell in squares if cell.decided >= SMALL), key=lambda cell: (-_late(cell), cell))
    if not told:
        return None
    boxes = [larger.box(cell.row, cell.column) for cell in squares]
    paper = paper_for([(lon, lat) for west, south, east, north in boxes for lon, lat in ((west, south), (east, north))])
    bar_m = round_length_m(WIDTH / 4 * paper.metres_per_px)
    return LateMap(
        roads=tuple(roads_on(network, paper)),
        squares=tuple(_drawn(paper, boxes, map(_shade, squares))),
        side_m=larger.side_m,
        side_label=_length(larger.side_m),
        bar_px=round(bar_m / paper.metres_per_px, 1),
        bar_label=_length(bar_m),
        attribution=network.meta.attribution,
        alt=f"Map of {count(len(squares))} squares with incidents. Of the {count(len(told))} that have enough to tell, "
        f"the worst has {share(_late(told[0]))} late.",
        worst=tuple((_middle(larger, cell), cell) for cell in told[:_WORST] if cell.late),
    )


def _length(length_m: float) -> str:
    return f"{length_m:g} m" if length_m < 1_000 else f"{length_m / 1_000:g} km"  # noqa: PLR2004 - metres in a kilometre


def _most_tell(squares: Sequence[Cell]) -> bool:
    return 2 * sum(cell.decided >= SMALL for cell in squares) > len(squares)


def _late(cell: Cell) -> float:
    return cell.late / cell.decided


def _middle(grid: Grid, cell: Cell) -> str:
    west, south, east, north = grid.box(cell.row, cell.column)
    return f"{(south + north) / 2:.4f}, {(west + east) / 2:.4f}"


def _shade(cell: Cell) -> str:
    few = cell.decided < SMALL
    return FEW if few else next(f"late{step}" for step, (top, _) in enumerate(SHADES) if _late(cell) < top)


def _drawn(paper: Paper, boxes: Sequence[tuple[float, float, float, float]], shades: Iterable[str]) -> Iterator[Square]:
    for (west, south, east, north), shade in zip(boxes, shades, strict=True):
        (left, top), (right, low) = paper.xy(np.array([(west, north), (east, south)], np.float64)).round(1).tolist()
        yield Square(left, top, round(right - left, 1), round(low - top, 1), shade)
