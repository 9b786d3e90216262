"""The command ``nearest``.

Exit codes: 0 ok, 1 internal error, 2 the input is not accepted, 3 no answer (nobody can be sent, no road leads there).
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from api import (
    answers,
    cli_admin,
    cli_audit,
    cli_calibrate,
    cli_files,
    cli_generate,
    cli_import,
    cli_record,
    cli_roads,
    cli_roster,
    cli_scenario,
    cli_simulate,
    cli_site,
    printing,
)
from api.options import (
    OPTIONS,
    closures_option,
    conditions_of,
    engine_of,
    force_option,
    geojson_option,
    graph_option,
    json_option,
    moment_of,
    out,
    profiles_option,
    put,
    read_force,
    read_network,
    reference_option,
)
from api.places import read_pair
from dispatch.force import Force
from dispatch.model import Incident, Picture
from dispatch.recommend import recommend
from dispatch.recommendation import Recommendation
from graphs.errors import Fault, InputError, NearestError
from graphs.faults import NOTHING, gather, unknown_name
from graphs.netfile import load_network, save_network
from graphs.network import Network
from graphs.provenance import product_version
from graphs.summary import summary
from scenarios.checks import Beside, incidents_of
from scenarios.tables import read_incidents, read_units

NO_ANSWER = 3


class _Commands(click.Group):
    """Turns this product's errors into one message a fault and the exit code of their class."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except NearestError as error:
            for sentence in str(error).splitlines():
                click.echo(f"error: {sentence}", err=True)
            ctx.exit(error.exit_code)
        except OSError as error:
            click.echo(f"error: {_told(error)}", err=True)
            ctx.exit(NearestError.exit_code)


def _told(error: OSError) -> str:
    return f"{error.filename}: {error.strerror}" if error.filename and error.strerror else str(error)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(product_version(), prog_name="nearest")
def main() -> None:
    """Find the officers who can reach a caller soonest, and say why."""


@main.group()
def graph() -> None:
    """Make and look at road networks."""


@graph.command("build")
@click.argument("source")
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), help="The network file to write.")
def graph_build(source: str, output: Path) -> None:
    """Make a network of SOURCE.

    SOURCE is an OpenStreetMap extract (.osm.pbf, .osm, .osm.gz, .osm.bz2), osmnx GraphML, a JEMSS folder or zip, or the
    name of a place.
    """
    from graphs.sources import build_network  # noqa: PLC0415 - readers are slow to import, other commands need none

    console = Console(stderr=True, markup=False)
    _require_folder(output)
    with console.status("starting") as status:

        def report(sentence: str) -> None:
            console.log(sentence, highlight=False) if console.is_terminal else click.echo(sentence, err=True)
            status.update(sentence)

        network = build_network(source, report)
        report(f"writing {output}")
        save_network(network, output)
    click.echo(
        f"{output}: {network.node_count:,} nodes, {network.edge_count:,} edges, {output.stat().st_size / 1e6:.1f} MB; "
        f"{', '.join(dict.fromkeys((network.meta.attribution, network.meta.licence)))}"
    )


@graph.command("info")
@click.argument("file", type=click.Path(path_type=Path))
@json_option
def graph_info(file: Path, as_json: bool) -> None:
    """Say what the network in FILE holds and what was left out."""
    facts = summary(load_network(file))
    if as_json:
        put(answers.to_json(facts))
    else:
        printing.print_network(out(), facts)


@graph.command("export")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), help="The .graphml file to write.")
def graph_export(file: Path, output: Path) -> None:
    """Write the network in FILE as osmnx GraphML."""
    from graphs.graphml import write_graphml  # noqa: PLC0415 - imports osmnx, over a second

    network = load_network(file)
    _require_folder(output)
    write_graphml(network, output)
    click.echo(f"{output}: {network.node_count:,} nodes, {network.edge_count:,} edges; {network.meta.attribution}")


@main.command("recommend")
@graph_option
@click.option("--units", "units_file", required=True, type=click.Path(path_type=Path), help="units.csv.")
@click.option("--at", help="LAT,LON of the incident.")
@click.option("--at-grid", help="EASTING,NORTHING of the incident, British National Grid.")
@click.option("--incident", "incident_id", help="The incident, by its id in --incidents, in place of a position.")
@click.option("--grade", help="Response grade; the most urgent one if not given.")
@click.option("--tag", "tags", multiple=True, help="Such as domestic_abuse; may be given again.")
@click.option("--need", "needs", multiple=True, help="A skill that every unit sent must have; may be given again.")
@click.option("--units-needed", type=int, help="How many units must attend; 1 if not given.")
@click.option(
    "--on-road", is_flag=True, help="The incident is on the carriageway: a motorway, bridge or tunnel counts."
)
@click.option("--received", help="ISO time at which the call was received.")
@click.option("--sector", help="The incident's sector.")
@click.option(
    "--incidents", "incidents_file", type=click.Path(path_type=Path), help="incidents.csv: what units are committed to."
)
@click.option("-k", "k", default=5, show_default=True, help="How many eligible units to show.")
@force_option
@click.option("--now", help="ISO time of the picture; the clock's if not given.")
@closures_option
@profiles_option
@reference_option
@json_option
@geojson_option
def recommend_command(graph_file: Path, profiles: Path | None, k: int, **asked: Any) -> None:
    """Say who should go to an incident, and why not the others."""
    network, force = read_network(graph_file, profiles), read_force(asked["force_file"])
    answer = _recommendation(network, force, k, asked)
    if asked["as_json"]:
        put(answer.to_json())
    elif asked["as_geojson"]:
        put(answers.to_json(answers.recommendation_geojson(answer, network, k)))
    else:
        printing.print_recommendation(out(), answer, network, force, k)
    if answer.outcome != "suggested":
        sys.exit(NO_ANSWER)


