"""Streets, crossings, coordinates and grid references by what people type."""

from __future__ import annotations

from itertools import pairwise
from string import ascii_uppercase, digits

import pytest
import shapely
from hypothesis import assume, example, given
from hypothesis import strategies as st

from graphs.coordinates import METRES_PER_DEGREE, distance_m, from_british_grid
from graphs.gazetteer import LEAST_SCORE, Gazetteer, Place
from graphs.gazetteer_points import point_of
from graphs.gazetteer_words import words_of
from graphs.network import Network
from roadmaps import draw

TOWN = draw(
    """
    A---B---C---K---L
    |   |   |   |
    D---G---H---M
    |   |   |
    N---P---Q
    """,
    "A-B-C-K primary name='Linthorpe Road'",
    "K-L primary name='Linthorpe Road' ref=A66",
    'D-G-H-M name="St John\'s Street"',
    "N-P-Q name='Rua de Júlio Dinis'",
    "A-D-N name='Avenida da Boavista'",
    "B-G-P name='Kungsgatan'",
    "C-H-Q name='Gamla Tuvevägen'",
    "K-M name='Albert Terrace'",
)
FINDER = Gazetteer(TOWN.network)


def named(text: str, kind: str = "street", finder: Gazetteer = FINDER) -> list[str]:
    return [place.name for place in finder.find(text) if place.kind == kind]


# ---- Streets -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("Linthorpe Road", "Linthorpe Road"),
        ("linthorpe rd", "Linthorpe Road"),
        ("LINTHORPE RD.", "Linthorpe Road"),
        ("road linthorpe", "Linthorpe Road"),
        ("linthrope road", "Linthorpe Road"),
        ("lintorp rd", "Linthorpe Road"),
        ("lin", "Linthorpe Road"),
        ("l", "Linthorpe Road"),
        ("lintho ro", "Linthorpe Road"),
        ("lin thorpe road", "Linthorpe Road"),
        ("123 linthorpe road", "Linthorpe Road"),
        ("A66", "A66"),
        ("a 66", "A66"),
        ("saint johns st", "St John's Street"),
        ("St. John\u2019s St", "St John's Street"),
        ("julio dinis", "Rua de Júlio Dinis"),
        ("R. Júlio Diniz", "Rua de Júlio Dinis"),
        ("av. boavista", "Avenida da Boavista"),
        ("Ave da boavsita", "Avenida da Boavista"),
        ("kungsg", "Kungsgatan"),
        ("kungsg.", "Kungsgatan"),
        ("kungs gatan", "Kungsgatan"),
        ("kunsgatan", "Kungsgatan"),
        ("g:a tuvevägen", "Gamla Tuvevägen"),
        ("gamla tuvevagen", "Gamla Tuvevägen"),
        ("G TUVEVÄGEN", "Gamla Tuvevägen"),
        ("albert ter", "Albert Terrace"),
    ],
)
def test_a_street_is_found_however_it_is_typed(typed: str, name: str) -> None:
    assert named(typed)[0] == name


@pytest.mark.parametrize("typed", ["", "  ", "?!", "mulholland drive", "x" * 200, "road road road", "\u6771\u4eac"])
def test_what_nothing_is_called_is_not_found(typed: str) -> None:
    assert [name for name in named(typed) if name != "Linthorpe Road" or "road" not in typed] == []


def test_the_better_a_name_fits_the_higher_it_scores() -> None:
    scores = [FINDER.find(typed)[0].score for typed in ("linthorpe road", "linthorpe rd", "linthrope rd", "lintrope")]
    assert scores[0] == 1.0
    assert all(better >= worse for better, worse in pairwise(scores))
    assert scores[-1] < scores[1]
    assert all(place.score >= LEAST_SCORE for place in FINDER.find("st"))


