"""What would have been different, had one thing been: changes to a record, each by itself.

Who was sent stays as it was; what changes is who could have been there, how soon, and so what is said of the decision.
"""

from __future__ import annotations

import json
from collections import ChainMap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from dispatch.force import Force
from dispatch.model import Unit
from graphs.closures import read_closures
from graphs.coordinates import on_globe
from graphs.errors import Fault, InputError
from graphs.faults import checked, gather, parse_toml, read_text, refuse, shape_faults, unknown_name
from graphs.moments import MOMENT, Moment
from graphs.network import Network
from graphs.profiles import Profiles
from scenarios.arrival import responses
from scenarios.evidence import Evidence
from scenarios.known import Known
from scenarios.past import PastAssignment, PastIncident
from scenarios.rows import Names, Text
from scenarios.verdict import Verdict
from scenarios.weighed import weighed, whole

_KINDS: Final = ("closures_known", "closures", "sector_cars", "fixes", "mobilisation_s", "profiles", "unit")
_Seconds = Annotated[int, Field(ge=0, le=86_400)]
_SECONDS: Final = "a whole number of seconds, 0 to 86400"


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Limits(_Table):
    """Other limits of the age of a fix, in seconds; as in the force profile where not given."""

    stale_moving_s: _Seconds | None = Field(default=None, description=_SECONDS)
    stale_parked_s: _Seconds | None = Field(default=None, description=_SECONDS)

    @model_validator(mode="after")
    def _one_at_least(self) -> Self:
        if self.stale_moving_s is None and self.stale_parked_s is None:
            raise refuse("a table with stale_moving_s, stale_parked_s or both", value="none of them")
        return self


class ExtraUnit(_Table):
    """One more unit, that stands at a place and is free whenever it is asked for.

    It is never busy with what it would have been sent to: what it gains is the most that a unit there could gain.
    """

    callsign: Text = Field(description="a callsign that the records do not have")
    lat: float = Field(description="degrees of latitude")
    lon: float = Field(description="degrees of longitude")
    status: Text = Field(description="a status code of the force profile")
    crew: int = Field(default=2, ge=1, le=50, description="a whole number, 1 to 50")
    skills: Names = Field(default_factory=list, description="skill names of the force profile")
    sector: Text | None = Field(default=None, description="a sector's name")
    start: Moment | None = Field(default=None, description=MOMENT)
    end: Moment | None = Field(default=None, description=MOMENT)

    def unit(self) -> Unit:
        """Return the unit, without a fix: it has a new one at every moment."""
        skills = frozenset(self.skills)
        return Unit(
            self.callsign, self.status, None, self.crew, skills, self.sector, duty_start=self.start, duty_end=self.end
        )


class Change(_Table):
    """One thing that is different; exactly one besides the name.

    Attributes
    ----------
    name
        What people call it.
    closures_known
        Every closure of the record is known from when it began, not from when it was entered.
    closures
        A GeoJSON file of closures that count as known, beside those of the record.
    sector_cars
        ``everywhere``: where a unit of the incident's own sector was sent, a nearer one of another was eligible, and no
        other reason is recorded, the nearer one goes.
    fixes
        See `Limits`.
    mobilisation_s
        By status code, other mobilisation times in seconds.
    profiles
        A profile table (TOML), such as ``nearest calibrate`` writes.
    unit
        See `ExtraUnit`.
    """

    name: Text = Field(description="a line of text")
    closures_known: Literal[True] | None = Field(default=None, description="true")
    closures: Text | None = Field(default=None, description="a GeoJSON file")
    sector_cars: Literal["everywhere"] | None = Field(default=None, description='"everywhere"')
    fixes: Limits | None = Field(default=None, description="a table with stale_moving_s, stale_parked_s")
    mobilisation_s: Mapping[str, _Seconds] | None = Field(
        default=None, min_length=1, description=f"a table of status codes, one or more, each with {_SECONDS}"
    )
    profiles: Text | None = Field(default=None, description="a profile table (TOML)")
    unit: ExtraUnit | None = Field(default=None, description="a table with callsign, lat, lon, status")

    @model_validator(mode="after")
    def _one_thing(self) -> Self:
        told = [kind for kind in _KINDS if getattr(self, kind) is not None]
        if len(told) != 1:
            raise refuse(f"one of {', '.join(_KINDS)}", field="change", value=" and ".join(told) or "none of them")
        return self

    @property
    def kind(self) -> str:
        """Which thing is different."""
        return next(kind for kind in _KINDS if getattr(self, kind) is not None)


