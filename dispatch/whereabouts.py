"""Where the units of a picture are on the roads, whatever they may be sent to."""

from __future__ import annotations

from dispatch.eligibility import Failure, Question, fix_usable, on_duty
from dispatch.eta import Placed, place
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
    placed: dict[str, Placed] = {}
    failed: dict[str, tuple[Failure, ...]] = {}
    # The rules asked look at no incident.
    nowhere = Incident(0.0, 0.0, force.most_urgent_grade)
    for unit in picture.units:
        question = Question(unit, nowhere, picture.now, force)
        found = tuple(failure for rule in (on_duty, fix_usable) for failure in rule(question))
        there = found or place(router, question)
        if isinstance(there, Placed):
            placed[unit.callsign] = there
        else:
            failed[unit.callsign] = (there,) if isinstance(there, Failure) else there
    return placed, failed
