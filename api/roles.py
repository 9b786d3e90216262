"""What each role may do: one table, by the operation of each call.

A call is allowed if any role of whoever asks is in the row of its operation. What has no row is refused to everybody,
so a new route needs a line in `OPERATIONS`, or a place in `PUBLIC`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal

ROLES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "dispatcher": "takes calls and sends units",
        "supervisor": "leads the room: all that a dispatcher does, assessments and disclosures",
        "planner": "asks the roads and what would be recommended, and simulates; sees no caller and no officer",
        "auditor": "reads everything, the record too, replays it, and changes nothing",
        "administrator": "accounts, keys and retention; sees no incident",
        # A tracking server's key lies on another machine. Whoever steals it must not learn where officers are.
        "feeder": "a system that reports positions and statuses, and reads nothing else",
        # A key that only reads counts can stand in a collector's configuration.
        "monitor": "a system that collects measures",
    }
)
SYSTEM_ROLES: Final = frozenset({"feeder", "monitor"})
PERSON_ROLES: Final = tuple(role for role in ROLES if role not in SYSTEM_ROLES)
_DESK: Final = ("dispatcher", "supervisor")

# What may be done, in a word, and by whom.
ALLOWED: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {
        "ask": frozenset({*_DESK, "planner", "auditor"}),  # roads and recommendations; nothing is kept
        "watch": frozenset({*_DESK, "auditor"}),  # read units, incidents, the queue, risk
        "report": frozenset({*_DESK, "feeder"}),  # positions and statuses in
        "dispatch": frozenset(_DESK),  # duties, incidents, sending, closures, risk, tasks
        "assess": frozenset({"supervisor"}),  # judge a response
        "review": frozenset({"supervisor", "auditor"}),  # read how responses were judged
        "disclose": frozenset({"supervisor"}),  # hand personal data to a partner
        "audit": frozenset({"auditor"}),  # read, verify, export and replay the record
        "simulate": frozenset({"planner"}),  # scenarios, simulations and their results
        "administer": frozenset({"administrator"}),
        "measure": frozenset({"monitor", "administrator"}),
        "own": frozenset(ROLES),  # one's own session
    }
)

OPERATIONS: Final[Mapping[str, str]] = MappingProxyType(
    {
        # Roads, and recommendations of which nothing is kept.
        "recommend": "ask",
        "route": "ask",
        "table": "ask",
        "nearest": "ask",
        "reachable": "ask",
        "closures": "ask",
        "network": "ask",
        "tile": "ask",
        "places": "ask",
        "force": "ask",
        "units": "watch",
        "unit": "watch",
        "incidents": "watch",
        "incident": "watch",
        "keptRecommendation": "watch",
        "queuePlan": "watch",
        "stream": "watch",
        "record": "audit",
        "recordHead": "audit",
        "replayAsked": "audit",
        "replays": "audit",
        "replay": "audit",
        "replayEnded": "audit",
        "replayReport": "audit",
        "replayFile": "audit",
        "replayIncidents": "audit",
        "replayIncident": "audit",
        "replayMoments": "audit",
        "replayKnown": "audit",
        "scenarios": "simulate",
        "scenario": "simulate",
        "simulationAsked": "simulate",
        "simulations": "simulate",
        "simulation": "simulate",
        "simulationEvents": "simulate",
        "simulationCancelled": "simulate",
        "simulationEnded": "simulate",
        "simulationReport": "simulate",
        "simulationFile": "simulate",
        "simulationCompared": "simulate",
        "positions": "report",
        "traccar": "report",
        "unitStatus": "report",
        "unitOnDuty": "dispatch",
        "unitOffDuty": "dispatch",
        "unitCrew": "dispatch",
        "incidentReceived": "dispatch",
        "incidentRegraded": "dispatch",
        "incidentAmended": "dispatch",
        "incidentLinked": "dispatch",
        "incidentCancelled": "dispatch",
        "incidentClosed": "dispatch",
        "recommendIncident": "dispatch",
        "unitAssigned": "dispatch",
        "unitDiverted": "dispatch",
        "unitStoodDown": "dispatch",
        "unitEnRoute": "dispatch",
        "unitAtScene": "dispatch",
        "unitClear": "dispatch",
        "closureOpened": "dispatch",
        "closureLifted": "dispatch",
        "assessmentForm": "review",
        "assessments": "review",
        "supervision": "review",
        "recordVerified": "review",
        "samples": "review",
        "sample": "review",
        "sampleDrawn": "assess",
        "assessed": "assess",
        "markers": "watch",
        "reviews": "watch",
        "tasks": "watch",
        "historyChecked": "dispatch",
        "vulnerabilityAnswered": "dispatch",
        "markerPlaced": "dispatch",
        "markerRenewed": "dispatch",
        "markerLifted": "assess",
        "conferenceDiscussed": "dispatch",
        "riskAssessed": "dispatch",
        "reviewDone": "dispatch",
        "releaseNotified": "dispatch",
        "releaseCancelled": "dispatch",
        "taskSet": "dispatch",
        "taskDone": "dispatch",
        "eido": "watch",
        "disclosed": "disclose",
        "disclosures": "review",
        "conferenceListed": "disclose",
        "conference": "disclose",
        "conferenceHeld": "disclose",
        "tableImported": "dispatch",
        "closuresImported": "dispatch",
        "metrics": "measure",
        "whoAmI": "own",
        "logOut": "own",
    }
)

# Answered to anybody who reaches the service: whether it runs, how to ask it, and how to become known to it.
PUBLIC: Final = frozenset(
    {
        "health",
        "ready",
        "problem",
        "openapi.spec",
        "docs.page",
        "docs.start",
        "docs.asset",
        "console.page",
        "console.asset",
        "logIn",
        "waysIn",
        "oidcLogIn",
        "oidcCallback",
    }
)

# A map asks for dozens at once, each the same for everybody: they must not use up what a dispatcher may ask for. They
# have an allowance of their own, in requests a second.
APART: Final[Mapping[str, int]] = MappingProxyType({"tile": 200})

# Reads about one incident or all of a period, which are recorded with the reason that is given for them.
CONSULTING: Final[frozenset[str]] = frozenset(
    {
        "incident",
        "keptRecommendation",
        "record",
        "eido",
        "replayAsked",
        "replayReport",
        "replayFile",
        "replayIncidents",
        "replayIncident",
        "replayMoments",
        "replayKnown",
        # Of past incidents, where the demand of the scenario is that.
        "simulationAsked",
        "simulationReport",
        "simulationFile",
        "simulationCompared",
    }
)

# Those that a browser opens by a link, which cannot send a header: the reason may stand in the address.
LINKED: Final[frozenset[str]] = frozenset({"replayReport", "replayFile", "simulationReport", "simulationFile"})


@dataclass(frozen=True, slots=True)
class Actor:
    """Whoever asks.

    Parameters
    ----------
    name
        Of the user, or of the system that a key was made for.
    roles
        Some of `ROLES`.
    demonstration
        A published credential, which is worth something on this machine only.
    """

    name: str
    kind: Literal["person", "system"]
    roles: frozenset[str]
    demonstration: bool = False


def roles_for(operation: str) -> frozenset[str]:
    """Return the roles that may ask for an operation; none for one without a row."""
    return ALLOWED.get(OPERATIONS.get(operation, ""), frozenset())


def may(roles: Collection[str], operation: str) -> bool:
    """Return whether any of the roles may ask for an operation.

    >>> may({"planner"}, "route"), may({"planner"}, "logIn"), may({"planner"}, "unheard of")
    (True, False, False)
    """
    return not roles_for(operation).isdisjoint(roles)


def operations_for(roles: Iterable[str]) -> list[str]:
    """Return the operations that any of the roles may ask for, in the order of the alphabet."""
    held = frozenset(roles)
    return sorted(operation for operation in OPERATIONS if may(held, operation))
