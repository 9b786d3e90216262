"""A period's records as an audit reads them: what happened, and when each fact was entered.

``nearest import`` makes a folder of them from any other layout. In it every time is UTC, every place WGS 84, and the
manifest has a checksum of every file; what was changed since is refused.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property, partial
from hashlib import file_digest
from operator import attrgetter
from pathlib import Path
from typing import Any, Final, Literal, TypeVar

import orjson
import polars as pl
from pydantic import BaseModel, ConfigDict, Field

from dispatch.force import Force
from dispatch.force_tables import TimeZone
from graphs.errors import Fault, InputError
from graphs.faults import NOTHING, checked, gather, parse_toml, read_text
from graphs.moments import MOMENT, Moment
from graphs.netfile import load_network
from graphs.network import Network
from graphs.profiles import Profiles
from scenarios.cells import meant
from scenarios.manifest import File
from scenarios.past import (
    PastAmendment,
    PastAssignment,
    PastDuty,
    PastIncident,
    PastRegrade,
    PastStatus,
    amended,
)
from scenarios.past_fixes import PastFixes, no_fixes

MANIFEST: Final = "manifest.toml"
FORCE: Final = "force.toml"
NETWORK: Final = "roads.network"
PROFILES: Final = "profiles.toml"
POSITIONS: Final = "positions.parquet"
CLOSURES: Final = "closures.geojson"
QUARANTINED: Final = "quarantined.csv"
SUMMARY: Final = "import.json"
# The columns of each table of an imported folder, in order.
COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "incidents.csv": (
        *("incident_id", "received_at", "lat", "lon", "grade", "type", "tags", "needs", "units_needed", "sector"),
        *("on_road", "closed_at", "outcome", "merged_into", "self_initiated", "entered_at", "closed_entered_at"),
    ),
    "assignments.csv": (
        *("incident_id", "callsign", "assigned_at", "en_route_at", "on_scene_at", "cleared_at", "entered_at"),
        *("reason", "ended", "cleared_entered_at"),
    ),
    "statuses.csv": ("callsign", "at", "status", "entered_at"),
    "duties.csv": ("callsign", "start", "end", "crew", "skills", "sector", "home", "entered_at", "end_entered_at"),
    "regrades.csv": ("incident_id", "at", "grade", "entered_at"),
    "amendments.csv": ("incident_id", "at", "field", "value", "entered_at"),
    QUARANTINED: ("table", "row", "incident_id", "callsign", "at", "reasons"),
}


class Assumed(BaseModel):
    """What is taken for granted where the records do not say; every report repeats it.

    Attributes
    ----------
    positions
        ``stations``: a callsign without any position report stands at its home while it is on no assignment.
    station_accuracy_m
        Radius in metres of such a position.
    status
        The status code of a unit of which no status was reported, while it is on no assignment; None leaves it unknown.
    crew
        How many are aboard where a duty does not say.
    duties
        ``always``: a callsign of the records is on duty for all of the period, with the home of its duty row.
    commitments
        ``none``: nobody is ever busy, for records that do not say until when units were.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    positions: Literal["recorded", "stations"] = Field(default="recorded", description='"recorded" or "stations"')
    station_accuracy_m: float = Field(default=50.0, ge=0, le=5_000, description="metres, 0 to 5000")
    status: str | None = Field(default=None, description="a status code of the force profile")
    crew: int | None = Field(default=None, ge=1, le=50, description="a whole number, 1 to 50")
    duties: Literal["recorded", "always"] = Field(default="recorded", description='"recorded" or "always"')
    commitments: Literal["recorded", "none"] = Field(default="recorded", description='"recorded" or "none"')


