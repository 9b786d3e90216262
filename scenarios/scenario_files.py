"""Read the folder of a scenario; all faults of all its files are reported together. docs/planner.md has the layout."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from dispatch.force import Force
from dispatch.model import Incident
from graphs.closures import read_closures
from graphs.conditions import NO_CONDITIONS, Conditions
from graphs.errors import Fault, InputError, NearestError
from graphs.faults import checked, gather, parse_toml, read_text, shape_faults, unknown_name, written
from graphs.netfile import load_network
from graphs.network import Network
from graphs.osm import Report, quiet
from scenarios.checks import END_OF_TIME, Beside
from scenarios.demand_history import history_faults
from scenarios.rows import Inside
from scenarios.scenario import History, PolicyChoice, Scenario
from scenarios.scenario_areas import AreasRead, read_areas
from scenarios.scenario_checks import Files, cross_faults
from scenarios.scenario_duties import rostered
from scenarios.scenario_head import HEAD, Head, PolicyTable, sound_head
from scenarios.scenario_made import (
    crews_of,
    demand_of,
    hot_spots_of,
    hours_of,
    period_of,
    room_of,
    roster_faults,
    services_of,
    stations_of,
)
from scenarios.scenario_rows import HotSpotRow, RateRow, RosterRow, ScenarioRow, ServiceRow, StationRow
from scenarios.scenario_tables import Rows, read_rows
from scenarios.tables import read_incidents

STATIONS: Final = "stations.csv"
ROSTER: Final = "roster.csv"
SERVICES: Final = "services.csv"
HOT_SPOTS: Final = "hot_spots.csv"
CLOSURES: Final = "closures.geojson"
_DATA: Final = (".csv", ".geojson", ".toml")
_ROADS: Final = (".pbf", ".osm", ".gz", ".bz2", ".graphml", ".xml", ".zip")
_NETWORK: Final = "a network file, see 'nearest graph build', or a file of roads (.osm.pbf, .osm, .graphml, .zip)"


@dataclass(frozen=True, slots=True)
class ScenarioRead:
    """A scenario, and what a planner should know about how its files were taken."""

    scenario: Scenario
    notes: tuple[str, ...] = ()


def read_scenario(folder: Path) -> Scenario:
    """Read a scenario.

    Parameters
    ----------
    folder
        With ``scenario.toml``, ``stations.csv``, ``roster.csv``, ``services.csv`` and the files that the first names.

    Raises
    ------
    InputError
        With every fault of every file.
    """
    return read_with_notes(folder).scenario


def read_with_notes(folder: Path) -> ScenarioRead:
    """Read a scenario, and what is to be told about it; see `read_scenario`."""
    reader = _Folder(folder)
    head = gather(reader.faults, reader.head)
    if head is None:
        # Without it nobody knows where the area is, but the tables can still be read.
        reader.tables_alone()
        raise InputError(reader.faults)
    return reader.scenario(head)


def read_head(folder: Path) -> Head:
    """Read ``scenario.toml`` alone.

    Raises
    ------
    InputError
        With every fault of it.
    """
    reader = _Folder(folder)
    head = reader.head()
    if reader.faults:
        raise InputError(reader.faults)
    return head


def _nowhere(_lat: float, _lon: float) -> bool:
    return False


class _Folder:
    """Reads one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.faults: list[Fault] = []
        self.notes: list[str] = []
        self.used: list[str] = [HEAD]

    def head(self) -> Head:
        accepted = f"a folder with {HEAD}; 'nearest scenario new FOLDER' writes one"
        values = parse_toml(read_text(self.folder / HEAD, accepted), HEAD)
        try:
            return Head.model_validate(values)
        except ValidationError as error:
            faults, sound = [_moved(each) for each in shape_faults(error, Head, HEAD)], sound_head(values, error)
            if sound is None:
                raise InputError(faults) from error
        self.faults += faults
        return sound

    def tables_alone(self) -> None:
        """Note what is wrong with the tables by themselves, if there is a scenario at all."""
        if (self.folder / HEAD).exists():
            self.table(STATIONS, StationRow, _nowhere)
            self.table(ROSTER, RosterRow, _nowhere)
            self.table(SERVICES, ServiceRow, _nowhere)

    def scenario(self, head: Head) -> ScenarioRead:
        force = gather(self.faults, partial(self.force, head))
        network = gather(self.faults, partial(self.network, head))
        areas = self.areas(head, network)
        files = self.files(head, force, network, areas)
        policies = self.policies(head)
        self.faults += cross_faults(files)
        conditions = self.conditions(network)
        # Without a force nobody knows the zone of its clocks.
        period = None if force is None else period_of(head, force)
        duties = [] if period is None else rostered(files.roster, period)
        if period is not None:
            self.faults += roster_faults(files.roster, duties, period)
        if self.faults or force is None or network is None or period is None:
            raise InputError(self.faults)
        made = Scenario(
            name=head.name,
            network=network,
            force=force,
            start=period.start,
            hours=hours_of(head, force),
            stations=tuple(stations_of(files.stations)),
            duties=tuple(each.duty for each in duties),
            demand=demand_of(head, files),
            services=tuple(services_of(files.services)),
            codes=head.codes.by_activity(),
            areas=tuple(areas.areas),
            hot_spots=tuple(hot_spots_of(files.hot_spots)),
            conditions=conditions,
            room=room_of(head),
            crews=crews_of(head),
            policies=policies,
            seed=head.seed,
            replications=head.replications,
            warm_up_h=head.warm_up_h,
            cool_down_h=head.cool_down_h,
            coverage_every_min=head.coverage_every_min,
            files={name: _digest(self.folder / name) for name in dict.fromkeys(self.used)},
        )
        self.require_history(made, head)
        return ScenarioRead(made, (*self.notes, *areas.notes, *self.unread()))

    def require_history(self, made: Scenario, head: Head) -> None:
        if not isinstance(made.demand, History):
            return
        source = Path(head.demand.history or "").name
        faults = history_faults(made, source)
        times = [made.since_start(it.received_at) for it in made.demand.incidents if it.received_at is not None]
        if not faults and made.demand.resample == "none" and not any(0 <= at_ms < made.end_ms for at_ms in times):
            accepted = f"one or more from {made.local(0).isoformat()} to {made.local(made.end_ms).isoformat()}"
            hint = 'with resample = "days", past days are drawn anew'
            faults = [Fault(source, "", "received_at", "no incident in the period", accepted, hint)]
        if faults:
            raise InputError(faults)

    def force(self, head: Head) -> Force:
        if head.force is None:
            return Force.default()
        self.used.append(head.force)
        return Force.read(self.folder / head.force)

    def network(self, head: Head) -> Network:
        path = self.folder / head.network
        self.used.append(head.network)
        try:
            return built_network(path) if is_road_source(path) else load_network(path)
        except InputError:
            raise
        except NearestError as error:
            raise InputError([Fault(HEAD, "", "network", written(head.network), _NETWORK, str(error))]) from error

    def areas(self, head: Head, network: Network | None) -> AreasRead:
        if head.demand.areas is None:
            return AreasRead()
        self.used.append(head.demand.areas)
        read = read_areas(self.folder / head.demand.areas, head.demand, network)
        self.faults += read.faults
        return read

    def files(self, head: Head, force: Force | None, network: Network | None, areas: AreasRead) -> Files:
        inside = _nowhere if network is None else network.contains
        spots = (self.folder / HOT_SPOTS).exists()
        return Files(
            head,
            force,
            network,
            self.table(STATIONS, StationRow, inside),
            self.table(ROSTER, RosterRow, inside),
            self.table(SERVICES, ServiceRow, inside),
            self.table(HOT_SPOTS, HotSpotRow, inside) if spots else Rows(HOT_SPOTS),
            None if head.demand.rates is None else self.table(head.demand.rates, RateRow, inside),
            # An area that has a fault of its own may be the one that is named.
            None if areas.faults else [area.name for area in areas.areas],
            [area.sector for area in areas.areas if area.sector is not None],
            self.incidents(head, force, network),
        )

    def table(self, name: str, model: type[ScenarioRow], inside: Inside) -> Rows[ScenarioRow]:
        rows = read_rows(self.folder / name, model, inside)
        self.used.append(name)
        self.faults += rows.faults
        return rows

    def incidents(self, head: Head, force: Force | None, network: Network | None) -> tuple[Incident, ...] | None:
        if head.demand.history is None or force is None or network is None:
            return None
        path = self.folder / head.demand.history
        self.used.append(head.demand.history)
        found = gather(self.faults, lambda: read_incidents(path, Beside(force, network, END_OF_TIME)))
        if found is not None and not found:
            self.faults.append(Fault(path.name, "", "", "no demand at all", "one incident or more"))
        return found

    def policies(self, head: Head) -> tuple[PolicyChoice, ...]:
        chosen = dict[str, PolicyChoice]()
        for number, told in enumerate(head.policies, 1):
            where = f"policies {number}"
            choice = gather(self.faults, partial(policy_choice, told, where))
            if choice is not None and chosen.setdefault(choice.label, choice) is not choice:
                self.faults.append(Fault(HEAD, where, "name", written(choice.label), "each policy only once"))
        return tuple(chosen.values())

    def conditions(self, network: Network | None) -> Conditions:
        path = self.folder / CLOSURES
        if network is None or not path.exists():
            return NO_CONDITIONS
        self.used.append(CLOSURES)
        return gather(self.faults, lambda: read_closures(path, network)) or NO_CONDITIONS

    def unread(self) -> Iterator[str]:
        """Yield the files that look as if they were part of the scenario, and are not."""
        known = (HEAD, STATIONS, ROSTER, SERVICES, HOT_SPOTS, CLOSURES)
        for path in sorted(self.folder.iterdir()):
            if path.suffix in _DATA and path.name not in self.used:
                near = difflib.get_close_matches(path.name, [name for name in known if name not in self.used], n=1)
                yield f"{path.name} is not read" + (f"; did you mean {near[0]}?" if near else "")


