"""Tables that people read at a terminal."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.table import Table

from api.answers import shown_lines
from dispatch.force import Force
from dispatch.recommendation import LedgerLine, LeftBehind, Recommendation, Target
from graphs.conditions import NO_CONDITIONS
from graphs.network import Network
from graphs.times import MS_PER_S


def clock(time_ms: int) -> str:
    """Write a span as minutes and seconds.

    Examples
    --------
    >>> clock(372_400)
    '6:12'
    """
    minutes, seconds = divmod(round(time_ms / MS_PER_S), 60)
    return f"{minutes}:{seconds:02d}"


def print_recommendation(console: Console, answer: Recommendation, network: Network, force: Force, k: int) -> None:
    """Print who should go, the soonest ``k``, and why nearer units are not suggested; times by the force's clocks."""
    incident = answer.incident
    tags = f", {', '.join(sorted(incident.tags))}" if incident.tags else ""
    target = _target(answer.target, ZoneInfo(force.time_zone))
    console.print(f"Incident at {incident.lat:.5f}, {incident.lon:.5f}: {incident.grade}{tags}; {target}")
    for sentence, style in _verdict(answer):
        console.print(sentence, style=style)
    shown = shown_lines(answer, k)
    if shown:
        console.print(_ranked(shown, answer.suggested))
    _print_rest(console, answer, shown)
    force_hash, conditions = answer.versions["force"]["hash"], answer.versions["conditions"]
    known = "" if conditions == NO_CONDITIONS.hash else f"  conditions {conditions[:12]}"
    console.print(
        f"network {network.hash[:12]}  force {force_hash[:12]}{known}  "
        f"profile {answer.profile}  {network.meta.attribution}",
        style="dim",
    )


def _target(target: Target, zone: ZoneInfo) -> str:
    if target.target_s is None:
        return "no target time"
    setting = "" if target.setting == "unknown" else f" ({target.setting})"
    due = f", due {target.due_at.astimezone(zone):%H:%M:%S %Z}" if target.due_at else ""
    return f"target {target.target_s // 60} min{setting} from {target.clock}{due}"


def _verdict(answer: Recommendation) -> list[tuple[str, str]]:
    """Return sentences and their styles."""
    if answer.outcome == "nobody_on_duty":
        return [("Nobody is on duty.", "bold red")]
    if answer.outcome == "nobody_eligible":
        return [("Nobody can be sent. The ledger below says why for each unit.", "bold red")]
    if answer.outcome == "met":
        return [("Enough are on their way.", "bold green"), *((f"Not met: {told}.", "yellow") for told in answer.unmet)]
    doubts = [f"Not met: {sentence}." for sentence in answer.unmet]
    if answer.indistinguishable_from:
        others = ", ".join(answer.indistinguishable_from)
        doubts.insert(0, f"For all that is known {others} may be as soon as {answer.nearest_eligible}.")
    doubts += [f"Note: {sentence}." for sentence in answer.warnings]
    return [(f"Send {' and '.join(answer.suggested)}.", "bold green"), *((doubt, "yellow") for doubt in doubts)]


