"""Files of every format, and files that are broken."""

from __future__ import annotations

import bz2
import gzip
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphs.assemble import assemble
from graphs.errors import SourceError
from graphs.osm import SUFFIXES, read_osm
from roadmaps import OsmMap
from shared_data import BANGOR, shared

STREET = "highway=residential"
CROSSROADS = """
        N
        |
    W-b-X-d-E
        |
        S
"""
ARMS = (f"W-b-X {STREET}", f"X-d-E {STREET}", f"N-X {STREET}", f"X-S {STREET}")


# ---- Formats -----------------------------------------------------------------------------------------------------


def test_every_format_gives_the_same_network(tmp_path: Path) -> None:
    drawn = OsmMap(
        CROSSROADS,
        *ARMS,
        "X highway=traffic_signals",
        "b barrier=bollard",
        "E-N highway=primary oneway=-1 name='Stryd Fawr' maxspeed='20 mph'",
        "2>X>3 restriction=no_right_turn except=psv",
    )
    networks = [assemble(read_osm(drawn.write(tmp_path / f"town{suffix}"))) for suffix in SUFFIXES]
    assert len({network.hash for network in networks}) == 1
    assert [network.meta.source for network in networks] == [f"town{suffix}" for suffix in SUFFIXES]
    assert len({network.meta.source_sha256 for network in networks}) == len(set(SUFFIXES)) - 1  # .pbf is .osm.pbf


def test_progress_is_reported_in_sentences(tmp_path: Path) -> None:
    told: list[str] = []
    read_osm(OsmMap("A-B", f"A-B {STREET}").write(tmp_path / "town.osm"), told.append)
    assert told[0] == "town.osm: reading ways"
    assert all(line.startswith("town.osm: ") for line in told)


# ---- Files that cannot be read -----------------------------------------------------------------------------------


def refused(path: Path) -> str:
    """Return what is told about a file that is refused: always its name and what would be accepted."""
    with pytest.raises(SourceError) as caught:
        assemble(read_osm(path))
    told = str(caught.value)
    assert path.name in told
    assert "accepted: " in told
    assert caught.value.exit_code == 2
    return told


def test_a_missing_file(tmp_path: Path) -> None:
    assert "no such file" in refused(tmp_path / "nowhere.osm.pbf")


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    assert "no such file" in refused(tmp_path)


PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(200)
RANDOM = np.random.default_rng(7).bytes(4096)
CONTENTS = {
    "empty": b"",
    "png": PNG,
    "random": RANDOM,
    "text": b"callsign,status\nM1,2\n",
    "html": b"<html><body>404 Not Found</body></html>",
    "cut xml": b'<?xml version="1.0"?><osm version="0.6"><node id="1" lat="54" lon="-1"/>',
    "bad id": b'<osm version="0.6"><node id="x" lat="54" lon="-1"/></osm>',
    "no version": b'<osm><node id="1" lat="54" lon="-1"/></osm>',
    "no roads": b'<osm version="0.6"><node id="1" lat="54" lon="-1"/></osm>',
    "bad place": b'<osm version="0.6"><node id="1" lat="north" lon="-1"/><way id="1"><nd ref="1"/><nd ref="2"/>'
    b'<tag k="highway" v="residential"/></way></osm>',
}


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("content", CONTENTS)
def test_a_file_that_is_not_what_its_name_says(tmp_path: Path, suffix: str, content: str) -> None:
    path = tmp_path / f"town{suffix}"
    path.write_bytes(CONTENTS[content])
    refused(path)


@pytest.mark.parametrize("content", CONTENTS)
@pytest.mark.parametrize(("suffix", "squeeze"), [(".osm.gz", gzip.compress), (".osm.bz2", bz2.compress)])
def test_a_squeezed_file_that_is_no_map(
    tmp_path: Path, suffix: str, squeeze: Callable[[bytes], bytes], content: str
) -> None:
    path = tmp_path / f"town{suffix}"
    path.write_bytes(squeeze(CONTENTS[content]))
    refused(path)


@pytest.mark.parametrize("name", ["town.txt", "town.graphml.osmx", "town", "town.osm.xz"])
def test_a_name_that_tells_no_format(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(b"<osm version='0.6'/>")
    refused(path)


@pytest.mark.parametrize("suffix", [suffix for suffix in SUFFIXES if "pbf" not in suffix])
@pytest.mark.parametrize("share", [0.0, 0.3, 0.9, 0.99])
def test_a_text_file_cut_off_anywhere(tmp_path: Path, suffix: str, share: float) -> None:
    whole = OsmMap(CROSSROADS, *ARMS).write(tmp_path / f"town{suffix}")
    content = whole.read_bytes()
    whole.write_bytes(content[: int(len(content) * share)])
    refused(whole)


def blocks(content: bytes) -> list[int]:
    """Return where the blocks of a PBF end: four bytes of length, a header that tells the size, the block."""
    ends = [0]
    while ends[-1] < len(content):
        header_at = ends[-1] + 4
        header = content[header_at : header_at + int.from_bytes(content[ends[-1] : header_at])]
        # Field 3 of the header, the last one: a variable-length number, seven bits a byte.
        digits = header[header.rindex(b"\x18") + 1 :]
        size = sum((digit & 0x7F) << 7 * place for place, digit in enumerate(digits))
        ends.append(header_at + len(header) + size)
    return ends


def test_a_pbf_of_a_town_cut_off_inside_any_block(tmp_path: Path) -> None:
    content = shared(f"roads/{BANGOR}").read_bytes()
    ends = blocks(content)
    assert ends[-1] == len(content)
    path = tmp_path / "cut.osm.pbf"
    for start, end in pairwise(ends):
        for length in (start + 4, (start + end) // 2, end - 1):
            path.write_bytes(content[:length])
            assert "cut off" in refused(path)


def test_a_pbf_cut_off_between_blocks_has_no_roads(tmp_path: Path) -> None:
    content = shared(f"roads/{BANGOR}").read_bytes()
    path = tmp_path / "cut.osm.pbf"
    # A header, two blocks of nodes, one of ways, one of relations; nothing in the format tells how many are to come.
    for length in blocks(content)[1:4]:
        path.write_bytes(content[:length])
        assert "no roads in it" in refused(path)


@settings(max_examples=20, deadline=None)
@given(share=st.floats(0.0, 0.997))
def test_a_pbf_cut_off_anywhere_before_its_ways_end(tmp_path_factory: pytest.TempPathFactory, share: float) -> None:
    content = shared(f"roads/{BANGOR}").read_bytes()
    path = tmp_path_factory.getbasetemp() / "cut.osm.pbf"
    path.write_bytes(content[: int(len(content) * share)])
    refused(path)


def test_a_pbf_with_a_byte_changed_is_refused_or_read(tmp_path: Path) -> None:
    # Zlib's checksum finds what is changed inside a block.
    content = bytearray(shared(f"roads/{BANGOR}").read_bytes())
    content[len(content) // 2] ^= 0xFF
    path = tmp_path / "changed.osm.pbf"
    path.write_bytes(content)
    refused(path)


def test_a_map_without_roads_says_what_it_holds(tmp_path: Path) -> None:
    for suffix in SUFFIXES:
        path = tmp_path / f"park{suffix}"
        OsmMap("A-B-C", "A-B highway=footway", "B-C waterway=river").write(path)
        assert "1 not for vehicles: footway" in refused(path)


def test_a_map_whose_roads_have_no_nodes(tmp_path: Path) -> None:
    assert "can be driven" in refused(OsmMap("A-B", f"A-B {STREET}", missing="AB").write(tmp_path / "town.osm"))
