"""Who goes where, grade by grade: each grade is settled for good before the next is looked at.

Within a grade the stages are those of a single suggestion, each for all incidents together: the first unit of every
incident, the second, and so on; then preferred skills; then people who are still missing; then nearer free units in
place of those on their way. No stage changes what an earlier one settled.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from dispatch.force import Tag
from dispatch.matching import Sum, match
from dispatch.plan_board import NO_TIME, Board, Flags, Longs
from graphs.times import MS_PER_S


@dataclass(frozen=True)
class Draft:
    """What is settled so far, by rows of the board.

    Parameters
    ----------
    to
        The incident that each unit sent goes to.
    relieved
        For each unit that a nearer one takes over from, that nearer one, and in how many milliseconds each is there.
    """

    to: Mapping[int, int] = field(default_factory=dict)
    relieved: Mapping[int, tuple[int, int, int]] = field(default_factory=dict)

    def sent(self, incident: int) -> list[int]:
        """Return the units that this draft sends to an incident."""
        return self._sent.get(incident, [])

    @cached_property
    def _sent(self) -> dict[int, list[int]]:
        sent: dict[int, list[int]] = {}
        for unit, incident in self.to.items():
            sent.setdefault(incident, []).append(unit)
        return sent

    def staying(self, board: Board, incident: int) -> list[int]:
        """Return the units that are committed to an incident and left there."""
        return [unit for unit in board.committed[incident] if unit not in self.to and unit not in self.relieved]

    def coming(self, board: Board, incident: int) -> list[int]:
        """Return every unit that will attend an incident."""
        return self.staying(board, incident) + self.sent(incident)

    def free(self, board: Board) -> Flags:
        """Return the units that nothing was settled for."""
        free = np.ones(len(board.units), bool)
        free[[*self.to, *self.relieved]] = False
        return free


def missing(board: Board, draft: Draft, incident: int) -> tuple[int, int]:
    """Return how many units and how many people an incident is short of."""
    return board.short(incident, draft.coming(board, incident))


def settle(board: Board, incidents: Sequence[int], draft: Draft) -> Draft:
    """Return a draft with all incidents of one grade settled as well.

    Parameters
    ----------
    incidents
        The grade's, each to be planned for.
    draft
        What was settled for the grades before.
    """
    asking = [row for row in incidents if board.placeable[row] and any(missing(board, draft, row))]
    board.look_to(asking)
    for stage in (_so_many, _preferred, _people):
        draft = stage(board, asking, draft)
    return _relieve(board, incidents, draft)


def _so_many(board: Board, asking: Sequence[int], draft: Draft) -> Draft:
    """Send the first unit to each incident, then the second, until each has as many as it needs."""
    for count in range(max(map(board.needed, asking), default=0)):
        rows = [row for row in asking if count == len(draft.coming(board, row)) and count < board.needed(row)]
        # A target is met by the first unit to attend: later ones are soon or not so soon, but not late.
        draft = _send(board, rows, draft, _late if count == 0 else _nothing)
    return draft


def _preferred(board: Board, asking: Sequence[int], draft: Draft) -> Draft:
    """Send one with a preferred skill where nobody coming has it and one is near enough after the first."""
    names = {name for row in asking for name in board.incidents[row].tags & board.force.tags.keys()}
    for name in sorted(names):
        tag = board.force.tags[name]
        if tag.prefer_skill is None:
            continue
        rows = [row for row in asking if name in board.incidents[row].tags and lacks(board, draft, row, tag)]
        near = {row: near_enough(board, draft, row, tag) for row in rows}
        draft = _send(board, rows, draft, _bound, near)
    return draft


def _people(board: Board, asking: Sequence[int], draft: Draft) -> Draft:
    """Send one more to each incident that needs more people, until none does or nobody is left for it."""
    before = None
    while draft != before:
        before = draft
        draft = _send(board, [row for row in asking if missing(board, draft, row)[1]], draft, _nothing)
    return draft


def lacks(board: Board, draft: Draft, incident: int, tag: Tag) -> bool:
    """Tell whether a tag prefers a skill that nobody coming to an incident has."""
    held = (board.units[row].skills for row in draft.coming(board, incident))
    return tag.prefer_skill is not None and not any(tag.prefer_skill in skills for skills in held)


def near_enough(board: Board, draft: Draft, incident: int, tag: Tag) -> Flags:
    """Return the units with a tag's preferred skill that would be soon enough after the first who comes."""
    times_ms = board.time_ms(incident)
    coming = times_ms[draft.coming(board, incident)]
    known = coming[coming != NO_TIME]
    skilled = np.array([tag.prefer_skill in unit.skills for unit in board.units], bool)
    if tag.near_enough_s is None or not known.size:
        return np.zeros(len(board.units), bool)
    latest_ms = int(known.min()) + tag.near_enough_s * MS_PER_S
    near: Flags = skilled & (times_ms <= latest_ms)
    return near


