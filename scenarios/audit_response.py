"""How soon somebody was there, against the target, by the force's own clock."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from dispatch.force import Force
from scenarios.audit_words import grade_label
from scenarios.rates import SMALL, Rate, Spread, rate, spread
from scenarios.verdict import Verdict

# Nobody was asked to travel to these, so that there is no response to time.
_NO_RESPONSE: Final = frozenset({"merged", "self_initiated"})
_SETTINGS: Final = ("urban", "rural", "unknown")


@dataclass(frozen=True, slots=True)
class ResponseRow:
    """Incidents of one grade and setting that had one target.

    Parameters
    ----------
    grade, label, setting
        ``setting`` is ``urban``, ``rural`` or ``unknown``.
    clock, target_s
        What the target counts from, and the target; None for no target.
    attended
        Incidents that somebody was sent to: ``timed + zero + missing + doubtful + unclocked``.
    timed
        The arrival is recorded and can be believed.
    zero
        No time at all went by: an officer was there already. They stand apart, in no rate and no percentile.
    missing, doubtful
        The arrival is not recorded, or cannot be believed.
    unclocked
        The arrival is recorded, but not when the clock began.
    nobody_sent
        Beside those attended: nobody was ever sent.
    in_target_of_timed, in_target_of_attended
        In target, of those timed and of all attended but for ``zero``: what is not known is not in time. None where
        there is no target.
    times_s
        Of those timed, by the clock.
    small
        Fewer than `SMALL` were timed.
    """

    grade: str
    label: str
    setting: str
    clock: str
    target_s: int | None
    attended: int
    timed: int
    zero: int
    missing: int
    doubtful: int
    unclocked: int
    nobody_sent: int
    in_target_of_timed: Rate | None
    in_target_of_attended: Rate | None
    times_s: Spread
    small: bool


@dataclass(frozen=True, slots=True)
class Regraded:
    """Incidents that were regraded from one grade to another, held to either.

    Parameters
    ----------
    first, last
        The grades, by key.
    count
        Incidents.
    in_target_first, in_target_last
        In target by the first grade and its clock, and by the last; of those with an arrival that can be believed.
        None where that grade has no target.
    """

    first: str
    first_label: str
    last: str
    last_label: str
    count: int
    in_target_first: Rate | None
    in_target_last: Rate | None


@dataclass(frozen=True, slots=True)
class Response:
    """Times against target.

    Parameters
    ----------
    by_last_grade
        Every incident by the grade held when somebody arrived, or at the end where no arrival is recorded.
    by_first_grade
        The same with regraded incidents by the grade first given, and its clock.
    regraded
        The regraded ones, by both.
    self_initiated
        Incidents that an officer came upon: they stand apart.
    """

    by_last_grade: tuple[ResponseRow, ...]
    by_first_grade: tuple[ResponseRow, ...]
    regraded: tuple[Regraded, ...]
    self_initiated: int


class _Held(NamedTuple):
    """An incident, held to one grade."""

    of: Verdict
    grade: str
    target_s: int | None
    clock_s: float | None
    clock: str


def response_of(verdicts: Sequence[Verdict], force: Force) -> Response:
    """Return the times against target, of every incident that somebody was to travel to."""
    due = [one for one in verdicts if _is_due(one, force)]
    regraded = [one for one in due if _was_regraded(one)]
    return Response(
        by_last_grade=_rows(map(_by_last, due), force),
        by_first_grade=_rows((_by_first(one, force) for one in due), force),
        regraded=_regraded(regraded, force),
        self_initiated=sum(one.verdict == "dropped" and one.because == "self_initiated" for one in verdicts),
    )


def _is_due(one: Verdict, force: Force) -> bool:
    """Tell whether somebody was to travel to an incident."""
    if one.verdict == "dropped" and one.because in _NO_RESPONSE:
        return False
    # One at which the grade of the decision sent nobody may have been regraded since: that somebody was late counts.
    graded = {one.last_grade} if one.arrival == "nobody_sent" else {one.first_grade or one.last_grade, one.last_grade}
    return any(key not in force.grades or force.grades[key].deploys for key in graded)


def _was_regraded(one: Verdict) -> bool:
    return bool(one.first_grade) and one.first_grade != one.last_grade


def _by_last(one: Verdict) -> _Held:
    return _Held(one, one.last_grade, one.target_s, one.clock_s, one.clock)


def _by_first(one: Verdict, force: Force) -> _Held:
    if not _was_regraded(one):
        return _by_last(one)
    known = force.grades.get(one.first_grade)
    return _Held(one, one.first_grade, one.first_target_s, one.first_clock_s, "" if known is None else known.clock)


def _rows(held: Iterable[_Held], force: Force) -> tuple[ResponseRow, ...]:
    """Return a row for each grade, most urgent first, setting, clock and target."""
    found = defaultdict[tuple[str, str, str, int | None], list[_Held]](list)
    for one in held:
        found[one.grade, one.of.setting, one.clock, one.target_s].append(one)

    def place(key: tuple[str, str, str, int | None]) -> tuple[object, ...]:
        grade, setting, clock, target_s = key
        rank = force.grades[grade].rank if grade in force.grades else math.inf
        at = _SETTINGS.index(setting) if setting in _SETTINGS else len(_SETTINGS)
        return rank, not grade, grade, at, setting, clock, target_s is None, target_s or 0

    return tuple(_row(found[key], force) for key in sorted(found, key=place))


def _row(held: Sequence[_Held], force: Force) -> ResponseRow:
    first = held[0]
    kinds = Counter(map(_kind, held))
    times_s = [one.clock_s for one in held if _kind(one) == "timed"]
    attended = kinds.total() - kinds["nobody_sent"]
    in_target = None if first.target_s is None else sum(_in_target(one) for one in held)
    return ResponseRow(
        grade=first.grade,
        label=grade_label(force, first.grade),
        setting=first.of.setting,
        clock=first.clock,
        target_s=first.target_s,
        attended=attended,
        **{kind: kinds[kind] for kind in ("timed", "zero", "missing", "doubtful", "unclocked", "nobody_sent")},
        in_target_of_timed=None if in_target is None else rate(in_target, kinds["timed"]),
        in_target_of_attended=None if in_target is None else rate(in_target, attended - kinds["zero"]),
        times_s=spread(times_s),
        small=len(times_s) < SMALL,
    )


def _kind(held: _Held) -> str:
    """Return what is known of the time to an arrival."""
    if held.of.arrival != "recorded":
        return held.of.arrival
    if held.clock_s is None:
        return "unclocked"
    return "timed" if held.clock_s > 0 else "zero"


def _in_target(held: _Held) -> bool:
    """Tell whether an arrival is known to be in target."""
    if held.clock_s is None or held.target_s is None or _kind(held) != "timed":
        return False
    return held.clock_s <= held.target_s


def _regraded(verdicts: Iterable[Verdict], force: Force) -> tuple[Regraded, ...]:
    found = defaultdict[tuple[str, str], list[Verdict]](list)
    for one in verdicts:
        found[one.first_grade, one.last_grade].append(one)
    return tuple(_regraded_row(found[key], force) for key in sorted(found))


def _regraded_row(verdicts: Sequence[Verdict], force: Force) -> Regraded:
    first, last = verdicts[0].first_grade, verdicts[0].last_grade
    return Regraded(
        first=first,
        first_label=grade_label(force, first),
        last=last,
        last_label=grade_label(force, last),
        count=len(verdicts),
        in_target_first=_rate_of_timed([_by_first(one, force) for one in verdicts]),
        in_target_last=_rate_of_timed(list(map(_by_last, verdicts))),
    )


def _rate_of_timed(held: Sequence[_Held]) -> Rate | None:
    with_target = [one for one in held if one.target_s is not None]
    timed = [one for one in with_target if _kind(one) == "timed"]
    return rate(sum(map(_in_target, timed)), len(timed)) if with_target else None
