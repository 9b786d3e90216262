"""What every request is answered with: loaded once, never changed."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, cast
from zoneinfo import ZoneInfo

from flask import current_app

from api.driving import Driving
from api.settings import Settings
from dispatch.desk import Desk
from dispatch.force import Force
from dispatch.model import Picture
from graphs.conditions import Conditions
from graphs.network import Network

EXTENSION = "nearest"
# Raises an error where something that the service needs is not well.
Check = Callable[["Service"], None]


@dataclass(frozen=True)
class Page:
    """An answer made once; the tag names its content."""

    body: bytes
    etag: str


@dataclass(frozen=True)
class Service:
    """The network, the force's rules and the clock of a running service.

    Parameters
    ----------
    picture
        The demonstration picture, or None.
    desk
        The record, and what is known by it.
    clock
        Returns the present moment, with an offset.
    about_network
        The answer to ``GET /v1/network``.
    example
        A body of ``POST /v1/recommendations`` that this network and these rules answer.
    checks
        What must be well for the service to be ready, by name.
    stopping
        Set when this process is to end: what streams must end then.
    """

    settings: Settings
    network: Network
    force: Force
    picture: Picture | None
    desk: Desk
    clock: Callable[[], datetime]
    about_network: Page
    example: dict[str, Any]
    checks: Mapping[str, Check] = field(default_factory=dict)
    stopping: threading.Event = field(default_factory=threading.Event)

    @property
    def conditions(self) -> Conditions:
        """What is closed or slowed, now and at other times: as the service was started, and as the record says."""
        return self.desk.live().conditions

    def driving(self, profile: str, at: datetime | None = None) -> Driving:
        """Return how roads are driven at a moment, now if not given, by the clocks of the force."""
        moment = (at or self.clock()).astimezone(ZoneInfo(self.force.time_zone))
        return Driving(self.network, profile, moment, self.conditions)


def service() -> Service:
    """Return the service of the application that handles the present request."""
    return cast("Service", current_app.extensions[EXTENSION])
