"""JEMSS.jl's road files: its named tiny networks, Auckland, and what can be wrong in a file."""

from __future__ import annotations

import csv
import zipfile
from pathlib import Path

import networkx as nx
import numpy as np
import pytest

from graphs.assemble import assemble
from graphs.errors import InputError, SourceError
from graphs.jemss import MS_PER_DAY, NOT_STATED, read_jemss
from graphs.network import Network
from graphs.reference import ReferenceRouter
from graphs.snapping import Approach, Spot
from graphs.times import edge_times

DATA = Path(__file__).parents[2] / "shared" / "data" / "jemss"
TINY = (
    "end loop",
    "grid 3 by 3",
    "grid 9 by 9",
    "loop closed directed",
    "loop closed undirected",
    "one way road",
    "only rNodes",
    "roundabout",
    "sp not on rArc only",
    "sp on rArc only",
    "sp simple choice 1",
    "three nodes two arcs",
    "two nodes one arc",
    "two shared rArcs",
)
NODES = "nodes,,,\nindex,x,y,offRoadAccess,\n1.0,0.0,51.0,1.0\n2.0,0.1,51.0,1.0\n3.0,0.2,51.0,0.0\n,\n"


def data(name: str) -> Path:
    path = DATA / name
    if not path.exists():
        pytest.skip(f"{path} is absent")
    return path


def arcs(*rows: str, form: str = "directed", modes: str = "2", columns: str = "distance,mode_1,mode_2") -> str:
    head = f"miscData,,\narcForm,numModes,\n{form},{modes}\n,\narcs,,\nindex,fromNode,toNode,{columns},\n"
    return head + "".join(f"{row}\n" for row in rows) + ",\n"


def written(folder: Path, arcs_text: str | None, nodes_text: str | None = NODES) -> Path:
    for name, text in (("nodes.csv", nodes_text), ("arcs.csv", arcs_text)):
        if text is not None:
            (folder / name).write_text(text, "utf-8")
    return folder


def built(folder: Path, *rows: str, **told: str) -> Network:
    return assemble(read_jemss(written(folder, arcs(*rows, **told))))


def lanes(network: Network) -> list[tuple[str, int]]:
    """Return the directed edges as their ends and the arc that they come from."""
    ends = zip(network.node_id[network.tail], network.node_id[network.head], network.way_id.tolist(), strict=True)
    return [(f"{tail}>{head}", arc) for tail, head, arc in ends]


# ---- Against a plain search over the file ------------------------------------------------------------------------


def arcs_graph(folder: Path, mode: int) -> nx.DiGraph:
    """Read an arcs file by hand: a graph with the quickest arc between two nodes, in milliseconds."""
    lines = (folder / "arcs.csv").read_text("utf-8").splitlines()
    start = next(row for row, line in enumerate(lines) if line.startswith("arcs"))
    directed = next(line for line in lines if line.startswith(("directed", "undirected"))).startswith("directed")
    graph = nx.DiGraph()
    for row in csv.DictReader(lines[start + 1 :]):
        time = round(float(row.get(f"mode_{mode}") or row["mode_1"]) * MS_PER_DAY)
        ends = int(row["fromNode"]), int(row["toNode"])
        for tail, head in [ends] if directed else [ends, ends[::-1]]:
            known = graph.edges[tail, head]["ms"] if graph.has_edge(tail, head) else time
            graph.add_edge(tail, head, ms=min(time, known))
    return graph


def node_times(network: Network, profile: str, target: int) -> dict[int, int]:
    """Ask the reference router for the times from every node to one.

    A vehicle at a node may be at the start of any edge out of it, and a place at a node at the end of any edge into it.
    So nothing has to turn round first, and on the quickest way between two nodes nothing ever does: U-turn costs, which
    a search over nodes does not know, do not matter for any pair.
    """
    router = ReferenceRouter(network, profile)
    place = [Approach(edge, 1.0, 0.0, 0, 0.0, 0.0) for edge in np.flatnonzero(network.head == target).tolist()]
    arrivals = router.arrivals(place)
    found: dict[int, int] = {int(network.node_id[target]): 0}
    for edge in range(network.edge_count):
        node = int(network.node_id[network.tail[edge]])
        time = arrivals.time_ms(Spot(edge, 0.0, 0.0, 0, 0.0, 0.0))
        if time is not None and network.tail[edge] != target:
            found[node] = min(time, found.get(node, time))
    return found


