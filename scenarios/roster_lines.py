"""Who works which duties: weekly lines that keep to the rules, for the fewest officers.

A line is the week of one officer, every week the same. It begins after its weekly rest, so it is a chain of duties,
each after the daily rest of the one before it. There are far too many lines to write down; those that help are found
one by one by their price (column generation: Gilmore and Gomory, "A linear programming approach to the cutting-stock
problem", Operations Research 9 (1961) 849-859), which also tells below what number no lines can go (Farley, "A note on
bounding a class of linear programming problems", Operations Research 38 (1990) 922-923). CP-SAT chooses among those.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from ortools.sat.python import cp_model
from scipy.optimize import linprog
from scipy.sparse import csc_array

from graphs.network import Floats, Longs
from scenarios.roster_need import NoRoster
from scenarios.roster_rules import HOURS_A_DAY, HOURS_A_WEEK, Rules
from scenarios.roster_shifts import Shift
from scenarios.siting_proof import prove

# What rounding may do to a price.
_ROUNDING = 1e-7
# More rounds than this find next to nothing; the bound holds all the same.
_MOST_ROUNDS = 300
Line = tuple[Shift, ...]


@dataclass(frozen=True, eq=False)
class Lines:
    """The lines of officers of one kind.

    Parameters
    ----------
    lines
        One for each officer, its duties in order from Monday on.
    bound
        Fewer officers cannot work these duties by the rules.
    """

    lines: tuple[Line, ...]
    bound: int

    @property
    def gap(self) -> float:
        """How far from the fewest it is at the most, as a share of what it is."""
        return (len(self.lines) - self.bound) / len(self.lines) if self.lines else 0.0


def lines_of(officers: Mapping[Shift, int], rules: Rules, work: float) -> Lines:
    """Find lines in which every duty has its officers.

    Parameters
    ----------
    officers
        How many each duty needs.
    work
        Deterministic seconds for the solver.

    Raises
    ------
    NoRoster
        None were found in the work allowed.
    ValueError
        A duty may not be worked at all by the rules.
    """
    shifts = sorted(shift for shift, count in officers.items() if count)
    if not shifts:
        return Lines((), 0)
    needed = np.array([officers[shift] for shift in shifts], np.int64)
    found, bound = _columns(shifts, needed, rules)
    chosen = _chosen(found, needed, bound, [_turns(line, shifts) for line in found], work)
    lines = [[shifts[row] for row in line] for line, count in zip(found, chosen, strict=True) for _ in range(count)]
    return Lines(tuple(sorted(_trimmed(lines, officers))), bound)


class _Pool:
    """Lines worth choosing from, as rows of the shifts; it grows by those that help."""

    def __init__(self, shifts: Sequence[Shift], rules: Rules) -> None:
        self.lines = dict.fromkeys([*((row,) for row in range(len(shifts))), *_regular(shifts, rules)])
        self._pricers = [_Pricer(shifts, rules, night=False), _Pricer(shifts, rules, night=True)]

    def fill(self, needed: Longs) -> tuple[int, Floats]:
        """Add lines until none helps where halves of officers are allowed.

        Returns
        -------
        tuple
            No lines take fewer officers than the first; the second is how many officers each line has then.
        """
        bound, counts = 0.0, np.zeros(0)
        for _ in range(_MOST_ROUNDS):
            counts, price = _relaxed([*self.lines], needed)
            best = [line for pricer in self._pricers for line in pricer.lines(price)]
            most = max((worth for worth, _ in best), default=1.0)
            bound = max(bound, float(counts.sum()) / max(most, 1.0))
            new = [line for worth, line in best if worth > 1 + _ROUNDING and line not in self.lines]
            if not new:
                break
            self.lines |= dict.fromkeys(new)
        return math.ceil(bound - _ROUNDING * max(bound, 1.0)), counts

    def dive(self, needed: Longs) -> None:
        """Give whole officers lines, the surest first, and add the lines that help with what is left each time."""
        left = needed.copy()
        while left.any():
            _, counts = self.fill(left)
            whole = np.floor(counts + _ROUNDING).astype(np.int64)
            if not whole.any():
                whole[int(np.argmax(counts))] = 1
            lines = [*self.lines]
            for column in np.flatnonzero(whole).tolist():
                left[list(lines[column])] -= whole[column]
            left = np.maximum(left, 0)


def _regular(shifts: Sequence[Shift], rules: Rules) -> Iterator[tuple[int, ...]]:
    """Yield lines of duties at the same time on days that follow each other: what people like best to work."""
    row_of = {shift: row for row, shift in enumerate(shifts)}
    for first in shifts:
        line = list[Shift]()
        for day in range(HOURS_A_WEEK // HOURS_A_DAY):
            line.append(Shift((first.start + day * HOURS_A_DAY) % HOURS_A_WEEK, first.hours))
            if line[-1] not in row_of or broken(tuple(line), rules):
                break
            yield tuple(sorted(row_of[shift] for shift in line))


def _columns(shifts: Sequence[Shift], needed: Longs, rules: Rules) -> tuple[list[tuple[int, ...]], int]:
    """Return lines worth choosing from, as rows of ``shifts``, and the bound."""
    pool = _Pool(shifts, rules)
    bound, _ = pool.fill(needed)
    pool.dive(needed)
    return [*pool.lines], bound


def _matrix(lines: Sequence[tuple[int, ...]], rows: int) -> csc_array:
    row = np.array([duty for line in lines for duty in line], np.int64)
    column = np.repeat(np.arange(len(lines)), [len(line) for line in lines])
    return csc_array((np.ones(len(row)), (row, column)), shape=(rows, len(lines)))


def _relaxed(lines: Sequence[tuple[int, ...]], needed: Longs) -> tuple[Floats, Floats]:
    """Return how many officers have each line where halves are allowed, and what each duty adds to their number."""
    # The stubs of linprog know no sparse matrix.
    least: Any = {"A_ub": -_matrix(lines, len(needed)), "b_ub": -needed, "method": "highs-ds"}
    told = linprog(np.ones(len(lines)), **least)
    if told.status:
        raise NoRoster(f"the linear program of the lines was not solved: {told.message}")
    price = np.maximum(-np.asarray(told.ineqlin.marginals, np.float64), 0.0)
    return np.asarray(told.x, np.float64), price


class _Pricer:
    """Finds the lines that are worth most at given prices of duties, one for each first duty.

    Parameters
    ----------
    night
        Whether night duties are among them; their officers may have to work less.
    """

    def __init__(self, shifts: Sequence[Shift], rules: Rules, *, night: bool) -> None:
        self._rest, self._cap, self._last_end = rules.daily_rest, rules.most_hours(night=night), rules.last_end
        self._rows = [row for row, each in enumerate(shifts) if night or not rules.is_night(each.start_h, each.hours)]
        self._shifts = shifts

    def lines(self, price: Floats) -> list[tuple[float, tuple[int, ...]]]:
        """Return what the best line from each first duty is worth, and the line, its rows in order."""
        # A duty that adds nothing can be left out of any line, which stays legal.
        rows = [row for row in self._rows if price[row] > 0]
        found = [self._best(first, rows, price) for first in rows]
        return [each for each in found if each is not None]

    def _best(self, first: int, rows: Sequence[int], price: Floats) -> tuple[float, tuple[int, ...]] | None:
        """Return the longest way through the duties after the first by what they are worth.

        ``upto[t, h]`` is the most that duties over by hour t, of h hours together, are worth.
        """
        origin = self._shifts[first].start
        last_end = self._last_end(origin)
        if self._shifts[first].hours > min(self._cap, last_end):
            return None
        upto = np.full((HOURS_A_WEEK + 1, self._cap + 1), -np.inf)
        ways = dict[int, tuple[int, Floats]]()
        for after, row in sorted(((self._shifts[row].start - origin) % HOURS_A_WEEK, row) for row in rows):
            hours = self._shifts[row].hours
            end, ready = after + hours, after - self._rest
            if end > last_end or hours > self._cap or (row != first and ready < 0):
                continue
            worth = np.full(self._cap + 1, -np.inf)
            if row == first:
                worth[hours] = price[row]
            else:
                worth[hours:] = upto[ready, : self._cap + 1 - hours] + price[row]
            ways[row] = (after, worth)
            np.maximum(upto[end:], worth, out=upto[end:])
        hours = int(np.argmax(upto[-1]))
        return float(upto[-1, hours]), self._back(first, HOURS_A_WEEK, hours, float(upto[-1, hours]), ways)

    def _back(
        self, first: int, end: int, hours: int, worth: float, ways: Mapping[int, tuple[int, Floats]]
    ) -> tuple[int, ...]:
        """Follow the best way back to the first duty."""
        line = list[int]()
        while not line or line[-1] != first:
            row = next(
                row
                for row, (after, told) in ways.items()
                if after + self._shifts[row].hours <= end and told[hours] == worth
            )
            line.append(row)
            if row != first:
                after = ways[row][0]
                end, hours = after - self._rest, hours - self._shifts[row].hours
                worth = max(
                    float(told[hours])
                    for other, (begins, told) in ways.items()
                    if begins + self._shifts[other].hours <= end
                )
        return tuple(sorted(line))


def _turns(line: Sequence[int], shifts: Sequence[Shift]) -> int:
    """Return how often in its week a line's duties begin at another hour of the day than the one before."""
    return sum(shifts[one].start_h != shifts[two].start_h for one, two in pairwise([*line, line[0]]))