class ImportedManifest(BaseModel):
    """``manifest.toml`` of an imported folder.

    Attributes
    ----------
    preset
        The layout that the records had.
    time_zone
        Of the force; hours and shifts are told by it. The times in the files are UTC.
    start, end
        First and last moment of the records.
    assume
        What is taken for granted.
    force, network
        ``hash`` of the force profile and of the road network beside it; the network is empty where there is none.
    source
        The files that were imported, each with its SHA-256 and rows.
    notes
        What a reader of a report has to know of the records, in sentences.
    files
        The files of the folder.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal[1] = 1
    preset: str
    time_zone: TimeZone = Field(description="an IANA time zone")
    start: Moment = Field(description=MOMENT)
    end: Moment = Field(description=MOMENT)
    assume: Assumed = Assumed()
    force: Mapping[str, str]
    network: Mapping[str, str] = Field(default_factory=dict)
    source: Mapping[str, File]
    notes: tuple[str, ...] = ()
    files: Mapping[str, File]


@dataclass(frozen=True, eq=False)
class Evidence:
    """An imported folder.

    Parameters
    ----------
    folder
        Where it is.
    incidents
        By moment of receipt, then by id.
    assignments
        By incident, in order of sending.
    statuses, duties
        By callsign, in order of time.
    regrades, amendments
        By incident, in order of time.
    closures
        GeoJSON features, as ``closures.geojson`` has them: ``entered_at`` and ``lifted_entered_at`` stand beside
        ``properties``.
    quarantined
        Incidents of which rows were not accepted, each with the tables of these.
    fixes
        Position reports.
    """

    folder: Path
    manifest: ImportedManifest
    force: Force
    incidents: tuple[PastIncident, ...]
    assignments: Mapping[str, tuple[PastAssignment, ...]]
    statuses: Mapping[str, tuple[PastStatus, ...]]
    duties: Mapping[str, tuple[PastDuty, ...]]
    regrades: Mapping[str, tuple[PastRegrade, ...]]
    amendments: Mapping[str, tuple[PastAmendment, ...]]
    closures: tuple[Mapping[str, Any], ...]
    quarantined: Mapping[str, frozenset[str]]
    fixes: PastFixes

    def at_last(self, past: PastIncident) -> PastIncident:
        """Return an incident with all that became known of it."""
        return amended(past, self.amendments.get(past.incident_id, ()))

    @cached_property
    def _merged(self) -> Mapping[str, tuple[PastIncident, ...]]:
        told = dict[str, tuple[PastIncident, ...]]()
        for each in self.incidents:
            if each.merged_into:
                told[each.merged_into] = (*told.get(each.merged_into, ()), each)
        return told

    def merged(self, incident_id: str) -> tuple[PastIncident, ...]:
        """Return the second reports of an incident, by moment of receipt."""
        return self._merged.get(incident_id, ())

    @cached_property
    def callsigns(self) -> frozenset[str]:
        """All callsigns that the record has anything of."""
        assigned = {each.callsign for group in self.assignments.values() for each in group}
        return frozenset(assigned | self.duties.keys() | self.statuses.keys() | set(self.fixes.callsigns))

    @property
    def has_network(self) -> bool:
        """Whether the folder has a road network."""
        return bool(self.manifest.network)

    def network(self, profiles: Profiles | None = None) -> Network | None:
        """Load the road network, None where the folder has none.

        Parameters
        ----------
        profiles
            The table to drive by in place of that of the folder, or of the shipped one where it has none.
        """
        if not self.has_network:
            return None
        if profiles is None and PROFILES in self.manifest.files:
            profiles = Profiles.read(self.folder / PROFILES)
        return load_network(self.folder / NETWORK, profiles)


def read_evidence(folder: Path, *, fixes: PastFixes | None = None) -> Evidence:
    """Read an imported folder, every file of which is as its manifest has it.

    Parameters
    ----------
    fixes
        The position reports, where they were read already; nothing is then held against its checksum again.

    Raises
    ------
    InputError
        It is no imported folder, or files of it were changed since; every one is named.
    """
    manifest = read_manifest(folder)
    if fixes is None:
        require_unchanged(folder, manifest)
    tables = {name: list(_rows(folder, name, manifest)) for name in COLUMNS}
    if fixes is None:
        fixes = PastFixes.read(folder / POSITIONS) if POSITIONS in manifest.files else no_fixes()
    incidents = (PastIncident(**{**row, "units_needed": row["units_needed"] or 1}) for row in tables["incidents.csv"])
    return Evidence(
        folder=folder,
        manifest=manifest,
        force=Force.read(folder / FORCE),
        incidents=tuple(sorted(incidents, key=attrgetter("received_at", "incident_id"))),
        assignments=_grouped(PastAssignment, tables["assignments.csv"], "incident_id", "assigned_at", "callsign"),
        statuses=_grouped(PastStatus, [*_unread(tables[QUARANTINED]), *tables["statuses.csv"]], "callsign", "at"),
        duties=_grouped(PastDuty, tables["duties.csv"], "callsign", "start"),
        regrades=_grouped(PastRegrade, tables["regrades.csv"], "incident_id", "at"),
        amendments=_grouped(PastAmendment, tables["amendments.csv"], "incident_id", "at"),
        closures=_closures(folder / CLOSURES) if CLOSURES in manifest.files else (),
        quarantined=_quarantined(tables[QUARANTINED]),
        fixes=fixes,
    )


def _quarantined(rows: Sequence[Mapping[str, Any]]) -> dict[str, frozenset[str]]:
    told = dict[str, frozenset[str]]()
    for row in rows:
        if row["incident_id"]:
            told[row["incident_id"]] = told.get(row["incident_id"], frozenset()) | {row["table"]}
    return told


def _unread(rows: Sequence[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    """Yield a status for each row about a unit that was not accepted: what it did from then on is not known.

    What it reported at that same moment says it all the same.
    """
    for row in rows:
        if row["callsign"] and row["at"] and row["table"] in {"statuses", "assignments"}:
            yield {"callsign": row["callsign"], "at": row["at"], "status": None}


def read_manifest(folder: Path) -> ImportedManifest:
    """Read the manifest of an imported folder.

    Raises
    ------
    InputError
        It has none, the manifest of a folder that was not imported yet, or one without a checksum of the force profile
        or of the roads.
    """
    path = folder / MANIFEST
    values = parse_toml(read_text(path, "a folder that 'nearest import' made"), str(path))
    if "format" not in values:
        hint = "import it first: nearest import FOLDER -o IMPORTED"
        raise InputError([Fault(str(path), "", "format", "nothing", "the manifest of an imported folder", hint)])
    manifest = checked(ImportedManifest, values, str(path))
    needed = (FORCE, NETWORK) if manifest.network else (FORCE,)
    missing = [name for name in needed if name not in manifest.files]
    if missing:
        raise InputError([Fault(str(path), "", "files", NOTHING, f"a checksum of {name}") for name in missing])
    return manifest


def require_unchanged(folder: Path, manifest: ImportedManifest, but: Collection[str] = ()) -> None:
    """Hold every file of a folder against its checksum.

    Parameters
    ----------
    but
        Files that are not looked at.

    Raises
    ------
    InputError
        Files are missing or were changed; every one is named.
    """
    faults = list[Fault]()
    for name, told in manifest.files.items():
        if name in but:
            continue
        gather(faults, partial(_require_same, folder / name, told.sha256))
    if faults:
        raise InputError(faults)


def _require_same(path: Path, sha256: str) -> None:
    try:
        with path.open("rb") as file:
            found = file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise InputError([Fault(str(path), "", "", str(error.strerror), "a file that can be read")]) from error
    if found != sha256:
        raise InputError([Fault(str(path), "", "SHA-256", found, sha256, "it was changed since the import")])


_MOMENTS: Final = frozenset(
    {
        *("received_at", "closed_at", "assigned_at", "en_route_at", "on_scene_at", "cleared_at", "at", "start", "end"),
        *("entered_at", "closed_entered_at", "cleared_entered_at", "end_entered_at"),
    }
)
_TYPES: Final[Mapping[str, pl.DataType]] = {
    **dict.fromkeys(("units_needed", "crew"), pl.Int64()),
    **dict.fromkeys(("lat", "lon"), pl.Float64()),
    **dict.fromkeys(("on_road", "self_initiated"), pl.Boolean()),
}


def _rows(folder: Path, name: str, manifest: ImportedManifest) -> Iterator[dict[str, Any]]:
    """Yield the rows of a table as values; none where the folder does not have it."""
    if name not in manifest.files:
        return
    _require_columns(folder / name, COLUMNS[name])
    schema = {column: _TYPES.get(column, pl.String()) for column in COLUMNS[name]}
    frame = pl.read_csv(folder / name, schema=schema)
    moments = [column for column in frame.columns if column in _MOMENTS]
    as_moments = pl.col(moments).str.to_datetime("%+", time_unit="us", time_zone="UTC")
    texts = [column for column in frame.columns if column not in _MOMENTS and column not in _TYPES]
    for row in frame.with_columns(as_moments).iter_rows(named=True):
        read = {column: _text(column, row[column]) for column in texts}
        yield {column: _in_utc(value) for column, value in (row | read).items()}


def _require_columns(path: Path, columns: Sequence[str]) -> None:
    with path.open(encoding="utf-8") as file:
        header = file.readline().rstrip("\r\n")
    if header != ",".join(columns):
        hint = "another version imported it: import the records again"
        raise InputError([Fault(str(path), "row 1", "", header, ",".join(columns), hint)])


def _text(column: str, cell: str | None) -> Any:
    if column in {"tags", "needs", "skills"}:
        return frozenset(meant(cell).split(";")) if cell else frozenset()
    if column == "home" and cell:
        lat, lon = meant(cell).split(",")
        return float(lat), float(lon)
    return meant(cell) if cell else None


def _in_utc(value: Any) -> Any:
    """Return a moment in the zone that all others here have, anything else as it is."""
    return value.replace(tzinfo=UTC) if isinstance(value, datetime) else value


Past = TypeVar("Past")


def _grouped(kind: type[Past], rows: Sequence[Mapping[str, Any]], by: str, *order: str) -> dict[str, tuple[Past, ...]]:
    groups = dict[str, list[Past]]()
    for row in rows:
        groups.setdefault(row[by], []).append(kind(**row))
    return {name: tuple(sorted(group, key=attrgetter(*order))) for name, group in groups.items()}


def _closures(path: Path) -> tuple[Mapping[str, Any], ...]:
    return tuple(orjson.loads(path.read_bytes())["features"])
