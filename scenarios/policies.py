"""Every policy that a scenario can name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from scenarios.policy import Policy
from scenarios.policy_batch import Batch
from scenarios.policy_coverage_reserve import CoverageReserve
from scenarios.policy_cutoff_reserve import CutoffReserve
from scenarios.policy_nearest_first import NearestFirst
from scenarios.policy_sector_first import SectorFirst
from scenarios.scenario import PolicyChoice, Scenario

POLICIES: Final[Mapping[str, type[Policy]]] = {
    policy.name: policy for policy in (NearestFirst, SectorFirst, Batch, CoverageReserve, CutoffReserve)
}


def policy_of(scenario: Scenario, choice: PolicyChoice) -> Policy:
    """Make a policy for one replication.

    Raises
    ------
    KeyError
        There is none of the name.
    pydantic.ValidationError
        Its settings are at fault.
    """
    policy = POLICIES[choice.name]
    return policy(scenario, policy.settings_of.model_validate(dict(choice.settings)))
