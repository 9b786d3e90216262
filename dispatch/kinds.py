"""Kinds of units: units that the rules do not tell apart, judged once for any number of questions."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

import numpy as np

from dispatch.eligibility import Question, failures, on_duty
from dispatch.eta import mobilisation
from dispatch.force import Force
from dispatch.model import Fix, Incident, Unit
from dispatch.recommend import unknown_names
from graphs.errors import InputError
from graphs.nearby import Mask
from graphs.network import Longs
from graphs.times import MS_PER_S

# The kind of a row where there is no unit, or one outside its duty.
NOBODY: Final = 0
# What is asked of a kind does not depend on the moment or the place: its duty is in force and its fix is new.
_MOMENT: Final = datetime(2000, 1, 1, tzinfo=UTC)
_FIX: Final = Fix(0.0, 0.0, _MOMENT)
_ELSEWHERE: Final = "elsewhere"

_Asked = tuple[str, frozenset[str], frozenset[str]]


class Kinds:
    """Kinds of units: all that the rules look at, but for positions and duties.

    Parameters
    ----------
    force
        The rules.

    Attributes
    ----------
    ready_ms : (kinds,) int64
        How long each kind takes to move off.
    """

    def __init__(self, force: Force) -> None:
        self._force = force
        self._row: dict[tuple[object, ...], int] = {}
        self._known: list[Question] = []
        self._may: dict[_Asked, Mask] = {}
        self.ready_ms: Longs = np.empty(0, np.int64)
        self._on_duty: list[bool] = []
        self._add(Unit(""), None)
        self._on_duty[NOBODY] = False

    def of(self, unit: Unit, known_grade: str | None = None) -> int:
        """Return the kind of a unit within its duty.

        Parameters
        ----------
        unit
            Its fix is not looked at, nor which incident it is bound to.
        known_grade
            The grade of its own incident, where the picture has that; see `Question`.
        """
        told = unit.status, unit.incident_id is None, unit.committed_grade, known_grade, unit.crew, unit.skills
        row = self._row.get(told)
        if row is None:
            row = self._row[told] = self._add(unit, known_grade)
        return row

    def unit(self, kind: int) -> Unit:
        """Return a unit of a kind, without a callsign."""
        return self._known[kind].unit

    def may_go(self, incident: Incident) -> Mask:
        """Tell which kinds no rule keeps from an incident that they are not bound to already.

        Raises
        ------
        InputError
            The incident's grade, a tag or a needed skill is not in the force profile.
        """
        asked = incident.grade, incident.tags, incident.needs
        may = self._may.get(asked)
        if may is None:
            if faults := list(unknown_names(incident, self._force)):
                raise InputError(faults)
            may = np.empty(0, np.bool_)
        if len(may) < len(self._known):
            of_all = Incident(0.0, 0.0, incident.grade, tags=incident.tags, needs=incident.needs)
            new = [not failures(replace(kind, incident=of_all)) for kind in self._known[len(may) :]]
            may = self._may[asked] = np.append(may, np.array(new, np.bool_))
        return may

    def on_duty(self, kind: int) -> bool:
        """Tell whether units of a kind are on duty."""
        return self._on_duty[kind]

    def _add(self, unit: Unit, known_grade: str | None) -> int:
        elsewhere = None if unit.incident_id is None else _ELSEWHERE
        alike = Unit("", unit.status, _FIX, unit.crew, unit.skills, None, None, None, elsewhere, unit.committed_grade)
        anything = Incident(0.0, 0.0, self._force.most_urgent_grade)
        question = Question(alike, anything, _MOMENT, self._force, known_grade)
        self._known.append(question)
        self.ready_ms = np.append(self.ready_ms, mobilisation(question) * MS_PER_S)
        self._on_duty.append(not any(on_duty(question)))
        return len(self._known) - 1
