"""The incidents that a report shows one by one: where everybody was, who went, who could have, and by which ways."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from dispatch.force import Force
from graphs.conditions import NO_CONDITIONS, Conditions
from graphs.errors import OutsideNetwork
from graphs.legs import leg_line
from graphs.network import Network
from graphs.router import Router
from scenarios.drawing import Kind, Line, LonLat, Map, Point, Way, draw_map
from scenarios.report_words import between, duration, metres
from scenarios.verdict import Verdict

# So many units beside those sent stay readable in one table and on one map.
_MOST_SHOWN: Final = 12
Ledger = Mapping[str, Any]


def nothing_closed(at: datetime) -> Conditions:  # noqa: ARG001 - at any moment
    """Return that no closure was known."""
    return NO_CONDITIONS


@dataclass(frozen=True, eq=False)
class Roads:
    """What ways are looked for on.

    Parameters
    ----------
    known
        The closures that were known at a moment.
    """

    network: Network
    force: Force
    known: Callable[[datetime], Conditions] = nothing_closed

    def way(self, start: Point, end: Point, grade: str, at: datetime, *, on_road: bool) -> LonLat | None:
        """Return the fastest way between two points as the roads were at a moment; None where there is none."""
        local = at.astimezone(ZoneInfo(self.force.time_zone))
        router = Router(self.network, self.force.grade(grade).profile, self.known(at), local)
        try:
            leg = router.best(router.spots(start.lat, start.lon), router.approaches(end.lat, end.lon, on_road=on_road))
        except OutsideNetwork:
            return None
        if leg is None:
            return None
        driven = [(float(lon), float(lat)) for lon, lat in leg_line(self.network, leg).coords]
        # A place off the road is joined to it, or the way would seem to lead nowhere.
        return [(start.lon, start.lat), *driven, (end.lon, end.lat)]


@dataclass(frozen=True, slots=True)
class Row:
    """A line of a ledger in words."""

    kind: Kind
    callsign: str
    part: str
    time: str
    between: str
    by_road: str
    straight: str
    doing: str
    age: str
    kept_by: str


@dataclass(frozen=True)
class Case:
    """One incident of the worst, with its map and the lines of its ledger that matter.

    Parameters
    ----------
    ledger
        None where the folder holds none for it.
    roads
        Where ways are looked for; None without a network.
    """

    number: int
    verdict: Verdict
    ledger: Ledger | None
    roads: Roads | None
    on_road: bool = False

    @cached_property
    def rows(self) -> tuple[Row, ...]:
        """The units sent, and the soonest of those nearer, soonest first."""
        return tuple(_row(line, self.verdict) for line in self._shown)

    @property
    def more(self) -> int:
        """How many nearer units are not shown."""
        return len(self._lines) - len(self._shown)

    @property
    def waited_s(self) -> float | None:
        """Seconds from receipt to the decision."""
        sent_at = self.verdict.decided_at
        return None if sent_at is None else (sent_at - self.verdict.received_at).total_seconds()

    @property
    def _lines(self) -> Sequence[Mapping[str, Any]]:
        return () if self.ledger is None else self.ledger["lines"]

    @cached_property
    def _shown(self) -> Sequence[Mapping[str, Any]]:
        others = [line for line in self._lines if _kind(line, self.verdict) != "sent"][:_MOST_SHOWN]
        kept = {line["callsign"] for line in others} | {self.verdict.better}
        return [line for line in self._lines if line["callsign"] in kept or _kind(line, self.verdict) == "sent"]

    @cached_property
    def points(self) -> tuple[Point, ...]:
        """The incident, who was sent, who could have been, and who was kept by a rule."""
        if self.verdict.lat is None or self.verdict.lon is None:
            return ()
        placed = [_point(line, self.verdict) for line in self._shown if line["lat"] is not None]
        ordered = [point for kind in ("sent", "could", "kept") for point in placed if point.kind == kind]
        return (Point("incident", "", self.verdict.lat, self.verdict.lon), *ordered)

    @cached_property
    def map(self) -> Map | None:
        """The map; None where the incident has no place or no ledger."""
        if len(self.points) < 2:  # noqa: PLR2004 - the incident and somebody
            return None
        return draw_map(None if self.roads is None else self.roads.network, self.points, list(self._ways()))

    def _ways(self) -> Iterator[Line]:
        kinds: tuple[tuple[Way, str], ...] = ("could", self.verdict.better), ("sent", self.verdict.judged)
        if self.roads is None or self.verdict.decided_at is None:
            return
        for kind, callsign in kinds:
            start = next((point for point in self.points if point.kind == kind and point.label == callsign), None)
            if start is None:
                continue
            at, grade = self.verdict.decided_at, self.verdict.grade
            lonlat = self.roads.way(start, self.points[0], grade, at, on_road=self.on_road)
            if lonlat:
                yield Line(kind, lonlat)

    @property
    def alt(self) -> str:
        """What the map shows, for who cannot see it."""
        by = {row.callsign: row for row in self.rows}
        told = [f"Map of incident {self.verdict.incident_id}."]
        for callsign, done in (
            (self.verdict.judged, "was sent"),
            (self.verdict.better, "could have been sent"),
        ):
            if callsign in by:
                told.append(f"{callsign} {done}: {by[callsign].by_road} by road, {by[callsign].time}.")
        others = [row for row in self.rows if row.kind == "kept"]
        told += [f"{row.callsign} was nearer, but {row.kept_by}." for row in others]
        return " ".join(told)


def ledgers_of(path: Path, wanted: Collection[str]) -> dict[str, Ledger]:
    """Return the ledgers of some incidents from ``ledgers.jsonl.gz``, by incident."""
    signs = tuple(json.dumps(incident_id, ensure_ascii=False).encode() for incident_id in wanted)
    found = dict[str, Ledger]()
    with gzip.open(path) as file:
        for line in file:
            if any(sign in line for sign in signs):
                ledger = json.loads(line)
                if ledger["incident_id"] in wanted:
                    found[ledger["incident_id"]] = ledger
    return found


def _kind(line: Mapping[str, Any], verdict: Verdict) -> Kind:
    if line["callsign"] in verdict.sent or line["callsign"] == verdict.judged:
        return "sent"
    return "could" if line["eligible"] else "kept"


_PART: Final[Mapping[Kind, str]] = {"sent": "sent", "could": "could have gone", "kept": "kept back"}


def _row(line: Mapping[str, Any], verdict: Verdict) -> Row:
    kind = _kind(line, verdict)
    together = kind == "sent" and line["callsign"] != verdict.judged
    return Row(
        kind=kind,
        callsign=line["callsign"],
        part="sent with it" if together else _PART[kind],
        time=duration(line["time_s"]),
        between=between(line["earliest_s"], line["latest_s"]) if line["time_s"] is not None else "",
        by_road=metres(line["length_m"]),
        straight=metres(line["straight_m"]),
        doing=line["status_label"],
        age=duration(line["fix_age_s"]),
        kept_by="; ".join(one["because"] for one in line["failed"]),
    )


def _point(line: Mapping[str, Any], verdict: Verdict) -> Point:
    kind = _kind(line, verdict)
    rule = line["failed"][0]["rule"].replace("_", " ") if kind == "kept" and line["failed"] else ""
    return Point(kind, f"{line['callsign']} ({rule})" if rule else line["callsign"], line["lat"], line["lon"])
