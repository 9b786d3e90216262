"""Where the tables of a force profile disagree, said so that its owner can mend it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from dispatch.force_risk import risk_faults
from graphs.errors import Fault
from graphs.faults import unknown_name, written


def cross_faults(data: Mapping[str, Any], source: str) -> list[Fault]:
    """Find where the tables of a profile disagree.

    Parameters
    ----------
    data
        The profile as plain values. Other faults are passed over, so that all can be reported together.
    source
        Name of the profile in the faults.
    """
    checks = (
        _equal_ranks(data, source),
        _wrong_preemptions(data, source),
        _unknown_codes(data, source),
        _equal_steps(data, source),
        _unknown_skills(data, source),
        _wrong_retention(data, source),
        risk_faults(data, source),
    )
    return [fault for faults in checks for fault in faults]


def _tables(data: Mapping[str, Any], name: str) -> dict[str, Mapping[str, Any]]:
    table = data.get(name)
    entries = table.items() if isinstance(table, Mapping) else ()
    return {key: entry for key, entry in entries if isinstance(entry, Mapping)}


def _ranks(data: Mapping[str, Any]) -> dict[str, int | None]:
    """Rank of every grade, None where it is itself at fault."""
    ranks = {key: grade.get("rank") for key, grade in _tables(data, "grades").items()}
    return {key: rank if type(rank) is int and rank >= 1 else None for key, rank in ranks.items()}


def _equal_ranks(data: Mapping[str, Any], source: str) -> Iterator[Fault]:
    first: dict[int, str] = {}
    for key, rank in _ranks(data).items():
        if rank is not None and first.setdefault(rank, key) != key:
            hint = f"{first[rank]} has it too"
            yield Fault(source, "", f"grades.{key}.rank", str(rank), "a rank that no other grade has", hint)


def _wrong_preemptions(data: Mapping[str, Any], source: str) -> Iterator[Fault]:
    ranks = _ranks(data)
    matrix = data.get("preemption")
    for key, takers in matrix.items() if isinstance(matrix, Mapping) else ():
        if key not in ranks:
            yield unknown_name(source, f"preemption.{key}", key, ranks)
        for field, taker in _listed(takers, f"preemption.{key}"):
            yield from _wrong_taker(source, field, key, taker, ranks)


def _wrong_taker(source: str, field: str, key: str, taker: str, ranks: Mapping[str, int | None]) -> Iterator[Fault]:
    if taker not in ranks:
        yield unknown_name(source, field, taker, ranks)
        return
    mine, theirs = ranks.get(key), ranks[taker]
    # Two grades with one rank are a fault already; a grade that takes from itself is one only here.
    if mine is not None and theirs is not None and (theirs > mine or taker == key):
        accepted = f"a grade that is more urgent than {key}, with a rank below {mine}"
        yield Fault(source, "", field, written(taker), accepted, f"{taker} has rank {theirs}")


def _unknown_codes(data: Mapping[str, Any], source: str) -> Iterator[Fault]:
    codes = _tables(data, "statuses")
    table = data.get("transitions")
    for key, followers in table.items() if isinstance(table, Mapping) else ():
        if key not in codes:
            yield unknown_name(source, f"transitions.{key}", key, codes)
        for field, code in _listed(followers, f"transitions.{key}"):
            if code not in codes:
                yield unknown_name(source, field, code, codes)


def _equal_steps(data: Mapping[str, Any], source: str) -> Iterator[Fault]:
    first: dict[str, str] = {}
    for code, status in _tables(data, "statuses").items():
        step = status.get("step")
        if isinstance(step, str) and first.setdefault(step, code) != code:
            accepted = "a step that no other status has"
            yield Fault(source, "", f"statuses.{code}.step", written(step), accepted, f"{first[step]} has it too")


def _unknown_skills(data: Mapping[str, Any], source: str) -> Iterator[Fault]:
    skills = _tables(data, "skills")
    for key, tag in _tables(data, "tags").items():
        asked = [*_listed(tag.get("needs"), f"tags.{key}.needs"), (f"tags.{key}.prefer_skill", tag.get("prefer_skill"))]
        for field, skill in asked:
            if isinstance(skill, str) and skill not in skills:
                yield unknown_name(source, field, skill, skills)


def _wrong_retention(data: Mapping[str, Any], source: str) -> Iterator[Fault]:
    retention = data.get("retention")
    by_tag = retention.get("tags_days") if isinstance(retention, Mapping) else None
    if not isinstance(by_tag, Mapping) or not by_tag:
        return
    tags = _tables(data, "tags")
    for key in by_tag:
        if key not in tags:
            yield unknown_name(source, f"retention.tags_days.{key}", key, tags)
    # Without it nothing is purged, and nobody would see that from the tags.
    if isinstance(retention, Mapping) and retention.get("incidents_days") is None:
        yield Fault(source, "", "retention.incidents_days", "nothing", "a number of days, since tags have one")


def _listed(names: object, field: str) -> Iterator[tuple[str, str]]:
    if isinstance(names, list | tuple):
        yield from ((f"{field}.{place}", name) for place, name in enumerate(names) if isinstance(name, str))
