"""The command ``nearest site``: where to put posts."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click
import numpy as np
from rich.console import Console

from api.answers import to_json
from api.cli_simulate import comparison_values, print_comparisons, replications_told
from api.options import (
    OPTIONS,
    closures_option,
    conditions_of,
    json_option,
    moment_of,
    out,
    profile_option,
    profiles_option,
    put,
    read_network,
)
from api.printing_site import print_site
from graphs.conditions import Conditions
from graphs.errors import Fault, InputError
from graphs.faults import NOTHING, gather, unknown_name
from graphs.network import Network
from graphs.times import MS_PER_S

if TYPE_CHECKING:
    from scenarios.results_compared import Comparison
    from scenarios.scenario import Scenario, Station
    from scenarios.siting import Question
    from scenarios.siting_files import DemandPoint
    from scenarios.siting_out import Told

Command = Callable[..., None]
NOT_ALL: Final = 3
_MODELS: Final = ("p-median", "maximal-covering", "set-covering", "mexclp")
_LONGEST_MIN: Final = 1_440.0
_MOST: Final = 100_000
# Which options each model needs, and which it may have beside them.
_NEEDED: Final = {
    "p-median": ("posts",),
    "maximal-covering": ("posts", "within"),
    "set-covering": ("within",),
    "mexclp": ("units", "within", "busy"),
}
_ALLOWED: Final = {"p-median": ("within",), "set-covering": ("share",)}
_LIMITS: Final = {
    "posts": (1, _MOST, "a whole number, 1 or more"),
    "units": (1, _MOST, "a whole number, 1 or more"),
    "within": (1e-3, _LONGEST_MIN, "minutes, more than 0, a day at most"),
    "busy": (0.0, 1.0 - 1e-9, "a number from 0 to below 1"),
    "share": (1e-9, 1.0, "a number above 0, 1 at most"),
    "spread": (1, _MOST, f"a whole number, 1 to {_MOST}"),
    "points": (1, _MOST, f"a whole number, 1 to {_MOST}"),
    "mobilisation_s": (0, 3_600, "seconds, 0 to 3600"),
    "jobs": (0, 1_000, "a whole number, 0 to 1000"),
    "limit": (0.1, 86_400.0, "a number from 0.1 to 86400"),
    "gap": (0.0, 0.5, "a number from 0 to 0.5"),
    "replications": (2, _MOST, f"a whole number, 2 to {_MOST}"),
}
_FILE: Final = click.Path(path_type=Path)
_ASKED: Final = (
    click.option("--model", required=True, type=click.Choice(_MODELS), help="What the posts are to do."),
    click.option("--posts", type=int, help="How many posts, of p-median and maximal-covering."),
    click.option("--units", type=int, help="How many units, of mexclp; several may have one post."),
    click.option("--within", type=float, help="Minutes within which a demand point is covered."),
    click.option("--share", type=float, help="Of set-covering: how much of all weight to cover; all if not given."),
    click.option("--busy", type=float, help="Of mexclp: the share of its time for which a unit cannot be sent."),
    click.option("--keep", multiple=True, help="A candidate that has to be a post; may be given again."),
)
_PLACES: Final = (
    click.option("--graph", "graph_file", type=_FILE, help="Network file; that of the scenario if not given."),
    click.option("--demand", type=_FILE, help="CSV of demand points: lat, lon, weight?, name?."),
    click.option("--areas", type=_FILE, help="GeoJSON polygons that demand comes from."),
    click.option("--name", default="name", show_default=True, help="The property of an area that has its name."),
    click.option("--weight", help="The property of an area that has its weight; all weigh the same if not given."),
    click.option("--weights", type=_FILE, help="CSV that has the weights, in columns called as --name and --weight."),
    click.option("--scenario", type=_FILE, help="A scenario's folder: its demand, and its stations as candidates."),
    click.option("--points", type=int, help="Demand points for each area (5), or for a scenario (1000)."),
    click.option("--candidates", type=_FILE, help="CSV of candidates: name, lat, lon, sector?, custody?."),
    click.option("--spread", type=int, help="So many candidates spread over the streets."),
)
_DRIVEN: Final = (
    profile_option,
    profiles_option,
    click.option(
        "--at-time", "at_times", multiple=True, help="ISO time in local time; given again, the slowest counts."
    ),
    closures_option,
    click.option("--mobilisation-s", type=int, default=0, show_default=True, help="Seconds added to every drive."),
    click.option("--limit", type=float, default=30.0, show_default=True, help="Work for a proof, about a second each."),
    click.option(
        "--gap", type=float, default=0.0, show_default=True, help="Share of the best that is near enough, such as 0.01."
    ),
    click.option(
        "-o", "--output", type=_FILE, help="A folder for stations.csv, points.csv, result.json, posts.geojson."
    ),
    click.option("--check", is_flag=True, help="Play the scenario with its stations and with the posts, and compare."),
    click.option("--replications", type=int, help="Of --check, how often; the scenario's if not given."),
    click.option(
        "--jobs", default=0, show_default="one for each processor", help="Of --check, how many processes play."
    ),
    json_option,
    click.option("--geojson", "as_geojson", is_flag=True, help="Print GeoJSON: the posts and the demand points."),
)


def _asked(command: Command) -> Command:
    for option in reversed((*_ASKED, *_PLACES, *_DRIVEN)):
        command = option(command)
    return command


@click.command("site")
@_asked
def site_command(*, output: Path | None, as_json: bool, as_geojson: bool, **options: Any) -> None:
    """Choose posts among candidates by times on the roads, and say how far from the best they are at most.

    p-median: the least mean time, by weight. maximal-covering: the most weight within a time. set-covering: the fewest
    posts that have all within a time. mexclp: the most weight expected within a time of a free unit.
    """
    faults = list(_faults(options))
    if as_json and as_geojson:
        faults.append(Fault(OPTIONS, "", "--json, --geojson", "both", "one of them"))
    if output is not None and (output.is_file() or not output.absolute().parent.is_dir()):
        faults.append(Fault(OPTIONS, "", "-o", str(output), "a folder, in one that exists"))
    with Console(stderr=True).status("choosing posts"):
        read = _read(options, faults)
        told = _told(read, options)
    compared = _checked(read.scenario, told, options) if options["check"] and read.scenario else None
    if compared is not None:
        told = replace(told, about={**told.about, "check": comparison_values(compared)})
    if output is not None:
        told.write(output)
    if as_json:
        put(to_json(told.result()))
    elif as_geojson:
        put(to_json(told.geojson()))
    else:
        print_site(out(), told.result())
        if compared and read.scenario:
            print_comparisons([compared], read.scenario.force)
        if output is not None:
            click.echo(f"see {output}")
    if told.sited.question.model == "set-covering" and options["share"] is None and len(told.sited.question.hopeless):
        sys.exit(NOT_ALL)


def _flag(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def _faults(options: dict[str, Any]) -> Iterator[Fault]:
    model = options["model"]
    needed, allowed = _NEEDED[model], _ALLOWED.get(model, ())
    for name in ("posts", "units", "within", "busy", "share"):
        if options[name] is None and name in needed:
            yield Fault(OPTIONS, "", _flag(name), NOTHING, f"{_LIMITS[name][2]}: {model} needs it")
        hint = "it has --units" if name == "posts" and model == "mexclp" else ""
        if options[name] is not None and name not in (*needed, *allowed):
            yield Fault(OPTIONS, "", _flag(name), str(options[name]), f"no such option beside --model {model}", hint)
    for name, (least, most, accepted) in _LIMITS.items():
        # A comparison with what is not a number is false.
        if options[name] is not None and not least <= options[name] <= most:
            yield Fault(OPTIONS, "", _flag(name), str(options[name]), accepted)
    yield from _source_faults(options)
    yield from _check_faults(options)


def _check_faults(options: dict[str, Any]) -> Iterator[Fault]:
    if options["check"] and options["scenario"] is None:
        yield Fault(OPTIONS, "", "--check", "given", "no such option without --scenario")
    if options["replications"] is not None and not options["check"]:
        yield Fault(OPTIONS, "", "--replications", str(options["replications"]), "no such option without --check")


def _source_faults(options: dict[str, Any]) -> Iterator[Fault]:
    demand = [name for name in ("demand", "areas", "scenario") if options[name] is not None]
    if not demand or demand == ["demand", "areas"]:
        found = " and ".join(map(_flag, demand)) or NOTHING
        yield Fault(OPTIONS, "", "--demand, --areas, --scenario", found, "one of them")
    if options["candidates"] is None and options["spread"] is None and options["scenario"] is None:
        yield Fault(OPTIONS, "", "--candidates, --spread, --scenario", NOTHING, "one of them, or more")
    if options["graph_file"] is None and options["scenario"] is None:
        yield Fault(OPTIONS, "", "--graph", NOTHING, "a network file, see 'nearest graph build'")
    for name in ("graph_file", "profiles"):
        if options[name] is not None and options["scenario"] is not None:
            flag = "--graph" if name == "graph_file" else "--profiles"
            yield Fault(OPTIONS, "", flag, str(options[name]), "no such option beside --scenario")
    for name in ("weight", "weights"):
        if options[name] is not None and options["areas"] is None:
            yield Fault(OPTIONS, "", _flag(name), str(options[name]), "no such option without --areas")
    if options["closures_file"] is not None and not options["at_times"]:
        yield Fault(OPTIONS, "", "--closures", str(options["closures_file"]), "--at-time beside it: when it is driven")


@dataclass(frozen=True, eq=False)
class _Read:
    """Everything that the options name, read and sound."""

    network: Network
    moments: Sequence[datetime]
    conditions: Conditions
    candidates: Sequence[Station]
    points: Sequence[DemandPoint]
    notes: Sequence[str]
    kept: tuple[int, ...]
    scenario: Scenario | None


def _read(options: dict[str, Any], faults: list[Fault]) -> _Read:
    """Read all that can be read; all faults are reported together."""
    scenario = _scenario(options, faults)
    network = scenario.network if scenario else None
    if options["graph_file"] is not None and network is None:
        network = gather(faults, partial(read_network, options["graph_file"], options["profiles"]))
    moments = [moment_of(text, "--at-time", faults) for text in options["at_times"]]
    if network is None:
        raise InputError(faults)
    conditions = conditions_of(options["closures_file"], network, faults)
    if scenario is not None and options["closures_file"] is None and moments:
        conditions = scenario.conditions
    candidates = _candidates(options, network, scenario, faults)
    points, notes = _points(options, network, scenario, faults)
    kept = _kept(options["keep"], candidates, faults)
    if not faults:
        faults += _count_faults(options, candidates, kept)
    if faults:
        raise InputError(faults)
    if scenario is not None:
        moments = [at.astimezone(scenario.zone) for at in moments]
    return _Read(network, moments, conditions, candidates, points, notes, kept, scenario)


def _scenario(options: dict[str, Any], faults: list[Fault]) -> Scenario | None:
    if options["scenario"] is None:
        return None
    from scenarios.scenario_files import read_scenario  # noqa: PLC0415 - slow to import

    return gather(faults, partial(read_scenario, options["scenario"]))


def _candidates(
    options: dict[str, Any], network: Network, scenario: Scenario | None, faults: list[Fault]
) -> list[Station]:
    from scenarios.siting_files import read_candidates, spread_candidates  # noqa: PLC0415 - slow to import

    found = list[Any](scenario.stations if scenario else ())
    if options["candidates"] is not None:
        found += gather(faults, partial(read_candidates, options["candidates"], network)) or ()
    if options["spread"] is not None and not faults:
        found += spread_candidates(network, options["spread"])
    twice = sorted(name for name, count in Counter(each.name for each in found).items() if count > 1)
    faults += [Fault(OPTIONS, "", "--candidates, --spread, --scenario", name, "each name only once") for name in twice]
    return found


def _points(
    options: dict[str, Any], network: Network, scenario: Scenario | None, faults: list[Fault]
) -> tuple[Sequence[DemandPoint], Sequence[str]]:
    from scenarios.siting_files import Areas, read_area_demand, read_demand, scenario_demand  # noqa: PLC0415

    if options["demand"] is not None:
        return gather(faults, partial(read_demand, options["demand"], network)) or (), ()
    if options["areas"] is not None:
        areas = Areas(options["areas"], options["name"], options["weight"], options["weights"], options["points"] or 5)
        return gather(faults, partial(read_area_demand, areas, network)) or ((), ())
    if scenario is not None and not faults:
        return gather(faults, partial(scenario_demand, scenario, options["points"] or 1000)) or (), ()
    return (), ()


def _kept(names: Sequence[str], candidates: Sequence[Station], faults: list[Fault]) -> tuple[int, ...]:
    row_of = {each.name: row for row, each in enumerate(candidates)}
    if candidates:
        faults += [unknown_name(OPTIONS, "--keep", name, row_of) for name in names if name not in row_of]
    return tuple(sorted({row_of[name] for name in names if name in row_of}))


def _count_faults(options: dict[str, Any], candidates: Sequence[Station], kept: Sequence[int]) -> Iterator[Fault]:
    for name in ("posts", "units"):
        count = options[name]
        if count is None:
            continue
        if name == "posts" and count > len(candidates):
            yield Fault(
                OPTIONS, "", "--posts", str(count), f"as many as there are candidates, {len(candidates)}, or fewer"
            )
        if count < len(kept):
            yield Fault(OPTIONS, "", _flag(name), str(count), f"as many as are kept, {len(kept)}, or more")


def _told(read: _Read, options: dict[str, Any]) -> Told:
    from scenarios.siting_out import Told  # noqa: PLC0415
    from scenarios.siting_roads import roads_at  # noqa: PLC0415 - slow to import
    from scenarios.siting_solve import solve  # noqa: PLC0415

    about = {
        "profile": options["profile"],
        "at": [moment.isoformat() for moment in read.moments],
        "mobilisation_s": options["mobilisation_s"],
        "limit": options["limit"],
        "near_enough": options["gap"],
        "notes": list(read.notes),
        "network": read.network.hash,
        "profiles": read.network.profiles.hash,
        "conditions": read.conditions.hash,
        "attribution": read.network.meta.attribution,
    }
    sited = solve(_question(read, options))
    posts = [(read.candidates[row].lat, read.candidates[row].lon) for row in sited.posts]
    roads = roads_at(read.network, options["profile"], posts)
    return Told(sited, read.candidates, read.points, roads, about)


def _question(read: _Read, options: dict[str, Any]) -> Question:
    from scenarios.siting import Question  # noqa: PLC0415 - slow to import
    from scenarios.siting_roads import times_ms  # noqa: PLC0415

    time_ms = times_ms(
        read.network,
        options["profile"],
        read.moments,
        [(each.lat, each.lon) for each in read.candidates],
        [(each.lat, each.lon) for each in read.points],
        read.conditions,
        options["mobilisation_s"],
    )
    within = options["within"]
    return Question(
        model=options["model"],
        time_ms=time_ms,
        weight=np.array([point.weight for point in read.points], np.float64),
        count=options["posts"] or options["units"] or 0,
        within_ms=None if within is None else round(within * 60 * MS_PER_S),
        busy=options["busy"] or 0.0,
        share=options["share"],
        kept=read.kept,
        work=options["limit"],
        gap=options["gap"],
    )


def _checked(scenario: Scenario, told: Told, options: dict[str, Any]) -> Comparison:
    """Play a scenario as it is, and with its crews at the posts."""
    from scenarios.siting_check import Played, check  # noqa: PLC0415 - slow to import

    sited, replications = told.sited, options["replications"] or scenario.replications
    posts, units = [told.candidates[row] for row in sited.posts], [int(sited.units[row]) for row in sited.posts]
    with replications_told() as progress:
        return check(scenario, posts, units, Played(replications, options["jobs"], progress))


COMMANDS: Final[tuple[click.Command, ...]] = (site_command,)
