"""Position reports, millions of them: read as columns, checked as columns, sorted a few callsigns at a time."""

from __future__ import annotations

import csv
import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final

import numpy as np
import polars as pl
from convertbng.cutil import convert_lonlat
from numpy.typing import NDArray

from graphs.coordinates import GRID_EASTING_M, GRID_NORTHING_M, METRES_PER_DEGREE, Floats, great_circle_m
from graphs.errors import InputError
from scenarios.history import _FAR_M
from scenarios.import_files import Bound, header_faults, place_faults
from scenarios.import_rows import POSITION_COLUMNS, halves
from scenarios.past_fixes import SCHEMA
from scenarios.rows import SWAPPED_HINT

TOO_FAST_KMH: Final = 250.0
# So many reports are sorted at a time; at about 100 bytes each they take 200 MB.
_AT_A_TIME: Final = 2_000_000
# Of so many reports the middle is taken, to tell which lie turned round it.
_SAMPLE: Final = 1_000_000
_TURNED: Final = f"lat, lon: {SWAPPED_HINT}"
_ROW: Final = "_row"
_REASONS: Final = "_reasons"
_EXTRA: Final = "_extra"
_NO_CHARACTER: Final = "\ufffd"
_NUMBERS: Final = ("lat", "lon", "easting", "northing", "accuracy_m", "course_deg", "speed_kmh")


@dataclass(frozen=True)
class Zoned:
    """How the times of positions are read; see `scenarios.import_clocks.Clock`."""

    time_zone: str | None
    ambiguous: str | None
    formats: tuple[str, ...] = ()


@dataclass
class Fixes:
    """What became of position reports.

    Parameters
    ----------
    read, taken, refused
        How many reports there were, how many are sound, and how many the other system had refused itself.
    reasons
        How many were put aside, by reason.
    by_file
        How many there were in each file.
    first, last
        When the first and the last one was true.
    """

    read: int = 0
    taken: int = 0
    refused: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    by_file: dict[str, int] = field(default_factory=dict)
    first: datetime | None = None
    last: datetime | None = None


def take(
    bound: Sequence[Bound], zoned: Mapping[str, Zoned], coordinates: str | None, end: datetime, out: Path, work: Path
) -> Fixes:
    """Read position files, write the sound reports, and put the others aside.

    Parameters
    ----------
    zoned
        By file, how its times are read.
    coordinates
        Which pair of columns is read where a file has both.
    end
        No report is dated after it.
    out
        Folder for ``positions.parquet``, and ``quarantine/positions.csv`` where reports are put aside.
    work
        Folder for what lies between, which may be as large as the input.
    """
    told, parts = Fixes(), list[Path]()
    for number, each in enumerate(bound):
        frame = _checked(_named(each, _header(each)), zoned[each.source], coordinates, end, each.source)
        part = work / f"{number}.parquet"
        frame.sink_parquet(part, maintain_order=True)
        parts.append(part)
        told.by_file[each.source] = pl.scan_parquet(part).select(pl.len()).collect().item()
    if not parts:
        return told
    return _sorted(parts, told, out, work)


def _header(bound: Bound) -> list[str]:
    with bound.path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        return [name.strip() for name in next(csv.reader(file), [])]


def require_sound(bound: Bound, coordinates: str | None) -> None:
    """Hold the header of a position file against what is known and needed.

    Raises
    ------
    InputError
        Columns are unknown, missing or there twice.
    """
    header = _header(bound)
    ours = {bound.form.columns.get(name, name) for name in header}
    faults = [
        *header_faults(header, bound.form, bound.source, "row 1"),
        *place_faults(ours, coordinates, bound.source, "row 1"),
    ]
    if faults:
        raise InputError(faults)


