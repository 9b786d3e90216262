"""What routes say before they show an incident: who looks, by which call, and why."""

from __future__ import annotations

from typing import Final, cast

from flask import Flask, current_app, g, request

from api.access import operation_of
from api.orders import actor
from api.service import Service, service
from dispatch.consultation import Lists, consulted

EXTENSION: Final = "nearest_consultation"


def log_consultations(app: Flask, service: Service) -> None:
    """Make an application able to write down who looks at which list."""
    app.extensions[EXTENSION] = Lists(service.desk, service.settings.consultation_list_s)


def lists() -> Lists:
    """Return the lists of the application that handles the present request."""
    return cast("Lists", current_app.extensions[EXTENSION])


def looked_at(incident_id: str) -> None:
    """Write down that whoever asks looks at an incident; a route says so before it answers.

    Raises
    ------
    NoDatabase
        It cannot be written down, so the incident is not shown.
    """
    known = service()
    consulted(known.desk, actor(), incident_id, _operation(), g.reason, known.clock())


def looked_through(incident_id: str | None = None) -> None:
    """Write down that whoever asks looks through a list of incidents, or of what there is about one.

    Raises
    ------
    NoDatabase
        It cannot be written down, so the list is not shown.
    """
    lists().consulted(actor(), _operation(), g.reason, service().clock(), incident_id)


def _operation() -> str:
    return operation_of(current_app, request.endpoint or "")
