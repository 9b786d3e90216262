"""Answer the questions of kept recommendations once more, and hold the answers against what was told then.

Equal bytes prove that the recommendation was made of what the record says it was made of, and not afterwards.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from pydantic import ValidationError

from dispatch.advice import RECOMMENDED, ask_again, read_asked
from dispatch.force import Force
from dispatch.live import Roads
from dispatch.record import BrokenRecord, Row
from graphs.errors import Fault, InputError
from graphs.network import Network

Outcome = Literal["equal", "equal_but_version", "differs", "purged"]
# What an answer says of the program that made it; all else in it must come out equal.
# The option of the command that gives each.
_OPTIONS: Final = {"network": "--graph", "profiles": "--profiles", "force": "--force"}
_PROGRAM: Final = ("engine", "policy")


@dataclass(frozen=True, slots=True)
class Kept:
    """A recommendation as it was kept.

    Parameters
    ----------
    row
        The event that says so.
    answer, question, force
        The documents that it names; None once purged.
    """

    row: Row
    answer: bytes | None
    question: bytes | None
    force: bytes | None

    @property
    def versions(self) -> dict[str, Any]:
        """What the answer says that it rests on."""
        return {} if self.answer is None else dict(json.loads(self.answer)["versions"])


@dataclass(frozen=True, slots=True)
class Recomputed:
    """How a recommendation came out once more.

    Parameters
    ----------
    outcome
        ``equal`` to the byte; ``equal_but_version``, where only the hashes of the program, or of a force profile that
        this version reads with more in it, are others; ``differs``; or ``purged``.
    differing
        The members of the answer that differ.
    """

    seq: int
    incident_id: str | None
    at: str
    suggested: tuple[str, ...]
    outcome: Outcome
    differing: tuple[str, ...] = ()


def kept_recommendations(rows: Iterable[Row], document: Callable[[str], bytes | None]) -> Iterator[Kept]:
    """Yield the recommendations among rows, with the documents that they name.

    Raises
    ------
    BrokenRecord
        A document is missing.
    """
    for row in rows:
        if row.kind != RECOMMENDED:
            continue
        told = row.details
        if told is None:
            yield Kept(row, None, None, None)
            continue
        names = (told["answer_sha256"], told["question_sha256"], told["force_sha256"])
        answer, question, force = (_there(row, name, document) for name in names)
        yield Kept(row, answer, question, force)


def _there(row: Row, name: str, document: Callable[[str], bytes | None]) -> bytes:
    body = document(name)
    if body is None:
        raise BrokenRecord(row.seq, f"the document {name} that it names is missing")
    return body


def require_same_inputs(kept: Iterable[Kept], network: Network, force: Force | None) -> None:
    """Refuse to answer on other roads, speeds or rules than the recommendations rest on.

    Raises
    ------
    InputError
        With each that is another, and the first row that rests on it.
    """
    given = {"network": network.hash, "profiles": network.profiles.hash}
    if force is not None:
        given["force"] = force.hash
    faults = dict[tuple[str, str], Fault]()
    for item in kept:
        told = item.versions
        for name, value in given.items():
            wanted = told.get(name, {}) if name == "force" else told.get(name)
            wanted = wanted.get("hash") if isinstance(wanted, Mapping) else wanted
            if item.answer is not None and wanted != value:
                accepted = f"the one of hash {wanted}, on which row {item.row.seq} rests"
                faults.setdefault((name, str(wanted)), Fault("options", "", _OPTIONS[name], value, accepted))
    if faults:
        raise InputError(faults.values())


def recompute(kept: Iterable[Kept], network: Network, roads: Roads, force: Force | None) -> Iterator[Recomputed]:
    """Answer each kept question once more.

    Parameters
    ----------
    network, roads
        Those that the recommendations rest on; see `require_same_inputs`.
    force
        The force profile; None for the one that was kept with each.
    """
    for item in kept:
        told = item.row.details or {}
        outcome, differing = _held_against(item, network, roads, force)
        yield Recomputed(
            item.row.seq, item.row.subject, item.row.at, tuple(told.get("suggested", ())), outcome, differing
        )


def _held_against(kept: Kept, network: Network, roads: Roads, force: Force | None) -> tuple[Outcome, tuple[str, ...]]:
    if kept.answer is None or kept.question is None or kept.force is None:
        return "purged", ()
    try:
        asked, rules = read_asked(kept.question), force or Force.model_validate_json(kept.force)
    except (ValidationError, InputError) as error:
        raise BrokenRecord(kept.row.seq, f"this version cannot read its question: {error}") from error
    made = ask_again(asked, network, rules, roads).to_json()
    if made == kept.answer:
        return "equal", ()
    then, now = json.loads(kept.answer), json.loads(made)
    differing = tuple(sorted(name for name in then.keys() | now.keys() if then.get(name) != now.get(name)))
    if differing == ("versions",) and _without_program(then["versions"]) == _without_program(now["versions"]):
        return "equal_but_version", differing
    return "differs", differing


def _without_program(versions: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out what another version of the program changes; which rules were kept, their document's hash proves."""
    return {name: value for name, value in versions.items() if name not in {*_PROGRAM, "force"}}
