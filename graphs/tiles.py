"""Vector tiles of a network, for maps: its roads, and the ground that they run over.

Tiles are those of web maps: of zoom ``z`` there are 2^z by 2^z over Mercator's square of the world, counted from its
north-west corner. Places in a tile are whole numbers, `EXTENT` from side to side.
"""

from __future__ import annotations

import hashlib
import threading
from functools import lru_cache
from typing import Final

from graphs.network import Network
from graphs.provenance import code_hash
from graphs.tiles_encoding import LINES, Features, layer
from graphs.tiles_ground import Below
from graphs.tiles_pieces import Pieces, window
from graphs.tiles_roads import Streets

# A number of a tile is 11 cm at the deepest zoom, in Britain 6 cm; maps draw these tiles larger from there on.
DEEPEST: Final = 16
# A few screens full; most tiles hold less than 50 kB.
KEPT: Final = 256
# So many are drawn at once: a map asks for dozens, and whoever asks something else meanwhile waits for them.
_AT_ONCE: Final = 2
_NAME_LENGTH: Final = 12


class Tiles:
    """The tiles of a network, made when they are asked for; several threads may ask.

    Parameters
    ----------
    network
        Whose roads and ground are drawn.
    """

    def __init__(self, network: Network) -> None:
        self._network = network
        self._levels: dict[int, tuple[Pieces, Below]] = {}
        self._joining = threading.Lock()
        self._making = tuple(threading.Lock() for _ in range(DEEPEST + 1))
        self._streets: list[Streets] = []  # one, or not yet
        self._drawing = threading.Semaphore(_AT_ONCE)
        self.tile = lru_cache(maxsize=KEPT)(self._tile)

    def _tile(self, z: int, x: int, y: int) -> bytes:
        """Return a tile; empty where nothing is, or where no tile is."""
        if not is_tile(z, x, y):
            return b""
        streets, (roads, below) = self.streets, self._level(z)
        with self._drawing:
            return self._drawn(streets, roads, below, x, y)

    def _drawn(self, streets: Streets, roads: Pieces, below: Below, x: int, y: int) -> bytes:
        ground = layer("ground", below.features(x, y))
        found = window(roads, x, y)
        if found is None:
            return ground
        parts, groups = found
        return ground + layer("roads", [Features(LINES, parts, [streets.told(group) for group in groups])])

    @property
    def streets(self) -> Streets:
        """The roads of all zooms, joined once, which takes most of the time that the first tile takes."""
        if not self._streets:
            # Whoever comes while another thread is at it waits, and finds it done.
            with self._joining:
                if not self._streets:
                    self._streets.append(Streets(self._network))
        return self._streets[0]

    def _level(self, z: int) -> tuple[Pieces, Below]:
        if z not in self._levels:
            with self._making[z]:
                if z not in self._levels:
                    self._levels[z] = self.streets.level(z), Below(self._network.ground, z)
        return self._levels[z]


def is_tile(z: int, x: int, y: int) -> bool:
    """Tell whether there is such a tile, down to the deepest zoom that is made."""
    return 0 <= z <= DEEPEST and 0 <= x < 1 << z and 0 <= y < 1 << z


@lru_cache(maxsize=8)
def drawing_of(network: Network) -> str:
    """Return the name of all that the tiles of a network draw: of its roads, its ground, and of the code that draws.

    Tiles of one name are the same for ever, so that a map may keep them.
    """
    digest = hashlib.sha256(f"{network.hash} {code_hash('graphs')}".encode())
    for name, array in network.ground.arrays().items():
        digest.update(f"{name}{array.dtype.str}{array.shape}".encode())
        digest.update(array.tobytes())
    return digest.hexdigest()[:_NAME_LENGTH]


@lru_cache(maxsize=8)
def tiles_of(network: Network) -> Tiles:
    """Return the tiles of a network, begun once."""
    return Tiles(network)