def test_a_street_in_two_districts_is_two_places() -> None:
    town = draw(
        """
        A-B-C---------------------D-E
        |                         |
        F-G                       H-I
        """,
        "A-B-C name='High Street'",
        "C-D name='Long Road'",
        "D-E name='High Street'",
        "A-F name='Mill Lane'",
        "D-H name='Church Lane'",
        "F-G name='Long Road'",
        "H-I name=''",
    )
    finder = Gazetteer(town.network)
    west, east = finder.find("high street")
    assert (west.name, east.name) == ("High Street", "High Street")
    # The longer first; each tells what it meets.
    assert (round(west.length_m or 0), round(east.length_m or 0)) == (400, 200)
    assert set(west.meets) == {"Long Road", "Mill Lane"}
    assert set(east.meets) == {"Church Lane", "Long Road"}
    assert (west.lon, east.lon) == (pytest.approx(town.at("B")[1], abs=1e-5), pytest.approx(town.at("E")[1], abs=2e-3))
    near = finder.find("high street", near=town.at("H"))
    assert [place.lon for place in near] == [east.lon, west.lon]
    assert near[0].away_m == pytest.approx(distance_m(*town.at("H"), east.lat, east.lon))
    assert len(finder.find("high street", most=1)) == 1


def test_a_gap_that_a_square_makes_does_not_part_a_street() -> None:
    town = draw("A--B---C--D", "A-B name='High Street'", "B-C name=Square", "C-D name='High Street'")
    (found,) = Gazetteer(town.network).find("high street")
    assert found.length_m == pytest.approx(600, abs=1)


def test_near_decides_only_between_what_fits_equally() -> None:
    town = draw("A-B---------C-D", "A-B name='High Street'", "B-C name=''", "C-D name='High Street West'")
    finder = Gazetteer(town.network)
    assert next(place.name for place in finder.find("high street", near=town.at("D"))) == "High Street"


def test_of_many_that_fit_equally_the_nearest_are_told() -> None:
    rows = [f"{a}-{b} name='Lane {number}'" for number, (a, b) in enumerate(pairwise("ABCDEFGHIJKLMNOPQRSTUVWXYZ"), 11)]
    town = draw("A--B--C--D--E--F--G--H--I--J--K--L--M--N--O--P--Q--R--S--T--U--V--W--X--Y--Z", *rows)
    found = Gazetteer(town.network).find("lane", near=town.at("Z"), most=3)
    assert [place.name for place in found] == ["Lane 35", "Lane 34", "Lane 33"]


def test_a_network_without_names_has_no_streets() -> None:
    finder = Gazetteer(draw("A-B", "A-B").network)
    assert finder.find("high street") == []
    assert finder.find("a / b") == []
    assert len(finder.find("{},{}".format(*TOWN.at("A")))) == 1


# ---- Crossings ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "typed",
    [
        "Linthorpe Road / Kungsgatan",
        "linthorpe rd/kungsg",
        "linthorpe rd & kungsgatan",
        "kungsgatan x linthorpe road",
        "kungsgatan \u00d7 linthorpe road",
        "Kungsgatan and Linthorpe Road",
        "kungsgatan och linthorpe rd",
        "kunsgatan at lintorpe rd",
        "hörnet Kungsgatan Linthorpe Road",
        "corner of linthorpe road and kungsgatan",
        "corner linthorpe rd kungsg",
    ],
)
def test_a_crossing_is_found_however_it_is_asked(typed: str) -> None:
    first = FINDER.find(typed)[0]
    assert first.kind == "crossing"
    assert set(first.name.split(" / ")) == {"Linthorpe Road", "Kungsgatan"}
    assert (first.lat, first.lon) == pytest.approx(TOWN.at("B"), abs=1e-9)


def test_a_crossing_is_named_in_the_order_in_which_it_was_typed() -> None:
    assert named("kungsg / linthorpe", "crossing") == ["Kungsgatan / Linthorpe Road"]


def test_streets_that_do_not_meet_have_no_crossing() -> None:
    assert named("linthorpe road / rua julio dinis", "crossing") == []


def test_the_other_streets_of_a_crossing_are_told_before_one_is_typed() -> None:
    found = {place.name: (place.lat, place.lon) for place in FINDER.find("Kungsgatan /") if place.kind == "crossing"}
    assert found == {
        "Kungsgatan / Linthorpe Road": TOWN.at("B"),
        "Kungsgatan / St John's Street": TOWN.at("G"),
        "Kungsgatan / Rua de Júlio Dinis": TOWN.at("P"),
    }


def test_a_name_with_a_word_that_parts_crossings_is_found() -> None:
    town = draw("A-B-C", "A-B name='Elephant and Castle'", "B-C name='Bath and Wells Road'")
    finder = Gazetteer(town.network)
    assert named("elephant and castle", finder=finder)[0] == "Elephant and Castle"
    first = finder.find("elephant and castle / bath and wells rd")[0]
    assert first.name == "Elephant and Castle / Bath and Wells Road"


