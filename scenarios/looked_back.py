"""One past incident at any moment: what was known, who could have gone then, and what was entered only later."""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from polars.exceptions import PolarsError

from dispatch.force import Force
from dispatch.model import Incident, Picture
from dispatch.recommend import recommend
from dispatch.recommendation import Recommendation
from graphs.closures import closures_geojson
from graphs.conditions import Conditions
from graphs.errors import Fault, InputError, OutsideNetwork
from graphs.legs import leg_line
from graphs.network import Network
from graphs.profiles import Profiles
from scenarios.evidence import MANIFEST, POSITIONS, PROFILES, Evidence, read_evidence, read_manifest
from scenarios.hindsight import Later, closed_unknown, learned_later
from scenarios.known import Known
from scenarios.moments import Happened, happened_to
from scenarios.past import PastIncident
from scenarios.past_fixes import PastFixes, moment_of, no_fixes
from scenarios.weighed import decision_about, whole
from scenarios.workplace import require_same

# Positions are read of so much at a time: of 500 units with one every five seconds, some 20 MB.
STRETCH: Final = timedelta(hours=1)
_STRETCHES_KEPT: Final = 2
_INCIDENTS_KEPT: Final = 64
# By the name of each file: which one it is, its size and when it was written; None where there is none.
_Marks = Mapping[str, tuple[int, int, int] | None]


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
class _Stretch:
    """What was known in a stretch of time, with the positions that tell it."""

    evidence: Evidence
    known: Known
    # What is known at one moment is made from what was known at another: one at a time.
    lock: threading.Lock = field(default_factory=threading.Lock)


class LookBack:
    """An imported folder, to look at incidents of it one by one; several threads may ask.

    Parameters
    ----------
    evidence
        The records, without positions.
    network
        The roads; None where the folder has none.
    marks
        What its files were when they were held against their checksums.
    """

    def __init__(self, evidence: Evidence, network: Network | None, marks: _Marks) -> None:
        self._evidence, self._network, self._marks = evidence, network, marks
        self._pasts = {each.incident_id: each for each in evidence.incidents}
        self._told = lru_cache(maxsize=_INCIDENTS_KEPT)(self._tell)
        self._stretches = dict[int, _Stretch]()
        self._reading = threading.Lock()

    @classmethod
    def open(cls, folder: Path, manifest: str, loaded: Network | None = None) -> LookBack:
        """Read a folder that is as it was when it was replayed.

        Parameters
        ----------
        manifest
            SHA-256, hex, of the manifest that was replayed.
        loaded
            Roads that are there already: taken where the folder has the same, driven alike.

        Raises
        ------
        InputError
            It is no imported folder any more, or files of it were changed; every one is named.
        """
        # Taken before anything is read, so that what is changed meanwhile is seen.
        marks = _marks(folder, (MANIFEST, *read_manifest(folder).files))
        require_same(folder, manifest)
        evidence = read_evidence(folder, fixes=no_fixes())
        found = cls(evidence, _roads(evidence, loaded), marks)
        found.require_unchanged()
        return found

    def changed(self) -> list[str]:
        """Return the names of files that are not those any more that were held against their checksums."""
        now = _marks(self._evidence.folder, self._marks)
        return [name for name, mark in self._marks.items() if now[name] != mark]

    def require_unchanged(self) -> None:
        """Refuse to go on with files that nobody has held against their checksums.

        Raises
        ------
        InputError
            Some were changed, or are gone.
        """
        accepted = "the file that was there when the folder was opened"
        folder = self._evidence.folder
        if faults := [Fault(str(folder / name), "", "", "another file, or none", accepted) for name in self.changed()]:
            raise InputError(faults)

    @property
    def force(self) -> Force:
        """The force profile of the records."""
        return self._evidence.force

    def happened(self, incident_id: str) -> tuple[Happened, ...]:
        """Return the steps of an incident; KeyError where there is none of that name."""
        return self._told(incident_id)[1]

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
            Within `span`.

        Raises
        ------
        InputError
            The positions of that time are not those that were there when the folder was opened.
        """
        past, happened = self._told(incident_id)
        stretch = self._around(at)
        known, evidence = stretch.known, stretch.evidence
        decision = decision_about(past, evidence)
        before = decision is None or at <= decision.at
        about: Collection[str] = decision.about if decision is not None and before else ()
        # As in an audit: who was sent stands in the picture of that moment, on a known duty or not.
        sent = decision.callsigns if decision is not None and at == decision.at else ()
        with stretch.lock:
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
            later=learned_later(at, seen.picture, happened, evidence),
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

    def _tell(self, incident_id: str) -> tuple[PastIncident, tuple[Happened, ...]]:
        past = self._pasts[incident_id]
        return whole(past, self._evidence)[0], happened_to(past, self._evidence)

    def _around(self, at: datetime) -> _Stretch:
        number = (at - moment_of(0)) // STRETCH
        if (found := self._stretches.get(number)) is not None:
            return found
        # One is read at a time, and never twice.
        with self._reading:
            if number not in self._stretches:
                for oldest in list(self._stretches)[: 1 - _STRETCHES_KEPT]:
                    del self._stretches[oldest]
                self._stretches[number] = self._stretch(moment_of(0) + number * STRETCH)
            return self._stretches[number]

    def _stretch(self, begin: datetime) -> _Stretch:
        evidence = replace(self._evidence, fixes=self._fixes(begin, begin + STRETCH))
        return _Stretch(evidence, Known(evidence, self._network))

    def _fixes(self, begin: datetime, end: datetime) -> PastFixes:
        evidence = self._evidence
        if POSITIONS not in evidence.manifest.files:
            return no_fixes()
        ahead = timedelta(seconds=evidence.force.fixes.future_tolerance_s)
        try:
            found = PastFixes.read_stretch(evidence.folder / POSITIONS, begin, end, ahead)
        except (OSError, PolarsError):
            self.require_unchanged()
            raise
        # Nobody holds them against their checksum again: they must be the file that was.
        self.require_unchanged()
        return found


def _marks(folder: Path, names: Iterable[str]) -> _Marks:
    """Return what tells, without reading them, that files were changed or put in place of others."""
    return {name: _mark(folder / name) for name in names}


def _mark(path: Path) -> tuple[int, int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns


def _roads(evidence: Evidence, loaded: Network | None) -> Network | None:
    """Return the roads of a folder: those that are loaded already, where they are the same and driven alike."""
    if loaded is None or evidence.manifest.network.get("hash") != loaded.hash:
        return evidence.network()
    own = PROFILES in evidence.manifest.files
    profiles = Profiles.read(evidence.folder / PROFILES) if own else Profiles.default()
    return loaded if profiles.hash == loaded.profiles.hash else evidence.network()


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
