"""Was the nearest sent, and how an audit came from every incident that was read to those that were judged."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from scenarios.audit_words import said
from scenarios.rates import Rate, Spread, rate, spread
from scenarios.verdict import CLASSES, JUDGED, Class, Verdict


@dataclass(frozen=True, slots=True)
class Counts:
    """How many incidents are of each class; `Verdict` says what the classes are."""

    nearest_sent: int
    sent_within_noise: int
    nearer_not_eligible: int
    nearer_eligible_not_sent: int
    unknown: int
    dropped: int

    @property
    def good(self) -> int:
        """Incidents at which nobody who could have gone was nearer."""
        return self.nearest_sent + self.sent_within_noise + self.nearer_not_eligible

    @property
    def judged(self) -> int:
        """Incidents of which it can be told."""
        return self.good + self.nearer_eligible_not_sent

    @property
    def attended(self) -> int:
        """Incidents to which somebody was sent, whether or not it can be told."""
        return self.judged + self.unknown

    @property
    def all(self) -> int:
        """Every incident that was imported."""
        return self.attended + self.dropped


@dataclass(frozen=True, slots=True)
class Measure:
    """A rate by both denominators.

    Parameters
    ----------
    of_judged
        Of the incidents of which it can be told.
    of_attended
        Of all that somebody was sent to: those of which it cannot be told count as not.
    """

    of_judged: Rate
    of_attended: Rate


@dataclass(frozen=True, slots=True)
class Headline:
    """The answer to "was the nearest officer sent?".

    Seconds are missing where units were compared by straight lines, which take no time.

    Parameters
    ----------
    counts
        Incidents by class.
    good
        The nearest-sent rate: the nearest was sent, or somebody who cannot be told from the nearest, or nobody nearer
        could have gone.
    strict
        Only where the unit sent was the nearest of all.
    strict_or_noise
        The same, with those who cannot be told from the nearest.
    within_noise
        Those who cannot be told from the nearest, of those judged: doubt about positions speaks for the decision.
    if_noise_bad
        The nearest-sent rate, were all of these counted as not.
    if_all_placed
        The nearest-sent rate of those judged at which every unit that might have been sent had a usable position.
    if_unknown_bad, if_unknown_good
        The nearest-sent rate of all attended, were all the unknown one way or the other.
    lost_not_sent_s
        Seconds lost where a nearer unit could have gone.
    lost_within_noise_s
        Seconds by which a unit seemed nearer that cannot be told from the one sent.
    lost_judged_s
        Both, over all that were judged: 0 where nobody nearer could have gone.
    """

    counts: Counts
    good: Measure
    strict: Measure
    strict_or_noise: Measure
    within_noise: Rate
    if_noise_bad: Measure
    if_all_placed: Rate
    if_unknown_bad: Rate
    if_unknown_good: Rate
    lost_not_sent_s: Spread
    lost_within_noise_s: Spread
    lost_judged_s: Spread


@dataclass(frozen=True, slots=True)
class Reason:
    """Incidents that went no further, and why.

    Parameters
    ----------
    code
        As `Verdict.because` has it; the whole of it, so that each incident is counted once. Of a row that was refused,
        the words of the import.
    sentence
        The same for people.
    """

    code: str
    sentence: str
    count: int


@dataclass(frozen=True, slots=True)
class Stage:
    """A step of the funnel: of those that came to it, some were taken out.

    Parameters
    ----------
    key, title
        ``refused``, ``dropped`` or ``unknown``, and what is said of it.
    came, taken, left
        How many incidents; ``came`` is ``taken + left``, and ``left`` comes to the next stage.
    reasons
        Add up to ``taken``; most first.
    """

    key: str
    title: str
    came: int
    taken: int
    left: int
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class Funnel:
    """From every incident that was read to those that were judged.

    Parameters
    ----------
    read
        Incidents in the records: rows, but for those that tell once more what a row before them told.
    stages
        ``refused`` at the import, ``dropped``, ``unknown``, in this order.
    judged
        What the last stage leaves.
    """

    read: int
    stages: tuple[Stage, ...]
    judged: int


def counts_of(verdicts: Iterable[Verdict]) -> Counts:
    """Count incidents by class."""
    found: Counter[Class] = Counter(one.verdict for one in verdicts)
    return Counts(*(found[each] for each in CLASSES))


def measure_of(count: int, counts: Counts) -> Measure:
    """Return a number of judged incidents as a rate by both denominators."""
    return Measure(rate(count, counts.judged), rate(count, counts.attended))


def lost_of(verdicts: Iterable[Verdict], classes: Iterable[Class] = JUDGED) -> Spread:
    """Return how the seconds lost are spread over the incidents of some classes."""
    wanted = frozenset(classes)
    return spread(one.lost_s for one in verdicts if one.verdict in wanted)


def headline_of(verdicts: Sequence[Verdict]) -> Headline:
    """Return the answer to "was the nearest officer sent?"."""
    counts = counts_of(verdicts)
    placed = counts_of(one for one in verdicts if one.unplaced == 0)
    return Headline(
        counts=counts,
        good=measure_of(counts.good, counts),
        strict=measure_of(counts.nearest_sent, counts),
        strict_or_noise=measure_of(counts.nearest_sent + counts.sent_within_noise, counts),
        within_noise=rate(counts.sent_within_noise, counts.judged),
        if_noise_bad=measure_of(counts.good - counts.sent_within_noise, counts),
        if_all_placed=rate(placed.good, placed.judged),
        if_unknown_bad=rate(counts.good, counts.attended),
        if_unknown_good=rate(counts.good + counts.unknown, counts.attended),
        lost_not_sent_s=lost_of(verdicts, ["nearer_eligible_not_sent"]),
        lost_within_noise_s=lost_of(verdicts, ["sent_within_noise"]),
        lost_judged_s=lost_of(verdicts),
    )


def funnel_of(verdicts: Sequence[Verdict], refused: Mapping[str, int]) -> Funnel:
    """Return how many incidents were taken out at each step, and why.

    Parameters
    ----------
    refused
        How many rows of incidents the import did not accept, by reason in words.
    """
    read = len(verdicts) + sum(refused.values())
    dropped = Counter(one.because for one in verdicts if one.verdict == "dropped")
    unknown = Counter(one.because for one in verdicts if one.verdict == "unknown")
    first = _stage("refused", "Not accepted at the import", read, refused, str)
    second = _stage("dropped", "Nothing to judge", first.left, dropped)
    third = _stage("unknown", "It cannot be told", second.left, unknown)
    return Funnel(read, (first, second, third), third.left)


def _stage(key: str, title: str, came: int, found: Mapping[str, int], say: Callable[[str], str] = said) -> Stage:
    taken = sum(found.values())
    ordered = sorted(found.items(), key=lambda each: (-each[1], each[0]))
    reasons = tuple(Reason(code, say(code), count) for code, count in ordered if count)
    return Stage(key, title, came, taken, came - taken, reasons)