def test_a_crossing_of_two_carriageways_is_one_place() -> None:
    town = draw(
        """
          E
        A-B-C
        D-F-G
          H
        """,
        "A>B>C name=Ring",
        "G>F>D name=Ring",
        "E-B-F-H name=Spoke",
        square_m=20,
    )
    (crossing,) = [place for place in Gazetteer(town.network).find("ring / spoke") if place.kind == "crossing"]
    assert (crossing.lat, crossing.lon) in {town.at("B"), town.at("F")}


def test_streets_that_meet_twice_have_two_crossings() -> None:
    town = draw("A--B--C", "A-B-C name=Crescent", "A-B name=Other", "B-C length=300 name=Third", "C-A name=Other")
    found = Gazetteer(town.network).find("crescent / other", near=town.at("C"))
    assert [place.kind for place in found[:3]] == ["crossing"] * 3
    assert (found[0].lat, found[0].lon) == pytest.approx(town.at("C"))


def test_what_may_be_cut_in_many_ways_is_no_crossing() -> None:
    assert named("linthorpe road / kungsgatan", "crossing")
    assert named("linthorpe road / kungsgatan //", "crossing")
    assert named("linthorpe road / kungsgatan ///", "crossing") == []
    assert named("corner linthorpe road kungsgatan", "crossing")
    assert named("corner linthorpe road kungsgatan" + 10 * " a", "crossing") == []


def test_of_many_streets_across_one_the_nearest_are_told() -> None:
    top, below = ascii_uppercase, digits + "".join(map(chr, range(0x0410, 0x0420)))
    pairs = enumerate(zip(top, below, strict=True))
    rows = [f"{one}-{other} name='Cross {number:02}'" for number, (one, other) in pairs]
    town = draw(f"{'-'.join(top)}\n{' '.join(below)}", f"{'-'.join(top)} name='Main Street'", *rows)
    finder = Gazetteer(town.network)
    for near, expected in ((None, range(20)), (town.at("Z"), range(6, 26))):
        found = [place.name for place in finder.find("main street /", near, 100) if place.kind == "crossing"]
        assert sorted(found) == [f"Main Street / Cross {number:02}" for number in expected]


def test_streets_round_a_square_meet_there_though_no_junction_is_shared() -> None:
    town = draw("A----B-C----D", "A-B name=East", "B-C name=Square", "C-D name=West", square_m=20)
    first = Gazetteer(town.network).find("east / west")[0]
    assert first.kind == "crossing"
    assert first.score < 1
    assert (first.lat, first.lon) == pytest.approx(town.at("B"))


# ---- Coordinates and grid references -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "lat", "lon"),
    [
        ("57.70, 11.97", 57.70, 11.97),
        ("57.70,11.97", 57.70, 11.97),
        (" 57.70 11.97 ", 57.70, 11.97),
        ("57.70; 11.97", 57.70, 11.97),
        ("57,70 11,97", 57.70, 11.97),
        ("57,70; -11,97", 57.70, -11.97),
        ("57.70N 11.97E", 57.70, 11.97),
        ("57.7\u00b0 N, 1.25\u00b0 w", 57.7, -1.25),
        ("-57.7, +11.97", -57.7, 11.97),
    ],
)
def test_coordinates_are_read(typed: str, lat: float, lon: float) -> None:
    found = point_of(typed)
    assert found is not None
    assert (found.kind, found.lat, found.lon) == ("coordinates", lat, lon)


@pytest.mark.parametrize(
    ("typed", "east_m", "north_m"),
    [
        # Corners and places known by both: the Ordnance Survey's guide gives TL 44982 57869 for its example.
        ("TL 44982 57869", 544_982.5, 257_869.5),
        ("TL4498257869", 544_982.5, 257_869.5),
        ("tl 449 578", 544_950, 257_850),
        ("NZ 45 16", 445_500, 516_500),
        ("SV 0 0", 5_000, 5_000),
        ("HP 60 15", 460_500, 1_215_500),
        ("445123 516456", 445_123, 516_456),
        ("445123, 516456", 445_123, 516_456),
    ],
)
def test_grid_references_are_read(typed: str, east_m: float, north_m: float) -> None:
    found = point_of(typed)
    assert found is not None
    assert found.kind == "grid"
    assert (found.lat, found.lon) == from_british_grid(east_m, north_m)


