"""Recommendations for incidents of the record: made, kept with what they rested on, and held against what came after.

What is kept is the answer, byte for byte, and the question: the picture, the incident, the conditions and the rules.
The same question gives the same bytes years later, and that proves that the answer was not made up afterwards.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from itertools import islice
from typing import Any, Final

import orjson
from pydantic import TypeAdapter

from dispatch.assignments import Looked
from dispatch.desk import Known
from dispatch.errors import Unknown
from dispatch.force import Force
from dispatch.live import Live, Roads
from dispatch.model import Incident, Picture
from dispatch.recommend import recommend
from dispatch.recommendation import Recommendation
from dispatch.record import Event, Row, iso
from dispatch.store import Reading
from graphs.network import Network

RECOMMENDED: Final = "recommended"
# Years have passed since some recommendations: nobody reads more, and nobody waits for all of them to be found.
MOST_CHANGES: Final = 50
# What is said of an event that may change who should go; others leave a recommendation as it was.
_MOVES: Final = {
    "unit_on_duty": "{subject} came on duty",
    "unit_off_duty": "{subject} went off duty",
    "unit_status": "{subject} reported status {status}",
    "unit_crew": "the crew of {subject} changed",
    "incident_regraded": "the incident was regraded from {from} to {grade}",
    "incident_amended": "the incident was amended",
    "unit_assigned": "{callsign} was sent to {subject}",
    "unit_diverted": "{callsign} was diverted from {subject}",
    "unit_stood_down": "{callsign} was stood down from {subject}",
    "unit_at_scene": "{callsign} came to {subject}",
    "unit_clear": "{callsign} is clear of {subject}",
    "closure_opened": "{subject} was closed or slowed",
    "closure_lifted": "the closure {subject} was lifted",
}


@dataclass(frozen=True, slots=True)
class Asked:
    """A question as it was put.

    Parameters
    ----------
    closures
        GeoJSON features by name, as the record had them.
    """

    picture: Picture
    incident: Incident
    closures: dict[str, dict[str, Any]]


_ASKED: Final = TypeAdapter(Asked)


def write_asked(asked: Asked) -> bytes:
    """Write a question as JSON."""
    return _ASKED.dump_json(asked)


def read_asked(body: bytes) -> Asked:
    """Read a question.

    Raises
    ------
    pydantic.ValidationError
        It is not one.
    """
    return _ASKED.validate_json(body)


def ask(live: Live, incident_id: str, now: datetime, network: Network, force: Force) -> tuple[Recommendation, Asked]:
    """Say who should go to an open incident.

    Raises
    ------
    Unknown
        No such incident is open.
    """
    incident, picture = live.case(incident_id).incident(), live.picture(now, force)
    asked = Asked(picture, incident, {name: dict(feature) for name, feature in live.state.closures.items()})
    return recommend(picture, incident, network, force, live.conditions), asked


def still_fresh(known: Known, made: Recommendation, basis: int) -> Recommendation:
    """Return a recommendation made before the record was held, made anew where its incident is another since.

    Parameters
    ----------
    basis
        The last row that was known when it was made.

    Raises
    ------
    Unknown
        The incident is not open any more.
    """
    incident_id = made.incident.incident_id or ""
    since = (row for row in known.writing.after(basis) if row.subject == incident_id)
    if next(_changes(since, incident_id), None) is None:
        return made
    return ask(known.live, incident_id, known.now, known.network, known.force)[0]


def ask_again(asked: Asked, network: Network, force: Force, roads: Roads) -> Recommendation:
    """Answer a kept question once more."""
    return recommend(asked.picture, asked.incident, network, force, roads.conditions(asked.closures))


def recommended(known: Known, answer: bytes, asked: Asked, made: Recommendation, basis: int) -> list[Event]:
    """Keep a recommendation.

    Parameters
    ----------
    answer
        The recommendation as it is told.
    basis
        The last row that was known when it was made.
    """
    keep, seq = known.writing.keep, known.next_seq
    told = {
        "now": iso(made.now),
        "basis": basis,
        "outcome": made.outcome,
        "nearest": made.nearest,
        "nearest_eligible": made.nearest_eligible,
        "suggested": list(made.suggested),
        "certainty": made.certainty,
        "answer_sha256": keep("recommendation", answer, seq),
        "question_sha256": keep("question", write_asked(asked), seq),
        "force_sha256": keep("force", _force(known.force), seq),
    }
    return [Event(RECOMMENDED, made.incident.incident_id, known.now, told)]


@lru_cache(maxsize=4)
def _force(force: Force) -> bytes:
    return orjson.dumps(force.model_dump(mode="json"), option=orjson.OPT_SORT_KEYS)


def looked_at(reading: Reading, seq: int, incident_id: str) -> Looked:
    """Return a recommendation that was made for an incident, and what has changed since.

    Raises
    ------
    Unknown
        There is none of that number for that incident.
    """
    row = reading.row(seq)
    if row is None or row.kind != RECOMMENDED or row.subject != incident_id or row.details is None:
        raise Unknown(f"there is no recommendation {seq} for incident {incident_id}")
    told = row.details
    return Looked(seq, tuple(told["suggested"]), tuple(changes(reading.after(told["basis"]), incident_id)))


def changes(rows: Iterable[Row], incident_id: str) -> list[str]:
    """Say what has happened that may change who should go to an incident; the first `MOST_CHANGES` of it."""
    return list(islice(_changes(rows, incident_id), MOST_CHANGES))


def _changes(rows: Iterable[Row], incident_id: str) -> Iterator[str]:
    for row in rows:
        said, details = _MOVES.get(row.kind), row.details
        if said is None or details is None:
            continue
        about_incident = row.kind.startswith("incident_")
        if not about_incident or row.subject == incident_id:
            yield said.format(subject=row.subject, **details)
