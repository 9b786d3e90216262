"""What an audit says of one past incident: was the nearest officer sent, and if not, why."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

Class = Literal[
    "nearest_sent",
    "sent_within_noise",
    "nearer_not_eligible",
    "nearer_eligible_not_sent",
    "unknown",
    "dropped",
]
CLASSES: Final[tuple[Class, ...]] = (
    "nearest_sent",
    "sent_within_noise",
    "nearer_not_eligible",
    "nearer_eligible_not_sent",
    "unknown",
    "dropped",
)
# An incident of these was judged; of the others it is not known, or there was nothing to judge.
JUDGED: Final[frozenset[Class]] = frozenset(CLASSES[:4])
# Nobody who could have gone was nearer, as far as can be told.
GOOD: Final[frozenset[Class]] = frozenset(CLASSES[:3])
Arrival = Literal["recorded", "missing", "doubtful", "nobody_sent"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is said of one incident; seconds are None where they cannot be told.

    Parameters
    ----------
    incident_id, received_at
        Which incident.
    lat, lon
        Where it is, WGS 84 degrees; None where the record has no place.
    verdict
        Its class.
    because
        For ``nearer_not_eligible`` the rules that the nearest of all failed, for ``unknown`` what is missing, for
        ``dropped`` why there is nothing to judge; parted by ``;``.
    cause
        For ``nearer_eligible_not_sent``: ``reason_recorded``; ``reason_recorded_late``, some time after;
        ``own_sector``, the unit sent is of the incident's own sector, the nearer one is of another; ``straight_line``,
        the unit sent is nearer as the crow flies; or ``unexplained``.
    reason
        The recorded reason for sending another than the suggested unit.
    decided_at
        When the first unit was sent: what was known then is what counts.
    sent, judged
        Callsigns that were sent together first, and the one of them that could be there soonest.
    judged_failed
        The rules that the unit judged failed itself, parted by ``;``: it was sent all the same.
    nearest, nearest_eligible
        As the recommendation of that moment has them; ``nearest_eligible`` may be the unit that was sent.
    better
        For ``nearer_eligible_not_sent`` the first of those eligible that would have been sooner beyond doubt, for
        ``sent_within_noise`` the first of those eligible that seemed sooner.
    sent_s, nearest_s, nearest_eligible_s, better_s
        How soon they could be there, from the moment of the decision.
    lost_s
        ``sent_s`` less ``better_s``; 0 where nobody eligible was nearer.
    straight
        Whether the unit sent was the nearest of those eligible as the crow flies.
    unplaced
        How many units that might have been sent had no usable position.
    grade, tags
        As known at the decision.
    domestic_abuse
        Whether the incident is one, by all that became known.
    sector, setting
        Of the incident; ``setting`` is ``urban``, ``rural`` or ``unknown``.
    hour, shift
        Local hour of receipt, 0 to 23, and ``early``, ``late`` or ``night``.
    arrival
        Whether the first arrival is recorded, and can be believed.
    from_received_s, from_graded_s, from_sent_s
        From receipt, from when ``last_grade`` was given, and from the decision to the first arrival.
    last_grade
        The grade held when somebody arrived, or at the end where no arrival is recorded.
    clock, target_s, clock_s
        What that grade's target counts from, the target, and the time that counts; ``target_s`` is None for no target.
    first_grade, first_target_s, first_clock_s
        The same by the grade first given, where it was regraded.
    """

    incident_id: str
    received_at: datetime
    verdict: Class
    lat: float | None = None
    lon: float | None = None
    because: str = ""
    cause: str = ""
    reason: str = ""
    decided_at: datetime | None = None
    sent: tuple[str, ...] = ()
    judged: str = ""
    judged_failed: str = ""
    nearest: str = ""
    nearest_eligible: str = ""
    better: str = ""
    sent_s: float | None = None
    nearest_s: float | None = None
    nearest_eligible_s: float | None = None
    better_s: float | None = None
    lost_s: float | None = None
    straight: bool | None = None
    unplaced: int = 0
    grade: str = ""
    tags: tuple[str, ...] = ()
    domestic_abuse: bool = False
    sector: str = ""
    setting: str = ""
    hour: int = 0
    shift: str = ""
    arrival: Arrival = "missing"
    from_received_s: float | None = None
    from_graded_s: float | None = None
    from_sent_s: float | None = None
    last_grade: str = ""
    clock: str = ""
    target_s: int | None = None
    clock_s: float | None = None
    first_grade: str = ""
    first_target_s: int | None = None
    first_clock_s: float | None = None
