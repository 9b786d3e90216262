"""What the record comes to on risk: people and addresses of concern, their markers, reviews and tasks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from dispatch.force_risk import Level, graver

Role = Literal["victim", "perpetrator", "address"]
TaskKind = Literal["tell_victim", "reassess", "inform_victim"]
# A kind and a key, as the history has them.
Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Subject:
    """A person or an address that markers and tasks are about.

    Everything else names it by ``subject``, a number in words: what stays of the record after a purge tells nobody's
    name.

    Parameters
    ----------
    subject
        ``person:`` or ``address:``, and the row of the record that first told of it.
    name
        As it was told: a name or an address.
    born
        Date of birth, ISO 8601, or None.
    place
        Latitude and longitude of an address, or None.
    keys
        By which an incident finds it.
    markers
        Those on it that are not lifted, in the order in which they were placed.
    discussed_at
        When a multi-agency conference last discussed it, or it was last referred there; None where never.
    """

    subject: str
    name: str
    keys: tuple[Key, ...]
    born: str | None = None
    place: tuple[float, float] | None = None
    markers: tuple[str, ...] = ()
    discussed_at: datetime | None = None

    @property
    def person(self) -> bool:
        """Whether it is a person."""
        return self.subject.startswith("person:")


@dataclass(frozen=True, slots=True)
class Raised:
    """A level that a marker has at least, because of a release, until a moment."""

    release_id: str
    level: Level
    until: datetime


@dataclass(frozen=True, slots=True)
class Marker:
    """A warning on a person or an address, which ends by itself unless it is renewed.

    Parameters
    ----------
    role
        Whether it is on a victim, a perpetrator or an address.
    level
        As it was set; see `level_at`.
    serial, most_serious
        Of a perpetrator.
    text
        What a dispatcher is to know.
    support
        What help there is, a line each.
    linked_to
        The perpetrators, by subject, whose release concerns it.
    expires_at
        From then on it is no longer in force.
    raised
        What raises its level.
    """

    marker_id: str
    subject: str
    role: Role
    level: Level
    text: str
    placed_at: datetime
    placed_by: str
    expires_at: datetime
    serial: bool = False
    most_serious: bool = False
    support: tuple[str, ...] = ()
    linked_to: tuple[str, ...] = ()
    raised: tuple[Raised, ...] = ()

    def in_force(self, now: datetime) -> bool:
        """Say whether it holds at a moment; it ends at the very moment at which it expires."""
        return now < self.expires_at or any(now < each.until for each in self.raised)

    def level_at(self, now: datetime) -> Level:
        """Return its level at a moment, raised or not."""
        return graver(self.level, *(each.level for each in self.raised if now < each.until))


@dataclass(frozen=True, slots=True)
class Review:
    """A risk that is to be looked at again.

    Parameters
    ----------
    level
        The level that the risk has.
    least
        What it cannot be lowered below.
    """

    review_id: str
    incident_id: str
    level: Level
    least: Level
    set_at: datetime
    due_at: datetime


@dataclass(frozen=True, slots=True)
class Task:
    """Something that somebody is to do by a deadline.

    Parameters
    ----------
    subject
        Whom or what it is for: a `Subject`, or an incident.
    because
        Why, for people to read; it names nobody.
    about
        The perpetrator, by subject, whose release it follows from; None where it follows from none.
    release_id
        That release.
    tried
        How often it was tried in vain.
    """

    task_id: str
    kind: TaskKind
    subject: str
    because: str
    set_at: datetime
    set_by: str
    due_at: datetime
    about: str | None = None
    release_id: str | None = None
    tried: int = 0