def _named(bound: Bound, header: Sequence[str]) -> pl.LazyFrame:
    """Return the file as texts under the names that columns have here, each with its row."""
    cells = [f"cell {place}" for place in range(len(header))]
    frame = pl.scan_csv(
        bound.path,
        has_header=False,
        skip_rows=1,
        schema=dict.fromkeys((*cells, _EXTRA), pl.String()),
        # A cell too many stands in a column of its own, to be told; a row that ends early has empty cells.
        missing_columns="insert",
        truncate_ragged_lines=True,
        encoding="utf8-lossy",
        row_index_name=_ROW,
        row_index_offset=2,
    )
    frame = frame.filter(pl.any_horizontal(pl.col(name).is_not_null() for name in cells))
    columns = [pl.col(_ROW), pl.col(_EXTRA)]
    for place, name in enumerate(header):
        ours = bound.form.columns.get(name, name)
        if ours:
            columns.append(_meaning(pl.col(f"cell {place}"), bound, ours).alias(ours))
    columns += [pl.lit(value).alias(name) for name, value in bound.form.given.items()]
    return frame.select(columns)


def _meaning(cell: pl.Expr, bound: Bound, ours: str) -> pl.Expr:
    text = cell.str.replace(r"^'([=+\-@'])", "${1}").str.strip_chars()
    values = bound.form.values.get(ours)
    text = text.replace(dict(values)) if values else text
    return pl.when(text != "").then(text)


def _checked(frame: pl.LazyFrame, zoned: Zoned, coordinates: str | None, end: datetime, source: str) -> pl.LazyFrame:
    """Read texts as moments and numbers, and say of each report what is wrong with it."""
    names = frame.collect_schema().names()
    raw = frame.with_columns(pl.lit(None, pl.String).alias(name) for name in _absent(names))
    raw = _whole_times(raw, names)
    typed = raw.with_columns(
        *(_moment(pl.col(name), zoned).alias(f"{name}_read") for name in ("fixed_at", "received_at")),
        *(pl.col(name).cast(pl.Float64, strict=False).alias(f"{name}_read") for name in _NUMBERS),
    )
    typed = _placed(typed, by_grid="easting" in names and (coordinates == "british_grid" or "lat" not in names))
    # Files with other columns than each other become parts that are alike.
    return typed.select(*_BEFORE, _reasons(end).alias(_REASONS), pl.lit(source).alias("_file"))


def _absent(names: Sequence[str]) -> list[str]:
    return [name for name in POSITION_COLUMNS if name not in names]


def _whole_times(frame: pl.LazyFrame, names: Sequence[str]) -> pl.LazyFrame:
    for step in ("fixed_at", "received_at"):
        on, at = halves(step)
        if on in names and at in names:
            both = pl.concat_str(pl.col(on), pl.col(at), separator=" ")
            frame = frame.with_columns(pl.coalesce(pl.col(step), both).alias(step))
    return frame


def _moment(text: pl.Expr, zoned: Zoned) -> pl.Expr:
    """Read moments; null where a text is none, or was there twice or never and nothing tells which is meant."""
    for unit, scale in (("unix_s", 1_000_000), ("unix_ms", 1_000)):
        if unit in zoned.formats:
            counted = (text.cast(pl.Float64, strict=False) * scale).round().cast(pl.Int64, strict=False)
            return counted.cast(pl.Datetime("us", "UTC"))
    iso = text.str.replace(" ", "T", literal=True).str.replace(r"(?:Z|z)$", "+00:00")
    iso = iso.str.replace(r"(T.*[+-]\d\d)(\d\d)$", "${1}:${2}")
    found = [
        iso.str.to_datetime(f"%Y-%m-%dT%H:%M{seconds}%:z", time_unit="us", strict=False, time_zone="UTC")
        for seconds in (":%S%.f", "")
    ]
    if zoned.time_zone is not None:
        ours = ((iso, f"%Y-%m-%dT%H:%M{seconds}") for seconds in (":%S%.f", ""))
        patterns = [*ours, *((text, pattern) for pattern in zoned.formats)]
        twice = {"earlier": "earliest", "later": "latest"}.get(zoned.ambiguous or "", "null")
        found += [
            each.str.to_datetime(pattern, time_unit="us", strict=False)
            .dt.replace_time_zone(zoned.time_zone, ambiguous=pl.lit(twice), non_existent="null")
            .dt.convert_time_zone("UTC")
            for each, pattern in patterns
        ]
    return pl.coalesce(found)


