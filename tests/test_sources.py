"""Which reader a road source gets, by what it is."""

from __future__ import annotations

import gzip
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import graphs.sources
from graphs.assemble import Roads
from graphs.errors import InputError, SourceError
from graphs.graphml import write_graphml
from graphs.network import NetworkMeta
from graphs.osm import Report
from graphs.sources import build_network, read_roads
from roadmaps import OsmMap, draw

NODES = "nodes\nindex,x,y\n1,-1.2,54.5\n2,-1.1,54.5\n"
ARCS = "miscData\narcForm,numModes\ndirected,1\n\narcs\nindex,fromNode,toNode,mode_1\n1,1,2,0.01\n"


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the names of places that were asked for; nothing is downloaded."""
    names: list[str] = []

    def read_place(name: str, report: Report) -> Roads:
        report(f"asked for {name}")
        names.append(name)
        return Roads(NetworkMeta(name))

    monkeypatch.setattr(graphs.sources, "read_place", read_place)
    return names


def osm_file(path: Path) -> Path:
    return OsmMap("A--B--C", "A-B-C highway=residential").write(path)


def graphml_file(path: Path) -> Path:
    write_graphml(draw("A--B--C", "A-B-C").network, path)
    return path


def jemss_folder(path: Path, **files: str) -> Path:
    path.mkdir()
    for name, text in (files or {"nodes": NODES, "arcs": ARCS}).items():
        (path / f"{name}.csv").write_text(text)
    return path


def jemss_zip(path: Path, **files: str) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in (files or {"nodes": NODES, "arcs": ARCS}).items():
            archive.writestr(f"{name}.csv", text)
    return path


@pytest.mark.parametrize(
    "name", ["town.osm.pbf", "town.pbf", "town.osm", "town.osm.gz", "town.osm.bz2", "A Town.osm", "town.xml"]
)
def test_openstreetmap_files(tmp_path: Path, name: str) -> None:
    plain = osm_file(tmp_path / "plain.osm")
    path = tmp_path / name
    if name.lower().endswith((".osm", ".xml")):
        path.write_bytes(plain.read_bytes())
    else:
        osm_file(path)
    network = build_network(str(path))
    assert (network.edge_count, network.meta.source) == (2, name)


@pytest.mark.parametrize("name", ["town.graphml", "town.graphml.gz", "town.GraphML", "town.xml"])
def test_graphml_files(tmp_path: Path, name: str) -> None:
    plain = graphml_file(tmp_path / "plain.graphml").read_bytes()
    path = tmp_path / name
    path.write_bytes(gzip.compress(plain) if name.endswith(".gz") else plain)
    network = build_network(str(path))
    assert (network.edge_count, network.meta.source) == (4, name)


def test_jemss_folders_and_zip_files(tmp_path: Path) -> None:
    folder, archive = jemss_folder(tmp_path / "roads"), jemss_zip(tmp_path / "roads.zip")
    for path in (folder, archive):
        network = build_network(str(path))
        assert network.given_ms.tolist() == [[864_000, 864_000]]
        assert network.meta.source == path.name


@pytest.mark.parametrize("kept", [{"nodes": NODES}, {"arcs": ARCS}])
def test_a_jemss_source_with_one_file_is_told_of_the_other(tmp_path: Path, kept: dict[str, str]) -> None:
    missing = "arcs.csv" if "nodes" in kept else "nodes.csv"
    for path in (jemss_folder(tmp_path / "roads", **kept), jemss_zip(tmp_path / "roads.zip", **kept)):
        with pytest.raises(InputError, match=f"{missing}: a missing file"):
            read_roads(str(path))


@pytest.mark.parametrize("name", ["Middlesbrough", "Newport, Wales", "  Porto ", "St. Helens, England"])
def test_anything_else_is_a_place(asked: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.chdir(tmp_path)
    sentences: list[str] = []
    assert read_roads(name, sentences.append).meta.source == name.strip()
    assert asked == [name.strip()]
    assert sentences == [f"asked for {name.strip()}"]


@pytest.mark.parametrize(
    "source",
    ["town.osm.pbf", "TOWN.PBF", "town.graphml", "roads.zip", "maps/Newport", "maps\\town", "./Newport", "~/Newport"],
)
def test_a_path_that_leads_nowhere_is_no_place(
    asked: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(SourceError) as raised:
        read_roads(source)
    message = str(raised.value)
    assert message.startswith(f"{source}: no such file or folder; accepted: ")
    assert all(kind in message for kind in (".osm.pbf", ".graphml", "nodes.csv and arcs.csv", "the name of a place"))
    assert not asked


@pytest.mark.parametrize("name", ["town.network", "town.shp", "units.csv", "Newport"])
def test_a_file_of_another_kind(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("x")
    with pytest.raises(SourceError, match=rf"{name}: not a kind of file.*\.osm\.pbf.*\.graphml"):
        read_roads(str(tmp_path / name))


def test_a_folder_of_another_kind_may_be_meant_as_a_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "Newport").mkdir()
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SourceError, match=r"a folder without nodes\.csv and arcs\.csv.*as in 'Newport, England'"):
        read_roads("Newport")


def test_zip_files_of_another_kind(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"a zip file without nodes\.csv and arcs\.csv"):
        read_roads(str(jemss_zip(tmp_path / "other.zip", places="x")))
    (tmp_path / "broken.zip").write_text("x")
    with pytest.raises(SourceError, match="cannot be read as a zip file"):
        read_roads(str(tmp_path / "broken.zip"))


@pytest.mark.parametrize("source", ["", " "])
def test_no_source(source: str) -> None:
    with pytest.raises(SourceError, match="no road source is named"):
        read_roads(source)


def test_a_home_folder_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    osm_file(tmp_path / "town.osm")
    assert build_network("~/town.osm").edge_count == 2


def test_progress_is_told_to_the_end(tmp_path: Path) -> None:
    sentences: list[str] = []
    build_network(str(osm_file(tmp_path / "town.osm")), sentences.append)
    assert sentences[0] == "town.osm: reading ways"
    assert sentences[-1] == "town.osm: joining 1 stretches of road"


def test_slow_libraries_are_not_imported_until_they_are_needed() -> None:
    code = "import sys, graphs.sources; print(*{'osmnx', 'networkx', 'geopandas', 'requests'} & sys.modules.keys())"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)  # noqa: S603
    assert done.stdout.split() == []
