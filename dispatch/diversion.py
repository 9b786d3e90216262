"""What it costs to take a unit away from the incident that it is committed to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property

from dispatch.eligibility import PLACELESS, Question, failures
from dispatch.eta import Placed, mobilisation, place
from dispatch.force import Force
from dispatch.model import Incident, Picture, Unit
from dispatch.recommendation import LeftBehind
from graphs.network import Network
from graphs.routing import Routing
from graphs.snapping import Approach
from graphs.times import MS_PER_S

_ASSIGNED = frozenset({"committed", "status"})


class Diversions:
    """Tells who would reach an incident next if the unit on its way there were taken.

    Parameters
    ----------
    picture, network, force
        As `recommend` has them.
    roads
        Returns the router of a profile.
    """

    def __init__(self, picture: Picture, network: Network, force: Force, roads: Callable[[str], Routing]) -> None:
        self._picture, self._network, self._force, self._roads = picture, network, force, roads
        self._known = {item.incident_id: item for item in picture.incidents if item.incident_id}
        self._placed: dict[str, dict[str, Placed]] = {}
        self._coming: dict[str, _Coming] = {}

    def cost(self, unit: Unit, sent: frozenset[str]) -> LeftBehind:
        """Return what the unit would leave, and how much later the next one would be there.

        Parameters
        ----------
        unit
            A committed unit.
        sent
            Callsigns that go with it, itself included; none of them comes to the incident left behind.
        """
        left = self._known.get(unit.incident_id or "")
        if left is None:
            return LeftBehind(unit.incident_id, unit.committed_grade, because="the incident is not in the picture")
        # One incident that cannot be reasoned about must not cost the answer to another.
        if not self._network.contains(left.lat, left.lon):
            return LeftBehind(left.incident_id, left.grade, because="the incident is outside the road network")
        coming = self._coming_to(left)
        own_ms = coming.time_ms(unit.callsign)
        following = self._following(coming, left, sent)
        if following is None:
            return LeftBehind(left.incident_id, left.grade, because="no other unit could be sent there")
        next_ms, callsign = following
        if own_ms is None:
            return LeftBehind(left.incident_id, left.grade, callsign, because="no road leads the unit there")
        return LeftBehind(left.incident_id, left.grade, callsign, next_ms - own_ms)

    def _coming_to(self, left: Incident) -> _Coming:
        if left.incident_id not in self._coming:
            router = self._roads(self._force.grade(left.grade).profile)
            approaches = router.approaches(left.lat, left.lon, on_road=left.on_road)
            self._coming[left.incident_id] = _Coming(router, approaches, self._places(router))
        return self._coming[left.incident_id]

    def _following(self, coming: _Coming, left: Incident, sent: frozenset[str]) -> tuple[int, str] | None:
        """Return when the first other unit would be there, and its callsign; it is on its way, or may be sent."""
        for time_ms, name in coming.in_order:
            if name not in sent and self._would_come(coming.placed[name].question.unit, left):
                return time_ms, name
        return None

    def _would_come(self, unit: Unit, left: Incident) -> bool:
        rules = {failure.rule for failure in failures(self._question(unit, left))}
        # A unit already assigned there is coming, or there.
        return rules <= (_ASSIGNED if unit.incident_id == left.incident_id else frozenset())

    def _places(self, router: Routing) -> dict[str, Placed]:
        """Return every unit that has a place on the road, by callsign; once for each profile."""
        name = router.edge_times.profile.name
        if name not in self._placed:
            self._placed[name] = {item.question.unit.callsign: item for item in self._place_all(router)}
        return self._placed[name]

    def _place_all(self, router: Routing) -> Iterator[Placed]:
        for unit in self._picture.units:
            # Whether a unit has a place does not depend on the incident.
            question = self._question(unit, next(iter(self._known.values())))
            if any(failure.rule in PLACELESS for failure in failures(question)):
                continue
            placed = place(router, question)
            if isinstance(placed, Placed):
                yield placed

    def _question(self, unit: Unit, incident: Incident) -> Question:
        theirs = self._known.get(unit.incident_id or "")
        return Question(unit, incident, self._picture.now, self._force, theirs.grade if theirs else None)


class _Coming:
    """How soon each placed unit could be at an incident that somebody may leave."""

    def __init__(self, router: Routing, approaches: tuple[Approach, ...], placed: dict[str, Placed]) -> None:
        self.placed = placed
        legs = router.arrivals(approaches).best_of([item.spots for item in placed.values()])
        self._time_ms = {
            name: mobilisation(item.question) * MS_PER_S + leg.time_ms
            for (name, item), leg in zip(placed.items(), legs, strict=True)
            if leg is not None
        }

    def time_ms(self, callsign: str) -> int | None:
        """Return the time of a unit, None where it has no place or no road leads there."""
        return self._time_ms.get(callsign)

    @cached_property
    def in_order(self) -> list[tuple[int, str]]:
        """Time and callsign of every unit, soonest first."""
        return sorted((time, name) for name, time in self._time_ms.items())