def _placed(frame: pl.LazyFrame, *, by_grid: bool) -> pl.LazyFrame:
    """Give a place in degrees."""
    if not by_grid:
        return frame.with_columns(pl.col("lat_read").alias("_lat"), pl.col("lon_read").alias("_lon"))
    metres = pl.struct("easting_read", "northing_read")
    place = metres.map_batches(_degrees, return_dtype=_PLACE, is_elementwise=True).alias("_place")
    frame = frame.with_columns(place)
    return frame.with_columns(pl.col("_place").struct.field(name).alias(f"_{name}") for name in ("lat", "lon"))


_PLACE: Final = pl.Struct({"lat": pl.Float64(), "lon": pl.Float64()})


def _degrees(places: pl.Series) -> pl.Series:
    """Convert points of the British National Grid by OSTN15; null where one is outside."""
    eastings, northings = (places.struct.field(name) for name in ("easting_read", "northing_read"))
    inside = eastings.is_between(*GRID_EASTING_M) & northings.is_between(*GRID_NORTHING_M)
    sound = inside.fill_null(value=False).to_numpy()
    lat, lon = (np.full(len(places), np.nan) for _ in range(2))
    if sound.any():
        lon[sound], lat[sound] = convert_lonlat(eastings.to_numpy()[sound], northings.to_numpy()[sound])
    return pl.DataFrame({"lat": lat, "lon": lon}, nan_to_null=True).to_struct(places.name)


def _reasons(end: datetime) -> pl.Expr:
    """Join everything that is wrong with a report; empty where nothing is."""
    lat, lon, callsign = pl.col("_lat"), pl.col("_lon"), pl.col("callsign")
    told_place = pl.any_horizontal(pl.col(name).is_not_null() for name in ("lat", "lon", "easting", "northing"))
    on_globe = lat.is_between(-90, 90) & lon.is_between(-180, 180)
    rules = [
        (pl.col(_EXTRA).is_not_null(), "row: more cells than the header has"),
        (callsign.is_null(), "callsign: nothing"),
        (callsign.str.contains(_NO_CHARACTER, literal=True), "callsign: bytes that are no UTF-8"),
        (callsign.str.len_chars() > 100, "callsign: more than 100 characters"),  # noqa: PLR2004 - dispatch.naming
        (pl.col("fixed_at").is_null(), "fixed_at: nothing"),
        *(_untold(name) for name in ("fixed_at", "received_at")),
        *((_is_text(name), f"{name}: not a number") for name in _NUMBERS),
        (told_place.not_(), "lat, lon: nothing"),
        (told_place & (lat.is_null() | lon.is_null()), "lat, lon: no place, or half of one"),
        (on_globe.not_(), "lat, lon: not on the globe; an easting and a northing, or metres read as degrees?"),
        ((lat == 0) & (lon == 0), "lat, lon: 0, 0, which a receiver without a fix reports"),
        (pl.col("accuracy_m_read") < 0, "accuracy_m: less than 0"),
        (pl.col("course_deg_read").is_between(0, 360).not_(), "course_deg: not 0 to 360"),
        (pl.col("speed_kmh_read").is_between(0, 400).not_(), "speed_kmh: not 0 to 400"),
        (pl.col("fixed_at_read") > end, "fixed_at: after the end of the period, or in the future"),
    ]
    told = [pl.when(wrong.fill_null(value=False)).then(pl.lit(reason)) for wrong, reason in rules]
    return pl.concat_str(told, separator=" | ", ignore_nulls=True)


