"""How roads are driven in one question about roads."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

from graphs.conditions import NO_CONDITIONS, Conditions
from graphs.network import Network
from graphs.routing import Routing

Engine = TypeVar("Engine", bound=Routing)


@dataclass(frozen=True, slots=True)
class Driving:
    """What every answer about roads rests on.

    Parameters
    ----------
    network, profile
        The roads, and by which profile they are driven.
    at
        The moment, with the offset of the local time there.
    conditions
        What is closed or slowed, now and at other times.
    """

    network: Network
    profile: str
    at: datetime
    conditions: Conditions = NO_CONDITIONS

    def by(self, engine: type[Engine]) -> Engine:
        """Return the router that answers.

        Raises
        ------
        InputError
            There is no such profile.
        """
        return engine(self.network, self.profile, self.conditions, self.at)

    def told(self) -> dict[str, Any]:
        """Return what an answer says of all this."""
        return {"profile": self.profile, **versions(self.network, self.conditions, self.at)}


def versions(network: Network, conditions: Conditions, at: datetime) -> dict[str, Any]:
    """Return a moment in UTC, whom the roads are owed to, and the hashes of the roads and what is known of them."""
    return {
        "at": at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "attribution": network.meta.attribution,
        "network": network.hash,
        "profiles": network.profiles.hash,
        "conditions": conditions.hash,
    }
