"""Choose the reader for a road source by what it is: a file, a folder, or the name of a place."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Final

from graphs.assemble import Roads, assemble
from graphs.errors import SourceError
from graphs.graphml import SUFFIXES as GRAPHML_SUFFIXES
from graphs.graphml import read_graphml
from graphs.jemss import FILES as JEMSS_FILES
from graphs.jemss import jemss_member, read_jemss
from graphs.network import Network
from graphs.osm import SUFFIXES as OSM_SUFFIXES
from graphs.osm import Report, quiet, read_osm
from graphs.places import read_place

EITHER_SUFFIX: Final = ".xml"
ACCEPTED: Final = (
    f"OpenStreetMap data ({', '.join(OSM_SUFFIXES)}), osmnx GraphML (.graphml), a folder or .zip with the JEMSS files "
    f"{' and '.join(JEMSS_FILES)}, or the name of a place"
)
_HEAD_BYTES: Final = 4096


def build_network(source: str, report: Report = quiet) -> Network:
    """Build a network from a road source; see `read_roads`.

    Raises
    ------
    SourceError
        The source cannot be read as roads, or no road in it can be driven.
    InputError
        The source has faults; every one of them is named.
    """
    roads = read_roads(source, report)
    report(f"{roads.meta.source}: joining {len(roads.segments):,} stretches of road")
    return assemble(roads)


def read_roads(source: str, report: Report = quiet) -> Roads:
    """Read roads from whatever a source is.

    Parameters
    ----------
    source
        An OpenStreetMap file, osmnx GraphML, a folder or zip file with JEMSS files, or, if it is none of these and does
        not look like a path, the name of a place to download.
    report
        Called with a short sentence as the work goes on.

    Raises
    ------
    SourceError
        The source does not exist, is of another kind, or cannot be read as roads.
    InputError
        The source has faults; every one of them is named.
    """
    if not source.strip():
        raise SourceError(f"no road source is named; accepted: {ACCEPTED}")
    path = Path(source).expanduser()
    if path.is_dir():
        return _read_folder(path, report)
    if path.exists():
        return _read_file(path, report)
    if _looks_like_a_path(source):
        raise SourceError(f"{source}: no such file or folder; accepted: {ACCEPTED}")
    return read_place(source.strip(), report)


def _looks_like_a_path(source: str) -> bool:
    endings = (*OSM_SUFFIXES, *GRAPHML_SUFFIXES, EITHER_SUFFIX, ".zip", ".csv")
    return "/" in source or "\\" in source or source.startswith(("~", ".")) or source.lower().endswith(endings)


def _read_folder(path: Path, report: Report) -> Roads:
    if not any((path / name).is_file() for name in JEMSS_FILES):
        raise SourceError(
            f"{path}: a folder without {' and '.join(JEMSS_FILES)}; accepted: {ACCEPTED}. If a place is meant, add its "
            f"country to its name, as in '{path.name}, England'"
        )
    return read_jemss(path, report)


def _read_file(path: Path, report: Report) -> Roads:
    name = path.name.lower()
    if name.endswith(EITHER_SUFFIX):
        return read_graphml(path, report) if _mentions_graphml(path) else read_osm(path, report)
    if name.endswith(OSM_SUFFIXES):
        return read_osm(path, report)
    if name.endswith(GRAPHML_SUFFIXES):
        return read_graphml(path, report)
    if name.endswith(".zip"):
        return _read_zip(path, report)
    raise SourceError(f"{path}: not a kind of file that roads are read from; accepted: {ACCEPTED}")


def _mentions_graphml(path: Path) -> bool:
    with path.open("rb") as stream:
        return b"graphml" in stream.read(_HEAD_BYTES)


def _read_zip(path: Path, report: Report) -> Roads:
    try:
        with zipfile.ZipFile(path) as archive:
            held = any(jemss_member(archive, name) for name in JEMSS_FILES)
    except (zipfile.BadZipFile, OSError) as error:
        raise SourceError(f"{path}: cannot be read as a zip file ({error})") from error
    if not held:
        raise SourceError(f"{path}: a zip file without {' and '.join(JEMSS_FILES)}; accepted: {ACCEPTED}")
    return read_jemss(path, report)
