"""A saved network comes back as it was, or not at all."""

from __future__ import annotations

import json
import mmap
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import save

from graphs.errors import NetworkFileError
from graphs.netfile import FORMAT, file_arrays, load_network, save_network
from graphs.network import Network
from graphs.profiles import Profiles
from roadmaps import draw
from shared_data import NEWPORT, real_network

TOWN = draw(
    """
    A---B---C
    |   b   |
    D-E>F---G
    """,
    "A-B-C primary limit=30mph name='Linthorpe Road'",
    "A-D-E name='Stryd Fawr ⚑' gate=1/0",
    "E>F-G ref=A66 limit=none signals=2",
    "C-G private tunnel",
    "B-b-F roundabout bridge",
    turns=["no A>B>F", "only D>E>F>G except=psv when='(Mo-Fr 07:00-19:00)'"],
).network
TOWN = replace(TOWN, meta=replace(TOWN.meta, dropped={"ferry": 1, "area": 2}, notes=("First.", "Second, with ⚑.")))


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("netfile") / "town.network"
    save_network(TOWN, path)
    return path


def refused(path: Path) -> str:
    """Return what is told about a file that is refused: always its name and what to do."""
    with pytest.raises(NetworkFileError) as caught:
        load_network(path)
    told = str(caught.value)
    assert path.name in told
    assert "nearest graph build" in told
    assert caught.value.exit_code == 2
    return told


def head_end(content: bytes) -> int:
    return 8 + int.from_bytes(content[:8], "little")


# ---- There and back ----------------------------------------------------------------------------------------------


def assert_same(loaded: Network, network: Network) -> None:
    assert loaded.hash == network.hash
    assert loaded.meta == network.meta
    for name, array in network.arrays().items():
        assert loaded.arrays()[name].dtype == array.dtype
        assert np.array_equal(loaded.arrays()[name], array, equal_nan=array.dtype.kind == "f")


def test_a_network_comes_back(saved: Path) -> None:
    assert_same(load_network(saved), TOWN)


@pytest.mark.parametrize(
    "rows",
    [
        ("A-B",),
        ("A>B", "B>A name=''"),
        ("A-B normal_s=60 response_s=45",),
        ("A-A length=0", "A-B"),
    ],
)
def test_small_networks_come_back(tmp_path: Path, rows: tuple[str, ...]) -> None:
    network = draw("A--B", *rows).network
    save_network(network, tmp_path / "small.network")
    assert_same(load_network(tmp_path / "small.network"), network)


def test_a_real_town_comes_back(tmp_path: Path) -> None:
    network = real_network(NEWPORT)
    save_network(network, tmp_path / "newport.network")
    assert_same(load_network(tmp_path / "newport.network"), network)


def test_saving_twice_gives_equal_bytes(saved: Path, tmp_path: Path) -> None:
    save_network(TOWN, tmp_path / "again.network")
    assert (tmp_path / "again.network").read_bytes() == saved.read_bytes()


def test_saving_what_was_loaded_gives_equal_bytes(saved: Path, tmp_path: Path) -> None:
    save_network(load_network(saved), tmp_path / "again.network")
    assert (tmp_path / "again.network").read_bytes() == saved.read_bytes()


def test_a_file_is_replaced_whole_even_while_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "town.network"
    save_network(TOWN, path)
    before = load_network(path)
    save_network(draw("A-B", "A-B").network, path)
    assert before.hash == TOWN.hash
    assert np.array_equal(before.length_m, TOWN.length_m)
    assert load_network(path).edge_count == 2
    assert [item.name for item in tmp_path.iterdir()] == ["town.network"]


def test_the_arrays_are_mapped_and_not_copied(saved: Path) -> None:
    for array in load_network(saved).arrays().values():
        base: Any = array
        while isinstance(base, np.ndarray):
            assert base.base is not None
            base = base.base
        assert isinstance(base, memoryview)
        assert isinstance(base.obj, mmap.mmap)


