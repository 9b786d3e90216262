"""Read what a folder of the ambulance simulator JEMSS.jl says of a city: who is where, what comes in, who goes.

The files are found by the tables in them, since every study names them anew. Times are in days. Where there are several
files of a kind, the first by name is taken and the others are told.
"""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from xml.etree import ElementTree as ET

from graphs.errors import Fault, InputError
from graphs.faults import read_text, written
from graphs.jemss import TablesReader
from scenarios.scenario import Length

S_PER_DAY: Final = 86_400.0
PRIORITIES: Final = ("highPriority", "medPriority", "lowPriority")
_MOST: Final = 1e6
# What tells each kind of file: a table of it.
KINDS: Final[Mapping[str, str]] = {
    "ambulances": "ambulances",
    "stations": "stations",
    "hospitals": "hospitals",
    "demand": "demandModes",
    "coverage": "coverTimes",
    "travel": "travelSets",
    "redispatch": "redispatchConditions",
}
_NEEDED: Final = ("ambulances", "stations", "demand")
_CALLS: Final = "callDistributions"
_WORDS: Final = {_CALLS: "how calls are drawn"}
_DISTRIBUTIONS: Final = (
    "Exponential(mean), Normal(mean, deviation), Gamma(shape, scale) or LogNormal(mu, sigma), in days"
)
_OPERATORS: Final[Mapping[type[ast.operator], Callable[[float, float], float]]] = {
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Add: operator.add,
    ast.Sub: operator.sub,
}


@dataclass(frozen=True, slots=True)
class Place:
    """A station or a hospital."""

    index: int
    name: str
    lat: float
    lon: float


@dataclass(slots=True)
class Jemss:
    """A city as JEMSS has it.

    Attributes
    ----------
    ambulances
        The index of each, that of its station and its class.
    per_day
        Calls to expect, by priority.
    target_s
        Within which a call is to be answered, by priority, from when an ambulance is sent.
    mode
        Of travel, by priority: 1 is with lights and sirens.
    redispatch
        From the priority of a call that is left behind to that of the one that takes its ambulance.
    on_scene, handover, delay
        Times at the scene, at the hospital, and until an ambulance is sent.
    transport
        How often a patient is taken to a hospital.
    raster
        Where calls come from, as the files name it.
    """

    ambulances: list[tuple[int, int, str]] = field(default_factory=list)
    stations: list[Place] = field(default_factory=list)
    hospitals: list[Place] = field(default_factory=list)
    per_day: dict[str, float] = field(default_factory=dict)
    target_s: dict[str, float] = field(default_factory=dict)
    mode: dict[str, int] = field(default_factory=dict)
    redispatch: list[tuple[str, str]] = field(default_factory=list)
    on_scene: Length | None = None
    handover: Length | None = None
    delay: Length | None = None
    transport: float = 0.0
    raster: str = ""
    notes: list[str] = field(default_factory=list)


def read_jemss_city(folder: Path) -> Jemss:
    """Read a folder of JEMSS files, its folders included.

    Raises
    ------
    InputError
        With every fault of every file that is used.
    """
    city, faults = Jemss(), list[Fault]()
    found = _files(folder, city.notes)
    for kind in _NEEDED:
        if kind not in found:
            accepted = f"a file with a table {KINDS[kind]}"
            faults.append(Fault(str(folder), "", kind, "no such file", accepted))
    for kind, path in found.items():
        if kind == _CALLS:
            _calls(city, path, folder, faults)
            continue
        reader = _reader(path, folder)
        _READERS[kind](city, reader)
        faults += reader.faults
    faults += _cross(city, folder, found)
    if faults:
        raise InputError(faults)
    return city


