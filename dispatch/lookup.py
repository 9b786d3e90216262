"""Earlier incidents that a new one may have to do with, and by what each was found."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from typing import Any, Final, Protocol

import sqlalchemy as sa

from dispatch.force_risk import Risk
from dispatch.normal import NEAR_M, Person, address_of, cell_of, cells_near, person_of, phone_of, shortened
from dispatch.state_risk import Key
from dispatch.store import Past, Reading
from dispatch.upkeep import batches, pasts_of
from graphs.coordinates import distance_m

# A key that more incidents share than that is a place or a number of many: they are counted, not read.
_READ_AT_MOST: Final = 200
# Two reports of one address are seldom put on the map further apart; a street's name alone is in many towns.
_ONE_ADDRESS_M: Final = 1_000.0
_PLACES: Final = frozenset({"address", "building", "near"})


class Told(Protocol):
    """What is told of an incident, as far as it may be found again by it."""

    @property
    def address(self) -> str | None:
        """As it was told."""

    @property
    def phone(self) -> str | None:
        """As it was told."""

    @property
    def people(self) -> Sequence[str]:
        """As they were told."""

    @property
    def lat(self) -> float:
        """Degrees of latitude."""

    @property
    def lon(self) -> float:
        """Degrees of longitude."""


@dataclass(frozen=True, slots=True)
class Match:
    """An earlier incident.

    Parameters
    ----------
    by
        What it shares: ``person``, ``phone``, ``address``, ``building``, ``near``.
    distance_m
        Between the two places, in metres.
    counts_by
        Those of ``by`` that are not withheld.
    """

    past: Past
    by: tuple[str, ...]
    distance_m: float
    counts_by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Withheld:
    """Something shared by too many to mean that they have to do with each other.

    Parameters
    ----------
    by
        ``near``, ``address``, ``building`` or ``phone``.
    incidents
        How many share it, or one more than are read where there are more.
    """

    by: str
    incidents: int
    because: str


@dataclass(frozen=True, slots=True)
class Lookup:
    """What a check found.

    Parameters
    ----------
    since
        How far back it looked.
    matches
        The newest first.
    unreadable
        What could not be looked up, in sentences: nothing found by it means nothing.
    """

    since: datetime
    matches: tuple[Match, ...]
    withheld: tuple[Withheld, ...]
    unreadable: tuple[str, ...]


def keys_of(told: Told, risk: Risk) -> frozenset[Key]:
    """Return the keys by which an incident will be found."""
    return frozenset({*_said(told, risk), ("cell", cell_of(told.lat, told.lon))})


def wanted_of(told: Told, risk: Risk) -> frozenset[Key]:
    """Return the keys by which an incident finds others, which are more: every square around its own."""
    cells = {("cell", cell) for cell in cells_near(told.lat, told.lon)}
    return frozenset({key for key in _said(told, risk) if key[0] != "born"} | cells)


def _said(told: Told, risk: Risk) -> Iterator[Key]:
    if told.address:
        yield from address_keys(told.address, risk)
    phone = phone_of(told.phone, risk.phone_region) if told.phone else None
    if phone is not None:
        yield "phone", phone
    for person in people_of(told, risk):
        yield from person_keys(person)


def address_keys(address: str, risk: Risk) -> Iterator[Key]:
    """Yield the keys of an address, and of its building."""
    found = address_of(address, risk.phone_region)
    yield from (("address", key) for key in found.keys)
    yield from (("building", key) for key in found.buildings)


def person_keys(person: Person) -> Iterator[Key]:
    """Yield the key of a name, and of the name with the date of birth."""
    yield "person", shortened(person.name)
    if person.born is not None:
        yield "born", f"{shortened(person.name)}|{person.born}"


def people_of(told: Told, risk: Risk) -> list[Person]:
    """Return the people named in an incident."""
    found = (person_of(name, risk.no_names) for name in told.people)
    return [person for person in found if person is not None]


def look_up(reading: Reading, told: Told, risk: Risk, since: datetime, but: Collection[str] = ()) -> Lookup:
    """Look for earlier incidents.

    Parameters
    ----------
    told
        The incident.
    since
        How far back.
    but
        Incidents that are not looked for: itself, and those that are the same as it.
    """
    wanted = wanted_of(told, risk)
    named = _names(reading, wanted)
    crowded = {kind for (kind, _), names in named.items() if len(names) > _READ_AT_MOST}
    read = {name for names in named.values() if len(names) <= _READ_AT_MOST for name in names}
    people = people_of(told, risk)
    found = [
        match
        for past in _pasts(reading, read.difference(but), since)
        if (match := _match(past, told, wanted, people)) is not None
    ]
    withheld = [*_crowds(crowded), *_shared(found, risk)]
    ignored = {each.by for each in withheld}
    matches = (replace(each, counts_by=tuple(by for by in each.by if by not in ignored)) for each in found)
    return Lookup(since, tuple(_shown(matches)), tuple(withheld), tuple(_unreadable(told, risk)))


def _names(reading: Reading, wanted: Iterable[Key]) -> dict[Key, list[str]]:
    """Return the incidents by the keys that they have; one more than are read tells that there are too many."""
    keys = sorted(wanted)
    values = {f"{name}{n}": value for n, key in enumerate(keys) for name, value in zip(_PAIR, key, strict=True)}
    found: dict[Key, list[str]] = {}
    for kind, key, incident_id in reading.connection.execute(_named(len(keys)), values):
        found.setdefault((kind, key), []).append(incident_id)
    return found


_PAIR: Final = ("kind", "key")


@lru_cache(maxsize=256)
def _named(count: int) -> sa.TextClause:
    # Each key by itself, so that the index is used and a place of thousands is not read to its end.
    one = (
        "SELECT * FROM (SELECT kind, key, incident_id FROM history_keys"
        " WHERE kind = :kind{n} AND key = :key{n} LIMIT {most}) AS found{n}"
    )
    return sa.text(" UNION ALL ".join(one.format(n=n, most=_READ_AT_MOST + 1) for n in range(count)))


def _pasts(reading: Reading, names: Iterable[str], since: datetime) -> list[Past]:
    found = list[Past]()
    for batch in batches(sorted(names)):
        found += (past for past in pasts_of(reading, batch).values() if past.received_at >= since)
    return sorted(found, key=lambda past: (past.received_at, past.incident_id), reverse=True)


def _match(past: Past, told: Told, wanted: frozenset[Key], people: Sequence[Person]) -> Match | None:
    distance = distance_m(told.lat, told.lon, past.body["lat"], past.body["lon"])
    by = tuple(_by(past, wanted & past.keys, people, distance))
    return Match(past, by, distance, by) if by else None


def _by(past: Past, shared: frozenset[Key], people: Sequence[Person], distance: float) -> Iterator[str]:
    kinds = {kind for kind, _ in shared}
    if any(("person", shortened(person.name)) in shared and person.may_be(_born(past, person)) for person in people):
        yield "person"
    if "phone" in kinds:
        yield "phone"
    if "address" in kinds and distance <= _ONE_ADDRESS_M:
        yield "address"
    elif "building" in kinds and distance <= _ONE_ADDRESS_M:
        yield "building"
    if distance <= NEAR_M:
        yield "near"


def _born(past: Past, person: Person) -> set[str]:
    name = f"{shortened(person.name)}|"
    return {key.removeprefix(name) for kind, key in past.keys if kind == "born" and key.startswith(name)}


_WHERE: Final[Mapping[str, str]] = {
    "near": f"within {NEAR_M:.0f} m",
    "address": "at this address",
    "building": "in this building",
    "phone": "on this number",
}
_WHY: Final[Mapping[str, str]] = {
    "near": "probably a default location, or a place of many; not counted as a repeat by place alone",
    "address": "probably a default location, or a place of many; not counted as a repeat by address alone",
    "building": "probably a block of flats or a place of many; not counted as a repeat by building alone",
    "phone": "probably a number that many use; not counted as a repeat by number alone",
}


def _crowds(crowded: Iterable[str]) -> Iterator[Withheld]:
    for kind in sorted(crowded):
        by = "near" if kind == "cell" else kind
        where = "in one square of 30 m, here or beside" if by == "near" else _WHERE.get(by, "with such a name")
        why = _WHY.get(by, "too many to be read; look by another key")
        yield Withheld(by, _READ_AT_MOST + 1, f"more than {_READ_AT_MOST} incidents {where}: {why}")


def _shared(found: Sequence[Match], risk: Risk) -> Iterator[Withheld]:
    """Tell what many different callers share."""
    for by in _WHY:
        sharing = [each.past for each in found if by in each.by]
        if _callers(sharing, ("person", "address" if by == "phone" else "phone")) > risk.crowd_incidents:
            count = len(sharing)
            yield Withheld(by, count, f"{count} incidents {_WHERE[by]}: {_WHY[by]}")


def _callers(pasts: Sequence[Past], kinds: Collection[str]) -> int:
    """Count the callers of incidents: those that share a key of these kinds are one's.

    Many calls of one victim are not many callers. An incident without such a key is one of its own, for nothing says
    whose it is.
    """
    groups = list[set[Key]]()
    for past in pasts:
        keys = {key for key in past.keys if key[0] in kinds} or {("incident", past.incident_id)}
        apart = [group for group in groups if group.isdisjoint(keys)]
        groups = [*apart, keys.union(*(group for group in groups if not group.isdisjoint(keys)))]
    return len(groups)


def _shown(matches: Iterable[Match]) -> Iterator[Match]:
    """Leave out those of a place of many that share nothing else with the incident."""
    for each in matches:
        if each.counts_by or not _PLACES.issuperset(each.by):
            yield each


def _unreadable(told: Told, risk: Risk) -> Iterator[str]:
    if told.phone and phone_of(told.phone, risk.phone_region) is None:
        yield f"{told.phone} is not a telephone number that can be looked up"
    if told.address and not address_of(told.address, risk.phone_region).keys:
        yield f"{told.address} is not an address that can be looked up"
    for name in told.people:
        if person_of(name, risk.no_names) is None:
            yield f"{name} names nobody who can be looked up"


def values_of(match: Match) -> dict[str, Any]:
    """Return a match as JSON values."""
    body = match.past.body
    shown = {name: body.get(name) for name in ("grade", "type", "tags", "stage", "outcome", "dash")}
    return {
        "incident_id": match.past.incident_id,
        "received_at": match.past.received_at.isoformat().replace("+00:00", "Z"),
        "by": list(match.by),
        "counts_by": list(match.counts_by),
        "distance_m": round(match.distance_m, 1),
        **shown,
    }
