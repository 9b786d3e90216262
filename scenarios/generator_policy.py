"""What a made-up period rests on: the policy of its control room, how people drive, and how records are kept."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any, Final

from scenarios.generator_roads import Driving

_MAIN: Final = ("motorway", "trunk", "primary")
_MIDDLE: Final = ("secondary", "tertiary")
_SMALL: Final = ("residential", "unclassified", "living_street", "service")


def _by_class(main: float, middle: float, small: float) -> dict[str, float]:
    return {**dict.fromkeys(_MAIN, main), **dict.fromkeys(_MIDDLE, middle), **dict.fromkeys(_SMALL, small)}


DRIVING: Final = Driving(
    by_class={"normal": _by_class(1.10, 1.20, 1.30), "response": _by_class(0.90, 1.05, 1.15)},
    by_period={"normal": {"evening peak": 1.15}, "response": {"evening peak": 1.10}},
    spread=0.05,
)


@dataclass(frozen=True, slots=True)
class Policy:
    """How the control room decides.

    Parameters
    ----------
    own_sector
        A unit of the incident's own sector comes first.
    stale_s
        The positions on its screen are up to so old.
    unexplained
        Share of decisions that send just any of the others who may go.
    reason
        Share of the decisions for another than the nearest for which a reason is recorded.
    """

    own_sector: bool = True
    stale_s: int = 60
    unexplained: float = 0.07
    reason: float = 0.30


@dataclass(frozen=True, slots=True)
class Keeping:
    """How the records are kept; shares of incidents, assignments, statuses or duties, by what goes wrong with them."""

    missing_arrival: float = 0.17
    missing_clear: float = 0.06
    missing_close: float = 0.10
    late_status: float = 0.08
    late_assignment: float = 0.03
    late_duty: float = 0.02
    late_regrade: float = 0.30
    no_first_status: float = 0.04
    buffered_an_hour: float = 0.06
    silent_an_hour: float = 0.03
    no_accuracy: float = 0.05
    future_fix: float = 0.0005
    nobody_sent: float = 0.03
    merged: float = 0.02
    self_initiated: float = 0.02
    not_deployed: float = 0.01
    outside: float = 0.007
    no_place: float = 0.015
    no_grade: float = 0.01
    sent_before_call: float = 0.01
    logged_on_arrival: float = 0.015
    unreadable: float = 0.007
    regraded: float = 0.08
    retagged: float = 0.05


# Records as they should be: nothing is missing, late or unreadable.
FAULTLESS: Final = Keeping(**dict.fromkeys(Keeping.__dataclass_fields__, 0.0))


@dataclass(frozen=True, slots=True)
class Plan:
    """What to make.

    Parameters
    ----------
    start, days
        The first local day, and how many there are.
    units
        Callsigns; each is manned for most of the three shifts of a day.
    incidents
        Over the whole period.
    seed
        Of all that is drawn; sectors and stations are those of the network.
    sectors
        Into how many the area is parted.
    fix_every_s
        Between two position reports of a unit.
    """

    start: date = date(2025, 10, 1)
    days: int = 31
    units: int = 15
    incidents: int = 3_000
    seed: int = 1
    sectors: int = 4
    fix_every_s: int = 30
    policy: Policy = field(default_factory=Policy)
    keeping: Keeping = field(default_factory=Keeping)
    driving: Driving = DRIVING

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return {**asdict(self), "start": self.start.isoformat()}
