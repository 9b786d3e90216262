"""One past incident at any moment: what was known, who could have gone then, and what was entered only later."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from dispatch.force import Force
from dispatch.model import Incident, Picture
from dispatch.recommend import recommend
from dispatch.recommendation import Recommendation
from graphs.closures import closures_geojson
from graphs.conditions import Conditions
from graphs.errors import OutsideNetwork
from graphs.legs import leg_line
from graphs.network import Network
from scenarios.evidence import POSITIONS, Evidence, read_evidence
from scenarios.hindsight import Later, closed_unknown, learned_later
from scenarios.known import Known
from scenarios.moments import Happened, happened_to
from scenarios.past import PastIncident
from scenarios.past_fixes import PastFixes, no_fixes
from scenarios.weighed import decision_about, whole
from scenarios.workplace import require_same

# Positions from longer before the incident place nobody under any force's limits, and are not read.
WINDOW: Final = timedelta(days=1)
_KEPT: Final = 4


@dataclass(frozen=True)
class Then:
    """What was known at a moment.

    Parameters
    ----------
    before
        Whether nobody had been sent yet, or was at that moment: the incident's own assignments are left out then, as in
        an audit.
    incident
        As it was known; None where it was not, or had no place or grade that the force knows.
    doubts
        Of units of which it could not be told whether they were free, why; see `Seen`.
    answer
        Who could have gone; None where ``why_not`` says why nobody can be told.
    closures, later_closures
        Known then, and in force then but entered later; GeoJSON.
    later
        What was entered later.
    """

    at: datetime
    before: bool
    incident: Incident | None
    picture: Picture
    doubts: Mapping[str, str]
    answer: Recommendation | None
    why_not: str
    closures: Mapping[str, Any]
    later_closures: Mapping[str, Any]
    later: tuple[Later, ...]
    network: Network | None = field(repr=False, compare=False, default=None)

    def way(self, callsign: str) -> list[tuple[float, float]] | None:
        """Return the way that the time of a unit was worked out on, longitude first; None where it has no time."""
        if self.answer is None or self.network is None:
            return None
        line = next((each for each in self.answer.ledger if each.unit.callsign == callsign), None)
        if line is None or line.eta is None:
            return None
        return [(float(lon), float(lat)) for lon, lat in leg_line(self.network, line.eta.leg).coords]


@dataclass(frozen=True)
class _Opened:
    """One incident, with the positions of its time."""

    past: PastIncident
    happened: tuple[Happened, ...]
    evidence: Evidence
    known: Known


class LookBack:
    """An imported folder, to look at incidents of it one by one.

    Parameters
    ----------
    evidence
        The records, without positions.
    network
        The roads; None where the folder has none.
    """

    def __init__(self, evidence: Evidence, network: Network | None) -> None:
        self._evidence, self._network = evidence, network
        self._pasts = {each.incident_id: each for each in evidence.incidents}
        self._opened = lru_cache(maxsize=_KEPT)(self._open)

    @classmethod
    def open(cls, folder: Path, manifest: str) -> LookBack:
        """Read a folder that is as it was when it was replayed.

        Parameters
        ----------
        manifest
            SHA-256, hex, of the manifest that was replayed.

        Raises
        ------
        InputError
            It is no imported folder any more, or files of it were changed; every one is named.
        """
        require_same(folder, manifest)
        evidence = read_evidence(folder, fixes=no_fixes())
        return cls(evidence, evidence.network())

    @property
    def force(self) -> Force:
        """The force profile of the records."""
        return self._evidence.force

    def happened(self, incident_id: str) -> tuple[Happened, ...]:
        """Return the steps of an incident; KeyError where there is none of that name."""
        return self._opened(incident_id).happened

    def decided_at(self, incident_id: str) -> datetime | None:
        """Return when the first unit was sent to an incident; None where nobody was."""
        decision = decision_about(self._pasts[incident_id], self._evidence)
        return None if decision is None else decision.at

    def span(self, incident_id: str) -> tuple[datetime, datetime]:
        """Return the first moment of an incident, and the last at which something of it happened or was entered."""
        happened = self.happened(incident_id)
        return min(each.at for each in happened), max(each.known_at for each in happened)

    def then(self, incident_id: str, at: datetime) -> Then:
        """Return what was known at a moment; KeyError where there is no such incident.

        Parameters
        ----------
        at
            Within `span`: positions are read of that time, and of a day before.
        """
        opened = self._opened(incident_id)
        past, known, evidence = opened.past, opened.known, opened.evidence
        decision = decision_about(past, evidence)
        before = decision is None or at <= decision.at
        about: Collection[str] = decision.about if decision is not None and before else ()
        # As in an audit: who was sent stands in the picture of that moment, on a known duty or not.
        sent = decision.callsigns if decision is not None and at == decision.at else ()
        seen = known.seen(at, about, sent)
        why_not, incident = _as_known(past, known, at)
        answer = None
        if incident is not None and not why_not:
            answer, why_not = self._answer(seen.picture, incident, known, at)
        return Then(
            at=at,
            before=before,
            incident=incident,
            picture=seen.picture,
            doubts=seen.doubts,
            answer=answer,
            why_not=why_not,
            closures=self._drawn(known.conditions(at), at),
            later_closures=self._drawn(closed_unknown(at, evidence, self._network), at),
            later=learned_later(at, seen.picture, opened.happened, evidence),
            network=self._network,
        )

    def _answer(
        self, picture: Picture, incident: Incident, known: Known, at: datetime
    ) -> tuple[Recommendation | None, str]:
        """Ask the brain, or say why it cannot be asked."""
        if self._network is None:
            return None, "no_roads"
        if not self._evidence.duties and known.assume.duties == "recorded":
            return None, "no_duties"
        try:
            return recommend(picture, incident, self._network, known.force, known.conditions(at)), ""
        except OutsideNetwork:
            return None, "outside_network"

    def _drawn(self, conditions: Conditions, at: datetime) -> dict[str, Any]:
        """Return the closures that are in force at a moment, for any profile, as GeoJSON."""
        if self._network is None:
            return {"type": "FeatureCollection", "features": []}
        names = self._network.profiles.names
        held = tuple(each for each in conditions.changes if any(each.in_force(at, name) for name in names))
        return closures_geojson(Conditions(held), self._network)

    def _open(self, incident_id: str) -> _Opened:
        past = self._pasts[incident_id]
        happened = happened_to(past, self._evidence)
        first, last = min(each.at for each in happened), max(each.known_at for each in happened)
        evidence = replace(self._evidence, fixes=self._fixes(first - WINDOW, last))
        return _Opened(whole(past, evidence)[0], happened, evidence, Known(evidence, self._network))

    def _fixes(self, since: datetime, until: datetime) -> PastFixes:
        evidence = self._evidence
        if POSITIONS not in evidence.manifest.files:
            return no_fixes()
        until += timedelta(seconds=evidence.force.fixes.future_tolerance_s)
        return PastFixes.read(evidence.folder / POSITIONS, (since, until))


def _as_known(past: PastIncident, known: Known, at: datetime) -> tuple[str, Incident | None]:
    """Return the incident as it was known at a moment, and why nobody can be asked for; empty where somebody can."""
    if at < past.received_at or (past.entered_at is not None and at < past.entered_at):
        return "not_entered", None
    grade, _ = known.grade(past, at)
    if grade is None:
        return "no_grade", None
    if grade not in known.force.grades:
        return "unknown_grade", None
    if known.as_known(past, at).lat is None:
        return "no_place", None
    return "", known.incident(past, at)