def _ranked(shown: list[LedgerLine], suggested: tuple[str, ...]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("", "unit"):
        table.add_column(name, no_wrap=True)
    for name in ("time", "between", "behind", "road km", "straight", "fix age"):
        table.add_column(name, justify="right", no_wrap=True)
    for name in ("status", "crew", "remarks"):
        table.add_column(name)
    for line in shown:
        table.add_row(*_cells(line, suggested), style=None if line.eligible else "dim")
    return table


def _cells(line: LedgerLine, suggested: tuple[str, ...]) -> list[str]:
    eta, unit = line.eta, line.unit
    if eta is None:
        raise ValueError("a ranked line has a time")
    return [
        "=>" if unit.callsign in suggested else "",
        unit.callsign,
        clock(eta.time_ms),
        f"{clock(eta.earliest_ms)}-{clock(eta.latest_ms)}",
        f"+{clock(line.behind_ms or 0)}",
        f"{eta.leg.length_m / 1000:.1f}",
        f"{(line.straight_m or 0) / 1000:.1f}",
        clock(line.fix_age_ms or 0),
        line.status_label if unit.status is None else f"{unit.status} {line.status_label}",
        "?" if unit.crew is None else str(unit.crew),
        "; ".join(_remarks(line)),
    ]


def _remarks(line: LedgerLine) -> list[str]:
    remarks = [f"not sent: {failure.because}" for failure in line.failed] + list(line.notes)
    left = line.leaves
    if left is not None:
        remarks.append(f"leaves {left.incident_id or 'an incident'} ({left.grade}): {_cost(left)}")
    return remarks


def _cost(left: LeftBehind) -> str:
    if left.delay_ms is None:
        return left.because
    later = "later" if left.delay_ms >= 0 else "sooner"
    return f"{left.next_callsign} there {clock(abs(left.delay_ms))} {later}"


def _print_rest(console: Console, answer: Recommendation, shown: list[LedgerLine]) -> None:
    """Print those that the table leaves out: how many could come later, and why each of the others cannot."""
    rest = [line for line in answer.ledger if line not in shown]
    later = sum(line.eligible for line in rest)
    if later:
        console.print(f"{later} more can be sent, later than these; -k shows more.")
    refused = [line for line in rest if not line.eligible]
    if not refused:
        return
    console.print("Not to be sent:" if shown else "Why not:", style="bold")
    table = Table(box=None, pad_edge=False, show_header=False)
    for line in refused:
        table.add_row(line.unit.callsign, "; ".join(f"{item.rule}: {item.because}" for item in line.failed))
    console.print(table)


def print_network(console: Console, facts: dict[str, Any]) -> None:
    """Print a network's summary."""
    table = Table(box=None, pad_edge=False, show_header=False)
    for key in _PLAIN:
        table.add_row(key.replace("_", " "), str(facts[key]))
    bounds = facts["bounds"]
    west_east = f"lon {bounds['west']:.4f} to {bounds['east']:.4f}"
    table.add_row("bounds", f"lat {bounds['south']:.4f} to {bounds['north']:.4f}, {west_east}")
    console.print(table)
    _print_counts(console, "Drawn beneath", facts["drawn"])
    _print_counts(console, "Dropped when it was built", facts["dropped"])
    for name, use in facts["profiles"].items():
        console.print(f"Profile {name}: {use['open_edges']} edges open", style="bold")
        _print_counts(console, "  closed to it", use["closed"])
        _print_counts(console, "  open, but cut off", use["cut_off"])
    for note in facts["notes"]:
        console.print(f"Note: {note}")


_PLAIN = (
    "source", "source_sha256", "data_timestamp", "attribution", "licence", "hash", "nodes", "edges", "roads_km",
    "one_way_edges", "turn_restrictions", "tunnel_edges", "bridge_edges", "roundabout_edges", "limit_tagged_share",
    "area_km2",
)  # fmt: skip


def _print_counts(console: Console, title: str, counts: dict[str, int]) -> None:
    if not any(counts.values()):
        return
    console.print(f"{title}:")
    table = Table(box=None, pad_edge=False, show_header=False)
    for reason, count in counts.items():
        table.add_row("   ", f"{count:>8,}", reason)
    console.print(table)


def print_route(console: Console, answer: dict[str, Any], at: datetime) -> None:
    """Print a route road by road; the moment has the offset of the clocks to print it by."""
    total = clock(round(answer["time_s"] * MS_PER_S))
    walk = clock(round(answer["walk_s"] * MS_PER_S))
    length = f"{answer['length_m'] / 1000:.2f} km"
    console.print(
        f"{total} (of which {walk} on foot), {length}, profile {answer['profile']}, at {at:%Y-%m-%d %H:%M:%S %Z}"
    )
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("time", "metres"):
        table.add_column(name, justify="right")
    for name in ("turn", "road", "class"):
        table.add_column(name)
    for step in answer["steps"]:
        time = clock(round(step["time_s"] * MS_PER_S))
        table.add_row(time, f"{step['length_m']:.0f}", _turn(step), step["road"], step["class"])
    console.print(table)
    console.print(answer["attribution"], style="dim")


def _turn(step: dict[str, Any]) -> str:
    """Say how a road is come onto."""
    turn, angle = step["turn"], step["turned_deg"]
    if turn == "roundabout" and angle is not None:
        return f"roundabout, {abs(angle):.0f}° {'left' if angle < 0 else 'right'}"
    return {None: "", "u_turn": "turn round"}.get(turn, str(turn))


def print_table(console: Console, answer: dict[str, Any]) -> None:
    """Print times from every origin to every destination, each named by its road."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("from")
    for place in answer["destinations"]:
        table.add_column(place["road"], justify="right")
    for place, row in zip(answer["origins"], answer["durations"], strict=True):
        table.add_row(place["road"], *("-" if time is None else clock(round(time * MS_PER_S)) for time in row))
    console.print(table)
    console.print(answer["attribution"], style="dim")


def print_snap(console: Console, answer: dict[str, Any]) -> None:
    """Print where a vehicle would be, and from where an incident is reached."""
    titles = {"vehicle": "A vehicle here is on", "incident": "An incident here is reached from"}
    for key, extra in (("vehicle", "delay_s"), ("incident", "walk_s")):
        console.print(titles[key], style="bold")
        table = Table(box=None, pad_edge=False, header_style="bold")
        for name in ("edge", "fraction", "gap m", "walk s" if extra == "walk_s" else "delay s"):
            table.add_column(name, justify="right")
        for name in ("road", "class", "access", "one way"):
            table.add_column(name)
        for row in answer[key]:
            table.add_row(
                str(row["edge"]), f"{row['fraction']:.3f}", f"{row['gap_m']:.1f}", f"{row[extra]:.1f}",
                row["road"], row["class"], row["access"], "yes" if row["one_way"] else "no",
            )  # fmt: skip
        console.print(table)
    console.print(answer["attribution"], style="dim")