def _chosen(
    lines: Sequence[tuple[int, ...]], needed: Longs, bound: int, turns: Sequence[int], work: float
) -> list[int]:
    """Return how many officers have each line: the fewest, and of such choices one with few turns."""
    model = cp_model.CpModel()
    most = int(needed.max())
    counts = [model.new_int_var(0, most, "") for _ in lines]
    having: list[list[cp_model.IntVar]] = [[] for _ in needed]
    for line, count in zip(lines, counts, strict=True):
        for row in line:
            having[row].append(count)
    for row, terms in enumerate(having):
        model.add(cp_model.LinearExpr.sum(terms) >= int(needed[row]))
    model.add(cp_model.LinearExpr.sum(counts) >= bound)
    model.minimize(cp_model.LinearExpr.sum(counts))
    proof = prove(model, counts, work)
    if proof is None:
        raise NoRoster("no lines of officers were found in the work allowed: allow more")
    model.add(cp_model.LinearExpr.sum(counts) <= int(proof.values.sum()))
    for count, told in zip(counts, proof.values.tolist(), strict=True):
        model.add_hint(count, told)
    model.minimize(cp_model.LinearExpr.weighted_sum(counts, turns))
    calm = prove(model, counts, work)
    return [int(count) for count in (proof if calm is None else calm).values]


