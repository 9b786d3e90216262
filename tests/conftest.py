"""What several tests share: the sample network, and an HTTP service over a drawn town."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from flask.testing import FlaskClient

import graphs.samples
import scenarios.samples.gothenburg
from api.app import create_app
from api.settings import Settings
from graphs.netfile import save_network
from graphs.network import Network
from graphs.sources import build_network
from roadmaps import RoadMap, draw

NIGHT = datetime(2026, 1, 31, 23, 10, tzinfo=UTC)


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
    return create_app(Settings(town_file), clock=lambda: NIGHT).test_client()


@pytest.fixture(scope="session")
def night(gothenburg_file: Path) -> FlaskClient:
    """The HTTP service that shows the demonstration picture, at the real moment."""
    folder = Path(scenarios.samples.gothenburg.__file__).parent
    return create_app(Settings(gothenburg_file, force=folder / "force.toml", picture=folder)).test_client()
