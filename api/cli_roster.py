"""Commands that look for rosters: ``nearest roster`` and ``nearest improve``."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click
from rich.console import Console
from rich.table import Table

from api.options import OPTIONS, out
from graphs.errors import Fault, InputError

if TYPE_CHECKING:
    from scenarios.improve_moves import Moves
    from scenarios.scenario import PolicyChoice, Scenario, Station

NOT_REACHED: Final = 3
_HOURS: Final = range(24)
_SCENARIO: Final = click.argument("scenario_folder", metavar="SCENARIO", type=click.Path(path_type=Path))
_OUTPUT: Final = click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(path_type=Path),
    help="A folder that is not there yet, or is empty.",
)
_POLICY: Final = click.option("--policy", help="One of the scenario's policies by name; the first if not given.")
_JOBS: Final = click.option(
    "--jobs", default=0, show_default="one for each processor", type=click.IntRange(0), help="Processes."
)
_SHARE: Final = click.FloatRange(0, 1, min_open=True, max_open=True)


@click.command("roster")
@_SCENARIO
@_OUTPUT
@click.option(
    "--target", default=0.9, show_default=True, type=_SHARE, help="Share of the most urgent grade to be in target."
)
@click.option("--waiting", type=_SHARE, help="Share of calls that may wait for a crew; 1 less the target if not given.")
@click.option("--rules", "rules_file", type=click.Path(path_type=Path), help="TOML: rules of duties, in place of ours.")
@_POLICY
@click.option("--replications", type=click.IntRange(2), help="Of each simulation; the scenario's if not given.")
@click.option("--rounds", default=8, show_default=True, type=click.IntRange(1, 50), help="Simulations at the most.")
@click.option(
    "--work", default=5.0, show_default=True, type=click.FloatRange(0.1, 3_600), help="Of the solver, each problem."
)
@_JOBS
def roster_command(*, scenario_folder: Path, output: Path, **asked: Any) -> None:
    """Find the fewest officers who meet the target in SCENARIO, by hour of the week and skill, within the rules.

    What is calculated is simulated; where that misses the target the worst hours get a crew more, where it meets it
    fewer are tried, and again; what met it has to meet it in fresh replications too. OUTPUT gets roster.csv for the
    scenario, officers.csv with the week of each officer, and roster.json. The exit code is 3 where no roster met the
    target.
    """
    # Slow to import, as in the other command here, and other commands need none of it.
    from scenarios.roster import Question, find_roster  # noqa: PLC0415
    from scenarios.roster_files import roster_summary, write_roster  # noqa: PLC0415
    from scenarios.roster_rules import Rules  # noqa: PLC0415
    from scenarios.scenario_files import read_scenario  # noqa: PLC0415
    from scenarios.scenario_out import require_new  # noqa: PLC0415

    require_new(output, "-o")
    scenario = read_scenario(scenario_folder)
    question = Question(
        target=asked["target"],
        waiting=1 - asked["target"] if asked["waiting"] is None else asked["waiting"],
        rules=Rules.read(asked["rules_file"]) if asked["rules_file"] else Rules(),
        choice=_policy(scenario, asked["policy"]),
        replications=asked["replications"] or scenario.replications,
        rounds=asked["rounds"],
        work=asked["work"],
        jobs=asked["jobs"],
    )
    with _telling() as tell:
        found = find_roster(scenario, question, tell)
    write_roster(found, question, output)
    told = roster_summary(found, question)
    _print_roster(told)
    click.echo(f"{output}: {', '.join(sorted(path.name for path in output.iterdir()))}")
    if not told["reached"]:
        raise SystemExit(NOT_REACHED)


def _policy(scenario: Scenario, name: str | None) -> PolicyChoice:
    if name is None:
        return scenario.policies[0]
    found = [choice for choice in scenario.policies if name in {choice.name, choice.label}]
    if not found:
        accepted = ", ".join(choice.label for choice in scenario.policies)
        raise InputError([Fault(OPTIONS, "", "--policy", name, f"a policy of the scenario: {accepted}")])
    return found[0]


@contextmanager
def _telling() -> Iterator[Callable[[str], None]]:
    console = Console(stderr=True, markup=False, highlight=False)
    with console.status("reading") as status:

        def tell(sentence: str) -> None:
            console.log(sentence) if console.is_terminal else click.echo(sentence, err=True)
            status.update(sentence)

        yield tell


def _print_roster(told: dict[str, Any]) -> None:
    console = out()
    for name, words in _facts(told):
        console.print(f"{name:<16}{words}")
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("hour", "load", "needed", "on duty"):
        table.add_column(name, justify="right")
    columns = (told["load"]["crews"], told["needed"]["crews"], told["on_duty"])
    for hour in _HOURS:
        table.add_row(f"{hour:02d}", *(f"{sum(values[hour::24]) / 7:.1f}" for values in columns))
    console.print("Crews, on average over the days of the week:")
    console.print(table)
    console.print("by calculation for each hour alone; roads, breaks and handovers are in the simulation only")


def _facts(told: dict[str, Any]) -> Iterator[tuple[str, str]]:
    officers, hours = told["officers"], told["officer_hours"]
    yield (
        "officers",
        f"{officers}; not below {told['officers_bound']} with these duties, {_gap(officers, told['officers_bound'])}",
    )
    yield "", f"not below {told['officers_bound_any_duties']} with any duties that cover what is needed"
    yield (
        "officer hours",
        f"{hours:,} a week; not below {told['officer_hours_bound']:,}, {_gap(hours, told['officer_hours_bound'])}",
    )
    yield "crews", f"{told['callsigns']} callsigns on {told['crew_duties']} duties a week"
    for number, each in enumerate(told["rounds"], 1):
        luck = f"; afresh {each['afresh']['mean']:.1%}, so that was luck" if "afresh" in each else ""
        yield f"round {number}", f"{each['officers']} officers: {_share(each['in_target'])}{luck}"
    yield "afresh", f"round {told['round']} on other replications: {_share(told['on_fresh_replications'])}"
    yield "target", f"{told['target']:.1%}: {'reached' if told['reached'] else 'not reached'}, with {told['policy']}"
    if told["calls_no_road_leads_to"]:
        yield "note", f"no road leads to {told['calls_no_road_leads_to']:,} of {told['calls']:,} calls"


def _gap(value: int, bound: int) -> str:
    return "proved the fewest" if value == bound else f"gap {(value - bound) / value:.1%}"


def _share(share: dict[str, Any] | None) -> str:
    if share is None:
        return "no incident of the most urgent grade to judge"
    interval = "" if share["low"] is None else f" ({share['low']:.1%} to {share['high']:.1%})"
    return f"{share['mean']:.1%}{interval} in target, {share['replications']} replications"


@click.command("improve")
@_SCENARIO
@click.option("--posts", "what", flag_value="posts", help="Where crews wait, and where stations are.")
@click.option("--roster", "what", flag_value="roster", help="When crews begin, and where they wait.")
@_OUTPUT
@click.option("--candidates", type=click.Path(path_type=Path), help="Where stations could be, as stations.csv.")
@click.option("--aim", default="in_target", show_default=True, type=click.Choice(["in_target", "response"]))
@_POLICY
@click.option("--budget", default=200, show_default=True, type=click.IntRange(8), help="Replications to play.")
@click.option("--fresh", default=20, show_default=True, type=click.IntRange(2), help="Replications of the last proof.")
@_JOBS
def improve_command(*, scenario_folder: Path, output: Path, what: str | None, **asked: Any) -> None:
    """Look for better posts or a better roster for SCENARIO by trying changes in the simulation.

    What promises most by a formula is tried first, and a change is taken where it is better beyond doubt. What was
    found is held against what there was on replications that the search has not seen. OUTPUT gets roster.csv,
    stations.csv and improved.json. Duties stay as long as they are; where their hours move, whether each officer still
    has the rests of the law is to be looked at again.
    """
    from scenarios.aims import AIMS  # noqa: PLC0415
    from scenarios.improve import Search, Trials, improve  # noqa: PLC0415
    from scenarios.improve_moves import Arrangement  # noqa: PLC0415
    from scenarios.improve_outlook import Outlook  # noqa: PLC0415
    from scenarios.roster_files import improved_summary, write_improved  # noqa: PLC0415
    from scenarios.roster_rows import ROSTER  # noqa: PLC0415
    from scenarios.scenario_files import read_scenario  # noqa: PLC0415
    from scenarios.scenario_out import require_new  # noqa: PLC0415
    from scenarios.scenario_rows import RosterRow  # noqa: PLC0415
    from scenarios.scenario_tables import read_rows  # noqa: PLC0415

    _require_one(what, asked["candidates"])
    require_new(output, "-o")
    scenario, aim = read_scenario(scenario_folder), AIMS[asked["aim"]]
    rows = read_rows(scenario_folder / ROSTER, RosterRow, _nowhere).rows
    arrangement = Arrangement([each.row for each in rows], scenario.stations)
    trials = Trials(scenario, _policy(scenario, asked["policy"]), aim, asked["jobs"])
    with _telling() as tell:
        moves = _moves(scenario, what, asked["candidates"])
        search = Search(moves, Outlook(scenario, aim), asked["budget"], asked["fresh"], tell=tell)
        found = improve(arrangement, trials, search)
    write_improved(found, aim, output)
    _print_improved(improved_summary(found, aim))
    click.echo(f"{output}: {', '.join(sorted(path.name for path in output.iterdir()))}")


def _nowhere(_lat: float, _lon: float) -> bool:
    return False


def _require_one(what: str | None, candidates: Path | None) -> None:
    if what is None:
        raise InputError([Fault(OPTIONS, "", "--posts, --roster", "nothing", "one of them")])
    if what == "roster" and candidates is not None:
        raise InputError([Fault(OPTIONS, "", "--candidates", str(candidates), "no such option beside --roster")])


def _moves(scenario: Scenario, what: str | None, candidates: Path | None) -> Moves:
    from scenarios.improve_moves import post_moves, roster_moves  # noqa: PLC0415

    if what == "roster":
        return roster_moves(scenario)
    return post_moves([] if candidates is None else _candidates(candidates, scenario))


def _candidates(path: Path, scenario: Scenario) -> list[Station]:
    """Read where stations could be; all of them have to lie on the network."""
    import shapely  # noqa: PLC0415 - as above

    from scenarios.scenario_made import stations_of  # noqa: PLC0415
    from scenarios.scenario_rows import StationRow  # noqa: PLC0415
    from scenarios.scenario_tables import read_rows  # noqa: PLC0415

    def inside(lat: float, lon: float) -> bool:
        return bool(shapely.intersects_xy(scenario.network.area, lon, lat))

    read = read_rows(path, StationRow, inside)
    places = list(stations_of(read))
    outside = [
        Fault(str(path), "", "lat, lon", f"{place.name}, {place.lat}, {place.lon}", "a place on the network")
        for place in places
        if not inside(place.lat, place.lon)
    ]
    if read.faults or outside:
        raise InputError([*read.faults, *outside])
    return places


def _print_improved(told: dict[str, Any]) -> None:
    console, proof = out(), told["on_fresh_replications"]
    for step in told["steps"]:
        console.print(f"taken: {step['change']}, by {step['mean']:+.4g} on {step['pairs']} replications")
    end = "no other change is better beyond doubt" if told["exhausted"] else "the budget is used up"
    console.print(f"{told['tried']} changes tried, {told['played']} replications played; {end}")
    console.print(f"{told['aim']}, on {proof['pairs']} fresh replications:")
    if proof["mean"] is None:
        console.print("nothing to judge: no replication had such an incident")
    else:
        interval = "" if proof["low"] is None else f" (95 %: {proof['low']:+.4g} to {proof['high']:+.4g})"
        console.print(f"{proof['base']:.4g} before, {proof['other']:.4g} now: {proof['mean']:+.4g}{interval}")


COMMANDS: Final[tuple[click.Command, ...]] = (roster_command, improve_command)
