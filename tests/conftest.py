"""What several tests share: the sample network, an HTTP service over a drawn town, and databases of both kinds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from playwright.sync_api import Browser
from sqlalchemy import URL

import graphs.samples
import scenarios.samples.gothenburg
from browsers import chromium
from clients import client_over
from databases import new_database, server
from desks import Room
from graphs.netfile import load_network, save_network
from graphs.network import Network
from graphs.profiles import Profiles
from graphs.sources import build_network
from roadmaps import RoadMap, draw

NIGHT = datetime(2026, 1, 31, 23, 10, tzinfo=UTC)


@pytest.fixture(scope="session", autouse=True)
def loaded_once() -> Iterator[None]:
    """Have all services of a process share a network that they load: they change nothing of it."""

    @lru_cache(4)
    def loaded(path: Path, _modified_ns: int) -> Network:
        return load_network(path)

    def load(path: Path, profiles: Profiles | None = None) -> Network:
        return load_network(path, profiles) if profiles or not path.is_file() else loaded(path, path.stat().st_mtime_ns)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("api.app.load_network", load)
        yield


@pytest.fixture(scope="session")
def gothenburg() -> Network:
    """The network of the sample extract."""
    return build_network(str(Path(graphs.samples.__file__).parent / "gothenburg.osm.pbf"))


@pytest.fixture(scope="session")
def gothenburg_file(gothenburg: Network, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of that network."""
    path = tmp_path_factory.mktemp("networks") / "gothenburg.network"
    save_network(gothenburg, path)
    return path


@pytest.fixture(scope="session")
def town() -> RoadMap:
    """Two halves of a town that no road joins."""
    return draw(
        """
        A---B---C     E---F
        |   |   |     |   |
        D---G---H     I---J
        """,
        "A-B-C-H-G-D-A primary length=500 name='Linthorpe Road'",
        "B-G length=500",
        "E-F-J-I-E length=875",
    )


@pytest.fixture(scope="session")
def town_file(town: RoadMap, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of the town's network."""
    path = tmp_path_factory.mktemp("networks") / "town.network"
    save_network(town.network, path)
    return path


@pytest.fixture(scope="session")
def http(town_file: Path) -> FlaskClient:
    """The HTTP service over the town, at a fixed moment."""
    return client_over(town_file, lambda: NIGHT)


@pytest.fixture(scope="session")
def night(gothenburg_file: Path) -> FlaskClient:
    """The HTTP service that shows the demonstration picture, at the real moment."""
    folder = Path(scenarios.samples.gothenburg.__file__).parent
    return client_over(gothenburg_file, force=folder / "force.toml", picture=folder)


@pytest.fixture(scope="session")
def postgresql() -> Iterator[URL]:
    """The PostgreSQL server of these tests."""
    with server() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A new, empty database; each test that takes it runs once for each kind."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'desk.db'}"
        return
    with new_database(request.getfixturevalue("postgresql")) as url:
        yield url


@pytest.fixture
def rooms(database_url: str) -> Iterator[Callable[..., Room]]:
    """Make desks on one database, as so many processes have them."""
    with ExitStack() as stack:
        yield lambda **more: stack.enter_context(closing(Room(database_url, **more)))


@pytest.fixture
def room(rooms: Callable[..., Room]) -> Room:
    """A desk, on either database."""
    return rooms()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The browser of these tests; Playwright keeps an event loop running, which other files must not meet."""
    with chromium() as found:
        yield found
