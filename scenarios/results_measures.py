"""What is measured of a simulated replication: names, words and units; docs/planner.md says how each is counted."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

from scenarios.rates import SMALL

Unit = Literal["s", "h", "km", "share", "number"]


class Key(NamedTuple):
    """What a number is of.

    Parameters
    ----------
    measure
        A key of `MEASURES`.
    grade
        Of the incidents; empty for all grades together.
    dimension, group
        By what it is told apart, and the one group; both empty for the whole.
    """

    measure: str
    grade: str = ""
    dimension: str = ""
    group: str = ""


class Value(NamedTuple):
    """A number of one replication, and of how many things it is."""

    key: Key
    value: float
    n: int


@dataclass(frozen=True, slots=True)
class Kind:
    """A measure.

    Parameters
    ----------
    label
        For people.
    unit
        ``s``, ``h``, ``km``, ``share`` (0 to 1) or ``number``.
    better
        Which way is good; None where neither is.
    least, least_each
        Of how many things it must be, over all replications and in a usual one, for it to say much.
    """

    label: str
    unit: Unit
    better: Literal["less", "more"] | None = None
    least: int = SMALL
    least_each: int = 0

    @property
    def highest(self) -> float:
        """What it cannot exceed."""
        return 1.0 if self.unit == "share" else math.inf

    def few(self, n: int, replications: int) -> bool:
        """Tell whether it is of too few things, so many in so many replications, to say much."""
        return n < self.least or n < self.least_each * replications


def _percentile(label: str, unit: Unit, share: float) -> Kind:
    """Return a percentile; one of fewer values than have one beyond it is no more than the largest of them."""
    return Kind(label, unit, "less", least_each=max(SMALL, round(1 / (1 - share))))


def _counted(label: str, better: Literal["less", "more"] | None = None, unit: Unit = "number") -> Kind:
    return Kind(label, unit, better, least=0)


PERCENTILES: Final[Mapping[str, float]] = {"median": 0.5, "p75": 0.75, "p90": 0.9, "p95": 0.95}
MEASURES: Final[Mapping[str, Kind]] = {
    "incidents": _counted("Incidents"),
    "in_target": Kind("Share in target", "share", "more"),
    "in_target_of_all": Kind("Share in target, of all with a target", "share", "more"),
    "pending": _counted("Open, target not yet up"),
    "response_mean_s": Kind("Mean response time", "s", "less"),
    "response_median_s": _percentile("Median response time", "s", 0.5),
    "response_p75_s": _percentile("75th percentile of response time", "s", 0.75),
    "response_p90_s": _percentile("90th percentile of response time", "s", 0.9),
    "response_p95_s": _percentile("95th percentile of response time", "s", 0.95),
    "waited": Kind("Share that waited", "share", "less"),
    "wait_mean_s": Kind("Mean wait for a unit", "s", "less"),
    "wait_p90_s": _percentile("90th percentile of the wait", "s", 0.9),
    "lost": _counted("Lost", "less"),
    "lost_share": Kind("Share lost", "share", "less"),
    "open": _counted("Open at the end", "less"),
    "enough": Kind("Share with enough units there", "share", "more"),
    "enough_median_s": _percentile("Median time to enough units", "s", 0.5),
    "nearest_sent": Kind("Nearest-sent rate", "share", "more"),
    # Of other incidents under each policy: one that seldom sends another may lose much time where it does.
    "behind_mean_s": Kind("Mean time lost where another was sent", "s"),
    "queue_longest": _counted("Longest queue", "less"),
    "queue_mean": _counted("Mean length of the queue", "less"),
    "utilisation": Kind("Utilisation", "share", least=0),
    "on_duty": _counted("Units on duty"),
    "duty_h": _counted("Time on duty", unit="h"),
    "activity": Kind("Share of time on duty", "share", least=0),
    "assignments": _counted("Units sent"),
    "km": _counted("Driven towards incidents", unit="km"),
    "diverted": _counted("Diverted"),
    "relieved": _counted("Relieved"),
    "breaks_missed": _counted("Breaks missed", "less"),
    "late_starts": _counted("Late starts", "less"),
    "overtime_h": _counted("Overtime", "less", "h"),
    "coverage": Kind("Coverage", "share", "more", least=0),
    "coverage_least": Kind("Least coverage", "share", "more", least=0),
    "free": _counted("Free units", "more"),
}
