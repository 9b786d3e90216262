"""The own sector first: another sector's unit is sent only where none of its own may be."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from dispatch.brief import Line
from dispatch.suggest import suggest
from scenarios.policy import Asked, Policy


class SectorFirst(Policy):
    """Sends the nearest unit of the incident's own sector, and only where there is none the nearest of all.

    Who joins it, where several are needed, is chosen in the same way.
    """

    name: ClassVar[str] = "sector_first"

    def choose(self, asked: Asked) -> Sequence[Line]:
        """Return the suggested units, own ones before all others."""
        sector = asked.incident.sector
        own = asked.shortlist.only(np.array([each == sector for each in asked.sector], np.bool_))
        if sector is None or own.first is None:
            return asked.shortlist.suggested().lines
        others = asked.shortlist.only(np.array([each != sector for each in asked.sector], np.bool_))
        lines, _ = suggest([*own, *others], asked.incident, self.scenario.force, own.coming_lines())
        return lines