def _moved(fault: Fault) -> Fault:
    """Say of a key that a table does not have where it belongs: whatever follows a [table] is part of it."""
    *path, key = fault.field.split(".")
    if path and fault.value == written(key) and key in Head.model_fields:
        return replace(fault, hint=f"{key} belongs above the first [table]")
    return fault


def policy_choice(told: PolicyTable, where: str, source: str = HEAD) -> PolicyChoice:
    """Return a policy with those settings that are given.

    Raises
    ------
    InputError
        There is none of the name, or its settings are at fault.
    """
    from scenarios.policies import POLICIES  # noqa: PLC0415 - slow to import, and not needed to read other files

    policy = POLICIES.get(told.name)
    if policy is None:
        raise InputError([unknown_name(source, "name", told.name, POLICIES, where)])
    settings = checked(policy.settings_of, told.settings, source, f"{where} ({told.name})")
    return PolicyChoice(told.name, settings.model_dump(exclude_unset=True))


def is_road_source(path: Path) -> bool:
    """Say whether a file is one of roads, of which a network is still to be made."""
    return path.name.lower().endswith(_ROADS)


def built_network(path: Path, report: Report = quiet) -> Network:
    """Make a network of a file of roads; see `graphs.sources.build_network`."""
    # The readers are slow to import, and a network file needs none.
    from graphs.sources import build_network  # noqa: PLC0415

    return build_network(str(path), report)


def _digest(path: Path) -> str:
    return sha256(path.read_bytes()).hexdigest()
