"""Closures: opened and lifted while the service runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dispatch.desk import Known
from dispatch.duties import require_no_incident
from dispatch.errors import Conflict, Unknown
from dispatch.naming import require_name
from dispatch.record import Event


def opened(known: Known, closure_id: str, feature: Mapping[str, Any]) -> list[Event]:
    """Close or slow a road.

    Parameters
    ----------
    closure_id
        Names it.
    feature
        GeoJSON, as `graphs.closures` reads it; it was read on this network already.

    Raises
    ------
    Conflict
        A closure of that name is in force.
    """
    require_name("closure_id", closure_id)
    require_no_incident(known, closure_id)
    if closure_id in known.state.closures:
        raise Conflict(f"there is a closure {closure_id} already: lift it first")
    return [
        Event(
            "closure_opened",
            closure_id,
            known.now,
            {"feature": {name: feature.get(name) for name in ("type", "geometry", "properties")}},
        )
    ]


def lifted(known: Known, closure_id: str) -> list[Event]:
    """Lift a closure.

    Raises
    ------
    Unknown
        The record has no closure of that name that is not lifted.
    """
    if closure_id not in known.state.closures:
        raise Unknown(f"there is no closure {closure_id} in the record")
    return [Event("closure_lifted", closure_id, known.now, {})]
