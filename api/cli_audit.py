"""The audit's command: ``nearest replay``."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from api import printing
from api.answers import to_json
from api.options import OPTIONS, json_option, out, put
from graphs.errors import Fault, InputError

if TYPE_CHECKING:
    from scenarios.audited import Audited
    from scenarios.compared import Compared
    from scenarios.rates import Rate

NOTHING_JUDGED: Final = 3
_S_PER_H: Final = 3600.0


@click.command("replay")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("-o", "--output", type=click.Path(path_type=Path), help="The folder to write into.")
@click.option("--jobs", default=0, show_default="one for each processor", help="How many processes judge.")
@click.option("--what-if", "changes", type=click.Path(path_type=Path), help="Changes (TOML), each judged by itself.")
@click.option("--incident", help="Write nothing: show the whole ledger of one incident, as it was when it was decided.")
@json_option
def replay_command(
    folder: Path, output: Path | None, jobs: int, changes: Path | None, incident: str | None, *, as_json: bool
) -> None:
    """Judge every past incident in FOLDER, which 'nearest import' made: was the nearest officer sent, and if not, why.

    Writes report.html, verdicts.csv, ledgers.jsonl.gz, tables and more. Stopped, it goes on where it was when it is
    started again.
    """
    faults = list(_faults(output, jobs, changes, incident))
    if faults:
        raise InputError(faults)
    if incident is not None or output is None:
        _show(folder, incident or "", as_json=as_json)
        return
    # Frames and drawings are slow to import, and other commands need none.
    from scenarios.audited import audited  # noqa: PLC0415

    with _bar() as bar:
        task = bar.add_task("judging", total=None)

        def told(at: int, of: int) -> None:
            bar.update(task, completed=at, total=of)

        done = audited(folder, output, jobs=jobs, told=told, changes=changes)
    if as_json:
        put(to_json(_summary(done)))
    else:
        _print(done, output)
    if not done.audit.headline.counts.judged:
        sys.exit(NOTHING_JUDGED)


def _faults(output: Path | None, jobs: int, changes: Path | None, incident: str | None) -> Iterator[Fault]:
    if jobs < 0:
        yield Fault(OPTIONS, "", "--jobs", str(jobs), "a whole number, 0 or more")
    if (output is None) == (incident is None):
        found = "neither" if output is None else "both"
        yield Fault(OPTIONS, "", "-o, --incident", found, "a folder to write into, or an incident to show")
    if incident is not None and changes is not None:
        yield Fault(OPTIONS, "", "--what-if", str(changes), "no such option beside --incident")
    if output is not None and (output.is_file() or not output.absolute().parent.is_dir()):
        yield Fault(OPTIONS, "", "-o", str(output), "a folder, in one that exists")


def _bar() -> Progress:
    """Return a progress bar; nothing is shown where nobody looks."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    console = Console(stderr=True)
    return Progress(*columns, console=console, disable=not console.is_terminal)


def _show(folder: Path, incident_id: str, *, as_json: bool) -> None:
    from scenarios.audited import decided  # noqa: PLC0415 - see above

    found = decided(folder, incident_id)
    verdict, answer = found.verdict, found.answer
    if as_json:
        put(answer.to_json())
        return
    printing.print_recommendation(out(), answer, found.network, found.force, len(answer.ledger))
    because = f" ({verdict.because or verdict.cause})" if verdict.because or verdict.cause else ""
    click.echo(f"sent: {', '.join(verdict.sent)}: {verdict.verdict}{because}")


def _summary(done: Audited) -> dict[str, Any]:
    told = {"headline": asdict(done.audit.headline), "funnel": asdict(done.audit.funnel)}
    return {**told, "what_if": [_compared_values(each) for each in done.compared]}


def _compared_values(each: Compared) -> dict[str, Any]:
    changed = {"change": each.change.name, "incidents_that_differ": len(each.differences)}
    then = {"then": asdict(each.then), "nearest_eligible_sooner_s": asdict(each.sooner_s)}
    return {**changed, **each.paired(), **then}


def _print(done: Audited, output: Path) -> None:
    """Say what the headline is, and where the rest stands."""
    headline, by_road = done.audit.headline, done.replayed.network is not None
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column()
    table.add_column(justify="right")
    for name, count in asdict(headline.counts).items():
        table.add_row(name.replace("_", " "), f"{count:,}")
    out().print(table)
    if not by_road:
        out().print("measured in straight lines: the records have no road network", style="bold")
    out().print(f"nearest sent: {_rate(headline.good.of_judged)}, of all attended {_rate(headline.good.of_attended)}")
    lost = headline.lost_not_sent_s
    if lost.median is not None and lost.p90 is not None and lost.total is not None:
        told = f"median {lost.median:.0f}, p90 {lost.p90:.0f}, {lost.total / _S_PER_H:.1f} h in all"
        out().print(f"seconds lost where a nearer one might have gone: {told}")
    for each in done.compared:
        out().print(f"what if {each.change.name}: {_said_of(each)}", markup=False)
    out().print(f"see {output / 'report.html'}", highlight=False)


def _said_of(each: Compared) -> str:
    """Say what a change comes to, over the incidents that are judged with it and without."""
    told = f"nearest sent {_rate(each.paired_then)}, without it {_rate(each.paired_before)}"
    others = f"{each.left:,} judged no longer, {each.joined:,} judged only then" if each.left or each.joined else ""
    return "; ".join(part for part in (told, others, f"{len(each.differences):,} incidents differ") if part)


def _rate(rate: Rate) -> str:
    if rate.share is None or rate.low is None or rate.high is None:
        return "nothing to tell it from"
    return f"{rate.share:.1%} ({rate.low:.1%} to {rate.high:.1%}; {rate.count:,} of {rate.of:,})"


COMMANDS: Final[tuple[click.Command, ...]] = (replay_command,)
