"""The nearest first: who the live rules suggest is sent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from dispatch.brief import Line
from scenarios.policy import Asked, Policy


class NearestFirst(Policy):
    """Sends whom the live rules suggest."""

    name: ClassVar[str] = "nearest_first"

    def choose(self, asked: Asked) -> Sequence[Line]:
        """Return the suggested units."""
        return asked.shortlist.suggested().lines