def _files(folder: Path, notes: list[str]) -> dict[str, Path]:
    """Return a file of each kind that there is."""
    by_kind = dict[str, list[Path]]()
    for path in sorted(folder.rglob("*.csv")):
        for kind, table in KINDS.items():
            if any(line.split(",")[0].strip() == table for line in read_text(path, "CSV in UTF-8").splitlines()):
                by_kind.setdefault(kind, []).append(path)
    configured = sorted(path for path in folder.rglob("*.xml") if _CALLS in read_text(path, "XML in UTF-8"))
    if configured:
        by_kind[_CALLS] = configured
    for kind, paths in by_kind.items():
        if len(paths) > 1:
            notes.append(f"of {len(paths)} files of {_WORDS.get(kind, kind)}, {paths[0].relative_to(folder)} is taken")
    return {kind: paths[0] for kind, paths in by_kind.items()}


def _reader(path: Path, folder: Path) -> TablesReader:
    with path.open("rb") as stream:
        return TablesReader(str(path.relative_to(folder)), stream)


def _ambulances(city: Jemss, reader: TablesReader) -> None:
    for line, row in reader.table("ambulances", ("index", "stationIndex")).rows:
        index, station = reader.whole(line, row, "index"), reader.whole(line, row, "stationIndex")
        if index is not None and station is not None:
            city.ambulances.append((index, station, row.get("class", "")))


def _stations(city: Jemss, reader: TablesReader) -> None:
    city.stations += _places(reader, "stations", "Station")


def _hospitals(city: Jemss, reader: TablesReader) -> None:
    city.hospitals += _places(reader, "hospitals", "Hospital")


def _places(reader: TablesReader, table: str, word: str) -> list[Place]:
    places, used = list[Place](), set[str]()
    for line, row in reader.table(table, ("index", "x", "y")).rows:
        index = reader.whole(line, row, "index")
        lon, lat = reader.number(line, row, "x", -180, 180), reader.number(line, row, "y", -90, 90)
        if index is not None and lon is not None and lat is not None:
            name = row.get("NAME") or row.get("name") or f"{word} {index}"
            name = name if name not in used else f"{name} ({index})"
            used.add(name)
            places.append(Place(index, name, lat, lon))
    return places


def _demand(city: Jemss, reader: TablesReader) -> None:
    timing = reader.table("demandSetsTiming", ("startTime", "setIndex")).rows
    if len(timing) > 1:
        city.notes.append(f"demand: of {len(timing)} sets of demand the first is taken for all times")
    for line, row in reader.table("demandModes", ("modeIndex", "rasterIndex", "priority", "arrivalRate")).rows:
        rate = reader.number(line, row, "arrivalRate", 0, _MOST)
        if rate is not None and _is_priority(reader, line, row, "priority"):
            city.per_day[row["priority"]] = city.per_day.get(row["priority"], 0.0) + rate
    rasters = [row["rasterFilename"] for _, row in reader.table("demandRasters", ("rasterFilename",)).rows]
    city.raster = ", ".join(rasters)


def _is_priority(reader: TablesReader, line: int, row: Mapping[str, str], column: str) -> bool:
    if row[column] in PRIORITIES:
        return True
    reader.refuse(line, column, written(row[column]), ", ".join(PRIORITIES))
    return False


def _coverage(city: Jemss, reader: TablesReader) -> None:
    for line, row in reader.table("coverTimes", ("demandPriority", "coverTime")).rows:
        days = reader.number(line, row, "coverTime", 0, 30)
        if days is not None and _is_priority(reader, line, row, "demandPriority"):
            city.target_s[row["demandPriority"]] = days * S_PER_DAY


def _travel(city: Jemss, reader: TablesReader) -> None:
    for line, row in reader.table("travelSets", ("travelSetIndex", "priority", "travelModeIndex")).rows:
        mode = reader.whole(line, row, "travelModeIndex")
        if mode is not None and row["travelSetIndex"] == "1" and _is_priority(reader, line, row, "priority"):
            city.mode[row["priority"]] = mode
    if len(reader.table("travelSetsTiming", ("startTime",)).rows) > 1:
        city.notes.append("travel: the first set of travel modes is taken for all times")


def _redispatch(city: Jemss, reader: TablesReader) -> None:
    allowed = [row["allowRedispatch"] for _, row in reader.table("miscData", ("allowRedispatch",)).rows]
    columns = ("fromCallPriority", "toCallPriority", "allowRedispatch")
    for line, row in reader.table("redispatchConditions", columns).rows:
        known = [_is_priority(reader, line, row, column) for column in columns[:2]]
        if all(known) and allowed[:1] == ["1"] and row["allowRedispatch"] == "1":
            city.redispatch.append((row["fromCallPriority"], row["toCallPriority"]))