@pytest.mark.parametrize("profile", ["normal", "response"])
@pytest.mark.parametrize("name", TINY)
def test_a_tiny_network_agrees_with_a_plain_search(name: str, profile: str) -> None:
    folder = data(f"small_networks/{name}")
    network = assemble(read_jemss(folder))
    graph = arcs_graph(folder, {"response": 1, "normal": 2}[profile])
    assert set(network.node_id.tolist()) == set(graph)
    for target, node in enumerate(network.node_id.tolist()):
        plain = nx.single_source_dijkstra_path_length(graph.reverse(), node, weight="ms")
        assert node_times(network, profile, target) == plain


def test_the_list_of_tiny_networks_is_whole() -> None:
    assert sorted(path.name for path in data("small_networks").iterdir()) == sorted(TINY)


def test_the_quickest_way_differs_by_mode() -> None:
    """In 'sp simple choice 1' the way from 2 to 4 is direct with lights and sirens only."""
    network = assemble(read_jemss(data("small_networks/sp simple choice 1")))
    target = int(np.flatnonzero(network.node_id == 4)[0])
    times = {profile: node_times(network, profile, target)[2] for profile in ("response", "normal")}
    assert times == {"response": 5 * MS_PER_DAY, "normal": 6 * MS_PER_DAY}


# ---- Auckland ----------------------------------------------------------------------------------------------------


def test_auckland() -> None:
    roads = read_jemss(data("auckland_roads.zip"))
    network = assemble(roads)
    assert (network.node_count, network.edge_count) == (54_370, 90_638)
    assert int((network.twin >= 0).sum()) == 67_898
    assert not roads.dropped
    first = lanes(network).index(("1>2", 1))
    assert network.given_ms[first].tolist() == [3447, 2425]  # 3.99e-5 and 2.81e-5 days
    assert network.length_m[first] == pytest.approx(61.288, abs=0.001)
    assert edge_times(network, "response").edge_ms[first] == 2425
    assert edge_times(network, "normal").edge_ms[first] == 3447
    # What JEMSS calls distance is kilometres as the crow flies.
    bare = [part for part in roads.segments if part.length_m]
    for part in bare:
        part.length_m = None
    straight = assemble(roads).length_m
    assert np.allclose(network.length_m, straight, rtol=0.003)


# ---- How files are read ------------------------------------------------------------------------------------------


def test_directed_arcs(tmp_path: Path) -> None:
    network = built(tmp_path, "1.0,1.0,2.0,8.0,1e-3,2e-3", "2.0,3.0,2.0,9.0,1e-3,2e-3,")
    assert lanes(network) == [("1>2", 1), ("3>2", 2)]
    assert network.twin.tolist() == [-1, -1]
    assert network.length_m.tolist() == [8000.0, 9000.0]
    assert network.given_ms.tolist() == [[172_800, 86_400]] * 2
    assert network.class_name(0) == "unclassified"


def test_an_undirected_arc_is_one_road_with_two_lanes(tmp_path: Path) -> None:
    network = built(tmp_path, "7,1,2,8,1,2", form="undirected")
    assert lanes(network) == [("1>2", 7), ("2>1", 7)]
    assert network.twin.tolist() == [1, 0]


def test_opposite_arcs_of_one_length_are_one_road(tmp_path: Path) -> None:
    network = built(tmp_path, "1,1,2,8,1,2", "2,2,1,8,3,4", "3,2,3,8,1,2", "4,3,2,8.5,1,2")
    assert dict(zip((end for end, _ in lanes(network)), network.twin.tolist(), strict=True)) == {
        "1>2": 1,
        "2>1": 0,
        "2>3": -1,
        "3>2": -1,
    }
    assert network.given_ms[1].tolist() == [4 * MS_PER_DAY, 3 * MS_PER_DAY]


