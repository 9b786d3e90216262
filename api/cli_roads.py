"""Commands about the roads alone: ``nearest route``, ``table``, ``reachable`` and ``snap``."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click

from api import answers, printing
from api.areas import reachable_answer
from api.options import (
    OPTIONS,
    Asked,
    at_time_option,
    closures_option,
    engine_of,
    force_option,
    geojson_option,
    graph_option,
    json_option,
    out,
    profile_option,
    profiles_option,
    put,
    read_network,
    reference_option,
)
from api.places import read_minutes, read_place
from api.road_answers import route_answer, table_answer
from graphs.errors import Fault, InputError

Command = Callable[..., None]


def _driven(command: Command) -> Command:
    """Give a command the options of `Asked`."""
    for option in (closures_option, force_option, profiles_option, profile_option, at_time_option, graph_option):
        command = option(command)
    return command


@click.command("route")
@_driven
@click.option("--from", "start", required=True, help="LAT,LON.")
@click.option("--to", "end", required=True, help="LAT,LON.")
@reference_option
@json_option
@geojson_option
def route_command(*, start: str, end: str, reference: bool, as_json: bool, as_geojson: bool, **options: Any) -> None:
    """Show the fastest way from one point to another, as the engine drives it."""
    asked = Asked(options)
    places = asked.place(start, "--from"), asked.place(end, "--to")
    asked.require_sound()
    answer = route_answer(asked.driving, *places, engine_of(reference=reference))
    if as_geojson:
        geometry = answer.pop("geometry")
        put(answers.to_json({"type": "Feature", "properties": answer, "geometry": geometry}))
    elif as_json:
        put(answers.to_json(answer))
    else:
        printing.print_route(out(), answer, asked.driving.at)


@click.command("table")
@_driven
@click.option("--origin", "origins", required=True, multiple=True, help="LAT,LON; may be given again.")
@click.option("--destination", "destinations", required=True, multiple=True, help="LAT,LON; may be given again.")
@json_option
def table_command(*, origins: tuple[str, ...], destinations: tuple[str, ...], as_json: bool, **options: Any) -> None:
    """Show how long it takes from every origin, a row each, to every destination."""
    asked = Asked(options)
    places = asked.places(origins, "--origin"), asked.places(destinations, "--destination")
    asked.require_sound()
    answer = table_answer(asked.driving, *places)
    if as_json:
        put(answers.to_json(answer))
    else:
        printing.print_table(out(), answer)


@click.command("reachable")
@_driven
@click.option("--from", "starts", required=True, multiple=True, help="LAT,LON; may be given again.")
@click.option("--minutes", required=True, help="Numbers with a comma between, such as 5,10.")
@click.option("--roads", is_flag=True, help="Tell the roads reached as lines too.")
def reachable_command(*, starts: tuple[str, ...], minutes: str, roads: bool, **options: Any) -> None:
    """Print what can be reached in so many minutes, from one place or from any of several, as GeoJSON."""
    asked = Asked(options)
    places = asked.places(starts, "--from")
    numbers = read_minutes(minutes, OPTIONS, "--minutes", asked.faults)
    asked.require_sound()
    put(answers.to_json(reachable_answer(asked.driving, places, numbers, roads=roads)))


@click.command("snap")
@graph_option
@click.option("--at", required=True, help="LAT,LON.")
@click.option("--course", "course_deg", type=float, help="Direction of travel, degrees from north.")
@click.option("--speed", "speed_kmh", type=float, help="Speed, km/h.")
@profile_option
@profiles_option
@json_option
def snap_command(
    *,
    graph_file: Path,
    at: str,
    course_deg: float | None,
    speed_kmh: float | None,
    profile: str,
    profiles: Path | None,
    as_json: bool,
) -> None:
    """Show where a vehicle at a point is on the road, and from where an incident there is reached."""
    network = read_network(graph_file, profiles)
    faults = list(_motion_faults(course_deg, speed_kmh))
    place = read_place(at, OPTIONS, "--at", network, faults)
    if faults:
        raise InputError(faults)
    answer = answers.snap_answer(network, profile, place, course_deg, speed_kmh)
    if as_json:
        put(answers.to_json(answer))
    else:
        printing.print_snap(out(), answer)


def _motion_faults(course_deg: float | None, speed_kmh: float | None) -> Iterator[Fault]:
    told = (("--course", course_deg, 360.0, "degrees, 0 to 360"), ("--speed", speed_kmh, 400.0, "km/h, 0 to 400"))
    for option, value, most, accepted in told:
        if value is not None and not 0.0 <= value <= most:
            yield Fault(OPTIONS, "", option, str(value), accepted)


COMMANDS = (route_command, table_command, reachable_command, snap_command)
