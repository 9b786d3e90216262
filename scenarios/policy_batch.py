"""All that waits together, every so often: the plan for the whole queue."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from scenarios.policy import BatchPolicy, Settings
from scenarios.scenario import Scenario


class BatchSettings(Settings):
    """Settings of `Batch`.

    Attributes
    ----------
    every_s
        Seconds between two plans.
    """

    every_s: int = Field(default=60, ge=1, le=3_600, description="whole seconds, from 1 to 3600")


class Batch(BatchPolicy):
    """Sends whom `dispatch.assign` plans, reliefs included; between two plans nobody is sent."""

    name: ClassVar[str] = "batch"
    settings_of: ClassVar[type[Settings]] = BatchSettings

    def __init__(self, scenario: Scenario, settings: BatchSettings) -> None:
        super().__init__(scenario, settings)
        self.every_ms = settings.every_s * 1_000
