"""The record and what is pushed, as the OpenAPI document describes them."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from api.schemas import Answer, Hash, Utc


class EventAnswer(Answer):
    """A row of the record."""

    seq: int = Field(description="its number, from 1 without gaps")
    kind: str = Field(description="what happened")
    subject: str | None = Field(description="the incident, callsign or other thing that it is about")
    at: Utc = Field(description="when it happened, UTC; as hashed")
    recorded_at: Utc = Field(description="when it was written down, UTC; as hashed")
    actor: str = Field(description="who said so")
    key: str | None = Field(description="the idempotency key of the request; null where it had none")
    payload: dict[str, Any] | None = Field(description="its details; null once purged")
    salt: str | None = Field(description="hashed before the details; null once purged")
    payload_sha256: Hash = Field(description="of the salt and the details as RFC 8785 writes them")
    previous: Hash = Field(description="the hash of the row before; zeros for the first")
    sha256: Hash = Field(description="of all but payload, salt and itself, as RFC 8785 writes them")


class RecordAnswer(Answer):
    """A page of the record."""

    events: list[EventAnswer] = Field(description="in order")
    next: int | None = Field(description="what after must be for the next page; null where there is none yet")


class HeadAnswer(Answer):
    """The last row of the record."""

    seq: int = Field(description="its number; 0 where the record is empty")
    sha256: Hash = Field(description="its hash; zeros where the record is empty")
    recorded_at: Utc | None = Field(description="when it was written down; null where the record is empty")


class BrokenAnswer(Answer):
    """What is not as it was written."""

    seq: int | None = Field(description="the first row; null where it stands beside the rows")
    because: str = Field(description="what is wrong")


class VerificationAnswer(Answer):
    """A stretch of the record, held row by row against its hashes."""

    whole: bool | None = Field(
        description="true: as it was written, to its end; false: it is not; null: so far it is, and more rows follow"
    )
    first: int | None = Field(description="the first row held; null where something is broken, as all below are")
    rows: int | None = Field(description="how many were held")
    purged: int | None = Field(description="how many of them have had their details purged, by a recorded purge")
    seq: int | None = Field(description="the last row held")
    sha256: Hash | None = Field(
        description="its hash: kept elsewhere, it proves later that nothing was taken off the end"
    )
    next: str | None = Field(description="what after must be to go on; null at the end")
    broken: BrokenAnswer | None = Field(description="what is broken; null where nothing was found")
    took_s: float = Field(description="seconds that it took")


class PushedEvent(Answer):
    """The data of a message about an event; that of positions and reset has members of its own."""

    seq: int = Field(description="the event's row in the record, which is the message's id too")
    kind: str = Field(description="what happened, which is the message's event too")
    subject: str | None = Field(description="the incident, callsign or other thing that it is about")
    at: Utc = Field(description="when it happened, UTC")
    recorded_at: Utc = Field(description="when it was written down, UTC")
    actor: str = Field(description="who said so")
    as_of: int = Field(description="the row at which units, incidents and closures are as told: this or a later one")
    units: dict[str, dict[str, Any] | None] = Field(
        description="the units that it changed, by callsign; null where not on duty"
    )
    incidents: dict[str, dict[str, Any] | None] = Field(
        description="the incidents that it changed, without phone, people and risk; null where not open"
    )
    closures: dict[str, dict[str, Any] | None] = Field(
        description="the closure that it changed, by name, as a GeoJSON feature; null where lifted"
    )
