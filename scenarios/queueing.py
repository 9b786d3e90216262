"""How many calls must wait for a unit, by Erlang's formulas.

They stand for a steady state, calls that come at random and lengths of service that are exponential; what they leave
out (hours that differ, roads, skills, breaks) is what a simulation is for. Loads are in erlangs: calls in an hour times
the hours that one binds a unit.
"""

from __future__ import annotations

import math


def lost(servers: int, load: float) -> float:
    """Return the share of calls that find all servers busy and are lost: Erlang B.

    Parameters
    ----------
    servers
        How many there are, 0 or more.
    load
        Erlangs, 0 or more.

    Notes
    -----
    Erlang (1917), by the recursion B(c) = a B(c-1) / (c + a B(c-1)), which loses no figures.

    >>> round(lost(2, 1.0), 6)
    0.2
    """
    share = 1.0
    for count in range(1, servers + 1):
        share = load * share / (count + load * share)
    return share


def waiting(servers: int, load: float) -> float:
    """Return the share of calls that must wait for a server: Erlang C; 1 where the load is more than they can bear.

    Parameters
    ----------
    servers
        How many there are, 0 or more.
    load
        Erlangs, 0 or more.

    Notes
    -----
    Erlang (1917): C = B / (1 - (a/c) (1 - B)), B being `lost`.

    >>> round(waiting(2, 1.0), 6)
    0.333333
    """
    if load >= servers:
        return 1.0 if load else 0.0
    share = lost(servers, load)
    return share / (1 - load / servers * (1 - share))


def servers_needed(load: float, share: float) -> int:
    """Return the fewest servers with which no more than a share of the calls must wait.

    Parameters
    ----------
    load
        Erlangs, 0 or more.
    share
        Above 0, and up to 1.

    >>> [servers_needed(load, 0.1) for load in (0.0, 0.1, 1.0, 5.0)]
    [0, 1, 3, 9]
    """
    if not 0 < share <= 1:
        raise ValueError(f"no number of servers keeps the share that must wait at {share}")
    if not load:
        return 0
    servers = math.floor(load) + 1
    while waiting(servers, load) > share:
        servers += 1
    return servers
