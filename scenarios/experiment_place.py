"""Where an experiment keeps its replications: a folder that says what they are of, and takes no others."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import orjson

from graphs.errors import Fault, InputError
from scenarios.experiment_program import program
from scenarios.experiment_task import Task
from scenarios.scenario import PolicyChoice, Scenario
from scenarios.scenario_files import policy_choice
from scenarios.scenario_head import PolicyTable
from scenarios.workplace import alone, write_whole

MANIFEST: Final = "manifest.json"
REPLICATIONS: Final = "replications"
_WORK: Final = ".work"
_FORMAT: Final = 1
_HINT: Final = "another than what is there was made with; take another folder"


@dataclass(frozen=True, slots=True)
class Asked:
    """What a planner asks of a scenario.

    Parameters
    ----------
    policies
        Each is played in every replication.
    replications
        How many, numbered from 1.
    seed
        Of all random numbers.
    """

    policies: tuple[PolicyChoice, ...]
    replications: int
    seed: int

    def tasks(self) -> tuple[Task, ...]:
        """Return all replications to play, policy by policy."""
        return tuple(Task(choice, number) for choice in self.policies for number in range(1, self.replications + 1))

    def require_sound(self) -> None:
        """Raise an `InputError` with all that is wrong with what is asked."""
        faults = list(_faults(self))
        if faults:
            raise InputError(faults)


def _faults(asked: Asked) -> Iterator[Fault]:
    if asked.replications < 1:
        yield Fault("experiment", "", "replications", str(asked.replications), "a whole number, 1 or more")
    if asked.seed < 0:
        yield Fault("experiment", "", "seed", str(asked.seed), "a whole number, 0 or more")
    if not asked.policies:
        yield Fault("experiment", "", "policies", "nothing", "one or more")
    folders = [folder_name(choice).casefold() for choice in asked.policies]
    for row, choice in enumerate(asked.policies):
        try:
            policy_choice(PolicyTable(name=choice.name, **choice.settings), "policies", "experiment")
        except InputError as error:
            yield from error.faults
        if folders[row] in folders[:row]:
            yield Fault("experiment", "", "policies", choice.label, "each policy once")


def folder_name(choice: PolicyChoice) -> str:
    """Return what the folder of a policy's replications is called.

    Examples
    --------
    >>> folder_name(PolicyChoice("batch", {"every_s": 30}))
    'batch-every_s-30'
    """
    return re.sub(r"[^\w.-]+", "-", re.sub(r"[ =]", "-", choice.label), flags=re.ASCII)


def replication_folder(out: Path, task: Task) -> Path:
    """Return where a replication is kept."""
    return out / REPLICATIONS / folder_name(task.choice) / f"{task.number:04d}"


@contextmanager
def held(out: Path, scenario: Scenario, asked: Asked) -> Iterator[Path]:
    """Hold a folder for one experiment, which may have been begun there and interrupted, or smaller.

    Gives a folder in it for what is needed meanwhile.

    Parameters
    ----------
    scenario
        With the seed that is asked for.

    Raises
    ------
    InputError
        The folder has something else in it, replications of other inputs, another seed or another program, or more of
        them than are asked for; or somebody else is writing there.
    """
    require_ours(out)
    out.mkdir(parents=True, exist_ok=True)
    with alone(out, "simulation"):
        wanted = manifest_of(scenario, asked)
        if (out / MANIFEST).exists():
            there = read_manifest(out)
            # Where nothing was played yet there is nothing to go on with.
            if any((out / REPLICATIONS).glob("*/[0-9]*")):
                _require_continued(out / MANIFEST, there, wanted)
        body = orjson.dumps(wanted, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
        write_whole(out / MANIFEST, body)
        work = out / _WORK
        # What one that was killed has left.
        for left in (work, *(out / REPLICATIONS).glob("*/.*.part")):
            shutil.rmtree(left, ignore_errors=True)
        work.mkdir()
        try:
            yield work
        finally:
            shutil.rmtree(work)


def require_ours(out: Path) -> None:
    """Refuse a folder that holds something else than an experiment; one that is empty, or not there, will do.

    Raises
    ------
    InputError
        It does, or it is no folder.
    """
    accepted = "a folder that is not there yet, is empty, or was made by 'nearest simulate'"
    if out.exists() and not out.is_dir():
        raise InputError([Fault(str(out), "", "", "a file", accepted)])
    if not out.exists() or (out / MANIFEST).exists():
        return
    # All that one which was killed at once leaves.
    others = sorted({path.name for path in out.iterdir()} - {".lock", f"{MANIFEST}.part"})
    if others:
        raise InputError([Fault(str(out), "", "", f"a folder with {others[0]} in it", accepted)])


def manifest_of(scenario: Scenario, asked: Asked) -> dict[str, Any]:
    """Return what an experiment is of, as JSON values."""
    return {
        "format": _FORMAT,
        "scenario": scenario.name,
        "inputs": dict(sorted(inputs_of(scenario).items())),
        "seed": asked.seed,
        "policies": [_policy(choice) for choice in asked.policies],
        "replications": asked.replications,
        "program": dict(program()),
    }


def inputs_of(scenario: Scenario) -> Mapping[str, str]:
    """Return the SHA-256 (hex) of all that a scenario is made of, what the product ships included."""
    made = {"force profile": scenario.force.hash, "network": scenario.network.hash}
    return {**scenario.files, **made, "profile table": scenario.network.profiles.hash}


def _policy(choice: PolicyChoice) -> dict[str, Any]:
    return {"name": choice.name, "settings": dict(choice.settings), "folder": folder_name(choice)}


def read_manifest(out: Path) -> Mapping[str, Any]:
    """Read what an experiment is of.

    Raises
    ------
    InputError
        The folder has no manifest of one that can be read.
    """
    path = out / MANIFEST
    try:
        told = orjson.loads(path.read_bytes())
    except (OSError, orjson.JSONDecodeError) as error:
        raise InputError([_no_manifest(path, str(error))]) from error
    if not isinstance(told, dict) or told.get("format") != _FORMAT or not {"inputs", "policies"} <= told.keys():
        raise InputError([_no_manifest(path, "another file")])
    return told


def _no_manifest(path: Path, found: str) -> Fault:
    return Fault(str(path), "", "", found, "the manifest of a folder that 'nearest simulate' made")


def _require_continued(path: Path, there: Mapping[str, Any], wanted: Mapping[str, Any]) -> None:
    faults = [*_changed(path, there, wanted), *_left_out(path, there, wanted)]
    if faults:
        raise InputError(faults)


def _changed(path: Path, there: Mapping[str, Any], wanted: Mapping[str, Any]) -> Iterator[Fault]:
    """Name every input and part of the program that is another, and the seed."""
    for table in ("inputs", "program"):
        before, now = there[table], wanted[table]
        for name in sorted({*before, *now}):
            if before.get(name) != now.get(name):
                yield Fault(str(path), table, name, now.get(name, "nothing"), before.get(name, "nothing"), _HINT)
    if there["seed"] != wanted["seed"]:
        yield Fault(str(path), "", "seed", str(wanted["seed"]), str(there["seed"]), _HINT)


def _left_out(path: Path, there: Mapping[str, Any], wanted: Mapping[str, Any]) -> Iterator[Fault]:
    """Name what is there and not asked for any more; more may be asked for, and is added."""
    hint = "what was played already cannot be left out; take another folder"
    if wanted["replications"] < there["replications"]:
        found, accepted = str(wanted["replications"]), f"{there['replications']} or more"
        yield Fault(str(path), "", "replications", found, accepted, hint)
    asked: Sequence[Any] = wanted["policies"]
    for policy in there["policies"]:
        if policy not in asked:
            others = ", ".join(each["folder"] for each in asked)
            yield Fault(str(path), "", "policies", others, f"{policy['folder']} among them", hint)