class _File(_Table):
    change: Annotated[tuple[Change, ...], Field(min_length=1, description="tables [[change]]")]


@dataclass(frozen=True)
class WhatIf:
    """One change.

    Parameters
    ----------
    folder
        Where the files that it names are looked for.
    key
        `hash` of when it was read.
    """

    change: Change
    folder: Path
    key: str = ""

    def require_same(self) -> None:
        """Hold the files that the change names against what they were when it was read.

        Raises
        ------
        InputError
            They are others.
        """
        if self.hash() != self.key:
            name = self.change.closures or self.change.profiles or ""
            found = "another file than when the replay began"
            accepted = "one that stays as it is until it is done"
            raise InputError([Fault(str(self.folder / name), "", "", found, accepted)])

    def hash(self) -> str:
        """Return the SHA-256, hex, of the change and of the files that it names."""
        digest = sha256(self.change.model_dump_json().encode())
        for name in (self.change.closures, self.change.profiles):
            if name is not None:
                digest.update((self.folder / name).read_bytes())
        return digest.hexdigest()

    def profiles(self) -> Profiles | None:
        """Return the profile table that it drives by; None for the usual one."""
        return None if self.change.profiles is None else Profiles.read(self.folder / self.change.profiles)

    def evidence(self, evidence: Evidence) -> Evidence:
        """Return a record with the change."""
        change = self.change
        features = list(evidence.closures)
        if change.closures_known:
            features = [{**each, "entered_at": None, "lifted_entered_at": None} for each in features]
        if change.closures is not None:
            features += json.loads(read_text(self.folder / change.closures, "a GeoJSON file"))["features"]
        return replace(evidence, closures=tuple(features), force=self.force(evidence.force))

    def force(self, force: Force) -> Force:
        """Return a force profile with the change."""
        change, values = self.change, force.model_dump(mode="json")
        if change.fixes is not None:
            values["fixes"] |= change.fixes.model_dump(exclude_none=True)
        for code, seconds in (change.mobilisation_s or {}).items():
            values["statuses"][code]["mobilisation_s"] = seconds
        return Force.model_validate(values) if change.fixes or change.mobilisation_s else force

    def extra(self) -> tuple[Unit, tuple[float, float]] | None:
        """Return one more unit and where it stands; None for no more."""
        unit = self.change.unit
        return None if unit is None else (unit.unit(), (unit.lat, unit.lon))


def read_what_if(path: Path, evidence: Evidence, network: Network | None) -> tuple[WhatIf, ...]:
    """Read a file of changes, and hold what they name against the record.

    Raises
    ------
    InputError
        With every fault of the file and of those that it names.
    """
    values = parse_toml(read_text(path, "a TOML file in UTF-8 with [[change]] tables"), str(path))
    changes = checked(_File, values, str(path)).change
    found, faults = tuple(WhatIf(change, path.parent) for change in changes), list[Fault]()
    for number, each in enumerate(found, 1):
        faults += _faults(each, evidence, network, str(path), f"change {number}")
    faults += repeated_names(changes, str(path))
    if faults:
        raise InputError(faults)
    return tuple(replace(each, key=each.hash()) for each in found)


def repeated_names(changes: Sequence[Change], source: str) -> Iterator[Fault]:
    """Yield a fault of every change that has the name of one before it: nobody could tell the two apart."""
    told = set[str]()
    for number, change in enumerate(changes, 1):
        if change.name in told:
            yield Fault(source, f"change {number}", "name", change.name, "a name that no other change has")
        told.add(change.name)


def _faults(what_if: WhatIf, evidence: Evidence, network: Network | None, source: str, where: str) -> Iterator[Fault]:
    change, force, faults = what_if.change, evidence.force, list[Fault]()
    if network is None and change.kind in {"closures_known", "closures", "profiles", "mobilisation_s"}:
        accepted = "records with a road network: straight lines know nothing of it"
        yield Fault(source, where, change.kind, change.name, accepted)
        return
    if change.closures is not None and network is not None:
        gather(faults, lambda: read_closures(what_if.folder / str(change.closures), network))
    if change.profiles is not None:
        gather(faults, what_if.profiles)
        if network is not None and len(network.given_ms):
            yield Fault(source, where, "profiles", change.profiles, "roads whose times were not given with them")
    yield from faults
    unknown = [code for code in change.mobilisation_s or {} if code not in force.statuses]
    yield from (unknown_name(source, "mobilisation_s", code, force.statuses, where) for code in unknown)
    if not unknown:
        yield from _force_faults(what_if, force, source, where)
    if change.unit is not None:
        yield from _unit_faults(change.unit, evidence, network, source, where)