def _untold(name: str) -> tuple[pl.Expr, str]:
    text = pl.col(name).is_not_null() & pl.col(f"{name}_read").is_null()
    return text, f"{name}: no time with an offset, or one that was there twice or never when clocks changed"


def _is_text(name: str) -> pl.Expr:
    number = pl.col(f"{name}_read")
    return pl.col(name).is_not_null() & (number.is_null() | number.is_finite().not_())


def _sorted(parts: list[Path], told: Fixes, out: Path, work: Path) -> Fixes:
    """Sort the sound reports a few callsigns at a time, without those that jump, and write what became of all."""
    frame = _without_turned(pl.scan_parquet(parts))
    refused = pl.col("refused").is_not_null()
    wrong = pl.col(_REASONS) != ""
    counts = frame.select(pl.len(), refused.sum().alias("refused")).collect(engine="streaming")
    told.read, told.refused = counts.item(0, 0), counts.item(0, 1)
    faulty = work / "faulty.parquet"
    frame.filter(wrong & refused.not_()).select(*_KEPT).sink_parquet(faulty, maintain_order=True)
    sound = frame.filter(wrong.not_() & refused.not_())
    jumps, pieces = [faulty], list[Path]()
    for number, callsigns in enumerate(_batches(sound)):
        some = sound.select(*_SORTED).filter(pl.col("callsign").is_in(callsigns)).collect(engine="streaming")
        fixes, jumped = _without_jumps(some)
        pieces.append(work / f"fixes_{number}.parquet")
        fixes.write_parquet(pieces[-1])
        if len(jumped):
            jumps.append(work / f"jumps_{number}.parquet")
            reason = pl.lit(_JUMP).alias(_REASONS)
            told_again = frame.join(jumped.lazy(), on=("_file", _ROW), how="semi").with_columns(reason)
            told_again.select(*_KEPT).collect(engine="streaming").write_parquet(jumps[-1])
    _write_fixes(pieces, told, out)
    _write_aside(jumps, told, out)
    return told


_KEPT: Final = ("_file", _ROW, *POSITION_COLUMNS, _REASONS)
_READ: Final = ("fixed_at", "received_at", "accuracy_m", "course_deg", "speed_kmh")
_BEFORE: Final = (_ROW, *POSITION_COLUMNS, "_lat", "_lon", *(f"{name}_read" for name in _READ))
_SORTED: Final = ("_file", _ROW, "callsign", "_lat", "_lon", *(f"{name}_read" for name in _READ))
_JUMP: Final = f"lat, lon: more than {TOO_FAST_KMH:.0f} km/h from the report before and to the one after"


def _without_turned(frame: pl.LazyFrame) -> pl.LazyFrame:
    """Say of reports far from all others that they are among them when lat and lon are exchanged."""
    every = 1 + frame.select(pl.len()).collect(engine="streaming").item() // _SAMPLE
    some = frame.filter((pl.col(_REASONS) == "") & (pl.col(_ROW) % every == 0))
    lat, lon = some.select(pl.col("_lat").median(), pl.col("_lon").median()).collect(engine="streaming").row(0)
    if lat is None:
        return frame
    far_deg = _FAR_M / METRES_PER_DEGREE
    there, turned = (_near(pl.col(a), pl.col(b), lat, lon, far_deg) for a, b in (("_lat", "_lon"), ("_lon", "_lat")))
    wrong = (pl.col(_REASONS) == "") & there.not_() & turned
    return frame.with_columns(pl.when(wrong).then(pl.lit(_TURNED)).otherwise(pl.col(_REASONS)).alias(_REASONS))


def _near(lat: pl.Expr, lon: pl.Expr, to_lat: float, to_lon: float, within_deg: float) -> pl.Expr:
    """Tell whether places are in a square round another; its sides are so many degrees of latitude away."""
    narrow = max(math.cos(math.radians(to_lat)), 0.1)
    return ((lat - to_lat).abs() < within_deg) & ((lon - to_lon).abs() * narrow < within_deg)


