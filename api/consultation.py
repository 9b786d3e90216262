"""What routes say before they show an incident: who looks, by which call, and why."""

from __future__ import annotations

from datetime import datetime
from typing import Final, cast

from flask import Flask, current_app, g, request

from api.access import operation_of
from api.orders import actor
from api.service import Service, service
from dispatch.consultation import CONSULTED, Lists, consulted
from dispatch.record import Event

EXTENSION: Final = "nearest_consultation"


def log_consultations(app: Flask, service: Service) -> None:
    """Make an application able to write down who looks at which list."""
    app.extensions[EXTENSION] = Lists(service.desk, service.settings.consultation_list_s)


def lists() -> Lists:
    """Return the lists of the application that handles the present request."""
    return cast("Lists", current_app.extensions[EXTENSION])


def looked_at(incident_id: str, **more: str | None) -> None:
    """Write down that whoever asks looks at an incident; a route says so before it answers.

    Parameters
    ----------
    **more
        What else tells what is looked at.

    Raises
    ------
    NoDatabase
        It cannot be written down, so the incident is not shown.
    """
    known = service()
    consulted(known.desk, actor(), incident_id, _operation(), g.reason, known.clock(), more)


def looked_through(incident_id: str | None = None, **more: str | None) -> None:
    """Write down that whoever asks looks through a list of incidents, or of what there is about one.

    Parameters
    ----------
    **more
        What else tells which list it is, such as its period.

    Raises
    ------
    NoDatabase
        It cannot be written down, so the list is not shown.
    """
    lists().consulted(actor(), _operation(), g.reason, service().clock(), incident_id, more)


def look(subject: str, at: datetime, **more: str | None) -> Event:
    """Make the event of a look that is written down with the answer to a request that has a key."""
    return Event(CONSULTED, subject, at, {"operation": _operation(), "reason": g.reason, **more})


def _operation() -> str:
    return operation_of(current_app, request.endpoint or "")
