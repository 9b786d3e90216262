"""Read the history that a force brings: ``incidents.csv`` of past incidents, with how each ended.

Rows that are sound go on; the others are told with every reason, to be written to a quarantine file.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any, Final

from pydantic import Field, ValidationError

from dispatch.force import Force
from dispatch.force_risk import Level
from dispatch.imported import Known
from dispatch.naming import LONGEST_NAME, is_name, long_texts
from graphs.coordinates import distance_m, on_globe
from graphs.errors import Fault, InputError
from graphs.faults import gather, read_text, shape_faults, unknown_name, written
from graphs.moments import MOMENT, Moment
from scenarios.cells import meant, write_table
from scenarios.manifest import Manifest
from scenarios.rows import SWAPPED_HINT, IncidentRow, Placed, Text, cell_value
from scenarios.tables import rows_of

_FILE: Final = "a CSV file in UTF-8 with a header"
REQUIRED: Final = ("incident_id", "received_at", "grade")
# A force's area is smaller; what lies so far from the middle of its incidents and near it when turned round is turned.
_FAR_M: Final = 300_000.0


class HistoryRow(IncidentRow):
    """An incident of the past."""

    incident_id: Text = Field(description="an identifier, each only once")
    received_at: Moment = Field(description=MOMENT)
    closed_at: Moment | None = Field(default=None, description=MOMENT)
    outcome: Text | None = Field(default=None, description="text for people to read")
    dash: Level | None = Field(default=None, description="standard, medium or high")
    merged_into: Text | None = Field(default=None, description="the incident that it is the same as; not read")
    entered_at: Moment | None = Field(default=None, description=MOMENT)
    closed_entered_at: Moment | None = Field(default=None, description=MOMENT)

    def known(self) -> Known:
        """Return the incident that the row describes."""
        return Known(
            self.incident(),
            self.received_at,
            self.address,
            self.phone,
            tuple(self.people),
            self.closed_at,
            self.outcome,
            self.dash,
        )


@dataclass(frozen=True, slots=True)
class Refused:
    """A row that is not imported, as it stands in the file, and why."""

    where: str
    cells: Mapping[str, str]
    faults: tuple[Fault, ...]

    @property
    def reason(self) -> str:
        """The first of the reasons, in a few words for a count."""
        fault = self.faults[0]
        return f"{fault.field or 'row'}: {fault.hint or f'accepted: {fault.accepted}'}"


@dataclass(frozen=True, slots=True)
class History:
    """What a file holds.

    Parameters
    ----------
    read
        How many rows it has.
    sound, refused
        Those that can be imported, and the others.
    crowded
        Places that very many rows of different addresses or numbers have, each with how many: default locations, most
        likely.
    """

    read: int
    sound: tuple[Known, ...]
    refused: tuple[Refused, ...]
    crowded: Mapping[tuple[float, float], int]


def read_history(path: Path, force: Force, manifest: Manifest, now: datetime) -> History:
    """Read a file of past incidents.

    Parameters
    ----------
    force
        Knows the names of grades, tags and skills.
    manifest
        Says what the file's columns, values and times mean.
    now
        Nothing was received after it, but for the force's tolerance of clocks that differ.

    Raises
    ------
    InputError
        The file cannot be read, or its header lacks a column or has one that nothing is known of.
    """
    source = path.name
    rows = iter(rows_of(read_text(path, _FILE), source))
    where, names = next(rows, ("row 1", []))
    header = [manifest.column(name.strip()) for name in names]
    faults = list(_header_faults(names, header, source, where))
    if faults:
        raise InputError(faults)
    reader = _Reader(force, manifest, now, source, [name.strip() for name in names], header)
    for where, cells in rows:
        reader.read(where, cells)
    return reader.history()


class _Reader:
    def __init__(
        self,
        force: Force,
        manifest: Manifest,
        now: datetime,
        source: str,
        names: Sequence[str],
        header: Sequence[str],
    ) -> None:
        self._force, self._manifest, self._now, self._source = force, manifest, now, source
        self._names, self._header = names, header
        self._count, self._first = 0, dict[str, str]()
        self._read = list[tuple[str, HistoryRow, Mapping[str, str]]]()
        self._refused = list[Refused]()

    def read(self, where: str, cells: Sequence[str]) -> None:
        """Read a row; its faults are kept with it."""
        self._count += 1
        raw = {name: meant(cell) for name, cell in zip(self._names, cells, strict=False)}
        faults = list[Fault]()
        if len(cells) != len(self._header):
            accepted = f"{len(self._header)} cells, as the header has"
            faults.append(Fault(self._source, where, "", f"{len(cells)} cells", accepted))
        row = None if faults else self._row(where, cells, faults)
        if row is not None:
            faults += self._contradictions(row, where)
        if faults or row is None:
            self._refused.append(Refused(where, raw, tuple(faults)))
            return
        self._first[row.incident_id] = where
        self._read.append((where, row, raw))

    def _row(self, where: str, cells: Sequence[str], faults: list[Fault]) -> HistoryRow | None:
        values = dict[str, Any]()
        for column, cell in zip(self._header, cells, strict=True):
            if column:
                self._put(values, where, column, meant(cell), faults)
        try:
            row = HistoryRow.model_validate(values)
        except ValidationError as error:
            told = {fault.field for fault in faults}
            found = shape_faults(error, HistoryRow, self._source, where)
            faults += (fault for fault in found if fault.field not in told)
            return None
        return row if not faults else None

    def _put(self, values: dict[str, Any], where: str, column: str, text: str, faults: list[Fault]) -> None:
        text = self._manifest.value(column, text)
        if column.endswith("_at") and text.strip():
            read = partial(self._manifest.moment, text.strip(), self._source, where, column)
            text = gather(faults, read) or text
        if (value := cell_value(HistoryRow, column, text)) is not None:
            values[column] = value

    def _contradictions(self, row: HistoryRow, where: str) -> Iterator[Fault]:
        force, source = self._force, self._source
        asked = (
            ("grade", [row.grade], force.grades),
            ("tags", row.tags, force.tags),
            ("needs", row.needs, force.skills),
        )
        for field, names, known in asked:
            yield from (unknown_name(source, field, name, known, where) for name in names if name not in known)
        told = {name: getattr(row, name) for name in ("address", "phone", "people", "sector")}
        yield from (replace(fault, source=source, where=where) for fault in long_texts(told))
        if not is_name(row.incident_id):
            accepted = f"1 to {LONGEST_NAME} printable characters, without a space at an end"
            yield Fault(source, where, "incident_id", written(row.incident_id), accepted)
        if row.incident_id in self._first:
            hint = f"also in {self._first[row.incident_id]}"
            yield Fault(source, where, "incident_id", written(row.incident_id), "each incident_id only once", hint)
        if (row.received_at - self._now).total_seconds() > force.fixes.future_tolerance_s:
            yield Fault(source, where, "received_at", row.received_at.isoformat(), "a time in the past")
        if row.closed_at is not None and row.closed_at < row.received_at:
            accepted = f"a moment not before received_at, {row.received_at.isoformat()}"
            yield Fault(source, where, "closed_at", row.closed_at.isoformat(), accepted)

    def history(self) -> History:
        """Return what was read, without the rows whose place is turned round."""
        middle = _middle([row.place() or (0.0, 0.0) for _, row, _ in self._read])
        sound = list[Known]()
        for where, row, raw in self._read:
            if _is_turned(row, middle):
                value = f"{row.lat}, {row.lon}"
                accepted = "a place among the others of the file"
                fault = Fault(self._source, where, "lat, lon", value, accepted, SWAPPED_HINT)
                self._refused.append(Refused(where, raw, (fault,)))
            else:
                sound.append(row.known())
        crowded = _crowded(sound, self._force.risk.crowd_incidents)
        return History(self._count, tuple(sound), tuple(self._refused), crowded)


def _middle(places: Sequence[tuple[float, float]]) -> tuple[float, float] | None:
    if not places:
        return None
    return median(lat for lat, _ in places), median(lon for _, lon in places)


def _is_turned(row: Placed, middle: tuple[float, float] | None) -> bool:
    place = row.place()
    if middle is None or place is None or not on_globe(place[1], place[0]):
        return False
    return distance_m(*place, *middle) > _FAR_M > distance_m(place[1], place[0], *middle)


def _crowded(known: Iterable[Known], most: int) -> dict[tuple[float, float], int]:
    """Return the places that more different callers share than a place can have, each with how many rows it has."""
    callers, counts = dict[tuple[float, float], set[str]](), Counter[tuple[float, float]]()
    for each in known:
        place = (round(each.lat, 5), round(each.lon, 5))
        counts[place] += 1
        callers.setdefault(place, set()).add(each.phone or each.address or each.incident.incident_id)
    return {place: counts[place] for place, who in callers.items() if len(who) > most}


def _header_faults(names: Sequence[str], header: Sequence[str], source: str, where: str) -> Iterator[Fault]:
    needed = f"a header with {', '.join(REQUIRED)}, and lat, lon or easting, northing"
    for column in REQUIRED:
        if column not in header:
            yield Fault(source, where, column, "a header without it", needed)
    if not any(set(pair) <= set(header) for pair in (("lat", "lon"), ("easting", "northing"))):
        yield Fault(source, where, "lat, lon", "a header without them", needed)
    for name, column in zip(names, header, strict=True):
        if column and column not in HistoryRow.model_fields:
            yield unknown_name(source, name.strip() or "a column", column, HistoryRow.model_fields, where)
        if column and list(header).count(column) > 1:
            yield Fault(source, where, column, "a repeated column", "each column only once")


def quarantine(refused: Sequence[Refused]) -> str:
    """Write refused rows as CSV: where each stood, every reason, and its cells as they were."""
    columns = ["row", "reasons", *dict.fromkeys(name for each in refused for name in each.cells)]
    rows = ({**each.cells, "row": each.where, "reasons": _reasons(each)} for each in refused)
    return write_table(columns, rows)


def _reasons(each: Refused) -> str:
    return " | ".join(str(fault) for fault in each.faults)