def _trimmed(lines: Sequence[list[Shift]], officers: Mapping[Shift, int]) -> list[Line]:
    """Return lines without the officers that a duty has beyond its need, taken from those who work most."""
    kept = [list(line) for line in lines]
    for shift, count in sorted(officers.items()):
        having = sorted(
            (row for row, line in enumerate(kept) if shift in line),
            key=lambda row: (-sum(each.hours for each in kept[row]), row),
        )
        for row in having[: len(having) - count]:
            kept[row].remove(shift)
    return [tuple(line) for line in kept if line]


def _rests_weekly(until: int, rest: int, rules: Rules) -> bool:
    """Tell whether a rest up to an hour of the week, or of the next one, is a weekly one: see `Rules.weekly_rest`."""
    after = min(until % HOURS_A_WEEK, rest)
    return rest >= rules.weekly_rest and max(after, rest - after) >= min(rules.weekly_rest, HOURS_A_DAY)


def broken(line: Line, rules: Rules) -> list[str]:
    """Return the rules that a line does not keep; none for one that is legal."""
    found = list[str]()
    if not line:
        return found
    duties = sorted(line)
    turned = [*duties[1:], Shift(duties[0].start + HOURS_A_WEEK, duties[0].hours)]
    rests = [after.start - before.start - before.hours for before, after in zip(duties, turned, strict=True)]
    hours, night = sum(each.hours for each in duties), any(rules.is_night(each.start_h, each.hours) for each in duties)
    if min(rests) < rules.daily_rest:
        found.append(f"{min(rests)} hours of rest between duties, {rules.daily_rest} are needed")
    if max(rests) < rules.weekly_rest:
        found.append(f"the longest rest of the week is {max(rests)} hours, {rules.weekly_rest} are needed")
    elif not any(_rests_weekly(shift.start, rest, rules) for shift, rest in zip(turned, rests, strict=True)):
        found.append("no rest of the week has its 24 hours between one Monday and the next")
    if hours > rules.most_hours(night=night):
        found.append(f"{hours} hours a week, {rules.most_hours(night=night)} are allowed")
    return found
