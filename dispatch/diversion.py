"""What it costs to take a unit away from the incident that it is committed to."""

from __future__ import annotations

from collections.abc import Iterator

from dispatch.eligibility import PLACELESS, Question, failures
from dispatch.eta import Placed, mobilisation, place
from dispatch.force import Force
from dispatch.model import Incident, Picture, Unit
from dispatch.recommendation import LeftBehind
from graphs.network import Network
from graphs.reference import Arrivals, ReferenceRouter
from graphs.times import MS_PER_S


class Diversions:
    """Tells who would reach an incident next if the unit on its way there were taken.

    Parameters
    ----------
    picture, network, force
        As `recommend` has them.
    """

    def __init__(self, picture: Picture, network: Network, force: Force) -> None:
        self._picture, self._network, self._force = picture, network, force
        self._known = {item.incident_id: item for item in picture.incidents if item.incident_id}
        self._placed: dict[str, dict[str, Placed]] = {}

    def cost(self, unit: Unit) -> LeftBehind:
        """Return what the unit would leave, and how much later the next one would be there."""
        left = self._known.get(unit.incident_id or "")
        if left is None:
            return LeftBehind(unit.incident_id, unit.committed_grade, because="the incident is not in the picture")
        # One incident that cannot be reasoned about must not cost the answer to another.
        if not self._network.contains(left.lat, left.lon):
            return LeftBehind(left.incident_id, left.grade, because="the incident is outside the road network")
        return self._left_behind(unit, left)

    def _left_behind(self, unit: Unit, left: Incident) -> LeftBehind:
        router = ReferenceRouter(self._network, self._force.grade(left.grade).profile)
        placed = self._places(router)
        approaches = router.approaches(left.lat, left.lon, on_road=left.on_road)
        own = placed.get(unit.callsign)
        arrivals = router.arrivals(approaches, own.spots if own else ())
        own_ms = _time_ms(arrivals, own) if own else None
        following = self._following(unit, left, arrivals, placed)
        if following is None or following[0] > arrivals.final_ms:
            # Nobody is as near as the unit itself: look at everyone.
            following = self._following(unit, left, router.arrivals(approaches), placed)
        if following is None:
            return LeftBehind(left.incident_id, left.grade, because="no other unit could be sent there")
        next_ms, callsign = following
        if own_ms is None:
            return LeftBehind(left.incident_id, left.grade, callsign, because="no road leads the unit there")
        return LeftBehind(left.incident_id, left.grade, callsign, next_ms - own_ms)

    def _following(
        self, unit: Unit, left: Incident, arrivals: Arrivals, placed: dict[str, Placed]
    ) -> tuple[int, str] | None:
        """Return when the first other unit that may be sent would be there, and its callsign."""
        others = ((_time_ms(arrivals, item), name) for name, item in placed.items() if name != unit.callsign)
        for time_ms, name in sorted((time, name) for time, name in others if time is not None):
            other = placed[name].question.unit
            if not failures(self._question(other, left)):
                return time_ms, name
        return None

    def _places(self, router: ReferenceRouter) -> dict[str, Placed]:
        """Return every unit that has a place on the road, by callsign; once for each profile."""
        name = router.times.profile.name
        if name not in self._placed:
            self._placed[name] = {item.question.unit.callsign: item for item in self._place_all(router)}
        return self._placed[name]

    def _place_all(self, router: ReferenceRouter) -> Iterator[Placed]:
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


def _time_ms(arrivals: Arrivals, placed: Placed) -> int | None:
    told = [time for time in map(arrivals.time_ms, placed.spots) if time is not None]
    return mobilisation(placed.question) * MS_PER_S + min(told) if told else None
