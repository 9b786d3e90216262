"""Posts as people read them at a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from rich.console import Console
from rich.table import Table

from api.printing import clock
from graphs.times import MS_PER_S

_SHOWN_NAMES: Final = 5


def print_site(console: Console, result: dict[str, Any]) -> None:
    """Print the posts, and what they come to."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("post", no_wrap=True)
    for name in ("units", "weight", "share", "mean time", "covered"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("road")
    table.add_column("")
    total = result["asked"]["weight"]
    for post in result["posts"]:
        table.add_row(
            post["name"],
            str(post["units"]),
            f"{post['weight']:,.6g}",
            f"{post['weight'] / total:.1%}",
            _clock(post["mean_s"]),
            "-" if post["covered"] is None else f"{post['covered'] / total:.1%}",
            post["road"],
            "kept" if post["kept"] else "",
        )
    console.print(table)
    for sentence, style in _sentences(result):
        console.print(sentence, style=style)
    console.print(
        f"network {result['network'][:12]}  profile {result['profile']}  {result['attribution']}", style="dim"
    )


def _clock(mean_s: float | None) -> str:
    return "-" if mean_s is None else clock(round(mean_s * MS_PER_S))


def _sentences(result: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield sentences and their styles."""
    asked, total = result["asked"], result["asked"]["weight"]
    yield f"{_value(result)}; {proof_words(result)}", "bold"
    if result["covered"] is not None:
        share = f"{result['covered'] / total:.1%} of the weight within {asked['within_s'] / 60:g} min"
        yield f"{share}, mean time {_clock(result['mean_s'])}", ""
    if result["hopeless"]:
        what = "reaches" if asked["model"] == "p-median" else "covers"
        lost = f"{len(result['hopeless']):,} demand points, {result['hopeless_weight'] / total:.2%} of the weight"
        yield f"No candidate {what} {lost}: {_named(result['hopeless'])}", "yellow"
    if asked["model"] != "p-median" and result["unreached"]:
        yield f"No road leads from any post to {_named(result['unreached'])}", "yellow"
    for note in result["notes"]:
        yield f"Note: {note}", "yellow"
    when = f"at the slowest of {', '.join(result['at'])}" if result["at"] else "as at the best of times"
    yield f"{asked['candidates']:,} candidates, {asked['points']:,} demand points; roads {when}", "dim"


def _value(result: dict[str, Any]) -> str:
    model, value, total = result["asked"]["model"], result["value"], result["asked"]["weight"]
    if model == "p-median":
        return f"mean time {value:.1f} s"
    if model == "set-covering":
        return f"fewest posts: {value:.0f}"
    return f"{result['unit']} {value:,.6g} of {total:,.6g} ({value / total:.2%})"


def proof_words(result: dict[str, Any]) -> str:
    """Return how good an answer is at the least."""
    if result["proved"]:
        return "proved: no posts do better"
    gap, enough = result["gap"], result["near_enough"]
    told = f"not proved: none can do better than {result['bound']:,.6g}"
    if gap is None:
        return f"{told}; more --limit may tell"
    if gap <= enough:
        return f"{told}, {gap:.2%} from it at most, as near as asked; --gap 0 goes on"
    return f"{told}, {gap:.2%} from it at most; more --limit may tell"


def _named(names: Sequence[str]) -> str:
    more = f" and {len(names) - _SHOWN_NAMES:,} more" if len(names) > _SHOWN_NAMES else ""
    return f"{', '.join(names[:_SHOWN_NAMES])}{more}"