@pytest.mark.parametrize(
    "typed",
    [
        "57.70",
        "91.0, 11.97",
        "57.7, 181.0",
        "AA 12 34",
        "NZ 123 45",
        "NZ 12345",
        "NI 12 34",
        "1, 2, 3",
        "54.57N, -1.23W",
        "-54.57S, 1.23",
        "54.57, +1.23E",
        "A 66",
        "5 de Outubro",
    ],
)
def test_what_is_neither(typed: str) -> None:
    assert point_of(typed) is None


def test_a_point_is_where_it_was_typed_and_outside_there_is_none() -> None:
    lat, lon = TOWN.at("B", north_m=33)
    assert FINDER.find(f"{lat}, {lon}") == [Place("coordinates", f"{lat}, {lon}", lat, lon, 1.0)]
    assert FINDER.find("57.70, 11.97") == []


def test_figures_that_name_no_place_here_may_name_a_street() -> None:
    town = draw("A-B-C", "A-B name='12 34'", "B-C name='High Street'")
    assert named("12 34", finder=Gazetteer(town.network)) == ["12 34"]


# ---- Whatever is typed -------------------------------------------------------------------------------------------


def check_places(network: Network, places: list[Place], near: tuple[float, float] | None) -> None:
    """Every place lies on a road and within the area, and they are sorted."""
    lines = shapely.MultiLineString([network.edge_line(edge) for edge in range(network.edge_count)])
    for place in places:
        assert network.contains(place.lat, place.lon)
        assert shapely.distance(shapely.Point(place.lon, place.lat), lines) * METRES_PER_DEGREE < 0.01
        assert LEAST_SCORE * 0.9 <= place.score <= 1.0
        assert (place.away_m is None) == (near is None)
    ranked = [(-place.score, place.away_m or 0.0) for place in places]
    assert ranked == sorted(ranked)
    assert len({(place.kind, place.name, place.lat, place.lon) for place in places}) == len(places)


@given(st.text(max_size=30) | st.text("linthorpe kungsg/&x.,'", max_size=20))
@example("/")
@example("a/")
@example("/ a")
@example("corner")
@example("corner of")
@example("a x")
@example("\x00")
@example("a b c d e f g h i j k l m n o p q r s t u v w x y z")
def test_anything_may_be_typed(text: str) -> None:
    found = FINDER.find(text, TOWN.at("G"), 5)
    assert len(found) <= 5
    check_places(TOWN.network, found, TOWN.at("G"))
    assert found == FINDER.find(text, TOWN.at("G"), 5)


@given(st.sampled_from(FINDER._streets.names), st.data())
def test_one_slip_in_a_long_word_is_forgiven(name: str, data: st.DataObject) -> None:
    words = words_of(name)
    row = max(range(len(words)), key=lambda row: len(words[row]))
    word = words[row]
    assume(len(word) >= 6)
    place = data.draw(st.integers(1, len(word) - 2))
    slipped = data.draw(
        st.sampled_from(
            [
                word[:place] + word[place + 1 :],
                word[:place] + "q" + word[place + 1 :],
                word[:place] + word[place] + word[place:],
                word[:place] + word[place + 1] + word[place] + word[place + 2 :],
            ]
        )
    )
    assert named(" ".join([*words[:row], slipped, *words[row + 1 :]]))[0] == name


@given(st.sampled_from(FINDER._streets.names), st.data())
def test_a_name_is_found_from_half_of_it_on(name: str, data: st.DataObject) -> None:
    length = data.draw(st.integers(min(len(name), len(name) // 2 + 2), len(name)))
    assert name in named(name[:length])


def test_a_real_town(gothenburg: Network) -> None:
    finder = Gazetteer(gothenburg)
    for typed, name in (
        ("kungsg", "Kungsgatan"),
        ("n hamngatan", "Norra Hamngatan"),
        ("v:a hamngatan", "Västra Hamngatan"),
        ("tingstadstuneln", "Tingstadstunneln"),
    ):
        assert named(typed, finder=finder)[0] == name
    for typed in ("norra hamng / ö hamng", "g", "st", "e6", "hörnet vasagatan viktoriagatan", "/", "vägen /"):
        check_places(gothenburg, finder.find(typed, (57.70, 11.97)), (57.70, 11.97))
    crossing = finder.find("hörnet vasagatan viktoriagatan")[0]
    assert crossing.kind == "crossing"
    assert distance_m(crossing.lat, crossing.lon, 57.6987, 11.9685) < 300
