"""Write the folder of a scenario, with a comment on every key."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import shapely
import tomli_w

from dispatch.force import Force
from graphs.errors import Fault, InputError
from scenarios.cells import write_table
from scenarios.scenario import Activity, Area, Length
from scenarios.scenario_checks import meaning, suiting, suits
from scenarios.scenario_head import ACTIVITIES, HEAD, CodesTable

NETWORK: Final = "roads.network"
FORCE: Final = "force.toml"
_DECIMALS: Final = 6
_FOLDER: Final = "a folder that is not there yet, or is empty"
_WHAT: Final[Mapping[Activity, str]] = {
    "briefing": "at the start of a duty",
    "patrol": "driving about, free",
    "station": "waiting at the station, free",
    "break": "resting",
    "en_route": "on the way to an incident",
    "at_scene": "at an incident",
    "escort": "taking a prisoner to custody",
    "custody": "in custody with a prisoner",
    "returning": "on the way to the station or its sector, free",
}
COLUMNS: Final[Mapping[str, Sequence[str]]] = {
    "stations.csv": ("name", "lat", "lon", "sector", "custody"),
    "roster.csv": (
        "callsign", "days", "start", "end", "crew", "skills", "sector", "station", "vehicle", "patrol", "breaks",
    ),
    "rates.csv": (
        "type", "grade", "per_hour", "area", "days", "from_hour", "to_hour", "tags", "needs", "units_needed",
    ),
    "services.csv": (
        "type", "grade", "tag", "kind", "mean_min", "sd_min", "custody_share", "custody_kind", "custody_mean_min",
        "custody_sd_min",
    ),
    "hot_spots.csv": ("name", "lat", "lon", "sector", "weight", "dwell_min"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Draft:
    """A scenario to write.

    Parameters
    ----------
    name, start
        A title, and its first day as ``YYYY-MM-DD``.
    about
        Sentences for the head of the file: where its figures come from.
    network, force
        Names of files from the folder; the profile that ships where the second is None.
    codes
        The force's status code for what a crew is doing.
    tables
        By file, its rows.
    areas
        Of demand.
    handling
        By grade.
    briefing_min, back_min
        See `scenarios.scenario.Crews`.
    policies
        Tables of policies, the first of them the one that others are held against.
    """

    name: str
    start: str
    about: Sequence[str]
    network: str
    force: str | None
    codes: Mapping[Activity, str]
    tables: Mapping[str, Sequence[Mapping[str, Any]]]
    areas: Sequence[Area]
    handling: Mapping[str, Length] = field(default_factory=dict)
    days: int = 7
    replications: int = 10
    warm_up_h: int = 2
    cool_down_h: int = 2
    briefing_min: float = 10.0
    back_min: float = 15.0
    policies: Sequence[Mapping[str, Any]] = ({"name": "nearest_first"},)


def require_new(folder: Path, option: str) -> None:
    """Refuse a folder that holds something already.

    Raises
    ------
    InputError
        It does, or there is no folder to make it in.
    """
    if folder.is_file() or (folder.is_dir() and any(folder.iterdir())):
        raise InputError([Fault("options", "", option, str(folder), _FOLDER)])
    if not folder.absolute().parent.is_dir():
        raise InputError([Fault("options", "", option, str(folder), "a folder in one that exists")])


@contextmanager
def new_folder(folder: Path) -> Iterator[None]:
    """Make a folder for a scenario; where writing it fails, nothing of it stays."""
    there = folder.exists()
    folder.mkdir(exist_ok=True)
    try:
        yield
    except BaseException:
        for path in folder.iterdir():
            path.unlink()
        if not there:
            folder.rmdir()
        raise


def write_draft(folder: Path, draft: Draft) -> None:
    """Write ``scenario.toml``, the tables and the areas into a folder."""
    for name, rows in draft.tables.items():
        used = [column for column in COLUMNS[name] if any(column in row for row in rows)]
        (folder / name).write_text(write_table(used, rows), "utf-8", newline="")
    (folder / "areas.geojson").write_text(areas_geojson(draft.areas), "utf-8")
    (folder / HEAD).write_text(head_text(draft), "utf-8")


def areas_geojson(areas: Iterable[Area]) -> str:
    """Write areas as GeoJSON, a line for each."""
    lines = [json.dumps(_feature(area), ensure_ascii=False) for area in areas]
    return '{"type": "FeatureCollection", "features": [\n' + ",\n".join(lines) + "\n]}\n"


def _feature(area: Area) -> dict[str, Any]:
    shape = shapely.set_precision(area.shape, 10**-_DECIMALS)
    properties = {"name": area.name, "weight": round(area.weight, 3)}
    if area.sector is not None:
        properties["sector"] = area.sector
    return {"type": "Feature", "properties": properties, "geometry": json.loads(shapely.to_geojson(shape))}


def codes_of(force: Force) -> dict[Activity, str]:
    """Return a status code of a force for all that a crew may be doing: the usual one where it suits, else the first.

    Raises
    ------
    InputError
        The force has none that suits.
    """
    usual, found, faults = CodesTable().by_activity(), dict[Activity, str](), list[Fault]()
    for activity in ACTIVITIES:
        status = force.statuses.get(usual[activity])
        fitting = suiting(force, activity)
        if status is not None and suits(status, activity):
            found[activity] = usual[activity]
        elif fitting:
            found[activity] = fitting[0]
        else:
            faults.append(Fault(force.name, "", "statuses", f"no code for {activity}", meaning(activity)))
    if faults:
        raise InputError(faults)
    return found


def head_text(draft: Draft) -> str:
    """Return ``scenario.toml``."""
    about = "\n".join(f"# {sentence}" for sentence in draft.about)
    force = "# force = " if draft.force is None else f"force = {_text(draft.force)}"
    policies = "\n\n".join(f"[[policies]]\n{tomli_w.dumps(told).strip()}" for told in draft.policies)
    sector = "" if any(area.sector for area in draft.areas) else "# "
    codes = "\n".join(f"{key} = {_text(draft.codes[key])}  # {_WHAT[key]}" for key in ACTIVITIES)
    handling = "\n\n".join(f"[room.handling.{grade}]\n{_length(length)}" for grade, length in draft.handling.items())
    return f"""\
{about}
# Check it with 'nearest scenario check FOLDER'; docs/planner.md explains every key and every column.

