"""Fit factors to trips by robust regression on the logarithms of their times."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares

from graphs.network import Floats, Longs
from graphs.tags import ROAD_CLASSES
from scenarios.trips import Trips

# Fewer trips of a profile than this tell nothing that a table should rest on.
LEAST_TRIPS: Final = 50
# A class is measured where so many trips spend this share of their driving on it; a period by as many trips in it.
LEAST_OF_KIND: Final = 30
LEAST_SHARE: Final = 0.1
# A factor beyond these is a fault of the records, not a way of driving.
BOUNDS: Final = (0.3, 3.0)
# How far, in logarithms, the factors of two classes are expected to lie apart; it decides where trips cannot tell them.
APART: Final = 0.5
# Cauchy's loss at this many deviations keeps 95% of the efficiency of least squares where nothing is out of line
# (Holland and Welsch, Communications in Statistics A 1977;6(9):813-827).
CAUCHY: Final = 2.385
# Deviations from the median absolute deviation, of normal errors.
MAD: Final = 1.4826
# Times are recorded to the second: closer than this share nothing is known.
LEAST_DEVIATION: Final = 0.005
NORMAL_95: Final = 1.96
# The range of a period's share in the table.
_LEAST_PERIOD_SHARE: Final = 0.1
# How near to a limit a parameter starts at most, when it counts as held there, and when it is found.
_INSIDE: Final = 1e-6
_HELD: Final = 1e-3
_CLOSE: Final = 1e-10

Loss = Literal["soft_l1", "cauchy"]
_LOSSES: Final[tuple[Loss, ...]] = ("soft_l1", "cauchy", "cauchy")

Kind = Literal["profile", "class", "period"]
Key = tuple[Kind, str, str]


@dataclass(frozen=True, slots=True)
class Factor:
    """How many times as long as the table says driving takes.

    Parameters
    ----------
    kind, profile, name
        Of a road class (``class``), of a period on the classes that it names (``period``), or of a whole profile
        (``profile``, no name): the mean of the classes measured, for the classes that were not.
    factor, low, high
        The factor and its 95% interval; for what was not measured, both ends are None.
    trips, hours
        How many trips tell of it, and how many hours of driving on it they are predicted to have.
    note
        Why it was not measured, or was held.
    """

    kind: Kind
    profile: str
    name: str
    factor: float
    low: float | None
    high: float | None
    trips: int
    hours: float
    note: str = ""

    @property
    def key(self) -> Key:
        """What it is the factor of."""
        return self.kind, self.profile, self.name


@dataclass(frozen=True, eq=False)
class _Model:
    """The logarithm of the time of n trips as a function of m class and q period factors (logarithms).

    Parameters
    ----------
    class_s, lifted : (n, classes)
        Predicted seconds, and whether the trip's period is felt there.
    spread : (classes, m)
        What each class takes of each parameter.
    period : (n,)
        Row of the period's parameter; q where the trip has none.
    fixed_s, log_s : (n,)
        Waits and walk; logarithm of the actual time.
    prior : (p, m + q)
        What is expected to be 0, give or take 1.
    """

    class_s: Floats
    lifted: NDArray[np.bool_]
    spread: Floats
    period: Longs
    fixed_s: Floats
    log_s: Floats
    prior: Floats

    def _parts(self, theta: Floats) -> tuple[Floats, Floats]:
        size = self.spread.shape[1]
        lift = np.exp(np.append(theta[size:], 0.0))[self.period][:, np.newaxis]
        moved = self.class_s * np.exp(self.spread @ theta[:size]) * np.where(self.lifted, lift, 1.0)
        return moved, moved.sum(axis=1) + self.fixed_s

    def residuals(self, theta: Floats) -> Floats:
        """(n,) logarithm of predicted over actual."""
        return np.asarray(np.log(self._parts(theta)[1]) - self.log_s)

    def slopes(self, theta: Floats) -> Floats:
        """(n, m + q) derivatives of the residuals."""
        moved, total = self._parts(theta)
        felt = (moved * self.lifted).sum(axis=1)
        of_period = (self.period[:, np.newaxis] == np.arange(len(theta) - self.spread.shape[1])) * felt[:, np.newaxis]
        return np.asarray(np.hstack([moved @ self.spread, of_period]) / total[:, np.newaxis])


def in_period(trips: Trips) -> NDArray[np.bool_]:
    """(n, classes) whether a class is driven at another speed in the period of each trip."""
    named = [[name in period.classes for name in ROAD_CLASSES] for period in trips.profiles.periods]
    return np.array([*named, [False] * len(ROAD_CLASSES)], np.bool_)[trips.period]


def fit_profile(trips: Trips, rows: Longs, profile: str, done: Mapping[Key, float]) -> list[Factor]:
    """Fit the factors of one profile.

    Parameters
    ----------
    trips, rows
        The trips, and which of them to fit to: all of the profile, none held out.
    profile
        Its name.
    done
        Factors that the table of the trips has in it already; those returned have them in too.

    Returns
    -------
    list of Factor
        Of the profile, of every class that it may drive, of every period.
    """
    classes, periods = _measured_classes(trips, rows), _measured_periods(trips, rows)
    weights = _weights(trips.class_s[rows], classes)
    model = _model(trips, rows, classes, periods, weights)
    lower, upper = _bounds(trips, profile, classes, periods, done)
    theta, deviation = _solve(model, lower, upper)
    spread = _covariance(model, theta, deviation, [trips.incident[row] for row in rows.tolist()])
    return _told(_Fitted(trips, rows, profile, done, theta, spread, lower, upper), classes, periods, weights)


def _measured_classes(trips: Trips, rows: Longs) -> list[int]:
    """Return the classes that enough trips spend enough of their driving on."""
    driven = _driving_on(trips, rows)
    return np.flatnonzero(driven.sum(axis=0) >= LEAST_OF_KIND).tolist()


def _driving_on(trips: Trips, rows: Longs) -> NDArray[np.bool_]:
    """(rows, classes) whether a trip tells of a class."""
    class_s = trips.class_s[rows]
    return np.asarray((class_s > 0.0) & (class_s >= LEAST_SHARE * class_s.sum(axis=1, keepdims=True)))


def _measured_periods(trips: Trips, rows: Longs) -> list[int]:
    told = (_driving_on(trips, rows) & in_period(trips)[rows]).any(axis=1)
    counts = np.bincount(trips.period[rows][told], minlength=len(trips.profiles.periods))
    # Without trips outside every period there is nothing to hold one against.
    usual = int((trips.period[rows] < 0).sum())
    return np.flatnonzero(counts >= LEAST_OF_KIND).tolist() if usual >= LEAST_OF_KIND else []


def _weights(class_s: Floats, classes: list[int]) -> Floats:
    """(m,) the share of each measured class in the driving on them; one parameter for all where none is measured."""
    seconds = class_s[:, classes].sum(axis=0)
    return np.asarray(seconds / seconds.sum()) if classes else np.ones(1)


def _model(trips: Trips, rows: Longs, classes: list[int], periods: list[int], weights: Floats) -> _Model:
    spread = np.tile(weights, (len(ROAD_CLASSES), 1))
    spread[classes] = np.eye(len(weights))[: len(classes)]
    columns = np.full(len(trips.profiles.periods) + 1, len(periods), np.int64)
    columns[periods] = np.arange(len(periods))
    prior = np.eye(len(weights) + len(periods))
    prior[: len(weights), : len(weights)] -= weights
    return _Model(
        class_s=trips.class_s[rows],
        lifted=in_period(trips)[rows],
        spread=spread,
        period=columns[trips.period[rows]],
        fixed_s=trips.wait_s[rows] + trips.walk_s[rows],
        log_s=np.log(trips.actual_s[rows]),
        prior=prior / APART,
    )


def _bounds(
    trips: Trips, profile: str, classes: list[int], periods: list[int], done: Mapping[Key, float]
) -> tuple[Floats, Floats]:
    """Return between which logarithms each parameter stays; a period can only slow, and not to less than a tenth."""
    # Where no class is measured, the one parameter is the profile's.
    keys: list[Key] = [_class_key(profile, row) for row in classes] or [("profile", profile, "")]
    before = [done.get(key, 1.0) for key in keys]
    low, high = ([limit / each for each in before] for limit in BOUNDS)
    for row in periods:
        period = trips.profiles.periods[row]
        share: float = getattr(period, profile).value
        already = done.get(("period", profile, period.name), 1.0)
        low.append(max(BOUNDS[0] / already, share))
        high.append(min(BOUNDS[1] / already, share / _LEAST_PERIOD_SHARE))
    return np.log(np.array(low)), np.log(np.array(high))


def _class_key(profile: str, row: int) -> Key:
    return "class", profile, ROAD_CLASSES[row]


def _solve(model: _Model, lower: Floats, upper: Floats) -> tuple[Floats, float]:
    """Return the parameters and the deviation of a residual.

    A convex loss first, so that the start does not matter, then one that forgets what is far out of line.
    """
    theta = np.zeros(len(lower))
    for loss in _LOSSES:
        theta = _step(model, np.clip(theta, lower + _INSIDE, upper - _INSIDE), (lower, upper), loss)
    return theta, _deviation(model.residuals(theta))


def _step(model: _Model, start: Floats, bounds: tuple[Floats, Floats], loss: Loss) -> Floats:
    """Return the parameters of the least loss, from others that also say how far residuals spread."""
    deviation = _deviation(model.residuals(start))

    def off(theta: Floats) -> Floats:
        return np.concatenate([model.residuals(theta) / deviation, model.prior @ theta])

    def slopes(theta: Floats) -> Floats:
        return np.vstack([model.slopes(theta) / deviation, model.prior])

    scale = CAUCHY if loss == "cauchy" else 1.0
    found = least_squares(
        off, start, slopes, bounds=bounds, loss=loss, f_scale=scale, xtol=_CLOSE, ftol=_CLOSE, gtol=_CLOSE
    )
    return np.asarray(found.x)


def _deviation(residuals: Floats) -> float:
    middle = np.median(residuals)
    return max(float(np.median(np.abs(residuals - middle))) * MAD, LEAST_DEVIATION)


def _covariance(model: _Model, theta: Floats, deviation: float, incidents: list[str]) -> Floats:
    """Return the covariance of the parameters, trips of one incident taken together.

    The sandwich of an M-estimator (Huber, Robust Statistics, 1981, section 7.6), with its meat summed over incidents.
    """
    off = model.residuals(theta) / deviation
    slopes = model.slopes(theta) / deviation
    far = (off / CAUCHY) ** 2
    pull = (off / (1.0 + far))[:, np.newaxis] * slopes
    _, group = np.unique(incidents, return_inverse=True)
    summed = np.zeros((group.max() + 1, len(theta)))
    np.add.at(summed, group, pull)
    prior = model.prior.T @ model.prior
    bread = np.linalg.pinv(max(float(np.mean((1.0 - far) / (1.0 + far) ** 2)), 0.1) * slopes.T @ slopes + prior)
    return np.asarray(bread @ (summed.T @ summed + prior) @ bread)


@dataclass(frozen=True, eq=False)
class _Fitted:
    """What was fitted to the trips of a profile."""

    trips: Trips
    rows: Longs
    profile: str
    done: Mapping[Key, float]
    theta: Floats
    covariance: Floats
    lower: Floats
    upper: Floats

    def factor(self, key: Key, of: Floats, told: NDArray[np.bool_], seconds: Floats) -> Factor:
        """Return the factor of a sum of parameters, with its interval."""
        before, middle = self.done.get(key, 1.0), float(of @ self.theta)
        half = NORMAL_95 * math.sqrt(max(float(of @ self.covariance @ of), 0.0))
        low, factor, high = (before * math.exp(middle + each) for each in (-half, 0.0, half))
        held = np.any((of > 0.0) & ((self.theta <= self.lower + _HELD) | (self.theta >= self.upper - _HELD)))
        note = f"held at {factor:.2f}, the limit" if held and key[0] != "profile" else ""
        return Factor(*key, factor, low, high, int(told.sum()), float(seconds.sum()) / 3600.0, note)

    def kept(self, key: Key, factor: float, told: NDArray[np.bool_], seconds: Floats, note: str) -> Factor:
        """Return the factor of what was not measured."""
        return Factor(*key, factor, None, None, int(told.sum()), float(seconds.sum()) / 3600.0, note)


def _told(fitted: _Fitted, classes: list[int], periods: list[int], weights: Floats) -> list[Factor]:
    """Return the factors of a profile in the order of the table."""
    class_s = fitted.trips.class_s[fitted.rows]
    mean = np.append(weights, np.zeros(len(periods)))
    whole = fitted.factor(("profile", fitted.profile, ""), mean, np.ones(len(class_s), np.bool_), class_s)
    return [whole, *_of_classes(fitted, classes, whole.factor), *_of_periods(fitted, periods, len(weights))]


def _of_classes(fitted: _Fitted, classes: list[int], whole: float) -> Iterator[Factor]:
    trips, rows, own = fitted.trips, fitted.rows, np.eye(len(fitted.theta))
    driving, may = _driving_on(trips, rows), trips.profiles.profile(fitted.profile).class_kmh
    for row, name in enumerate(ROAD_CLASSES):
        key, seen = _class_key(fitted.profile, row), (driving[:, row], trips.class_s[rows, row])
        if row in classes:
            yield fitted.factor(key, own[classes.index(row)], *seen)
        elif may[name] is not None:
            yield fitted.kept(key, whole, *seen, f"fewer than {LEAST_OF_KIND} trips tell of it: as the profile")


def _of_periods(fitted: _Fitted, periods: list[int], before: int) -> Iterator[Factor]:
    """Yield the factors of the periods, whose parameters come after ``before`` others."""
    trips, rows, own = fitted.trips, fitted.rows, np.eye(len(fitted.theta))
    felt = in_period(trips)[rows]
    tells = (_driving_on(trips, rows) & felt).any(axis=1)
    seconds = (trips.class_s[rows] * felt).sum(axis=1)
    for row, period in enumerate(trips.profiles.periods):
        key: Key = ("period", fitted.profile, period.name)
        inside = trips.period[rows] == row
        if row in periods:
            yield fitted.factor(key, own[before + periods.index(row)], tells & inside, seconds[inside])
        else:
            note = f"fewer than {LEAST_OF_KIND} trips tell of it: as it is"
            yield fitted.kept(key, fitted.done.get(key, 1.0), tells & inside, seconds[inside], note)
