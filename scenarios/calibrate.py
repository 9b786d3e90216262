"""Fit the profile table to recorded trips: how much longer or shorter a class of road takes, by profile and period.

``actual = period x sum over classes (class x seconds driven on it) + waits + walk``, fitted on the logarithms. A class
that too few trips tell of takes the factor of its profile, which is the mean of the classes that were measured.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from graphs.errors import NearestError
from graphs.network import Floats, Network
from graphs.ordering import give_hierarchy, hierarchy_of
from graphs.profiles import Profiles
from graphs.tags import ROAD_CLASSES
from scenarios.evidence import Evidence
from scenarios.factors import LEAST_TRIPS, Factor, Key, fit_profile, in_period
from scenarios.past_fixes import moment_of
from scenarios.profile_file import Figured, with_figures
from scenarios.trips import Trips, trips_of, unusable

# Numbers of the table are written to this many decimals: a factor is never known better.
DECIMALS: Final = 3
# An interval whose ends are further apart than this tells little.
WIDE: Final = 1.5
# After a fit other ways may be the soonest; measured in docs/audit.md.
ROUNDS: Final = 2


class TooFewTrips(NearestError):
    """The records have too few trips to fit anything to."""

    exit_code = 3
    status = 422
    slug = "too-few-trips"
    title = "Too few trips"


@dataclass(frozen=True, slots=True)
class Errors:
    """How far predictions are from what happened.

    Parameters
    ----------
    trips
        How many trips.
    median_s, p90_s
        Median and 90th percentile of the absolute error, seconds; None where there is no trip.
    ratio
        Median of actual over predicted; None where there is no trip.
    """

    trips: int
    median_s: float | None
    p90_s: float | None
    ratio: float | None


@dataclass(frozen=True, eq=False)
class Calibration:
    """What recorded trips say of a profile table.

    Parameters
    ----------
    factors
        By profile: its own, its classes, its periods.
    before, after
        Errors on trips that were held out, by the table as it was and as it is suggested.
    trained, held_out
        How many trips were fitted to, and the share of incidents that was held out.
    seed
        Decides which incidents these are.
    profiles
        The table suggested.
    predicted_by
        Hash of the table that it was made from.
    funnel
        See `Trips`.
    warnings
        What a reader should know before the table is used.
    """

    factors: tuple[Factor, ...]
    before: Errors
    after: Errors
    trained: int
    held_out: float
    seed: int
    profiles: Profiles
    predicted_by: str
    funnel: Mapping[str, int]
    warnings: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """Return everything but the table as JSON values."""
        told = {"before": asdict(self.before), "after": asdict(self.after), "trained": self.trained}
        split = {"held_out": self.held_out, "seed": self.seed}
        tables = {"predicted_by": self.predicted_by, "suggested": self.profiles.hash}
        rest = {"funnel": dict(self.funnel), "warnings": list(self.warnings)}
        return {"factors": [asdict(each) for each in self.factors], **told, **split, "profiles": tables, **rest}


def calibrate(
    evidence: Evidence, network: Network, *, held_out: float = 0.2, seed: int = 0, rounds: int = ROUNDS
) -> Calibration:
    """Fit the profile table of a network to the trips of a record.

    The way that was driven is not known: the soonest one stands for it. After each fit the ways are found anew under
    the table fitted, and the fit is made again. The errors are those of the table suggested, the ways found under it.

    Parameters
    ----------
    evidence, network
        The record, and the roads with the table to start from.
    held_out
        Share of incidents, from 0 to below 1, on which the errors are measured and nothing is fitted.
    seed
        Decides which incidents these are.
    rounds
        How many times to fit.

    Raises
    ------
    TooFewTrips
        No profile has enough.
    InputError
        The source of the network states its times.
    """
    first = trips = trips_of(evidence, network)
    found = fit(trips, held_out=held_out, seed=seed)
    for left in reversed(range(rounds)):
        trips = trips_of(evidence, retimed(network, found.profiles))
        if left:
            found = _fitted(trips, held_out, seed, {each.key: each.factor for each in found.factors})
    held = held_out_of(first.incident, held_out, seed)
    before, after = (errors_of(each, held & _of_profiles(each, found.factors)) for each in (first, trips))
    worse = _worse(before, after)
    return replace(found, before=before, after=after, predicted_by=first.profiles.hash, warnings=found.warnings + worse)


def fit(trips: Trips, *, held_out: float = 0.2, seed: int = 0) -> Calibration:
    """Fit factors to trips, the ways held as they were predicted.

    Parameters
    ----------
    trips
        See `trips_of`.
    held_out, seed
        See `calibrate`.

    Raises
    ------
    TooFewTrips
        No profile has enough.
    """
    found = _fitted(trips, held_out, seed, {})
    return replace(found, warnings=found.warnings + _worse(found.before, found.after))


def _fitted(trips: Trips, held_out: float, seed: int, done: Mapping[Key, float]) -> Calibration:
    """Fit what is left where the table of the trips has some factors in it already."""
    held = held_out_of(trips.incident, held_out, seed)
    factors, warnings = list[Factor](), list[str]()
    for row, profile in enumerate(trips.profiles.names):
        mine = np.flatnonzero(~held & (trips.profile == row))
        if len(mine) >= LEAST_TRIPS:
            factors += fit_profile(trips, mine, profile, done)
        else:
            warnings.append(f"{profile}: {len(mine)} trips, fewer than {LEAST_TRIPS}: its numbers stay as they are")
    if not factors:
        raise TooFewTrips(_too_few(trips, held))
    told = held & _of_profiles(trips, factors)
    table = with_figures(trips.profiles, figures(trips, factors, done))
    return Calibration(
        factors=tuple(factors),
        before=errors_of(trips, told),
        after=_errors(trips.actual_s[told], predicted_by(trips, factors, done)[told]),
        trained=int((~held & _of_profiles(trips, factors)).sum()),
        held_out=held_out,
        seed=seed,
        profiles=table,
        predicted_by=trips.profiles.hash,
        funnel=trips.funnel,
        warnings=(*warnings, *_doubts(factors), *_reach(trips, factors)),
    )


def _too_few(trips: Trips, held: NDArray[np.bool_]) -> str:
    """Say how many trips there were, and why the other assignments are none."""
    usable = f"{len(trips)} usable trips in {trips.funnel['assignments']:,} assignments, {int(held.sum())} held out"
    needed = f"{LEAST_TRIPS} of one profile are needed to fit to"
    return "; ".join([f"{usable}; {needed}", *unusable(trips)])


def held_out_of(incidents: Sequence[str], share: float, seed: int) -> NDArray[np.bool_]:
    """Tell which incidents are held out: each by its own name and the seed, whatever others there are.

    Examples
    --------
    >>> held_out_of(["A", "B", "C", "A"], 0.5, seed=1).tolist()
    [True, True, False, True]
    """
    digests = (hashlib.sha256(f"{seed} {name}".encode()).digest() for name in incidents)
    return np.array([int.from_bytes(each[:8], "big") < share * 2**64 for each in digests], np.bool_)


def retimed(network: Network, profiles: Profiles) -> Network:
    """Return the same roads under another table."""
    made = replace(network, profiles=profiles)
    give_hierarchy(made, hierarchy_of(network))
    return made


def _of_profiles(trips: Trips, factors: Collection[Factor]) -> NDArray[np.bool_]:
    rows = [trips.profiles.names.index(name) for name in {each.profile for each in factors}]
    return np.isin(trips.profile, rows)


def errors_of(trips: Trips, which: NDArray[np.bool_]) -> Errors:
    """Return how far some trips are from what their table predicts."""
    return _errors(trips.actual_s[which], trips.predicted_s[which])


def _errors(actual_s: Floats, predicted_s: Floats) -> Errors:
    if not len(actual_s):
        return Errors(0, None, None, None)
    off_s = np.abs(actual_s - predicted_s)
    ratio = float(np.median(actual_s / predicted_s))
    median_s, p90_s = (round(float(np.quantile(off_s, share)), 1) for share in (0.5, 0.9))
    return Errors(len(actual_s), median_s, p90_s, round(ratio, 3))


def predicted_by(trips: Trips, factors: Collection[Factor], done: Mapping[Key, float]) -> Floats:
    """(n,) seconds that trips take by factors, the ways held; ``done`` are those in their table already."""
    known = {each.key: each.factor / done.get(each.key, 1.0) for each in factors}
    driven_s = trips.class_s.copy()
    for row, profile in enumerate(trips.profiles.names):
        mine = np.flatnonzero(trips.profile == row)
        of_class = [known.get(("class", profile, name), 1.0) for name in ROAD_CLASSES]
        of_period = [known.get(("period", profile, each.name), 1.0) for each in trips.profiles.periods]
        by_row = np.array([*of_period, 1.0])[trips.period[mine]]
        lifted = in_period(trips)[mine] * (by_row - 1.0)[:, np.newaxis] + 1.0
        driven_s[mine] *= np.array(of_class) * lifted
    return np.asarray(driven_s.sum(axis=1) + trips.wait_s + trips.walk_s)


def figures(trips: Trips, factors: Collection[Factor], done: Mapping[Key, float]) -> list[Figured]:
    """Return the numbers of the table that factors change, rounded to thousandths."""
    made, speeds = list[Figured](), {name: trips.profiles.profile(name) for name in trips.profiles.names}
    shares = {each.name: each for each in trips.profiles.periods}
    for each in factors:
        left, source = each.factor / done.get(each.key, 1.0), _source(trips, each)
        if each.kind == "class":
            pace = speeds[each.profile].class_pace[each.name]
            made.append(Figured(each.profile, round(pace / left, DECIMALS), source, road_class=each.name))
        elif each.kind == "period" and each.low is not None:
            share = getattr(shares[each.name], each.profile).value
            made.append(Figured(each.profile, min(round(share / left, DECIMALS), 1.0), source, period=each.name))
    return made


def _source(trips: Trips, factor: Factor) -> str:
    first, last = (moment_of(int(each)) for each in (trips.started_us.min(), trips.started_us.max()))
    when = f"from {first:%Y-%m-%d} to {last:%Y-%m-%d}, records {trips.records[:12]}"
    if factor.low is None or factor.high is None:
        return f"calibrated: {factor.note}, {factor.factor:.2f} times as long; trips {when}."
    times = f"{factor.factor:.2f} times as long as predicted, 95% interval {factor.low:.2f} to {factor.high:.2f}"
    return f"calibrated: {times}; {factor.trips:,} trips {when}."


def _doubts(factors: Collection[Factor]) -> tuple[str, ...]:
    """Name what was held, and what an interval leaves open."""
    told = []
    for each in factors:
        name = f"{each.profile} {each.name}".strip()
        if each.low is not None and each.note:
            told.append(f"{name}: {each.note}")
        if each.low is not None and each.high is not None and each.high > WIDE * each.low:
            told.append(f"{name}: anything from {each.low:.2f} to {each.high:.2f} agrees with the trips")
    unmeasured = (each for each in factors if each.kind == "class" and each.low is None and each.trips)
    kept = ", ".join(f"{each.profile} {each.name}" for each in unmeasured)
    return (*told, *([f"too few trips tell of {kept}: the factor of the profile stands for it"] if kept else []))


def _reach(trips: Trips, factors: Collection[Factor]) -> tuple[str, ...]:
    """Say how long the trips are: beyond that, factors are an extrapolation."""
    low, high = np.quantile(trips.actual_s[_of_profiles(trips, factors)], (0.05, 0.95)) / 60.0
    return (f"nine trips in ten took {low:.0f} to {high:.0f} min: for other distances this is an extrapolation",)


def _worse(before: Errors, after: Errors) -> tuple[str, ...]:
    if before.median_s is None or after.median_s is None:
        return ("no trip was held out: nothing shows that the table suggested is better",)
    worse = after.median_s >= before.median_s
    return ("on trips held out the table suggested is not better than the one there is: keep that",) if worse else ()
