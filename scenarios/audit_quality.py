"""What the records lack, the same question as the crow flies, and predicted against actual times."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from dispatch.force import Force
from scenarios.audit_headline import Reason
from scenarios.audit_words import codes, grade_label, said
from scenarios.rates import SMALL, Rate, Spread, rate, spread
from scenarios.verdict import JUDGED, Verdict

_BAND_HOURS: Final = 4


@dataclass(frozen=True, slots=True)
class Straight:
    """The same question as the crow flies.

    Parameters
    ----------
    nearest
        Judged incidents at which the unit sent was the nearest of those eligible in a straight line, of those of which
        that is known.
    unknown
        Judged incidents of which it is not.
    of_not_sent
        The same of those to which a nearer unit could have gone by road: what a map without roads would have hidden.
    """

    nearest: Rate
    unknown: int
    of_not_sent: Rate


@dataclass(frozen=True, slots=True)
class Quality:
    """What the records lack, of the incidents that somebody was sent to.

    Parameters
    ----------
    arrival_missing, arrival_doubtful
        Of all attended.
    no_place
        Attended incidents without a place.
    no_sector, no_grade
        Attended incidents without one.
    with_unplaced
        Judged incidents at which a unit that might have been sent had no usable position.
    unplaced
        How many such units there were at each judged incident.
    unknown
        What was missing at the incidents that could not be judged; one may miss several things, so that these do not
        add up. Most frequent first.
    assumed
        What was taken for granted where the records do not say, in sentences.
    """

    arrival_missing: Rate
    arrival_doubtful: Rate
    no_place: Rate
    no_sector: Rate
    no_grade: Rate
    with_unplaced: Rate
    unplaced: Spread
    unknown: tuple[Reason, ...]
    assumed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PredictionRow:
    """Predicted against actual times of some incidents.

    Parameters
    ----------
    key, label
        Which incidents.
    n
        Those with both times.
    ratio
        Median of actual over predicted: above 1 units take longer than predicted.
    error_s
        Median of actual less predicted.
    off_s
        How far the prediction is off either way.
    small
        Fewer than `SMALL`.
    """

    key: str
    label: str
    n: int
    ratio: float | None
    error_s: float | None
    off_s: Spread
    small: bool


@dataclass(frozen=True, slots=True)
class Prediction:
    """Predicted against actual times, from the decision to the first arrival.

    Parameters
    ----------
    all
        Every incident with both.
    grade, hour
        By grade, and by four hours of the day, local.
    """

    all: PredictionRow
    grade: tuple[PredictionRow, ...]
    hour: tuple[PredictionRow, ...]


def straight_of(verdicts: Iterable[Verdict]) -> Straight:
    """Return how often the unit sent was the nearest in a straight line."""
    judged = [one for one in verdicts if one.verdict in JUDGED]
    known = [one for one in judged if one.straight is not None]
    not_sent = [one for one in known if one.verdict == "nearer_eligible_not_sent"]
    return Straight(_share(known, _straight), len(judged) - len(known), _share(not_sent, _straight))


def _straight(one: Verdict) -> bool:
    return one.straight is True


def _share(verdicts: Sequence[Verdict], holds: Callable[[Verdict], bool]) -> Rate:
    return rate(sum(map(holds, verdicts)), len(verdicts))


def quality_of(verdicts: Iterable[Verdict], assumed: Sequence[str] = ()) -> Quality:
    """Return what the records lack; ``assumed`` is what was taken for granted, in sentences."""
    attended = [one for one in verdicts if one.verdict != "dropped"]
    judged = [one for one in attended if one.verdict in JUDGED]
    return Quality(
        arrival_missing=_share(attended, lambda one: one.arrival == "missing"),
        arrival_doubtful=_share(attended, lambda one: one.arrival == "doubtful"),
        no_place=_share(attended, lambda one: one.lat is None or one.lon is None),
        no_sector=_share(attended, lambda one: not one.sector),
        no_grade=_share(attended, lambda one: not one.grade),
        with_unplaced=_share(judged, lambda one: one.unplaced > 0),
        unplaced=spread(one.unplaced for one in judged),
        unknown=_unknown(attended),
        assumed=tuple(assumed),
    )


def _unknown(verdicts: Iterable[Verdict]) -> tuple[Reason, ...]:
    # A code that stands twice in one incident is one thing that it misses.
    found = Counter(code for one in verdicts if one.verdict == "unknown" for code in set(codes(one.because)))
    ordered = sorted(found.items(), key=lambda each: (-each[1], each[0]))
    return tuple(Reason(code, said(code), count) for code, count in ordered)


def prediction_of(verdicts: Iterable[Verdict], force: Force) -> Prediction:
    """Return predicted against actual times, of incidents whose arrival is recorded and can be believed."""
    both = [pair for one in verdicts if one.verdict != "dropped" and (pair := _pair(one)) is not None]
    grades = sorted(force.grades, key=lambda key: force.grades[key].rank)
    others = sorted({pair.of.grade for pair in both} - set(grades), key=lambda key: (not key, key))
    return Prediction(
        all=_row("all", "All", both),
        grade=tuple(
            _row(key, grade_label(force, key), [pair for pair in both if pair.of.grade == key])
            for key in (*grades, *others)
        ),
        hour=tuple(_band(first, both) for first in range(0, 24, _BAND_HOURS)),
    )


class _Pair(NamedTuple):
    """An incident with a predicted and an actual time."""

    of: Verdict
    predicted_s: float
    actual_s: float


def _pair(one: Verdict) -> _Pair | None:
    """Return both times; None where one is not known, or none went by."""
    if one.arrival != "recorded" or one.sent_s is None or one.from_sent_s is None:
        return None
    return _Pair(one, one.sent_s, one.from_sent_s) if one.sent_s > 0 and one.from_sent_s > 0 else None


def _band(first: int, pairs: Iterable[_Pair]) -> PredictionRow:
    after = first + _BAND_HOURS
    within = [pair for pair in pairs if first <= pair.of.hour < after]
    return _row(f"{first:02d}", f"{first:02d}:00 to {after:02d}:00", within)


def _row(key: str, label: str, pairs: Sequence[_Pair]) -> PredictionRow:
    return PredictionRow(
        key=key,
        label=label,
        n=len(pairs),
        ratio=spread(pair.actual_s / pair.predicted_s for pair in pairs).median,
        error_s=spread(pair.actual_s - pair.predicted_s for pair in pairs).median,
        off_s=spread(abs(pair.actual_s - pair.predicted_s) for pair in pairs),
        small=len(pairs) < SMALL,
    )
