"""A reserve for what is urgent: below so many free units, less urgent incidents wait."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from pydantic import Field

from dispatch.brief import Line
from scenarios.policy import Asked, Policy, Settings
from scenarios.scenario import Scenario


class CutoffSettings(Settings):
    """Settings of `CutoffReserve`.

    Attributes
    ----------
    reserve
        So many free units are kept.
    rank
        For grades of this rank or a more urgent one, 1 being the most urgent.
    """

    reserve: int = Field(default=2, ge=1, description="a whole number of units, at least 1")
    rank: int = Field(default=1, ge=1, description="a rank, 1 for the most urgent grade alone")


class CutoffReserve(Policy):
    """Sends whom the live rules suggest, but lets a less urgent incident wait where that would use up the reserve.

    Taylor and Templeton, "Waiting time in a multi-server cutoff-priority queue" (Operations Research 1980;28(5)).
    """

    name: ClassVar[str] = "cutoff_reserve"
    settings_of: ClassVar[type[Settings]] = CutoffSettings

    def __init__(self, scenario: Scenario, settings: CutoffSettings) -> None:
        super().__init__(scenario, settings)
        self._reserve, self._rank = settings.reserve, settings.rank

    def choose(self, asked: Asked) -> Sequence[Line]:
        """Return the suggested units, or nobody."""
        rank = self.scenario.force.grade(asked.incident.grade).rank
        lines = asked.shortlist.suggested().lines
        taken = sum(bool(asked.free[line.row]) for line in lines)
        short = taken > 0 and asked.free_count - taken < self._reserve
        return () if rank > self._rank and short else lines