version = 1
name = {_text(draft.name)}
network = {_text(draft.network)}  # a network file, or a file of roads
{force}  # the force profile; the one that ships, Cleveland's, where the key is absent

start = {draft.start}  # a date is its midnight by the force's clocks; a date-time needs an offset
days = {draft.days}  # or hours = a whole number
warm_up_h = {draft.warm_up_h}  # simulated before the start and not counted
cool_down_h = {draft.cool_down_h}  # simulated after the end, so that what came in late is not cut off
seed = 1  # another one gives other calls
replications = {draft.replications}  # how often the period is played, each time with other calls
coverage_every_min = 60  # how often it is measured how much of the demand a free unit could reach in time

# What is compared. The first is what the others are held against.
{policies}

[demand]
rates = "rates.csv"  # or history = "incidents.csv", with resample = "days" or "none"
areas = "areas.geojson"
name = "name"  # the property that has an area's name
weight = "weight"  # its weight where a rate is for all areas together, such as the people who live in it
{sector}sector = "sector"  # its sector

# The force's status code for what a crew is doing.
[codes]
{codes}

[room]
decide_s = 1  # from when a unit comes free until somebody looks for what it could do
nobody = "wait"  # an incident nobody can be sent to waits; "lost" passes it on to others

# From the call until somebody looks for a unit, by grade.
{handling}

[crews]
briefing_min = {draft.briefing_min:g}  # from the start of a duty until the crew can be sent
back_min = {draft.back_min:g}  # so long before the end of a duty a free crew drives to its station
stroll = 1.5  # how much longer a patrol takes along a road than a drive that wants to arrive
travel_spread = 0.1  # what chance makes of the time of a drive: standard deviation of its logarithm
"""


def _text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)


def _length(length: Length) -> str:
    told = {"kind": length.kind, "mean_s": length.mean_s}
    return tomli_w.dumps(told | ({"sd_s": length.sd_s} if length.sd_s else {})).strip()