def test_parallel_arcs_stay_parallel(tmp_path: Path) -> None:
    network = built(tmp_path, "1,1,2,8,1,2", "2,1,2,8,3,4", "3,2,1,8,5,6", "4,2,1,8,7,8")
    assert [end for end, _ in lanes(network)] == ["1>2", "1>2", "2>1", "2>1"]
    assert network.twin.tolist() == [2, 3, 0, 1]
    assert network.given_ms[:, 1].tolist() == [MS_PER_DAY * days for days in (1, 3, 5, 7)]


def test_one_mode_serves_both_profiles(tmp_path: Path) -> None:
    network = built(tmp_path, "1,1,2,0.5", modes="1", columns="mode_1")
    assert network.given_ms.tolist() == [[43_200_000, 43_200_000]]
    assert "serves both profiles" in network.meta.notes[1]


def test_further_modes_are_not_used(tmp_path: Path) -> None:
    network = built(tmp_path, "1,1,2,1,2,nonsense", modes="3", columns="mode_1,mode_2,mode_3")
    assert network.given_ms.tolist() == [[2 * MS_PER_DAY, MS_PER_DAY]]
    assert "3 modes" in network.meta.notes[1]


def test_without_distances_the_great_circle_is_used(tmp_path: Path) -> None:
    network = built(tmp_path, "1,1,2,1,2", columns="mode_1,mode_2")
    assert network.length_m[0] == pytest.approx(6997.7, abs=0.1)


def test_distances_in_metres_are_noticed(tmp_path: Path) -> None:
    right, wrong = built(tmp_path, "1,1,2,7.0,1,2"), built(tmp_path, "1,1,2,7000,1,2")
    assert not any("kilometres" in note for note in right.meta.notes)
    assert "7,000 km, the straight lines between nodes to 7 km" in wrong.meta.notes[-1]


def test_what_leads_nowhere_is_counted(tmp_path: Path) -> None:
    roads = read_jemss(written(tmp_path, arcs("1,1,2,8,1,2", "2,2,2,0,1,2")))
    assert dict(roads.dropped) == {"arc from a node to itself": 1, "node without arcs": 1}
    assert lanes(assemble(roads)) == [("1>2", 1)]


def test_nobody_is_named_who_is_not_known(tmp_path: Path) -> None:
    """The files do not say where their roads come from."""
    meta = built(tmp_path, "1,1,2,8,1,2").meta
    assert (meta.attribution, meta.licence) == (NOT_STATED, NOT_STATED)
    assert meta.source == tmp_path.name


def test_a_mark_and_quoted_notes(tmp_path: Path) -> None:
    text = 'miscData,,\narcForm,numModes,note\ndirected,1,"one,\ntwo"\n\narcs\nindex,fromNode,toNode,mode_1\n1,1,9,1\n'
    folder = written(tmp_path, "\ufeff" + text, "\ufeff" + NODES)
    assert faults(folder) == [("arcs.csv", "row 8", "toNode", "9")]


@pytest.mark.parametrize("inside", ["", "roads/"])
def test_a_zip_file(tmp_path: Path, inside: str) -> None:
    archive = tmp_path / "roads.zip"
    with zipfile.ZipFile(archive, "w") as opened:
        opened.writestr(f"{inside}nodes.csv", NODES)
        opened.writestr(f"{inside}arcs.csv", arcs("1,1,2,8,1,2"))
        opened.writestr("__MACOSX/nodes.csv", "rubbish")
    folder = tmp_path / "roads"
    folder.mkdir()
    zipped, plain = assemble(read_jemss(archive)), built(folder, "1,1,2,8,1,2")
    assert zipped.hash == plain.hash
    assert zipped.meta.source_sha256 == plain.meta.source_sha256


def test_progress_is_told(tmp_path: Path) -> None:
    sentences: list[str] = []
    read_jemss(written(tmp_path, arcs("1,1,2,8,1,2")), sentences.append)
    assert sentences == [f"{tmp_path.name}: reading nodes", f"{tmp_path.name}: reading arcs between 3 nodes"]


# ---- Bad input ---------------------------------------------------------------------------------------------------


def faults(folder: Path) -> list[tuple[str, str, str, str]]:
    with pytest.raises(InputError) as raised:
        read_jemss(folder)
    assert all(fault.accepted for fault in raised.value.faults)
    return [(fault.source.split("/")[-1], fault.where, fault.field, fault.value) for fault in raised.value.faults]