def _recommendation(network: Network, force: Force, k: int, asked: dict[str, Any]) -> Recommendation:
    """Read everything that was asked, report all faults together, and ask the brain."""
    faults: list[Fault] = []
    if k < 1:
        faults.append(Fault(OPTIONS, "", "-k", str(k), "a whole number, 1 or more"))
    if asked["as_json"] and asked["as_geojson"]:
        faults.append(Fault(OPTIONS, "", "--json, --geojson", "both", "one of them"))
    beside = Beside(force, network, moment_of(asked["now"], "--now", faults))
    conditions = conditions_of(asked["closures_file"], network, faults)
    units = gather(faults, lambda: read_units(asked["units_file"], beside)) or ()
    known: tuple[Incident, ...] = ()
    if asked["incidents_file"]:
        known = gather(faults, lambda: read_incidents(asked["incidents_file"], beside)) or ()
    incident = _incident(asked, known, beside, faults)
    if faults or incident is None:
        raise InputError(faults)
    engine = engine_of(reference=asked["reference"])
    return recommend(Picture(beside.now, units, known), incident, network, force, conditions, engine)


def _incident(asked: dict[str, Any], known: Sequence[Incident], beside: Beside, faults: list[Fault]) -> Incident | None:
    """Return the incident that is asked about: one of the file, or the one that the options describe."""
    places = [option for option in _PLACE_OPTIONS if asked[option]]
    if len(places) != 1:
        names = ", ".join(map(_flag, _PLACE_OPTIONS))
        found = " and ".join(map(_flag, places)) or NOTHING
        faults.append(Fault(OPTIONS, "", names, found, "one of them"))
        return None
    if places == ["incident_id"]:
        return _known_incident(asked, known, faults)
    incidents, more = incidents_of([("", _incident_record(asked, beside.force, faults))], OPTIONS, beside)
    # A place that could not be read was reported as the option that it is.
    faults += more if _place(asked, []) else [fault for fault in more if not fault.field.startswith("lat, lon")]
    return incidents[0] if incidents else None


_PLACE_OPTIONS = ("at", "at_grid", "incident_id")
_DESCRIBING = ("grade", "tags", "needs", "units_needed", "on_road", "received", "sector")


def _flag(name: str) -> str:
    plain = {"incident_id": "incident", "tags": "tag", "needs": "need"}.get(name, name)
    return f"--{plain.replace('_', '-')}"


def _known_incident(asked: dict[str, Any], known: Sequence[Incident], faults: list[Fault]) -> Incident | None:
    for name in _DESCRIBING:
        if asked[name]:
            accepted = "no such option beside --incident: the file describes the incident"
            faults.append(Fault(OPTIONS, "", _flag(name), str(asked[name]), accepted))
    by_id = {item.incident_id: item for item in known}
    if asked["incident_id"] not in by_id:
        faults.append(unknown_name(OPTIONS, "--incident", asked["incident_id"], by_id))
    return by_id.get(asked["incident_id"])


def _place(asked: dict[str, Any], faults: list[Fault]) -> dict[str, float]:
    names, option = (("lat", "lon"), "at") if asked["at"] else (("easting", "northing"), "at_grid")
    return dict(zip(names, _numbers(asked[option], _flag(option), faults) or (), strict=False))


def _numbers(text: str, option: str, faults: list[Fault]) -> tuple[float, float] | None:
    pair = read_pair(text)
    if pair is None:
        faults.append(Fault(OPTIONS, "", option, text, "two numbers with a comma between, such as 57.71,11.97"))
    return pair


def _incident_record(asked: dict[str, Any], force: Force, faults: list[Fault]) -> dict[str, Any]:
    return {
        **_place(asked, faults),
        "grade": asked["grade"] or force.most_urgent_grade,
        "tags": list(asked["tags"]),
        "needs": list(asked["needs"]),
        "units_needed": 1 if asked["units_needed"] is None else asked["units_needed"],
        "on_road": asked["on_road"],
        "received_at": asked["received"],
        "sector": asked["sector"],
    }


def _require_folder(output: Path) -> None:
    if output.is_dir() or not output.parent.is_dir():
        raise InputError([Fault(OPTIONS, "", "-o", str(output), "a file in a folder that exists")])


cli_admin.admin.add_command(cli_record.purge_command)
for command in (
    *cli_roads.COMMANDS,
    *cli_record.COMMANDS,
    *cli_files.COMMANDS,
    *cli_import.COMMANDS,
    *cli_audit.COMMANDS,
    *cli_calibrate.COMMANDS,
    *cli_generate.COMMANDS,
    *cli_roster.COMMANDS,
    *cli_scenario.COMMANDS,
    *cli_simulate.COMMANDS,
    *cli_site.COMMANDS,
    *cli_admin.COMMANDS,
):
    main.add_command(command)
