"""Where the units of a picture are on the roads, whatever they may be sent to."""

from __future__ import annotations

from dispatch.eligibility import Failure, Question, fix_usable, on_duty
from dispatch.eta import Placed, on_road
from dispatch.force import Force
from dispatch.model import Incident, Picture
from graphs.routing import Routing


def whereabouts(
    picture: Picture, force: Force, router: Routing
) -> tuple[dict[str, Placed], dict[str, tuple[Failure, ...]]]:
    """Put every unit on the road that is on duty and has a place.

    Parameters
    ----------
    picture
        The units, and the moment.
    force
        Its limits of how old a fix may be.
    router
        The roads.

    Returns
    -------
    tuple
        The units on the road, and why each of the others is not, by callsign.
    """
    # The rules asked look at no incident.
    nowhere = Incident(0.0, 0.0, force.most_urgent_grade)
    questions = [Question(unit, nowhere, picture.now, force) for unit in picture.units]
    told = [tuple(failure for rule in (on_duty, fix_usable) for failure in rule(item)) for item in questions]
    asked = list(zip(questions, told, strict=True))
    fleet, outside = on_road(router, [item for item, found in asked if not found])
    failed = {item.unit.callsign: found for item, found in asked if found}
    failed |= {callsign: (failure,) for callsign, failure in outside.items()}
    return {item.question.unit.callsign: item for item in fleet.placed()}, failed
