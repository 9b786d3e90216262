"""Stretches of road: shares of an edge, and roads along lines in a real town."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphs.conditions import Stretch
from graphs.snapping import snapper
from graphs.stretches import stretch_finder
from roadmaps import draw
from shared_data import NEWPORT, real_network

BENT = draw(
    """
    A--b
        c

     D
    """,
    "A-b-c-D name='Crooked Lane;Old Road' ref=B1380",
    "D>A",
)


def crooked() -> list[int]:
    """Return the edge along the crooked lane and its twin."""
    return np.flatnonzero(stretch_finder(BENT.network).named("crooked lane")).tolist()


@given(st.floats(0.0, 0.4), st.floats(0.6, 1.0))
def test_a_stretch_ends_where_snapping_puts_its_ends(start: float, end: float) -> None:
    finder = stretch_finder(BENT.network)
    for edge in crooked():
        points = finder.line(Stretch(edge, start, end))
        for (lon, lat), share in ((points[0], start), (points[-1], end)):
            near = snapper(BENT.network).near(lat, lon, 1.0)
            (row,) = np.flatnonzero(near.edge == edge)
            assert near.fraction[row] == pytest.approx(share, abs=1e-4)


def test_the_line_of_a_whole_edge_is_its_own() -> None:
    for edge in crooked():
        assert np.allclose(stretch_finder(BENT.network).line(Stretch(edge, 0.0, 1.0)), BENT.network.edge_lonlat(edge))


def test_a_road_has_every_name_that_its_tags_part() -> None:
    finder = stretch_finder(BENT.network)
    assert finder.names == ("B1380", "Crooked Lane", "Old Road")
    assert finder.named("OLD road").sum() == finder.named("b1380").sum() == 2
    assert not finder.named("Lane").any()


def test_a_road_of_no_length_inside_an_area_is_closed_whole() -> None:
    dot = draw("A--B\n |\n b", "A-B", "B-B way=9 length=0")
    area = BENT.network.area
    found = stretch_finder(dot.network).inside(area)
    assert {stretch.edge for stretch in found} == set(range(dot.network.edge_count))
    assert {(stretch.start, stretch.end) for stretch in found} == {(0.0, 1.0)}


def test_every_road_of_newport_is_closed_by_its_own_line_and_nothing_else_is() -> None:
    network = real_network(NEWPORT)
    finder = stretch_finder(network)
    edges = [edge for edge in range(0, network.edge_count, 25) if network.length_m[edge] >= 1.0]
    assert len(edges) > 500
    for edge in edges:
        found = finder.along(network.edge_line(edge), one_way=True)
        assert [(stretch.edge, stretch.start, stretch.end) for stretch in found] == [(edge, 0.0, 1.0)]