_READERS: Final[Mapping[str, Callable[[Jemss, TablesReader], None]]] = {
    "ambulances": _ambulances,
    "stations": _stations,
    "hospitals": _hospitals,
    "demand": _demand,
    "coverage": _coverage,
    "travel": _travel,
    "redispatch": _redispatch,
}


def _calls(city: Jemss, path: Path, folder: Path, faults: list[Fault]) -> None:
    """Read how calls are drawn."""
    source = str(path.relative_to(folder))
    try:
        root = ET.fromstring(read_text(path, "XML in UTF-8"))  # noqa: S314 - one's own file; expat limits expansion
    except ET.ParseError as error:
        faults.append(Fault(source, "", "", str(error), "XML"))
        return
    texts = {name: root.findtext(f".//{_CALLS}/{name}") for name in _DRAWN}
    lengths = {name: _length(text, source, name, faults) for name, text in texts.items() if text is not None}
    city.on_scene, city.handover = lengths.get("onSceneDuration"), lengths.get("handoverDuration")
    city.delay = lengths.get("dispatchDelay")
    share = root.findtext(f".//{_CALLS}/transport")
    if share is not None:
        name, numbers = _called(share)
        if name != "Bernoulli" or len(numbers) != 1 or not 0 <= numbers[0] <= 1:
            faults.append(Fault(source, "", "transport", written(share), "Bernoulli(share), 0 to 1"))
        else:
            city.transport = numbers[0]


_DRAWN: Final = ("dispatchDelay", "onSceneDuration", "handoverDuration")


def _length(text: str, source: str, field_: str, faults: list[Fault]) -> Length | None:
    length = _length_of(*_called(text))
    if length is None:
        faults.append(Fault(source, "", field_, written(text), _DISTRIBUTIONS))
    return length


def _length_of(name: str, days: list[float]) -> Length | None:
    """Return a distribution in seconds; a normal one, which may be negative, becomes a gamma one with its moments."""
    match name, days:
        case "Exponential", [mean]:
            return Length("exponential", _seconds(mean))
        case "Normal", [mean, deviation]:
            return Length("gamma" if deviation else "fixed", _seconds(mean), _seconds(deviation))
        case "Gamma", [shape, scale]:
            return Length("gamma", _seconds(shape * scale), _seconds(math.sqrt(shape) * scale))
        case "LogNormal", [mu, sigma]:
            mean = math.exp(mu + sigma**2 / 2)
            return Length("lognormal", _seconds(mean), _seconds(mean * math.sqrt(math.expm1(sigma**2))))
    return None


def _seconds(days: float) -> float:
    return round(days * S_PER_DAY, 3)


def _called(text: str) -> tuple[str, list[float]]:
    """Read ``Name(1/2, 3)``; the numbers may be sums and products."""
    try:
        tree = ast.parse(text.strip(), mode="eval").body
        if isinstance(tree, ast.Call) and isinstance(tree.func, ast.Name):
            return tree.func.id, [_number(each) for each in tree.args]
    except (SyntaxError, ValueError, ZeroDivisionError):
        pass
    return "", []


def _number(node: Any) -> float:
    match node:
        case ast.Constant(value=int() | float() as value):
            return float(value)
        case ast.BinOp() if type(node.op) in _OPERATORS:
            return _OPERATORS[type(node.op)](_number(node.left), _number(node.right))
    raise ValueError("no number")


def _cross(city: Jemss, folder: Path, found: Mapping[str, Path]) -> list[Fault]:
    known = {station.index for station in city.stations}
    source = str(found["ambulances"].relative_to(folder)) if "ambulances" in found else ""
    return [
        Fault(source, f"index {index}", "stationIndex", str(station), "the index of a row of the stations")
        for index, station, _ in city.ambulances
        if known and station not in known
    ]