@pytest.mark.parametrize("network", [TOWN, draw("A-B", "A-B").network], ids=["town", "street"])
def test_the_arrays_of_a_network_are_read_only(tmp_path: Path, network: Network) -> None:
    save_network(network, tmp_path / "town.network")
    for built in (network, load_network(tmp_path / "town.network")):
        for array in built.arrays().values():
            assert not array.flags.writeable
    with pytest.raises(ValueError, match="read-only"):
        network.length_m[0] = 1.0


def test_another_profile_table_may_be_driven_by(saved: Path) -> None:
    profiles = Profiles.read(Path(__file__).parents[1] / "graphs" / "profiles.toml")
    assert load_network(saved, profiles).profiles is profiles
    assert load_network(saved).profiles is Profiles.default()


# ---- What the hash covers ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(TOWN.arrays()))
def test_the_hash_covers_every_array(name: str) -> None:
    array = TOWN.arrays()[name].copy()
    if array.size:
        flat = array.reshape(-1).view(np.uint8)
        flat[-1] ^= 1
    else:
        array = array.reshape(array.shape[::-1])
    changed: dict[str, Any] = {name: array}
    assert replace(TOWN, **changed).hash != TOWN.hash


def test_the_hash_covers_types_and_shapes() -> None:
    assert replace(TOWN, tail=TOWN.tail.view(np.uint32)).hash != TOWN.hash
    assert replace(TOWN, node_lonlat=TOWN.node_lonlat.reshape(-1)).hash != TOWN.hash


def test_the_hash_covers_the_licence_and_not_the_origin() -> None:
    assert replace(TOWN, meta=replace(TOWN.meta, licence="none")).hash != TOWN.hash
    assert replace(TOWN, meta=replace(TOWN.meta, source="other.osm", notes=())).hash == TOWN.hash


# ---- Damage ------------------------------------------------------------------------------------------------------


def test_a_missing_file(tmp_path: Path) -> None:
    assert "no such file" in refused(tmp_path / "nowhere.network")


