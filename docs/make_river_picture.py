"""Draw why the nearest officer in a straight line is not the nearest: docs/river.png, from the demonstration picture.

python docs/make_river_picture.py NETWORK_FILE
"""

from __future__ import annotations

import argparse
import datetime as dt
from pathlib import Path

import matplotlib as mpl
import osmnx as ox
from matplotlib.axes import Axes

from dispatch.force import Force
from dispatch.model import Incident
from dispatch.recommend import recommend
from dispatch.recommendation import LedgerLine
from graphs.graphml import to_networkx
from graphs.legs import leg_line
from graphs.netfile import load_network
from graphs.network import Network
from graphs.times import MS_PER_S
from scenarios.picture_folder import read_picture_folder

NIGHT = Path(__file__).parents[1] / "scenarios" / "samples" / "gothenburg"
INCIDENT = "N-0211"
# Colour, and where its words stand beside a unit, in points.
SHOWN = {"H1": ("#c0392b", (-215, -14)), "M1": ("#1e7a46", (-10, -50))}
# West, south, east, north, degrees.
FRAME = (11.905, 57.683, 11.985, 57.724)


def draw(axes: Axes, network: Network, line: LedgerLine, incident: Incident) -> None:
    """Draw one unit: its route, its straight line, and what they say."""
    colour, beside = SHOWN[line.unit.callsign]
    unit, eta = line.unit, line.eta
    if unit.fix is None or eta is None:
        raise ValueError(f"{unit.callsign} has no route to draw")
    axes.plot(*leg_line(network, eta.leg).xy, color=colour, linewidth=3.5, zorder=4)
    axes.plot(unit.fix.lon, unit.fix.lat, marker="o", markersize=10, color=colour, markeredgecolor="white", zorder=5)
    span = str(dt.timedelta(seconds=round(eta.time_ms / MS_PER_S)))[3:]
    straight = f"{line.straight_m or 0:.0f} m in a straight line"
    told = f"{unit.callsign}  {span} min by road, {eta.leg.length_m / 1000:.1f} km\n{straight}"
    box = {"boxstyle": "round", "facecolor": "white", "edgecolor": colour}
    place = (unit.fix.lon, unit.fix.lat)
    axes.plot([place[0], incident.lon], [place[1], incident.lat], ":", color=colour, linewidth=1.8, zorder=3)
    axes.annotate(told, place, xytext=beside, textcoords="offset points", fontsize=10, bbox=box, zorder=6)


def main() -> None:
    """Write the picture."""
    parser = argparse.ArgumentParser(description="Draw docs/river.png.")
    parser.add_argument("network", type=Path, help="network file of the Gothenburg sample")
    network = load_network(parser.parse_args().network)
    force = Force.read(NIGHT / "force.toml")
    picture = read_picture_folder(NIGHT, force, network)
    incident = next(item for item in picture.incidents if item.incident_id == INCIDENT)
    answer = recommend(picture, incident, network, force)

    mpl.use("Agg")
    _, south, east, _ = FRAME
    figure, axes = ox.plot_graph(
        to_networkx(network), bbox=FRAME, figsize=(10, 9.3), bgcolor="white", node_size=0, edge_color="#b8c0c8",
        edge_linewidth=0.9, show=False, close=False,
    )  # fmt: skip
    for callsign in SHOWN:
        draw(axes, network, answer.line(callsign), incident)
    axes.plot(incident.lon, incident.lat, marker="*", markersize=22, color="#f1c40f", markeredgecolor="black", zorder=7)
    axes.text(east, south, network.meta.attribution, ha="right", va="bottom", fontsize=9, color="#555555")
    figure.savefig(Path(__file__).parent / "river.png", dpi=90, bbox_inches="tight", metadata={"Software": None})


if __name__ == "__main__":
    main()