Criteria = Callable[[Board, Sequence[int]], Iterator[Sum]]


def _nothing(_board: Board, _rows: Sequence[int]) -> Iterator[Sum]:
    yield from ()


def _late(board: Board, rows: Sequence[int]) -> Iterator[Sum]:
    told = [board.lateness(row) for row in rows]
    yield Sum(np.array([cost for cost, _ in told]), np.array([waiting for _, waiting in told]))


def _bound(board: Board, rows: Sequence[int]) -> Iterator[Sum]:
    """Yield how many are taken from another incident: a preference is a poor reason for that."""
    cost = np.broadcast_to(board.bound.astype(np.int64), (len(rows), len(board.units)))
    yield Sum(cost, np.zeros(len(rows), np.int64))


def _send(
    board: Board, rows: Sequence[int], draft: Draft, criteria: Criteria, among: Mapping[int, Flags] | None = None
) -> Draft:
    """Send one unit more to as many of some incidents as can be, by some criteria, and then soonest in sum."""
    if not rows:
        return draft
    free = draft.free(board)
    allowed = np.array([board.eligible(row) & free & (True if among is None else among[row]) for row in rows])
    nothing = np.zeros(len(rows), np.int64)
    served = Sum(np.zeros(allowed.shape, np.int64), nothing + 1)
    soonest = Sum(np.array([board.time_ms(row) for row in rows]), nothing)
    found = match(allowed, [served, *criteria(board, rows), soonest])
    sent = {unit: row for row, unit in zip(rows, found, strict=True) if unit >= 0}
    return replace(draft, to={**draft.to, **sent}) if sent else draft


def _relieve(board: Board, incidents: Sequence[int], draft: Draft) -> Draft:
    """Let free units take over from those on their way, where each gains enough, so that the times in sum are least."""
    pairs = [
        (row, unit)
        for row in incidents
        for unit in board.committed[row]
        if board.relievable[unit] and unit not in draft.to
    ]
    free = draft.free(board) & ~board.bound
    if not pairs or not free.any():
        return draft
    times_ms = board.relief_times_ms(dict.fromkeys(row for row, _ in pairs))
    cost = np.array([times_ms[row] for row, _ in pairs])
    own_ms = np.array([board.drive_ms(unit, int(times_ms[row][unit])) for row, unit in pairs])
    as_good = np.array([board.allowed(row) & _as_good(board, row, unit) for row, unit in pairs])
    found = match(free & _gains(board, own_ms[:, None], cost) & as_good, [Sum(cost, own_ms)])
    taken = [(pair, nearer) for pair, nearer in enumerate(found) if nearer >= 0]
    to = {nearer: pairs[pair][0] for pair, nearer in taken}
    told = {pairs[pair][1]: (nearer, int(own_ms[pair]), int(cost[pair, nearer])) for pair, nearer in taken}
    return Draft({**draft.to, **to}, {**draft.relieved, **told}) if taken else draft


def _gains(board: Board, own_ms: Longs, times_ms: Longs) -> Flags:
    """Return where a unit would be there sooner by enough than the one on its way."""
    limits = board.force.diversion
    gain_ms = own_ms - times_ms
    enough: Flags = (gain_ms >= limits.gain_s * MS_PER_S) & (gain_ms >= limits.gain_share * own_ms)
    there: Flags = enough & (times_ms != NO_TIME)
    return there


def _as_good(board: Board, incident: int, unit: int) -> Flags:
    """Return who could take a unit's place: as many aboard where people count, and no preferred skill lost."""
    item, told = board.incidents[incident], board.units[unit]
    tags = [board.force.tags[name] for name in item.tags & board.force.tags.keys()]
    people = (told.crew or 1) if any(tag.crew is not None for tag in tags) else 0
    skills = {tag.prefer_skill for tag in tags} & told.skills
    return np.array([(each.crew or 1) >= people and skills <= each.skills for each in board.units], bool)