def test_a_folder(tmp_path: Path) -> None:
    assert "no such file" in refused(tmp_path)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{}",
        bytes(8),
        bytes(4096),
        b"\xff" * 4096,
        b"\x89PNG\r\n\x1a\n" + bytes(100),
        b"\x02" + bytes(7) + b"{}",
        b"\x02" + bytes(7) + b"[]",
        b"\x04" + bytes(7) + b"null",
    ],
    ids=["empty", "short", "zeros", "many zeros", "ones", "png", "no arrays", "a list", "null"],
)
def test_what_is_no_network_file(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "town.network"
    path.write_bytes(content)
    refused(path)


@pytest.mark.parametrize(
    "told", [None, "", "null", "[]", "7", '"nearest"', "{", "{}", '{"format": 2}', '{"format": 2, "meta": {}}']
)
def test_another_file_of_the_same_container(tmp_path: Path, told: str | None) -> None:
    path = tmp_path / "weights.safetensors"
    path.write_bytes(save({"weight": np.zeros(3)}, metadata=None if told is None else {"nearest": told}))
    refused(path)


def rewritten(saved: Path, path: Path, **changes: object) -> Path:
    """Write the town's file again with another head."""
    content = saved.read_bytes()
    layout = json.loads(content[8 : head_end(content)])
    head = json.loads(layout["__metadata__"]["nearest"]) | changes
    path.write_bytes(save(file_arrays(TOWN), metadata={"nearest": json.dumps(head, sort_keys=True)}))
    return path


def test_rewriting_without_changes_changes_nothing(saved: Path, tmp_path: Path) -> None:
    assert rewritten(saved, tmp_path / "same.network").read_bytes() == saved.read_bytes()


@pytest.mark.parametrize("version", [FORMAT + 1, 0, "1", None, [1]])
def test_another_format_version_is_named(saved: Path, tmp_path: Path, version: object) -> None:
    told = refused(rewritten(saved, tmp_path / "other.network", format=version))
    assert f"network file of format {version}; this version reads format {FORMAT}" in told


@pytest.mark.parametrize(
    "meta",
    [
        {},
        None,
        [],
        "drawn.map",
        {"source": "town.osm"},
        {"source": "town.osm", "notes": None},
        {"source": "town.osm", "notes": [], "colour": "blue"},
        {"source": "other.osm", "notes": []},
    ],
)
def test_metadata_that_are_not_what_was_saved(saved: Path, tmp_path: Path, meta: object) -> None:
    assert "damaged" in refused(rewritten(saved, tmp_path / "changed.network", meta=meta))


@pytest.mark.parametrize("checksum", ["", None, "0" * 64, 7])
def test_a_checksum_of_something_else(saved: Path, tmp_path: Path, checksum: object) -> None:
    assert "checksum" in refused(rewritten(saved, tmp_path / "changed.network", checksum=checksum))


def test_a_missing_array(saved: Path, tmp_path: Path) -> None:
    content = saved.read_bytes()
    told = json.loads(content[8 : head_end(content)])["__metadata__"]
    arrays = {name: array for name, array in file_arrays(TOWN).items() if name != "twin"}
    path = tmp_path / "short.network"
    path.write_bytes(save(arrays, metadata=told))
    assert "twin" in refused(path)


def test_an_array_too_many(saved: Path, tmp_path: Path) -> None:
    content = saved.read_bytes()
    told = json.loads(content[8 : head_end(content)])["__metadata__"]
    path = tmp_path / "long.network"
    path.write_bytes(save({**file_arrays(TOWN), "colour": np.zeros(3)}, metadata=told))
    assert "colour" in refused(path)


def test_an_array_of_a_type_that_no_network_has(saved: Path, tmp_path: Path) -> None:
    content = saved.read_bytes()
    told = json.loads(content[8 : head_end(content)])["__metadata__"]
    path = tmp_path / "short.network"
    path.write_bytes(save({**file_arrays(TOWN), "tail": TOWN.tail.astype(np.int16)}, metadata=told))
    refused(path)


def test_a_file_cut_off_or_grown_anywhere(saved: Path, tmp_path: Path) -> None:
    content = saved.read_bytes()
    end = head_end(content)
    path = tmp_path / "cut.network"
    for length in {0, 1, 7, 8, 9, end // 2, end - 1, end, end + 1, (end + len(content)) // 2, len(content) - 1}:
        path.write_bytes(content[:length])
        refused(path)
    path.write_bytes(content + b"\x00")
    refused(path)


@pytest.mark.parametrize("length", [0, 1, 10**6, 2**31, 2**62, 2**64 - 1])
def test_a_header_length_that_is_not_true(saved: Path, tmp_path: Path, length: int) -> None:
    path = tmp_path / "changed.network"
    path.write_bytes(length.to_bytes(8, "little") + saved.read_bytes()[8:])
    refused(path)


def check_changed(path: Path, content: bytes, place: int, mask: int) -> None:
    """Change bits of one byte: the file is refused, or the byte carries nothing."""
    changed = bytearray(content)
    changed[place] ^= mask
    path.write_bytes(changed)
    try:
        loaded = load_network(path)
    except NetworkFileError as error:
        assert path.name in str(error)  # noqa: PT017 - either outcome may be right
        return
    assert_same(loaded, TOWN)
    # What may change is a space after the header's end, or the case of a digit in an escape such as \\u00a9.
    end = head_end(content)
    text = content[8:end]
    is_padding = len(text.rstrip()) <= place - 8 < len(text)
    is_escape = 8 <= place < end and b"\\u" in content[place - 6 : place] and chr(content[place]).isalnum()
    assert is_padding or is_escape


def test_no_changed_byte_passes_unseen(saved: Path, tmp_path: Path) -> None:
    content = saved.read_bytes()
    for place in range(len(content)):
        check_changed(tmp_path / "changed.network", content, place, 0x20)


@given(st.data())
def test_no_changed_bits_pass_unseen(
    saved: Path, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    content = saved.read_bytes()
    place = data.draw(st.integers(0, len(content) - 1) | st.integers(0, head_end(content) - 1))
    check_changed(tmp_path_factory.getbasetemp() / "changed.network", content, place, data.draw(st.integers(1, 255)))