def _force_faults(what_if: WhatIf, force: Force, source: str, where: str) -> Iterator[Fault]:
    """Yield what is wrong with the force profile that a change makes, such as a limit past another one."""
    try:
        what_if.force(force)
    except ValidationError as error:
        yield from shape_faults(error, Force, source, where)
    except InputError as error:
        yield from (replace(fault, source=source, where=where) for fault in error.faults)


def _unit_faults(
    unit: ExtraUnit, evidence: Evidence, network: Network | None, source: str, where: str
) -> Iterator[Fault]:
    force = evidence.force
    if unit.callsign in evidence.callsigns:
        yield Fault(source, where, "callsign", unit.callsign, "a callsign that the records do not have")
    if unit.status not in force.statuses:
        yield unknown_name(source, "status", unit.status, force.statuses, where)
    yield from (
        unknown_name(source, "skills", name, force.skills, where) for name in unit.skills if name not in force.skills
    )
    if not on_globe(unit.lat, unit.lon) or (network is not None and not network.contains(unit.lat, unit.lon)):
        yield Fault(source, where, "lat, lon", f"{unit.lat}, {unit.lon}", "a point of the road network")


@dataclass(frozen=True, slots=True)
class Difference:
    """One incident of which something else is said under a change; seconds as in `Verdict`."""

    incident_id: str
    verdict: str
    verdict_then: str
    nearest_eligible: str
    nearest_eligible_then: str
    sent_s: float | None
    sent_then_s: float | None
    nearest_eligible_s: float | None
    nearest_eligible_then_s: float | None
    lost_s: float | None
    lost_then_s: float | None


def differences(before: Sequence[Verdict], then: Sequence[Verdict]) -> Iterator[Difference]:
    """Yield every incident of which a class, a callsign or a time is another; both are in the same order."""
    for one, other in zip(before, then, strict=True):
        told = Difference(
            one.incident_id,
            one.verdict,
            other.verdict,
            one.nearest_eligible,
            other.nearest_eligible,
            one.sent_s,
            other.sent_s,
            one.nearest_eligible_s,
            other.nearest_eligible_s,
            one.lost_s,
            other.lost_s,
        )
        if _differs(told):
            yield told


def _differs(told: Difference) -> bool:
    pairs: tuple[tuple[Any, Any], ...] = (
        (told.verdict, told.verdict_then),
        (told.nearest_eligible, told.nearest_eligible_then),
        (told.sent_s, told.sent_then_s),
        (told.nearest_eligible_s, told.nearest_eligible_then_s),
        (told.lost_s, told.lost_then_s),
    )
    return any(one != other for one, other in pairs)


class SectorCarsEverywhere:
    """Judges as if the nearest went in place of the unit of the incident's own sector.

    Parameters
    ----------
    network
        The roads; None for the measure by straight lines.
    """

    def __init__(self, evidence: Evidence, known: Known, network: Network | None) -> None:
        self._evidence, self._known, self._network = evidence, known, network
        self._goes = dict[str, tuple[PastAssignment, ...]]()
        # What was known stays as it was: only who is sent to the incident itself is another.
        self._other = replace(evidence, assignments=ChainMap(self._goes, dict(evidence.assignments)))

    def then(self, verdict: Verdict, past: PastIncident) -> Verdict:
        """Return what is said of an incident of which something is said already."""
        if verdict.cause != "own_sector" or verdict.decided_at is None:
            return verdict
        goes = PastAssignment(past.incident_id, verdict.better, verdict.decided_at)
        others = {each.incident_id: () for each in self._evidence.merged(past.incident_id)}
        self._goes.update({**others, past.incident_id: (goes,)})
        then = weighed(past, self._other, self._known, self._network).verdict
        # Who arrived stays as it was: nobody knows when the other would have.
        past, sent = whole(past, self._evidence)
        last = self._evidence.at_last(past)
        return replace(then, **responses(last, sent, self._evidence, verdict.decided_at))
