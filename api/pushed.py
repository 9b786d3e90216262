"""What is pushed to consoles, as messages of a ``text/event-stream``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any, Final

import orjson

from api.desk_answers import case_values, unit_values
from dispatch.advice import RECOMMENDED
from dispatch.fold import HANDLERS
from dispatch.force import Force
from dispatch.live import Live
from dispatch.model import Fix
from dispatch.record import Row
from dispatch.snapshots import TAKEN

# What changes the picture, and that somebody was advised. Accounts, consultations and upkeep are for auditors only.
PUSHED: Final[frozenset[str]] = (frozenset(HANDLERS) | {RECOMMENDED}) - {TAKEN}
RETRY_MS: Final = 2000
HEARTBEAT: Final = b":\n\n"
# Whoever watches sees that somebody called, not who; that is told to those who look at the incident and say why.
_OF_THE_CALLER: Final = ("phone", "people", "risk", "dash")
_CLOSURES: Final = frozenset({"closure_opened", "closure_lifted"})


def opening(seq: int) -> bytes:
    """Say how soon to come again, and after which row, to a client that may be cut off before the first event."""
    return b"retry: %d\nid: %d\n\n" % (RETRY_MS, seq)


def retry() -> bytes:
    """Say how soon to come again, to a client that may be cut off."""
    return b"retry: %d\n\n" % RETRY_MS


def event_message(row: Row, live: Live, force: Force) -> bytes:
    """Return the message of an event, with the units, incidents and closures that it changed.

    Parameters
    ----------
    live
        What is known at that row or a later one; ``as_of`` says at which.
    """
    value = {
        "seq": row.seq,
        "kind": row.kind,
        "subject": row.subject,
        "at": row.at,
        "recorded_at": row.recorded_at,
        "actor": row.actor,
        "as_of": live.state.seq,
        **_changed(row, live, force),
    }
    return message(row.kind, value, row.seq)


def positions_message(fixes: Mapping[str, Fix]) -> bytes:
    """Return the message of where units are; without an id, so that events are resumed as if it had not been."""
    return message("positions", {"positions": [{"callsign": name, "fix": asdict(fix)} for name, fix in fixes.items()]})


def reset_message(seq: int, because: str) -> bytes:
    """Return the message that tells a client to load everything again, which is then as of this row or a later one."""
    return message("reset", {"seq": seq, "because": because}, seq)


def message(kind: str, value: Mapping[str, Any], message_id: int | str | None = None) -> bytes:
    """Return a message of an event stream, with the id after which its client comes back, if it has one."""
    name = b"" if message_id is None else f"id: {message_id}\n".encode()
    return b"%sevent: %s\ndata: %s\n\n" % (name, kind.encode(), orjson.dumps(value))


def _changed(row: Row, live: Live, force: Force) -> dict[str, dict[str, Any]]:
    """Return what an event changed, by name; null for what is not on duty, not open or lifted by now."""
    told, subject = row.details or {}, row.subject or ""
    if row.kind in _CLOSURES:
        return {"units": {}, "incidents": {}, "closures": {subject: live.state.closures.get(subject)}}
    of_unit = row.kind.startswith("unit_") and "callsign" not in told
    units = [subject] if of_unit else _given(told, "callsign")
    incidents = [] if of_unit else [subject, *_given(told, "duplicate_of")]
    if not row.kind.startswith(("incident_", "unit_")):
        # Others are about an incident or about something else, such as whom a marker warns of.
        incidents = [name for name in incidents if name in live.state.incidents]
    return {
        "units": {name: _unit(live, name) for name in units},
        "incidents": {name: _incident(live, name, force) for name in incidents},
        "closures": {},
    }


def _given(told: Mapping[str, Any], name: str) -> Iterable[str]:
    return [told[name]] if told.get(name) else []


def _unit(live: Live, callsign: str) -> dict[str, Any] | None:
    return unit_values(live, callsign) if callsign in live.state.units else None


def _incident(live: Live, incident_id: str, force: Force) -> dict[str, Any] | None:
    case = live.state.incidents.get(incident_id)
    if case is None:
        return None
    return {name: value for name, value in case_values(case, force).items() if name not in _OF_THE_CALLER}