def _batches(sound: pl.LazyFrame) -> Iterator[list[str]]:
    """Yield callsigns, sorted, so many at a time that their reports can be sorted."""
    counts = sound.group_by("callsign").len().collect(engine="streaming").sort("callsign")
    batch, size = list[str](), 0
    for callsign, count in counts.iter_rows():
        if batch and size + count > _AT_A_TIME:
            yield batch
            batch, size = [], 0
        batch.append(callsign)
        size += count
    if batch:
        yield batch


def _without_jumps(some: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Sort reports; return those that lie near the one before or the one after, and the rows of the others."""
    read = {name: f"{name}_read" for name in ("fixed_at", "accuracy_m", "course_deg", "speed_kmh")}
    received = pl.coalesce("received_at_read", "fixed_at_read").alias("_received")
    some = some.with_columns(received).sort("callsign", "fixed_at_read", "_received", "_file", _ROW)
    jumps = _jumps(some)
    columns = {**read, "received_at": "_received", "lat": "_lat", "lon": "_lon", "callsign": "callsign"}
    fixes = some.filter(~jumps).select(pl.col(columns[name]).cast(kind).alias(name) for name, kind in SCHEMA.items())
    return fixes, some.filter(jumps).select("_file", _ROW)


def _jumps(some: pl.DataFrame) -> pl.Series:
    """Tell which reports lie too far from both neighbours."""
    place = some.select("_lon", "_lat").to_numpy()
    at_s = some["fixed_at_read"].to_physical().to_numpy() / 1e6
    callsign = some["callsign"].rle_id().to_numpy()
    fast = _too_fast(place[:-1], place[1:], at_s[1:] - at_s[:-1]) & (callsign[1:] == callsign[:-1])
    jumps = np.zeros(len(some), bool)
    jumps[1:-1] = fast[:-1] & fast[1:]
    return pl.Series(jumps)


def _too_fast(from_: Floats, to: Floats, seconds: Floats) -> NDArray[np.bool_]:
    """Tell which legs are faster than a vehicle, with 100 m of doubt in the two places."""
    metres = great_circle_m(from_, to) if len(from_) else np.empty(0)
    return np.asarray(metres - 100.0 > seconds * TOO_FAST_KMH / 3.6)


def _write_fixes(pieces: list[Path], told: Fixes, out: Path) -> None:
    target = out / "positions.parquet"
    frame = pl.scan_parquet(pieces) if pieces else pl.LazyFrame(schema=SCHEMA)
    frame.sink_parquet(target, maintain_order=True, row_group_size=500_000)
    span = pl.scan_parquet(target).select(
        pl.len(), pl.col("fixed_at").min().alias("first"), pl.col("fixed_at").max().alias("last")
    )
    told.taken, told.first, told.last = span.collect(engine="streaming").row(0)


def _write_aside(paths: list[Path], told: Fixes, out: Path) -> None:
    """Write what was put aside, by file and row, and count it by its first reason."""
    frame = pl.scan_parquet(paths)
    first = pl.col(_REASONS).str.split(" | ").list.first()
    counts = frame.group_by(first.alias("reason")).len().collect(engine="streaming")
    told.reasons.update(dict(counts.sort("reason").iter_rows()))
    if not told.reasons:
        return
    folder = out / "quarantine"
    folder.mkdir(exist_ok=True)
    rows = frame.sort("_file", _ROW).rename({"_file": "file", _ROW: "row", _REASONS: "reasons"})
    names = ["file", "row", "reasons", *POSITION_COLUMNS]
    text = rows.select(_harmless(name) for name in names)
    text.sink_csv(folder / "positions.csv", maintain_order=True)


def _harmless(name: str) -> pl.Expr:
    text = pl.col(name).cast(pl.String).fill_null("")
    return text if name == "row" else text.str.replace(r"^([=+\-@'\t\r\n])", "'${1}")
