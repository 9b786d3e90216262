"""Who should go to several waiting incidents together.

`assign` does no I/O, reads no clock and draws no random number: the same picture gives the same plan, to the byte.

Grades are settled one after the other, each as though the grades below it were not there: no number of less urgent
incidents takes a unit from a more urgent one, or changes who goes to it. Within a grade:

1. as many incidents as possible get a first unit; of all ways to do that, those count in which lateness against the
   target weighs least (`dispatch.targets.lateness`; what is left waiting is weighed as though one were there in an
   hour), then those with the least sum of times;
2. in the same way second units, third units and so on where several are needed, by number, then by the sum of times;
3. officers with a preferred skill, then people that a tag's crew is short of, each on top of these;
4. nearer free units in place of those on their way, where the force's ``[diversion]`` finds the gain worth it.

What is equal after that goes by name: the first incident takes the first callsign. So there is one answer, whatever
finds it. An incident more changes others only where it takes a unit that one of them had; where it gets units that had
nothing to do, all else stays as it was.

A unit that is committed may be taken where `eligibility` lets it; that is only ever towards a more urgent grade, and
the incident left behind waits again, at its own grade, in the same plan. Free units that take over from others on their
way are told apart from units sent to what waits; whoever is relieved is planned for again in the next picture.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import partial
from zoneinfo import ZoneInfo

from dispatch.force import Force
from dispatch.model import Picture, Unit
from dispatch.plan import Plan, Queued, Relief, Sent
from dispatch.plan_board import NO_TIME, Board
from dispatch.plan_reasons import Reasons
from dispatch.plan_stages import Draft, lacks, missing, near_enough, settle
from dispatch.recommend import POLICY, unknown_names
from dispatch.recommendation import LeftBehind
from dispatch.targets import late_ms
from graphs.conditions import NO_CONDITIONS, Conditions
from graphs.errors import Fault, InputError
from graphs.faults import written
from graphs.network import Network
from graphs.provenance import code_hash
from graphs.router import Router
from graphs.routing import Routing

# Taken when the code is loaded: what is on disk later may be another version.
_ENGINE_HASH, _POLICY_HASH = code_hash("graphs"), code_hash("dispatch")


def assign(
    picture: Picture,
    network: Network,
    force: Force,
    conditions: Conditions = NO_CONDITIONS,
    engine: type[Routing] = Router,
) -> Plan:
    """Say who should go to each incident of a picture that has fewer units or people committed to it than it needs.

    Parameters
    ----------
    picture
        What is known at one moment; its incidents have names, each its own.
    network, force, conditions, engine
        As `recommend` has them.

    Returns
    -------
    Plan
        With every waiting incident, those that nobody can be sent to as well.

    Raises
    ------
    InputError
        An incident has no name or that of another, or its grade, a tag or a needed skill is not in the force profile.
    """
    faults = [*_nameless(picture), *(fault for item in picture.incidents for fault in unknown_names(item, force))]
    if faults:
        raise InputError(faults)
    roads = partial(engine, network, conditions=conditions, at=picture.now.astimezone(ZoneInfo(force.time_zone)))
    board = Board(picture, network, force, roads)
    drafts = [Draft()]
    for rows in board.grades:
        drafts.append(settle(board, rows, drafts[-1]))
    versions = {
        "engine": {"name": engine.name, "hash": _ENGINE_HASH},
        "policy": {"name": POLICY, "hash": _POLICY_HASH},
        "network": network.hash,
        "profiles": network.profiles.hash,
        "conditions": conditions.hash,
        "force": {"name": force.name, "hash": force.hash},
    }
    return Plan(picture.now, tuple(_queue(board, drafts)), tuple(_reliefs(board, drafts[-1])), versions)


def _nameless(picture: Picture) -> Iterator[Fault]:
    """Yield incidents that a plan could not speak of."""
    for name, count in Counter(item.incident_id for item in picture.incidents).items():
        if not name or count > 1:
            yield Fault("incidents", "", "incident_id", written(name), "a name that no other open incident has")


def _queue(board: Board, drafts: list[Draft]) -> Iterator[Queued]:
    draft, reasons = drafts[-1], Reasons(board, drafts)
    replaced = {nearer for nearer, _, _ in draft.relieved.values()}
    for row in (row for rows in board.grades for row in rows):
        sent = sorted((int(board.time_ms(row)[unit]), unit) for unit in draft.sent(row) if unit not in replaced)
        short = missing(board, draft, row)
        if not sent and not any(short):
            continue
        staying = sorted(draft.staying(board, row))
        yield Queued(
            incident=board.incidents[row],
            target=board.targets[row],
            staying=tuple(board.units[unit].callsign for unit in staying),
            lost=tuple(board.units[unit].callsign for unit in board.committed[row] if unit in draft.to),
            sent=tuple(Sent(board.units[unit].callsign, time_ms, _left(board, draft, unit)) for time_ms, unit in sent),
            late_ms=late_ms(board.targets[row], board.now, sent[0][0]) if sent and not staying else None,
            units_short=short[0],
            people_short=short[1],
            unmet=tuple(_unmet(board, draft, row)),
            reason=reasons.why(row),
        )


def _unmet(board: Board, draft: Draft, row: int) -> Iterator[str]:
    """Yield what is not met where somebody comes, in the words of a single suggestion."""
    item, coming = board.incidents[row], draft.coming(board, row)
    if not coming:
        return
    if len(coming) < item.units_needed:
        yield f"{item.units_needed} units are needed; {len(coming)} can be sent"
    for name in sorted(item.tags & board.force.tags.keys()):
        tag = board.force.tags[name]
        if board.short_of(tag, coming):
            units = f" or {tag.or_units} units" if tag.or_units else ""
            yield f"{name}: {tag.crew} people{units} are needed together"
        if lacks(board, draft, row, tag):
            # Some may be that near, and go elsewhere.
            free = "free " if (board.eligible(row) & near_enough(board, draft, row, tag)).any() else ""
            yield f"{name}: nobody {free}with {tag.prefer_skill} is within {tag.near_enough_s} s of the first"


def _left(board: Board, draft: Draft, unit: int) -> LeftBehind | None:
    """Return what a unit leaves, and who then comes there first by this plan."""
    told: Unit = board.units[unit]
    if not told.committed:
        return None
    row = board.row_of.get(told.incident_id or "")
    if row is None:
        return LeftBehind(told.incident_id, told.committed_grade, because="the incident is not in the picture")
    left, times_ms = board.incidents[row], board.time_ms(row)
    if not board.placeable[row]:
        return LeftBehind(left.incident_id, left.grade, because="the incident is outside the road network")
    coming = sorted((int(times_ms[one]), one) for one in draft.coming(board, row) if times_ms[one] != NO_TIME)
    if not coming:
        return LeftBehind(left.incident_id, left.grade, because="nobody else goes there by this plan")
    next_ms, following = coming[0]
    own_ms, callsign = int(times_ms[unit]), board.units[following].callsign
    if own_ms == NO_TIME:
        return LeftBehind(left.incident_id, left.grade, callsign, because="no road leads the unit there")
    return LeftBehind(left.incident_id, left.grade, callsign, next_ms - own_ms)


def _reliefs(board: Board, draft: Draft) -> Iterator[Relief]:
    found = sorted((draft.to[nearer], unit, nearer, *times) for unit, (nearer, *times) in draft.relieved.items())
    for row, unit, nearer, own_ms, time_ms in found:
        item, (relieved, callsign) = board.incidents[row], (board.units[one].callsign for one in (unit, nearer))
        yield Relief(item.incident_id, item.grade, relieved, callsign, own_ms, time_ms)
