"""A scenario as bytes, for processes and machines that have not read it: the network as its file, the rest pickled.

Both are made and read by the same program, which is asked for first.
"""

from __future__ import annotations

import io
import pickle
import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any, Final, Self

from graphs.netfile import load_network, save_network
from graphs.network import Network
from graphs.profiles import Profiles
from scenarios.scenario import Scenario

_SCENARIO: Final = "scenario.pickle"
_NETWORK: Final = "roads.network"


@dataclass(frozen=True, slots=True)
class Bundle:
    """A scenario as bytes.

    Parameters
    ----------
    key
        SHA-256 (hex) of all of it.
    network, profiles
        What the network is, by the hashes of its roads and of its profile table; and that table as JSON.
    files
        Their bytes by name, or the folder that has them, which all processes of a machine see.
    """

    key: str
    network: str
    profiles: str
    files: Mapping[str, bytes] | Path

    @classmethod
    def of(cls, scenario: Scenario, folder: Path) -> Self:
        """Write a scenario to a folder."""
        network = scenario.network
        pickled = io.BytesIO()
        _Pickler(pickled, pickle.HIGHEST_PROTOCOL).dump(scenario)
        folder.joinpath(_SCENARIO).write_bytes(pickled.getvalue())
        # All processes map it: it is in memory once.
        save_network(network, folder / _NETWORK)
        name = f"{network.hash}{network.profiles.hash}"
        key = sha256(pickled.getvalue() + name.encode()).hexdigest()
        # A process that was begun before may stand in another folder.
        return cls(key, name, network.profiles.model_dump_json(by_alias=True), folder.resolve())

    def to_send(self) -> Self:
        """Return it with the bytes of its files, for other machines."""
        return replace(self, files={name: self._read(name) for name in (_SCENARIO, _NETWORK)})

    def scenario(self) -> Scenario:
        """Return the scenario; the last one is kept, and its network for others that have the same."""
        if self.key not in _scenarios:
            _scenarios.clear()
            _scenarios[self.key] = _Unpickler(io.BytesIO(self._read(_SCENARIO)), self._network()).load()
        return _scenarios[self.key]

    def _network(self) -> Network:
        if self.network not in _networks:
            _networks.clear()
            _networks[self.network] = self._loaded()
        return _networks[self.network]

    def _loaded(self) -> Network:
        with ExitStack() as stack:
            folder = self.files
            if not isinstance(folder, Path):
                # What is mapped stays readable after its file is gone.
                folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="nearest-")))
                folder.joinpath(_NETWORK).write_bytes(self._read(_NETWORK))
            return load_network(folder / _NETWORK, Profiles.model_validate_json(self.profiles))

    def _read(self, name: str) -> bytes:
        return self.files.joinpath(name).read_bytes() if isinstance(self.files, Path) else self.files[name]


_scenarios: dict[str, Scenario] = {}
_networks: dict[str, Network] = {}


class _Pickler(pickle.Pickler):
    def persistent_id(self, value: Any) -> str | None:
        """Leave the network out."""
        return _NETWORK if isinstance(value, Network) else None


class _Unpickler(pickle.Unpickler):
    def __init__(self, body: io.BytesIO, network: Network) -> None:
        super().__init__(body)
        self._network = network

    def persistent_load(self, _name: str) -> Network:
        """Put the network in."""
        return self._network
