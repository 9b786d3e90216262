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
from graphs.hierarchy import Hierarchy
from graphs.network import Network, NetworkMeta
from graphs.ordering import give_hierarchy, hierarchy_of
from graphs.profiles import Profiles

FORMAT = 2
_TYPES = {"U8": "u1", "BOOL": "?", "I32": "<i4", "I64": "<i8", "F64": "<f8"}
# The arrays of the hierarchy are named apart from those of the network.
_HIERARCHY = "hierarchy."


def save_network(network: Network, path: Path) -> None:
    """Write a network and its hierarchy; the file appears whole or not at all, and equal networks give equal bytes."""
    meta = asdict(network.meta)
    arrays = {name: np.ascontiguousarray(array) for name, array in file_arrays(network).items()}
    shape = {name: array for name, array in arrays.items() if name.startswith(_HIERARCHY)}
    head = {"format": FORMAT, "checksum": _checksum(network.hash, shape, meta), "meta": meta}
    text = json.dumps(head, sort_keys=True)
    partial = path.with_name(f"{path.name}.{os.getpid()}.partial")
    try:
        partial.write_bytes(save(arrays, metadata={"nearest": text}))
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def file_arrays(network: Network) -> dict[str, NDArray[Any]]:
    """Return everything that a file keeps as arrays: those of the network, and those of its hierarchy."""
    shape = hierarchy_of(network).arrays()
    return network.arrays() | {f"{_HIERARCHY}{name}": array for name, array in shape.items()}


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
        shape = {name: arrays.pop(name) for name in list(arrays) if name.startswith(_HIERARCHY)}
        hierarchy = Hierarchy(**{name.removeprefix(_HIERARCHY): array for name, array in shape.items()})
        network = Network(**arrays, meta=meta, profiles=profiles or Profiles.default())
    except (TypeError, KeyError) as error:
        raise NetworkFileError(f"{path}: damaged network file ({error}); {_REBUILD}") from error
    if _checksum(network.hash, shape, told) != head.get("checksum"):
        raise NetworkFileError(f"{path}: damaged network file: its checksum does not match; {_REBUILD}")
    give_hierarchy(network, hierarchy)
    return network


def _checksum(network_hash: str, shape: dict[str, NDArray[Any]], meta: dict[str, Any]) -> str:
    """Cover the arrays and what is told about them."""
    told = json.dumps(meta, sort_keys=True)
    digest = hashlib.sha256(f"{network_hash}{told}".encode())
    for name, array in sorted(shape.items()):
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