def test_all_faults_are_told_together(tmp_path: Path) -> None:
    nodes = "nodes\nindex,x,y\n1,0,51\n2,east,91\n2,0.1,51\n3.5,0,0\n4,0.3,51\n"
    rows = ("1,1,9,8,1,2", "1,2,4,8,-1,nan", "x,4,1,-8,inf,1", "2,1,4,8,,2", "3,1,4,8,1e4,2")
    assert faults(written(tmp_path, arcs(*rows, form="both"), nodes)) == [
        ("nodes.csv", "row 4", "x", '"east"'),
        ("nodes.csv", "row 4", "y", '"91"'),
        ("nodes.csv", "row 5", "index", "2"),
        ("nodes.csv", "row 6", "index", '"3.5"'),
        ("arcs.csv", "row 3", "arcForm", '"both"'),
        ("arcs.csv", "row 7", "toNode", "9"),
        ("arcs.csv", "row 8", "index", "1"),
        ("arcs.csv", "row 8", "mode_1", '"-1"'),
        ("arcs.csv", "row 8", "mode_2", '"nan"'),
        ("arcs.csv", "row 9", "index", '"x"'),
        ("arcs.csv", "row 9", "mode_1", '"inf"'),
        ("arcs.csv", "row 9", "distance", '"-8"'),
        ("arcs.csv", "row 10", "mode_1", '""'),
        ("arcs.csv", "row 11", "mode_1", '"1e4"'),
    ]


def test_missing_files_and_columns(tmp_path: Path) -> None:
    assert faults(tmp_path) == [
        ("nodes.csv", "", "", "a missing file"),
        ("arcs.csv", "", "", "a missing file"),
    ]
    assert faults(written(tmp_path, arcs("1,1,2,8,1", columns="distance,mode_1"), "nodes\nindex,y\n1,2\n")) == [
        ("nodes.csv", "", "nodes.x", "a missing column"),
        ("arcs.csv", "", "arcs.mode_2", "a missing column"),
    ]


def test_missing_tables(tmp_path: Path) -> None:
    assert faults(written(tmp_path, "arcs\nindex\n1\n", "places\nindex\n1\n")) == [
        ("nodes.csv", "", "nodes", "a missing table"),
        ("arcs.csv", "", "miscData", "a missing table"),
        ("arcs.csv", "", "arcs.fromNode", "a missing column"),
        ("arcs.csv", "", "arcs.toNode", "a missing column"),
    ]


def test_an_empty_table(tmp_path: Path) -> None:
    text = "miscData\narcForm,numModes\n\narcs\nindex,fromNode,toNode,mode_1\n1,1,2,1\n"
    assert faults(written(tmp_path, text)) == [("arcs.csv", "", "miscData", "an empty table")]


def test_no_modes(tmp_path: Path) -> None:
    assert faults(written(tmp_path, arcs("1,1,2,8,1,2", modes="0"))) == [("arcs.csv", "row 3", "numModes", '"0"')]


def test_files_that_are_no_tables(tmp_path: Path) -> None:
    (tmp_path / "nodes.csv").write_bytes(b"nodes\nindex\n\xff\n")
    (tmp_path / "arcs.csv").write_text('arcs\n"1,2')
    assert [where[:3] for where in faults(tmp_path)] == [("nodes.csv", "", ""), ("arcs.csv", "", "")]


def test_no_such_folder(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"no such folder or zip file; accepted: one with nodes\.csv and arcs\.csv"):
        read_jemss(tmp_path / "nowhere")


def test_a_zip_file_that_is_none(tmp_path: Path) -> None:
    path = tmp_path / "roads.zip"
    path.write_text("nodes")
    with pytest.raises(SourceError, match="cannot be read as a zip file"):
        read_jemss(path)


def test_a_damaged_zip_file(tmp_path: Path) -> None:
    path = tmp_path / "roads.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as opened:
        opened.writestr("nodes.csv", NODES * 100)
        opened.writestr("arcs.csv", arcs("1,1,2,8,1,2"))
    raw = bytearray(path.read_bytes())
    raw[45:60] = b"\xff" * 15
    path.write_bytes(raw)
    assert ("nodes.csv", "", "") in [where[:3] for where in faults(path)]
