"""What a policy is: it sees what the live rules suggest, and says who goes.

To add a policy: a file ``policy_NAME.py`` with a class, and its line in `scenarios.policies`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from pydantic import BaseModel, ConfigDict

from dispatch.assign import assign
from dispatch.brief import Board, Brief, Line, Shortlist
from dispatch.model import Incident, Picture
from dispatch.plan import Plan
from graphs.nearby import Mask
from scenarios.scenario import Scenario


class Settings(BaseModel):
    """What a scenario may set of a policy; the description of a field says what is accepted there."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


@dataclass(frozen=True, eq=False)
class Asked:
    """One question to a policy: who goes to an incident now.

    Parameters
    ----------
    incident, shortlist
        The incident, and who may be sent to it.
    now_ms
        From the scenario's start.
    free : (n,) bool
        The rows of the board that are on duty, deployable and not bound.
    sector
        Of each row of the board; None where it has none.
    """

    incident: Incident
    shortlist: Shortlist
    now_ms: int
    brief: Brief
    board: Board
    free: Mask
    sector: Sequence[str | None]

    @property
    def free_count(self) -> int:
        """How many units are free."""
        return int(np.count_nonzero(self.free))


class Policy(ABC):
    """Says who goes; every replication has one of its own.

    Parameters
    ----------
    scenario, settings
        What it works in, and what the scenario sets.
    """

    name: ClassVar[str]
    settings_of: ClassVar[type[Settings]] = Settings

    def __init__(self, scenario: Scenario, _settings: Settings) -> None:
        self.scenario = scenario

    @abstractmethod
    def choose(self, asked: Asked) -> Sequence[Line]:
        """Return who goes, of the shortlist; nobody where the incident is to wait."""


class BatchPolicy(Policy):
    """Plans for all that waits together, every so often.

    Attributes
    ----------
    every_ms
        How often.
    """

    every_ms: int

    def choose(self, _asked: Asked) -> Sequence[Line]:
        """Return nobody: what comes in waits for the next plan."""
        return ()

    def plan(self, picture: Picture) -> Plan:
        """Return who goes to what."""
        scenario = self.scenario
        return assign(picture, scenario.network, scenario.force, scenario.conditions)
