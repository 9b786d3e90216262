"""Why an incident of a plan gets less than it needs: reasons that are tried out before they are given."""

from __future__ import annotations

from collections.abc import Sequence

from dispatch.plan import Reason, Step
from dispatch.plan_board import NO_TIME, Board
from dispatch.plan_stages import Draft, missing, settle

# So many incidents are named one after the other; beyond that, all that may come first are.
NAMED = 3


class Reasons:
    """Tells why, by planning again without what seems to stand in the way.

    Parameters
    ----------
    board
        What the plan rests on.
    drafts
        The draft before the first grade, after it, after the second, and so on.
    """

    def __init__(self, board: Board, drafts: Sequence[Draft]) -> None:
        self._board, self._drafts = board, drafts
        self._tried: dict[frozenset[int], Draft] = {frozenset(): drafts[-1]}

    def why(self, incident: int) -> Reason | None:
        """Return why an incident is short of something; None where it is not."""
        board, draft = self._board, self._drafts[-1]
        if not any(missing(board, draft, incident)):
            return None
        if not board.placeable[incident]:
            return Reason("outside_area", "the incident is outside the road network")
        if self._nearest(incident, draft) is None:
            rules = board.rules(incident)
            some = "other " if draft.coming(board, incident) else ""
            told = ", ".join(f"{rule} {count}" for rule, count in rules.items())
            text = f"no {some}unit may be sent ({told})" if rules else "no unit is known"
            return Reason("nobody_eligible", text, tuple(rules.items()))
        return self._elsewhere(incident)

    def _elsewhere(self, incident: int) -> Reason:
        """Name where the nearest unit goes; if that would not help, also where it would go then, and so on."""
        board = self._board
        steps: list[Step] = []
        without: list[int] = []
        while len(steps) < NAMED:
            draft = self._without(without)
            nearest = self._nearest(incident, draft)
            if nearest is None:
                break
            without.append(draft.to[nearest])
            other = board.incidents[without[-1]]
            steps.append(Step(board.units[nearest].callsign, other.incident_id, other.grade))
            if self._helps(incident, without):
                return self._told(incident, steps, without)
        # Alone an incident gets all that there is for it.
        return self._told(incident, steps, [row for row in self._before(incident) if row != incident])

    def _told(self, incident: int, steps: Sequence[Step], without: Sequence[int]) -> Reason:
        board = self._board
        first = f"{steps[0].callsign} goes to {steps[0].incident_id} ({self._relation(incident, steps[0].grade)})"
        then = "".join(f"; without that, {step.callsign} would go to {step.incident_id}" for step in steps[1:])
        rest = len(without) - len(steps)
        beyond = f"; {rest} more may come first" if rest > 0 else ""
        names = tuple(board.incidents[row].incident_id for row in without)
        return Reason("sent_elsewhere", f"{first}{then}{beyond}", steps=tuple(steps), without=names)

    def _relation(self, incident: int, grade: str) -> str:
        higher = self._board.force.outranks(grade, self._board.incidents[incident].grade)
        return f"{grade}, {'more urgent' if higher else 'as urgent'}"

    def _nearest(self, incident: int, draft: Draft) -> int | None:
        """Return the nearest unit that could still attend, were it not sent elsewhere.

        One that was on its way there and is taken from it is such a unit, too.
        """
        board = self._board
        times_ms = board.time_ms(incident)
        able = [*board.eligible(incident).nonzero()[0].tolist(), *board.committed[incident]]
        others = [unit for unit in able if draft.to.get(unit, incident) != incident]
        return min(others, key=lambda unit: (times_ms[unit] == NO_TIME, times_ms[unit], unit), default=None)

    def _helps(self, incident: int, without: Sequence[int]) -> bool:
        now = missing(self._board, self._drafts[-1], incident)
        return missing(self._board, self._without(without), incident) < now

    def _before(self, incident: int) -> list[int]:
        """Return the rows of all incidents that are as urgent or more."""
        grades = self._board.grades
        last = next(place for place, rows in enumerate(grades) if incident in rows)
        return [row for rows in grades[: last + 1] for row in rows]

    def _without(self, dropped: Sequence[int]) -> Draft:
        """Plan again as though some incidents asked for nobody; grades above theirs stay as they are."""
        key = frozenset(dropped)
        if key not in self._tried:
            grades = self._board.grades
            first = next(place for place, rows in enumerate(grades) if key & set(rows))
            draft = self._drafts[first]
            for rows in grades[first:]:
                draft = settle(self._board, [row for row in rows if row not in key], draft)
            self._tried[key] = draft
        return self._tried[key]
