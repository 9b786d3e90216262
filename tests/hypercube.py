"""Queues by exact calculation: what simulations are held against.

Larson's hypercube model, and how long calls wait by Erlang's formulas. Calls come at random and lengths of service are
exponential; loads are in erlangs.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csc_array
from scipy.sparse.linalg import spsolve

from scenarios.queueing import waiting

Floats = NDArray[np.float64]
Longs = NDArray[np.int64]
# Twelve take seconds; each one more makes it some seven times as long.
_MOST_UNITS: Final = 12


def mean_wait(servers: int, load: float, service: float) -> float:
    """Return the mean wait over all calls, in the unit of time of ``service``; infinite where the queue only grows.

    Parameters
    ----------
    servers, load
        As in `waiting`.
    service
        The mean time of service.
    """
    if load >= servers:
        return math.inf if load else 0.0
    return waiting(servers, load) * service / (servers - load)


def waiting_longer(servers: int, load: float, service: float, time: float) -> float:
    """Return the share of calls that wait longer than a time, first come first served.

    Parameters
    ----------
    servers, load
        As in `waiting`.
    service, time
        The mean time of service, and the time, in one unit.
    """
    if load >= servers:
        return 1.0 if load else 0.0
    return waiting(servers, load) * math.exp(-(servers - load) * time / service)


@dataclass(frozen=True, slots=True)
class Atom:
    """A part of the area, with its own order of units.

    Parameters
    ----------
    rate
        Calls in a unit of time.
    order
        All units by their numbers, from 0, the first choice first.
    """

    rate: float
    order: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Hypercube:
    """Larson's hypercube model, solved exactly over all 2^N sets of busy units.

    A call goes to the first free unit in the order of its atom. Where all are busy it is lost, or waits its turn and
    goes to whichever unit is free next.

    Parameters
    ----------
    atoms
        Where calls come from.
    service_rates
        Calls that each unit could end in a unit of time; N of them, 12 at the most.
    full
        What becomes of a call when all are busy.

    Raises
    ------
    ValueError
        An order does not name every unit once, there are too many units, or the queue would only grow.

    Notes
    -----
    Larson, "A hypercube queuing model for facility location and redistricting in urban emergency services", Computers
    & Operations Research 1 (1974) 67-95; Larson and Odoni, Urban Operations Research (1981), chapter 5. States with a
    queue are a geometric tail behind the state in which all are busy, so the 2^N states hold all there is to solve.
    """

    atoms: Sequence[Atom]
    service_rates: Sequence[float]
    full: Literal["lost", "queue"]

    def __post_init__(self) -> None:
        if len(self.service_rates) > _MOST_UNITS:
            raise ValueError(f"an exact solution is for {_MOST_UNITS} units at the most")
        everybody = list(range(self.units))
        if any(sorted(atom.order) != everybody for atom in self.atoms):
            raise ValueError("the order of an atom names every unit once")
        if self.full == "queue" and self.rate >= self.power:
            raise ValueError("calls come faster than all units together can end them")

    @property
    def units(self) -> int:
        """How many units there are."""
        return len(self.service_rates)

    @property
    def rate(self) -> float:
        """Calls in a unit of time, from everywhere."""
        return math.fsum(atom.rate for atom in self.atoms)

    @property
    def power(self) -> float:
        """Calls that all units together could end in a unit of time."""
        return math.fsum(self.service_rates)

    @cached_property
    def states(self) -> Floats:
        """How likely each set of busy units is, nobody waiting: bit n of the index is unit n. (2^N,)."""
        count = 1 << self.units
        start, end, rate = (np.concatenate(part) for part in zip(*self._changes(), strict=True))
        # What leaves each state stands on the diagonal; the first equation follows from the others.
        left = np.bincount(start, rate, count)
        rows, columns = np.concatenate((end, np.arange(count))), np.concatenate((start, np.arange(count)))
        balance = csc_array((np.concatenate((rate, -left)), (rows, columns)), shape=(count, count))
        against_idle = np.ones(count)
        against_idle[1:] = spsolve(balance[1:, 1:], -balance[1:, [0]].toarray().ravel())
        tail = self._queue_ratio / (1 - self._queue_ratio) * against_idle[-1]
        return np.asarray(against_idle / (against_idle.sum() + tail), np.float64)

    @property
    def _queue_ratio(self) -> float:
        """How much less likely each longer queue is than the one before it."""
        return self.rate / self.power if self.full == "queue" else 0.0

    def _changes(self) -> Iterator[tuple[Longs, Longs, Floats]]:
        """Yield from which states to which others, and how fast: units sent, then units that come free."""
        states = np.arange((1 << self.units) - 1)
        for atom in self.atoms:
            sent = self._sent(atom)
            yield states, states | (1 << sent), np.full(len(states), atom.rate)
        everything = np.arange(1 << self.units)
        for unit, rate in enumerate(self.service_rates):
            busy = everything[everything >> unit & 1 == 1]
            yield busy, busy ^ (1 << unit), np.full(len(busy), rate)

    def _sent(self, atom: Atom) -> Longs:
        """Return whom an atom's call gets in every state but the one in which all are busy."""
        states = np.arange((1 << self.units) - 1)
        sent = np.full(len(states), -1)
        for unit in reversed(atom.order):
            sent[states >> unit & 1 == 0] = unit
        return sent

    @property
    def all_busy(self) -> float:
        """The share of calls that find all units busy: lost, or made to wait."""
        return float(self.states[-1]) / (1 - self._queue_ratio)

    @property
    def mean_queue(self) -> float:
        """How many calls wait, on average; 0 where they are lost."""
        return self.all_busy * self._queue_ratio / (1 - self._queue_ratio)

    @property
    def workloads(self) -> Floats:
        """The share of time that each unit is busy. (N,)."""
        index = np.arange(len(self.states))
        waiting_behind = self.all_busy - float(self.states[-1])
        return np.array([self.states[index >> unit & 1 == 1].sum() + waiting_behind for unit in range(self.units)])

    @property
    def dispatches(self) -> Floats:
        """The share of all dispatches that send unit n to atom j, from the queue or at once. (N, atoms), sum 1.

        Larson and Odoni (1981), equations 5.21 to 5.23; calls that are lost send nobody.
        """
        at_once = np.zeros((self.units, len(self.atoms)))
        for column, atom in enumerate(self.atoms):
            sent = self._sent(atom)
            at_once[:, column] = atom.rate * np.bincount(sent, self.states[:-1], self.units)
        # A unit that comes free takes whoever has waited longest, from anywhere.
        free_first = np.asarray(self.service_rates) / self.power
        queued = self.all_busy if self.full == "queue" else 0.0
        sent_rates = at_once + queued * np.outer(free_first, [atom.rate for atom in self.atoms])
        return np.asarray(sent_rates / sent_rates.sum(), np.float64)

    def mean_travel(self, travel: Floats) -> float:
        """Return the mean travel over all dispatches.

        Parameters
        ----------
        travel : (N, atoms) float64
            Of each unit to each atom, from where it waits: a unit that goes to a call from the queue is taken to start
            from there too.
        """
        return float((self.dispatches * travel).sum())
