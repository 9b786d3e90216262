"""The own sector first: another sector's unit is sent only where none of its own may be."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from dispatch.brief import Line
from dispatch.suggest import enough_people
from scenarios.policy import Asked, Policy


class SectorFirst(Policy):
    """Sends the nearest unit of the incident's own sector, and only where there is none the nearest of all.

    Where several go together, they are all of that sector, or else those whom the live rules suggest.
    """

    name: ClassVar[str] = "sector_first"

    def choose(self, asked: Asked) -> Sequence[Line]:
        """Return the suggested units of the own sector, where they are enough, or those of all sectors."""
        shortlist, sector = asked.shortlist, asked.incident.sector
        if sector is None:
            return shortlist.suggested().lines
        own = shortlist.only(np.array([each == sector for each in asked.sector], np.bool_)).suggested().lines
        return own if own and self._enough(asked, own) else shortlist.suggested().lines

    def _enough(self, asked: Asked, lines: Sequence[Line]) -> bool:
        """Tell whether units are as many and as many people as the incident takes, with those that are coming."""
        crews = [line.unit.crew for line in (*asked.shortlist.coming_lines(), *lines)]
        tags = self.scenario.force.tags
        people = all(enough_people(crews, tags[name]) for name in asked.incident.tags if name in tags)
        return people and len(crews) >= asked.incident.units_needed
