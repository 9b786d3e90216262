"""Records of trips that are known to the second, for tests of what is measured from them."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from importlib import resources
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl

from dispatch.force import Force
from dispatch.record import iso
from graphs.network import Network
from graphs.profiles import Profiles
from graphs.router import Router
from graphs.tags import ROAD_CLASSES
from graphs.times import edge_times
from scenarios.evidence import COLUMNS, FORCE, MANIFEST, NETWORK, POSITIONS, Assumed, Evidence, ImportedManifest
from scenarios.manifest import File
from scenarios.past import PastAssignment, PastDuty, PastIncident, PastRegrade
from scenarios.past_fixes import SCHEMA, PastFixes, microseconds, no_fixes
from scenarios.trips import driven_s

# A Monday, long before the first peak.
START = datetime(2026, 1, 5, 0, 0, tzinfo=UTC)
LONDON = Force.default()
GRADE_OF = {"response": "emergency", "normal": "standard"}
Place = tuple[float, float]
Report = tuple[str, datetime, Place, dict[str, Any]]


def after(seconds: float, since: datetime = START) -> datetime:
    return since + timedelta(seconds=seconds)


def fixes_of(reports: Iterable[Report]) -> PastFixes:
    """Return position reports, each known when it was true."""
    rows = sorted(reports, key=lambda row: (row[0], row[1]))
    if not rows:
        return no_fixes()
    names = sorted({row[0] for row in rows})
    first = np.searchsorted([row[0] for row in rows], [*names, "\uffff"]).astype(np.int64)
    at_us = np.array([microseconds(row[1]) for row in rows], np.int64)
    lat, lon = np.array([row[2] for row in rows], np.float64).T
    told = [[row[3].get(name, np.nan) for row in rows] for name in ("accuracy_m", "course_deg", "speed_kmh")]
    return PastFixes(tuple(names), first, at_us, at_us, lat.copy(), lon.copy(), *(np.array(each) for each in told))


def evidence_of(
    incidents: Sequence[PastIncident],
    assignments: Sequence[PastAssignment],
    reports: Iterable[Report] = (),
    *,
    duties: Sequence[PastDuty] = (),
    regrades: Sequence[PastRegrade] = (),
    quarantined: Mapping[str, str] | None = None,
    closures: Sequence[Mapping[str, Any]] = (),
    assume: Assumed | None = None,
    force: Force = LONDON,
) -> Evidence:
    """Return a record as if it had been read from a folder."""
    manifest = ImportedManifest(
        preset="generic",
        time_zone=force.time_zone,
        start=START,
        end=after(31 * 86_400),
        assume=assume or Assumed(),
        force={},
        source={},
        files={"incidents.csv": File(sha256="0" * 64, rows=len(incidents))},
    )
    return Evidence(
        folder=Path(),
        manifest=manifest,
        force=force,
        incidents=tuple(sorted(incidents, key=lambda each: (each.received_at, each.incident_id))),
        assignments=_by(assignments, lambda each: each.incident_id),
        statuses={},
        duties=_by(duties, lambda each: each.callsign),
        regrades=_by(regrades, lambda each: each.incident_id),
        amendments={},
        closures=tuple(closures),
        quarantined=quarantined or {},
        fixes=fixes_of(reports),
    )


def _by(rows: Sequence[Any], key: Callable[[Any], str]) -> dict[str, tuple[Any, ...]]:
    return {name: tuple(row for row in rows if key(row) == name) for name in dict.fromkeys(map(key, rows))}


@dataclass(frozen=True)
class Truth:
    """How long driving really takes, against the table.

    Parameters
    ----------
    by_class
        By class, for both profiles; 1 where none is told.
    by_period
        By period, on the classes that it names.
    spread
        Standard deviation of the logarithm of a whole trip.
    outliers
        Share of trips that take three to ten times as long.
    """

    by_class: Mapping[str, float] = field(default_factory=dict)
    by_period: Mapping[str, float] = field(default_factory=dict)
    spread: float = 0.0
    outliers: float = 0.0

    def factors(self, network: Network, local: datetime) -> np.ndarray[Any, np.dtype[np.float64]]:
        period = network.profiles.period(local)
        lift = 1.0 if period is None else self.by_period.get(period.name, 1.0)
        felt = [period is not None and name in period.classes for name in ROAD_CLASSES]
        told = np.array([self.by_class.get(name, 1.0) for name in ROAD_CLASSES])
        return told * np.where(felt, lift, 1.0)


def recorded(
    network: Network,
    places: Sequence[Place],
    count: int,
    truth: Truth,
    *,
    seed: int = 0,
    ways_by: Profiles | None = None,
    profiles: Sequence[str] = ("response",),
    shortest_m: float = 400.0,
) -> Evidence:
    """Return a record of so many trips between places that really took what the truth says.

    Parameters
    ----------
    ways_by
        The table by which people choose their way; that of the network if not given.
    """
    random = np.random.default_rng(seed)
    chosen = network if ways_by is None else replace(network, profiles=ways_by)
    incidents, assignments, reports = list[PastIncident](), list[PastAssignment](), list[Report]()
    zone, row = ZoneInfo(LONDON.time_zone), 0
    while len(incidents) < count:
        row += 1
        begin, end = (places[each] for each in random.choice(len(places), 2, replace=False))
        profile, set_off = profiles[row % len(profiles)], after(float(random.integers(0, 30 * 86_400)))
        spread, far = random.normal(0.0, truth.spread), random.random() < truth.outliers
        local = set_off.astimezone(zone)
        router = Router(chosen, profile, at=local)
        leg = router.best(router.spots(*begin), router.approaches(*end))
        if leg is None or leg.length_m < shortest_m:
            continue
        own_s = driven_s(router.edge_times, leg, network.road_class.astype(np.int64)).sum()
        times = edge_times(network, profile, at=local)
        class_s = driven_s(times, leg, network.road_class.astype(np.int64))
        still_s = leg.time_ms / 1000 - own_s
        took_s = (class_s @ truth.factors(network, local) + still_s) * np.exp(spread)
        took_s *= random.uniform(3.0, 10.0) if far else 1.0
        name, callsign = f"I{row:05d}", f"U{row:05d}"
        incidents.append(PastIncident(name, after(-90, set_off), GRADE_OF[profile], *end))
        assignments.append(PastAssignment(name, callsign, after(-30, set_off), set_off, after(took_s, set_off)))
        reports.append((callsign, set_off, begin, {"accuracy_m": 0.0}))
    return evidence_of(incidents, assignments, reports)


def write_folder(evidence: Evidence, network_file: Path | None, folder: Path) -> Path:
    """Write a record as the folder that ``nearest import`` would have made of it: incidents, assignments, positions."""
    folder.mkdir()
    rows = {
        "incidents.csv": evidence.incidents,
        "assignments.csv": [each for group in evidence.assignments.values() for each in group],
    }
    for name, told in rows.items():
        with (folder / name).open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, COLUMNS[name], extrasaction="ignore")
            writer.writeheader()
            writer.writerows({key: _cell(value) for key, value in asdict(row).items()} for row in told)
    _positions(evidence.fixes).write_parquet(folder / POSITIONS)
    (folder / FORCE).write_bytes((resources.files("dispatch.forces") / "cleveland.toml").read_bytes())
    if network_file is not None:
        shutil.copy(network_file, folder / NETWORK)
    files = {path.name: sha256(path.read_bytes()).hexdigest() for path in sorted(folder.iterdir())}
    tables = "".join(f'[files."{name}"]\nsha256 = "{told}"\nrows = 0\n' for name, told in files.items())
    head = f'format = 1\npreset = "generic"\ntime_zone = "{LONDON.time_zone}"\nforce = {{ hash = "{LONDON.hash}" }}\n'
    span = f"start = {START.isoformat()}\nend = {evidence.manifest.end.isoformat()}\nsource = {{}}\n"
    network = 'network = { hash = "told in the file" }\n' if network_file is not None else ""
    (folder / MANIFEST).write_text(head + span + network + tables, "utf-8")
    return folder


def _cell(value: Any) -> Any:
    if isinstance(value, datetime):
        return iso(value)
    if isinstance(value, bool):
        return str(value).lower()
    return ";".join(sorted(value)) if isinstance(value, frozenset) else value


def _positions(fixes: PastFixes) -> pl.DataFrame:
    names = np.repeat(list(fixes.callsigns), np.diff(fixes.first)) if fixes.callsigns else []
    at = pl.Series(fixes.fixed_us).cast(pl.Datetime("us", "UTC"))
    columns = {"callsign": names, "fixed_at": at, "received_at": at}
    numbers = {name: getattr(fixes, name) for name in list(SCHEMA)[3:]}
    return pl.DataFrame({**columns, **numbers}, schema=SCHEMA)


def junctions(network: Network) -> list[Place]:
    """Return the places of all junctions."""
    return [(float(lat), float(lon)) for lon, lat in network.node_lonlat]
