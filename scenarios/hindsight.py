"""Hindsight: what was true at a moment of the past and was entered only later, so that nobody could go by it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

import numpy as np

from dispatch.model import Fix, Picture, Unit
from graphs.closures import closures_of
from graphs.conditions import NO_CONDITIONS, Conditions
from graphs.network import Network
from scenarios.evidence import CLOSURES, Evidence
from scenarios.moments import Happened, Step
from scenarios.past_fixes import microseconds, moment_of

_GEOJSON: Final = ("type", "geometry", "properties")


@dataclass(frozen=True, slots=True)
class Later:
    """A fact that was entered after the moment looked at, and true at it.

    Parameters
    ----------
    kind
        ``step`` of the incident, ``position`` or ``status`` of a unit, or ``closure``.
    at, known_at
        Since when it was true, and when it was entered; ``at`` is None for a closure without a beginning.
    name
        The step, the callsign, or what people call the closure.
    callsigns, value
        As `Happened` has them for a step; the status code for a status.
    fix
        Of a position.
    """

    kind: Literal["step", "position", "status", "closure"]
    at: datetime | None
    known_at: datetime
    name: str
    callsigns: tuple[str, ...] = ()
    value: str = ""
    fix: Fix | None = None


def learned_later(
    at: datetime, picture: Picture, happened: Sequence[Happened], evidence: Evidence
) -> tuple[Later, ...]:
    """Return what was true at a moment and entered later: of the incident, of the units of the picture, of the roads.

    Parameters
    ----------
    at, picture
        The moment, and what was known then.
    happened
        The steps of the incident.
    """
    found = [*_steps(at, happened)]
    for unit in picture.units:
        found += [*_position(at, unit, evidence), *_status(at, unit, evidence)]
    return (*found, *_closures(at, evidence))


def _steps(at: datetime, happened: Sequence[Happened]) -> Iterator[Later]:
    for each in happened:
        if each.at <= at < each.known_at:
            step: Step = each.step
            yield Later("step", each.at, each.known_at, step, each.callsigns, each.value)


def _position(at: datetime, unit: Unit, evidence: Evidence) -> Iterator[Later]:
    """Yield where a unit was by a report that had not come yet, if that is newer than what was known."""
    fixes, row = evidence.fixes, evidence.fixes.row_of.get(unit.callsign)
    if row is None:
        return
    low, high = fixes.first[row : row + 2].tolist()
    at_us = microseconds(at)
    last = low + int(np.searchsorted(fixes.fixed_us[low:high], at_us, side="right")) - 1
    since = unit.fix.fixed_at if unit.fix is not None else unit.duty_start
    if last < low or int(fixes.received_us[last]) <= at_us:
        return
    fix = fixes.fix(last)
    if since is None or fix.fixed_at > since:
        yield Later("position", fix.fixed_at, moment_of(int(fixes.received_us[last])), unit.callsign, fix=fix)


def _status(at: datetime, unit: Unit, evidence: Evidence) -> Iterator[Later]:
    """Yield the newest status of a unit, if that was not entered yet."""
    begun = unit.duty_start
    told = (
        each
        for each in reversed(evidence.statuses.get(unit.callsign, ()))
        if each.at <= at and (begun is None or each.at >= begun)
    )
    newest = next(told, None)
    if newest is not None and newest.entered_at is not None and newest.entered_at > at:
        yield Later("status", newest.at, newest.entered_at, unit.callsign, value=newest.status or "")


def _closures(at: datetime, evidence: Evidence) -> Iterator[Later]:
    for feature in _unknown_closures(at, evidence):
        told = feature.get("properties") or {}
        begun = told.get("from")
        name = str(told.get("name") or told.get("road") or feature.get("id") or "")
        entered = datetime.fromisoformat(feature["entered_at"])
        yield Later("closure", None if begun is None else datetime.fromisoformat(begun), entered, name)


def _unknown_closures(at: datetime, evidence: Evidence) -> list[Any]:
    """Return the closures that were in force at a moment and entered later, as GeoJSON."""
    return [each for each in evidence.closures if _is_after(each.get("entered_at"), at) and _in_force(each, at)]


def _in_force(feature: Any, at: datetime) -> bool:
    told = feature.get("properties") or {}
    begun, over = told.get("from"), told.get("to")
    return not _is_after(begun, at) and (over is None or _is_after(over, at))


def _is_after(moment: str | None, at: datetime) -> bool:
    return moment is not None and datetime.fromisoformat(moment) > at


def closed_unknown(at: datetime, evidence: Evidence, network: Network | None) -> Conditions:
    """Return the closures that were in force at a moment and had not been entered."""
    features = [{key: each.get(key) for key in _GEOJSON} for each in _unknown_closures(at, evidence)]
    if not features or network is None:
        return NO_CONDITIONS
    return closures_of({"type": "FeatureCollection", "features": features}, network, CLOSURES)
