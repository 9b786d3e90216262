"""Cover for what may come next: a unit that leaves a hole is spared where another is not much later."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import ClassVar, Final

import numpy as np
from pydantic import Field

from dispatch.brief import Line
from dispatch.suggest import enough_people
from scenarios.coverage import coverage_of
from scenarios.demand import calls_from
from scenarios.policy import Asked, Policy, Settings
from scenarios.scenario import MS_PER_HOUR, Scenario

# What is sent is chosen among so many of the soonest.
_CANDIDATES: Final = 12
# The demand is told by so many calls of a replication that is not played. A history as it was has no others: there it
# is known before.
_SAMPLE: Final = 500
_NEVER_PLAYED: Final = 0


class CoverageSettings(Settings):
    """Settings of `CoverageReserve`.

    Attributes
    ----------
    weight
        What the next callers' wait counts against this one's; 0 is nearest first.
    """

    weight: float = Field(default=1.0, ge=0.0, description="a number, at least 0")


class CoverageReserve(Policy):
    """Sends the unit for which this caller's time and what the next ones lose are least together.

    What they lose is how much later help would be on average without the unit, times the chance that somebody calls
    before it is free again, rate / (rate + 1 / time away). For two units that is what decides in Larson and Odoni,
    Urban Operations Research, 5.3, where the closest unit is not always the best to send. Where several go together,
    those go whom the live rules suggest.
    """

    name: ClassVar[str] = "coverage_reserve"
    settings_of: ClassVar[type[Settings]] = CoverageSettings

    def __init__(self, scenario: Scenario, settings: CoverageSettings) -> None:
        super().__init__(scenario, settings)
        self._weight, self._coverage = settings.weight, coverage_of(scenario)
        self._chance = _chance_of_a_call(scenario)

    def choose(self, asked: Asked) -> Sequence[Line]:
        """Return the suggested units, the first of them in exchange for one whose leaving costs less."""
        lines = asked.shortlist.suggested().lines
        if len(lines) != 1 or not self._weight:
            return lines
        rows = np.flatnonzero(asked.free)
        times = self._coverage.times(asked.brief, asked.board, rows, asked.now_ms)
        lost_ms = dict(zip(times.rows.tolist(), self._coverage.gaps_ms(times).tolist(), strict=True))
        weight = self._weight * self._chance
        free = (line for line in islice(asked.shortlist, _CANDIDATES) if asked.free[line.row])
        fit = [line for line in free if self._will_do(line, lines[0], asked)]
        best = min((*lines, *fit), key=lambda line: (_ms(line) + weight * lost_ms.get(line.row, 0.0), line.order))
        return (best,)

    def _will_do(self, line: Line, suggested: Line, asked: Asked) -> bool:
        """Tell whether a unit brings as many people as it takes, and the skill for which another was preferred."""
        tags = [tag for name, tag in self.scenario.force.tags.items() if name in asked.incident.tags]
        crews = [line.unit.crew for line in (*asked.shortlist.coming_lines(), line)]
        skills = {tag.prefer_skill for tag in tags} & suggested.unit.skills
        return skills <= line.unit.skills and all(enough_people(crews, tag) for tag in tags)


def _ms(line: Line) -> int:
    return line.time_ms or 0


def _chance_of_a_call(scenario: Scenario) -> float:
    """Return the chance that somebody calls before a unit that is sent is free again."""
    calls = list(islice(calls_from(scenario, _NEVER_PLAYED), _SAMPLE))
    if len(calls) < 2:  # noqa: PLR2004 - no rate follows from one
        return 0.0
    span_ms = calls[-1].received_ms - calls[0].received_ms
    away_ms = sum(call.on_scene_ms[0] + call.custody_ms for call in calls) / len(calls)
    calls_meanwhile = away_ms * (len(calls) - 1) / max(span_ms, MS_PER_HOUR)
    return calls_meanwhile / (1.0 + calls_meanwhile)
