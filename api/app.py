"""The HTTP service: everything is loaded and put together here, and nowhere else."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Any

import shapely
from apiflask import APIFlask
from flask.json.provider import DefaultJSONProvider
from werkzeug.middleware.proxy_fix import ProxyFix

from api import replay_requests, simulation_requests
from api.access import Access, guard
from api.accounts_tables import ensure_tables
from api.accounts_told import telling_record
from api.answers import to_json
from api.consultation import log_consultations
from api.csv_lists import write_lists
from api.demonstration import create_demonstration
from api.examples import example_body
from api.job_requests import make_folder
from api.logs import log_requests
from api.metrics import count_requests
from api.openapi import DESCRIPTION, complete
from api.problems import register_problems
from api.readiness import CHECKS
from api.responses import secure
from api.routes import (
    assessments,
    assignments,
    closing,
    console,
    disclosures,
    docs,
    force,
    health,
    imports,
    incidents,
    kinds,
    maps,
    metrics,
    oidc,
    positions,
    queue,
    recommendations,
    record,
    replays,
    risk,
    roads,
    session,
    simulations,
    stream,
    supervision,
    times,
    units,
)
from api.service import EXTENSION, Page, Service
from api.settings import Settings
from api.warming import warm_up
from dispatch.desk import Desk
from dispatch.force import Force
from dispatch.live import Roads
from dispatch.store import Store
from graphs.closures import read_closures
from graphs.conditions import NO_CONDITIONS
from graphs.netfile import load_network
from graphs.network import Network
from graphs.profiles import Profiles
from graphs.provenance import product_version
from graphs.summary import summary
from graphs.tiles import drawing_of
from scenarios.picture_folder import read_picture_folder

Clock = Callable[[], datetime]
_PARTS = (
    recommendations,
    units,
    positions,
    incidents,
    assignments,
    queue,
    assessments,
    supervision,
    risk,
    disclosures,
    imports,
    roads,
    closing,
    times,
    maps,
    stream,
    record,
    replays,
    simulations,
    force,
    session,
    oidc,
    health,
    kinds,
    docs,
    console,
)


class _InOrder(DefaultJSONProvider):
    """Leaves the OpenAPI document in the order in which it was written."""

    sort_keys = False


def utc_now() -> datetime:
    """Return the present moment."""
    return datetime.now(UTC)


def create_app(settings: Settings | None = None, clock: Clock = utc_now) -> APIFlask:
    """Make the service, ready to answer its first request as quickly as any other.

    Parameters
    ----------
    settings
        From the environment if not given.
    clock
        Returns the present moment, with an offset.

    Raises
    ------
    NearestError
        A setting, or a file that one names, is not accepted.
    """
    service = load_service(settings or Settings.from_environment(), clock)
    _make_folders(service.settings, clock())
    warm_up(service)
    app = _application()
    app.extensions[EXTENSION] = service
    _configure(app, service)
    _observe(app, service.settings)
    register_problems(app)
    app.after_request(secure)
    write_lists(app)
    for part in _PARTS:
        app.register_blueprint(part.blueprint)
    guard(app, _access(service))
    log_consultations(app, service)
    stream.open_streams(app, service)
    return app


def _make_folders(settings: Settings, now: datetime) -> None:
    make_folder(replay_requests.kept_by(settings), replay_requests.room_of(settings), now)
    make_folder(simulation_requests.kept_by(settings), simulation_requests.room_of(settings), now)


def _application() -> APIFlask:
    # That Flask takes None, for no folder of files, is not in the library's types.
    no_folder: Any = None
    return APIFlask(
        "api", "Nearest First", product_version(), docs_path=None, json_errors=False, static_folder=no_folder
    )


def load_service(settings: Settings, clock: Clock) -> Service:
    """Read every file that the settings name."""
    network = load_network(settings.graph, Profiles.read(settings.profiles) if settings.profiles else None)
    force = Force.read(settings.force) if settings.force else Force.default()
    picture = read_picture_folder(settings.picture, force, network) if settings.picture else None
    conditions = read_closures(settings.closures, network) if settings.closures else NO_CONDITIONS
    example = example_body(network, force)
    desk = Desk(_store(settings, clock), force, network, Roads(network, conditions))
    return Service(settings, network, force, picture, desk, clock, _about(network), example, CHECKS)


def _access(service: Service) -> Access:
    store, clock = service.desk.store, service.clock
    access = Access(store, clock, service.settings, telling_record(store, clock))
    ensure_tables(service.desk.store)
    if service.settings.demonstration:
        create_demonstration(access)
    return access


def _store(settings: Settings, clock: Clock) -> Store:
    store = Store(settings.database_url, clock)
    store.migrate()
    return store


def _about(network: Network) -> Page:
    area = shapely.geometry.mapping(shapely.set_precision(network.area, 1e-6))
    body = to_json({**summary(network), "drawing": drawing_of(network), "area": area})
    # The profile table and the notes of the build are told too, and the network's hash does not cover them.
    return Page(body, f"{network.hash[:32]}-{hashlib.sha256(body).hexdigest()[:16]}")


def _observe(app: APIFlask, settings: Settings) -> None:
    """See each request before anything else does: in the log, in the measures, and from where it really comes."""
    log_requests(app)
    if settings.metrics:
        kept = replay_requests.kept_by(settings), simulation_requests.kept_by(settings)
        count_requests(app, [each for each in kept if each is not None])
        app.register_blueprint(metrics.blueprint)
    if proxies := settings.trusted_proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=proxies, x_proto=proxies)  # type: ignore[method-assign]


def _configure(app: APIFlask, service: Service) -> None:
    app.config.update(
        INFO={"description": DESCRIPTION, "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"}},
        AUTO_SERVERS=False,  # an address taken from the first request would be told to all others
        AUTO_404_RESPONSE=False,
    )
    app.json = _InOrder(app)
    app.spec_processor(partial(complete, service=service))
    # An address is right or it is not: a redirect would be an HTML page.
    app.url_map.strict_slashes = False
    app.url_map.merge_slashes = False
