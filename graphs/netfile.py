"""Save a network to one file and load it memory-mapped.

The container is safetensors: eight bytes of header length, a JSON header that names each array's type, shape and place,
then the raw arrays. The metadata holds one JSON text under ``nearest``: format version, content hash, origin.
"""

from __future__ import annotations

import hashlib
import json
import mmap
import os
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from graphs.errors import NetworkFileError
from graphs.ground import NO_GROUND, Ground
from graphs.hierarchy import Hierarchy
from graphs.network import Network, NetworkMeta
from graphs.ordering import give_hierarchy, hierarchy_to_keep
from graphs.profiles import Profiles

FORMAT = 2
_TYPES = {"U8": "u1", "BOOL": "?", "I32": "<i4", "I64": "<i8", "F64": "<f8"}
# The arrays of the hierarchy, and of what is drawn beneath, are named apart from those of the network.
_HIERARCHY, _GROUND = "hierarchy.", "ground."


def save_network(network: Network, path: Path) -> None:
    """Write a network and its hierarchy; the file appears whole or not at all, and equal networks give equal bytes."""
    meta = asdict(network.meta)
    arrays = {name: np.ascontiguousarray(array) for name, array in file_arrays(network).items()}
    beside = {name: array for name, array in arrays.items() if name.startswith((_HIERARCHY, _GROUND))}
    head = {"format": FORMAT, "checksum": _checksum(network.hash, beside, meta), "meta": meta}
    text = json.dumps(head, sort_keys=True)
    partial = path.with_name(f"{path.name}.{os.getpid()}.partial")
    try:
        partial.write_bytes(save(arrays, metadata={"nearest": text}))
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def file_arrays(network: Network) -> dict[str, NDArray[Any]]:
    """Return all that a file keeps as arrays: those of the network, of its hierarchy, of what is drawn beneath."""
    beside = {_HIERARCHY: hierarchy_to_keep(network).arrays(), _GROUND: network.ground.arrays()}
    named = {f"{part}{name}": array for part, arrays in beside.items() for name, array in arrays.items()}
    return network.arrays() | named


def load_network(path: Path, profiles: Profiles | None = None) -> Network:
    """Load a network without copying its arrays, after checking its checksum.

    Parameters
    ----------
    path
        A file that `save_network` wrote.
    profiles
        The profile table to drive by; the shipped one by default.

    Raises
    ------
    NetworkFileError
        The file is missing, is no network, is of another version, or is damaged.
    """
    if not path.is_file():
        raise NetworkFileError(f"{path}: no such file; make one with 'nearest graph build SOURCE -o FILE'")
    try:
        with safe_open(path, framework="numpy") as opened:
            told = (opened.metadata() or {}).get("nearest")
        head = json.loads(told) if told else None
        arrays = _mapped(path)
    except (SafetensorError, ValueError, KeyError, OSError) as error:
        raise NetworkFileError(f"{path}: not a network file, or a damaged one ({error}); {_REBUILD}") from error
    if not isinstance(head, dict):
        raise NetworkFileError(f"{path}: not a network file: its header names no network; {_REBUILD}")
    if head.get("format") != FORMAT:
        raise NetworkFileError(
            f"{path}: network file of format {head.get('format')}; this version reads format {FORMAT}; {_REBUILD}"
        )
    return _checked(path, head, arrays, profiles)


_REBUILD = "build it again with 'nearest graph build SOURCE -o FILE'"


def _checked(path: Path, head: dict[str, Any], arrays: dict[str, NDArray[Any]], profiles: Profiles | None) -> Network:
    try:
        told = head["meta"]
        meta = NetworkMeta(**{**told, "notes": tuple(told["notes"])})
        shape, drawn = _taken(arrays, _HIERARCHY), _taken(arrays, _GROUND)
        hierarchy = Hierarchy(**shape)
        # A file has nothing drawn beneath where its source had nothing, or where an older version made it.
        ground = Ground(**drawn) if drawn else NO_GROUND
        network = Network(**arrays, meta=meta, profiles=profiles or Profiles.default(), ground=ground)
    except (TypeError, KeyError) as error:
        raise NetworkFileError(f"{path}: damaged network file ({error}); {_REBUILD}") from error
    beside = {_HIERARCHY + name: array for name, array in shape.items()}
    beside |= {_GROUND + name: array for name, array in drawn.items()}
    if _checksum(network.hash, beside, told) != head.get("checksum"):
        raise NetworkFileError(f"{path}: damaged network file: its checksum does not match; {_REBUILD}")
    give_hierarchy(network, hierarchy)
    return network


def _taken(arrays: dict[str, NDArray[Any]], part: str) -> dict[str, NDArray[Any]]:
    """Take the arrays of a part out, by their own names."""
    names = [name for name in arrays if name.startswith(part)]
    return {name.removeprefix(part): arrays.pop(name) for name in names}


def _checksum(network_hash: str, beside: dict[str, NDArray[Any]], meta: dict[str, Any]) -> str:
    """Cover the arrays and what is told about them."""
    told = json.dumps(meta, sort_keys=True)
    digest = hashlib.sha256(f"{network_hash}{told}".encode())
    for name, array in sorted(beside.items()):
        digest.update(f"{name}{array.dtype.str}{array.shape}".encode())
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()


def _mapped(path: Path) -> dict[str, NDArray[Any]]:
    """Map the arrays read-only; the library itself would copy them."""
    with path.open("rb") as stream:
        whole = memoryview(mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ))
    length = int.from_bytes(whole[:8], "little")
    layout = json.loads(bytes(whole[8 : 8 + length]))
    layout.pop("__metadata__", None)
    body = whole[8 + length :]
    return {
        name: np.frombuffer(body[slice(*item["data_offsets"])], _TYPES[item["dtype"]]).reshape(item["shape"])
        for name, item in layout.items()
    }
