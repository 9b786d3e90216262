"""One way of writing addresses, names, numbers and places."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.normal import (
    NEAR_M,
    address_of,
    cell_of,
    cells_near,
    folded,
    person_of,
    phone_of,
    shortened,
)
from graphs.coordinates import EARTH_RADIUS_M, distance_m

words = st.sampled_from(
    ["High", "St", "Street", "Saint", "Mary's", "Rose", "Cottage", "Flat", "Åsa", "14", "2B", "Road"]
)
some_addresses = st.lists(
    st.lists(words, min_size=1, max_size=4).map(" ".join) | st.sampled_from(["TS1 1AA", "Yarm", "Flat 2", "14", "7a"]),
    min_size=1,
    max_size=4,
).map(", ".join)


class TestAddresses:
    @pytest.mark.parametrize(
        "written",
        ["14 High Street", "14, HIGH ST.", "14 high st", "14 High Street, Middlesbrough", "Rose Court, 14 High Street"],
    )
    def test_one_address_is_found_however_it_is_written(self, written: str) -> None:
        assert set(address_of("14 High St", "GB").keys) & set(address_of(written, "GB").keys)

    @pytest.mark.parametrize(
        ("one", "other"),
        [
            ("14 High St", "41 High St"),
            ("14 High St", "14a High St"),
            ("14 High St", "14-16 High St"),
            ("14 High St", "14 High Rd"),
            ("Flat 2, 14 High St", "14 High St"),
            ("Flat 2, 14 High St", "Flat 3, 14 High St"),
            ("Rose Cottage, Mill Lane", "Ivy Cottage, Mill Lane"),
        ],
    )
    def test_others_are_not(self, one: str, other: str) -> None:
        assert not set(address_of(one, "GB").keys) & set(address_of(other, "GB").keys)

    @pytest.mark.parametrize(
        "written", ["Flat 2, 14 High St", "Apt 2 14 High Street", "14 High Street, flat 2", "14 High St"]
    )
    def test_flats_of_a_house_share_the_building(self, written: str) -> None:
        assert set(address_of("Unit 9, 14 High St", "GB").buildings) & set(address_of(written, "GB").buildings)

    def test_a_flat_is_the_same_however_it_is_called(self) -> None:
        assert address_of("Flat 2, 14 High St", "GB") == address_of("Apartment 2, 14 High Street", "GB")

    def test_a_british_postcode_with_the_number_is_enough(self) -> None:
        one, other = address_of("14 High Street, TS15 9AA", "GB"), address_of("14 The High St, Yarm ts159aa", "GB")
        assert set(one.keys) & set(other.keys)
        assert one.postcode == "ts159aa"

    def test_a_swedish_one_is_not_taken_for_a_house_number(self) -> None:
        address = address_of("Linnégatan 1, 413 04 Göteborg", "SE")
        assert (address.number, address.street, address.postcode) == ("1", "linnegatan", "")

    def test_saints_and_streets_do_not_matter(self) -> None:
        assert address_of("3 Saint Mary's Road", "GB") == address_of("3 St. Marys Rd", "GB")

    @pytest.mark.parametrize("written", ["", " , ", "TS1 1AA", "14"])
    def test_what_names_no_house_has_no_key(self, written: str) -> None:
        assert address_of(written, "GB").keys == ()

    @given(some_addresses, st.sampled_from(["GB", "SE", None]))
    def test_writing_it_again_changes_nothing(self, written: str, region: str | None) -> None:
        once = address_of(written, region)
        assert address_of(once.text, region).text == once.text

    @given(some_addresses)
    def test_case_marks_and_dots_do_not_matter(self, written: str) -> None:
        assert address_of(written.upper().replace(" ", ".  "), "GB") == address_of(written, "GB")

    @given(st.text(), st.sampled_from(["GB", None]))
    def test_any_text_is_read_and_its_keys_fit(self, written: str, region: str | None) -> None:
        address = address_of(written, region)
        assert all(len(key) <= 200 for key in (*address.keys, *address.buildings))


class TestPeople:
    @pytest.mark.parametrize("written", ["Ann Smith", "SMITH, Ann", "Mrs Ann  Smith", "ann smith", "Ánn Smith"])
    def test_case_order_marks_and_titles_do_not_matter(self, written: str) -> None:
        person = person_of(written)
        assert person is not None
        assert (person.name, person.born) == ("ann smith", None)

    def test_initials_stay_initials(self) -> None:
        one, other = person_of("A Smith"), person_of("Ann Smith")
        assert one is not None
        assert other is not None
        assert one.name != other.name

    @pytest.mark.parametrize("written", ["Ann Smith, 1980-02-01", "Smith, Ann, 1980-02-01", "Ann Smith (1980-02-01)"])
    def test_a_date_of_birth_behind_it_is_kept(self, written: str) -> None:
        person = person_of(written)
        assert person is not None
        assert person.born == "1980-02-01"

    def test_a_date_that_is_none_is_left_out(self) -> None:
        person = person_of("Ann Smith, 1980-02-30")
        assert person is not None
        assert person.text == "ann smith"

    def test_another_date_of_birth_is_another_person_and_none_is_unknown(self) -> None:
        person, bare = person_of("Ann Smith, 1980-02-01"), person_of("Ann Smith")
        assert person is not None
        assert bare is not None
        assert not person.may_be({"1981-02-01"})
        assert person.may_be(())
        assert bare.may_be({"1981-02-01"})

    @pytest.mark.parametrize("written", ["", "Unknown", "Unknown Male", "Mr Smith", "Ann", "007 42", "the caller"])
    def test_nobody_in_particular(self, written: str) -> None:
        assert person_of(written, {"unknown", "male", "the", "caller"}) is None

    def test_one_name_will_do_with_a_date_of_birth(self) -> None:
        assert person_of("Cher, 1946-05-20") is not None

    @given(st.text())
    def test_writing_a_name_again_changes_nothing(self, written: str) -> None:
        person = person_of(written)
        assert person is None or person_of(person.text) == person

    @given(st.text())
    def test_folding_twice_is_folding_once(self, written: str) -> None:
        assert folded(folded(written)) == folded(written)


class TestPhones:
    @pytest.mark.parametrize("written", ["01642 326326", "+44 1642 326326", "0044 1642-326326", "(01642) 326 326"])
    def test_one_number_however_it_is_written(self, written: str) -> None:
        assert phone_of(written, "GB") == "+441642326326"

    @pytest.mark.parametrize("written", ["999", "unknown", "", "withheld", "12", "0" * 30])
    def test_what_is_none(self, written: str) -> None:
        assert phone_of(written, "GB") is None

    def test_without_a_region_a_national_number_says_nothing(self) -> None:
        assert phone_of("01642 326326", None) is None
        assert phone_of("+441642326326", None) == "+441642326326"

    @given(st.integers(1_642_200_000, 1_642_999_999))
    def test_it_stays_as_it_is(self, number: int) -> None:
        once = phone_of(f"0{number}", "GB")
        assert once is not None
        assert phone_of(once, "GB") == phone_of(once, "SE") == once


class TestCells:
    @given(st.floats(-85, 85), st.floats(-180, 180), st.floats(0, 360), st.floats(0, NEAR_M))
    def test_what_is_within_30_m_is_in_a_square_near(self, lat: float, lon: float, bearing: float, away: float) -> None:
        other = moved(lat, lon, bearing, away)
        if distance_m(lat, lon, *other) <= NEAR_M:
            assert cell_of(*other) in cells_near(lat, lon)

    @given(st.floats(-70, 70), st.floats(-180, 180))
    def test_there_are_few_of_them(self, lat: float, lon: float) -> None:
        near = cells_near(lat, lon)
        assert cell_of(lat, lon) in near
        assert len(near) <= 12

    def test_a_square_is_about_30_m(self) -> None:
        lat, lon = 54.57, -1.23
        assert cell_of(*moved(lat, lon, 90, 61)) not in cells_near(lat, lon)
        assert cell_of(*moved(lat, lon, 0, 61)) not in cells_near(lat, lon)

    def test_across_the_date_line(self) -> None:
        assert cell_of(10.0, -179.9999) in cells_near(10.0, 179.9999)


def moved(lat: float, lon: float, bearing: float, metres: float) -> tuple[float, float]:
    """Where one comes to in a straight line; short ways only."""
    north, east = metres * math.cos(math.radians(bearing)), metres * math.sin(math.radians(bearing))
    to_lat = lat + math.degrees(north / EARTH_RADIUS_M)
    to_lon = lon + math.degrees(east / EARTH_RADIUS_M / math.cos(math.radians(lat)))
    return to_lat, (to_lon + 180) % 360 - 180


def test_a_long_key_is_shortened() -> None:
    assert shortened("a" * 200) == "a" * 200
    assert shortened("a" * 201) != shortened("a" * 202)
