"""The numbers of an audit: tiny cases by name, and what holds whatever the verdicts are."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch.force import Force
from scenarios.audit import Audit, audit_of
from scenarios.audit_files import audit_json, incidents_geojson, tables_of
from scenarios.audit_groups import Group
from scenarios.audit_quality import PredictionRow
from scenarios.audit_response import ResponseRow
from scenarios.audit_words import IN_WORDS, said
from scenarios.cells import write_table
from scenarios.rates import SMALL, Rate, rate
from scenarios.verdict import CLASSES, GOOD, JUDGED, Verdict

FORCE = Force.default()
NOON = datetime(2025, 3, 29, 12, tzinfo=UTC)
unhurried = settings(deadline=None)
GROUPINGS = ("grade", "domestic_abuse", "sector", "hour", "shift")


def good(name: str = "1", **more: Any) -> Verdict:
    """Make an incident to which the nearest unit was sent."""
    known = {"grade": "emergency", "last_grade": "emergency", "straight": True, "lost_s": 0.0, "lat": 54.5, "lon": -1.2}
    values = {"incident_id": name, "received_at": NOON, "verdict": "nearest_sent", "hour": 12, **known, **more}
    return Verdict(**values)


def late(name: str, lost_s: float, **more: Any) -> Verdict:
    """Make an incident to which a nearer unit could have gone."""
    told = {"verdict": "nearer_eligible_not_sent", "lost_s": lost_s, "cause": "unexplained", "straight": False}
    return good(name, **{**told, **more})


def unknown(name: str, because: str, **more: Any) -> Verdict:
    return good(name, verdict="unknown", because=because, straight=None, lost_s=None, **more)


def dropped(name: str, because: str, **more: Any) -> Verdict:
    told = {"arrival": "nobody_sent"} if because == "nobody_sent" else {}
    return good(name, verdict="dropped", because=because, straight=None, lost_s=None, **{**told, **more})


def arrived(name: str, after_s: float, **more: Any) -> Verdict:
    """Make an emergency in town at which somebody arrived; its target is 900 s from the call."""
    clock = {"clock": "received", "target_s": 900, "clock_s": after_s, "setting": "urban"}
    return good(name, **{**clock, "arrival": "recorded", "from_received_s": after_s, **more})


# Nothing was judged ---------------------------------------------------------------------------------------------------
def test_of_no_incidents_nothing_is_said() -> None:
    audit = audit_of([], FORCE)
    assert audit.headline.good.of_judged == Rate(0, 0, None, None, None)
    assert audit.headline.lost_judged_s.median is None
    assert audit.funnel.read == audit.funnel.judged == 0
    assert audit.groups.abuse_of_judged.difference is None
    assert audit.straight.nearest.share is None
    assert audit.prediction.all.ratio is None
    assert (audit.worst, audit.response.by_last_grade) == ((), ())


def test_where_nothing_can_be_told_the_rate_is_not_zero() -> None:
    head = audit_of([unknown("1", "no_place"), unknown("2", "no_place")], FORCE).headline
    assert head.good.of_judged.share is None
    assert (head.if_unknown_bad.share, head.if_unknown_good.share) == (0.0, 1.0)


# The headline ---------------------------------------------------------------------------------------------------------
FIVE = [
    good("1"),
    good("2", verdict="sent_within_noise", lost_s=8.0),
    good("3", verdict="nearer_not_eligible", because="status", lost_s=0.0),
    late("4", 120.0),
    unknown("5", "sent_unit:no_fix"),
    dropped("6", "merged"),
]


def test_each_rate_has_both_denominators() -> None:
    head = audit_of(FIVE, FORCE).headline
    of = {name: (getattr(head, name).of_judged, getattr(head, name).of_attended) for name in ("good", "strict")}
    assert of == {"good": (rate(3, 4), rate(3, 5)), "strict": (rate(1, 4), rate(1, 5))}
    assert (head.strict_or_noise.of_judged, head.strict_or_noise.of_attended) == (rate(2, 4), rate(2, 5))
    assert (head.if_unknown_bad, head.if_unknown_good) == (rate(3, 5), rate(4, 5))


def test_seconds_lost_have_both_denominators() -> None:
    head = audit_of(FIVE, FORCE).headline
    assert (head.lost_not_sent_s.n, head.lost_not_sent_s.median, head.lost_not_sent_s.total) == (1, 120.0, 120.0)
    assert (head.lost_within_noise_s.n, head.lost_within_noise_s.total) == (1, 8.0)
    # 0, 0, 8, 120
    assert (head.lost_judged_s.n, head.lost_judged_s.median, head.lost_judged_s.total) == (4, 4.0, 128.0)
    assert head.lost_judged_s.p90 == pytest.approx(86.4)


def test_what_is_too_close_to_call_is_told_beside_the_rate() -> None:
    head = audit_of(FIVE, FORCE).headline
    assert head.within_noise == rate(1, 4)
    assert (head.if_noise_bad.of_judged, head.if_noise_bad.of_attended) == (rate(2, 4), rate(2, 5))


def test_the_rate_where_every_position_was_known_stands_in_the_headline() -> None:
    told = [good("1"), good("2", unplaced=1), late("3", 60.0), late("4", 60.0, unplaced=2), unknown("5", "no_place")]
    assert audit_of(told, FORCE).headline.if_all_placed == rate(1, 2)


def test_straight_lines_take_no_time() -> None:
    head = audit_of([good("1", lost_s=None), replace(late("2", 0.0), lost_s=None)], FORCE).headline
    assert head.good.of_judged == rate(1, 2)
    assert (head.lost_judged_s.n, head.lost_judged_s.missing, head.lost_judged_s.median) == (0, 2, None)


def test_a_loss_that_is_not_known_is_missing_and_not_zero() -> None:
    head = audit_of([late("1", 60.0), replace(late("2", 0.0), lost_s=None)], FORCE).headline
    assert (head.lost_not_sent_s.n, head.lost_not_sent_s.missing, head.lost_not_sent_s.median) == (1, 1, 60.0)


# The funnel -----------------------------------------------------------------------------------------------------------
def test_the_funnel_tells_where_each_incident_went() -> None:
    more = [unknown("7", "sent_unit:no_fix;no_place"), dropped("8", "merged"), dropped("9", "self_initiated")]
    funnel = audit_of([*FIVE, *more], FORCE, refused={"received_at: accepted: a time": 3}).funnel
    assert [each.sentence for each in funnel.stages[0].reasons] == ["received_at: accepted: a time"]
    assert [(each.key, each.came, each.taken, each.left) for each in funnel.stages] == [
        ("refused", 12, 3, 9),
        ("dropped", 9, 3, 6),
        ("unknown", 6, 2, 4),
    ]
    assert [(each.code, each.count) for each in funnel.stages[1].reasons] == [("merged", 2), ("self_initiated", 1)]
    assert [each.sentence for each in funnel.stages[2].reasons] == [
        "Of a unit sent: no position of it was known",
        "Of a unit sent: no position of it was known; the incident has no place",
    ]


def test_what_is_missing_is_counted_by_itself_too() -> None:
    audit = audit_of([unknown("1", "no_place;no_grade"), unknown("2", "no_place")], FORCE)
    assert [(each.code, each.count) for each in audit.quality.unknown] == [("no_place", 2), ("no_grade", 1)]


@pytest.mark.parametrize(
    ("because", "sentence"),
    [
        ("", "No reason is given"),
        ("merged", "It is a second report of another incident"),
        ("nearer_unit:no_status", "Of a unit that seemed nearer: no status of it was known"),
        ("entered_after_decision", "It was entered only after the unit was sent"),
        (
            "nearer_unit:not_cleared",
            "Of a unit that seemed nearer: the records do not say when it was free again, and nothing of it since",
        ),
        ("nearer_unit:same_moment", "Of a unit that seemed nearer: it was sent elsewhere at the very same moment"),
        ("nearer_unit:row_quarantined", "Of a unit that seemed nearer: a row about it was not accepted at the import"),
        ("skill", "Nobody aboard had a skill that was needed"),
        ("a rule of tomorrow", "A rule of tomorrow"),
        ("somebody:crew", "Somebody:crew"),
    ],
)
def test_codes_become_sentences(because: str, sentence: str) -> None:
    assert said(because) == sentence


# Groups ---------------------------------------------------------------------------------------------------------------
def test_domestic_abuse_against_everything_else() -> None:
    abuse = [good(f"a{n}", domestic_abuse=True) for n in range(48)]
    abuse += [late(f"b{n}", 60, domestic_abuse=True) for n in range(32)]
    other = [good(f"c{n}") for n in range(56)] + [late(f"d{n}", 60) for n in range(14)]
    groups = audit_of([*abuse, *other], FORCE).groups
    found = groups.abuse_of_judged
    assert (found.one, found.other) == (rate(48, 80), rate(56, 70))
    assert (found.low, found.high) == (pytest.approx(-0.3339, abs=6e-5), pytest.approx(-0.0524, abs=6e-5))
    assert [(group.key, group.counts.judged) for group in groups.domestic_abuse] == [("yes", 80), ("no", 70)]


def test_grades_stand_by_urgency_and_what_is_not_known_last() -> None:
    odd = [good("1", grade=""), good("2", grade="P9"), good("3", grade="priority")]
    found = [(group.key, group.label, group.counts.all) for group in audit_of(odd, FORCE).groups.grade]
    ordinary = [(key, FORCE.grades[key].label, int(key == "priority")) for key in FORCE.grades]
    assert found == [*ordinary, ("P9", "P9", 1), ("", "Grade not known", 1)]


def test_all_hours_of_the_day_stand_there() -> None:
    hours = audit_of([good("1", hour=7), good("2", hour=7)], FORCE).groups.hour
    assert [group.key for group in hours] == [f"{hour:02d}" for hour in range(24)]
    assert (hours[7].counts.judged, hours[8].good.of_judged.share) == (2, None)


def test_a_group_of_four_is_small_and_its_rate_is_in_no_table() -> None:
    four = [good(str(n), sector="Skelton") for n in range(4)]
    five = [good(f"r{n}", sector="Redcar") for n in range(5)]
    audit = audit_of([*four, *five], FORCE)
    assert [(group.key, group.small) for group in audit.groups.sector] == [("Redcar", False), ("Skelton", True)]
    rows = {row["key"]: row for row in tables_of(audit)["groups"].rows if row["grouping"] == "sector"}
    assert "good.of_judged.share" not in rows["Skelton"]
    assert rows["Skelton"]["good.of_judged.count"] == 4
    assert rows["Redcar"]["good.of_judged.share"] == 1.0


def shown(audit: Audit, name: str) -> list[dict[str, Any]]:
    """Return the rows of a table, each without what it leaves out."""
    return [
        {column: value for column, value in row.items() if value is not None} for row in tables_of(audit)[name].rows
    ]


def test_no_table_has_a_share_or_a_percentile_of_four() -> None:
    first = {"first_grade": "priority", "first_target_s": 3600, "first_clock_s": 1800.0}
    told = [late(str(n), 60.0, reason="cover", domestic_abuse=n == 0) for n in range(4)]
    audit = audit_of([*told, arrived("7", 600, **first)], FORCE)
    cause = next(row for row in shown(audit, "causes") if row["count"])
    assert {"share.count", "share.of", "lost_s.total"} <= cause.keys()
    (override,) = shown(audit, "override_reasons")
    (regraded,) = shown(audit, "regraded")
    for row in (cause, override, regraded, *shown(audit, "lost_s")[:2]):
        assert not {"share", "low", "high", "median", "p90"} & {column.rpartition(".")[2] for column in row}, row
    for row in shown(audit, "domestic_abuse_difference"):
        assert (row["one.of"], row["other.of"]) == (1, 4)
        assert not {"difference", "low", "high", "one.share", "other.share"} & row.keys()


def test_of_five_a_table_has_them() -> None:
    audit = audit_of([late(str(n), 60.0, reason="cover") for n in range(5)], FORCE)
    cause = next(row for row in shown(audit, "causes") if row["count"])
    assert (cause["share.share"], cause["lost_s.median"]) == (1.0, 60.0)
    assert shown(audit, "override_reasons")[0]["lost_s.median"] == 60.0


def test_the_headline_stands_even_where_it_is_of_four() -> None:
    audit = audit_of(FIVE, FORCE)
    rows = {row["rate"]: row for row in shown(audit, "rates")}
    assert rows["nearest_sent.of_judged"]["share"] == 0.75
    assert "share" not in rows["straight.nearest"]
    assert "share" not in rows["sent_unit_failed"]
    assert rows["quality.no_place"]["share"] == 0.0


def test_domestic_abuse_of_which_few_were_judged_is_compared_by_no_denominator() -> None:
    told = [unknown(str(n), "no_place", domestic_abuse=True) for n in range(6)] + [good(f"r{n}") for n in range(6)]
    for row in shown(audit_of(told, FORCE), "domestic_abuse_difference"):
        assert "one.share" not in row


# Causes ---------------------------------------------------------------------------------------------------------------
def test_causes_come_with_their_seconds() -> None:
    told = [late("1", 60, cause="own_sector"), late("2", 90, cause="own_sector"), late("3", 30)]
    causes = audit_of([*told, good("4")], FORCE).causes.causes
    assert [(each.key, each.count, each.lost_s.total) for each in causes] == [
        ("reason_recorded", 0, None),
        ("reason_recorded_late", 0, None),
        ("own_sector", 2, 150.0),
        ("straight_line", 0, None),
        ("unexplained", 1, 30.0),
    ]
    assert causes[2].share == rate(2, 3)


def test_reasons_have_the_labels_of_the_force_and_nobodys_own_words() -> None:
    told = [
        late("1", 60, cause="reason_recorded", reason="local_knowledge"),
        good("2", reason="local_knowledge"),
        late("3", 20, cause="reason_recorded", reason="Ask Jane Doe; 07700 900123;cover"),
    ]
    audit = audit_of(told, FORCE)
    assert [(each.key, each.label, each.count, each.not_sent) for each in audit.causes.overrides] == [
        ("local_knowledge", FORCE.override_reasons["local_knowledge"], 2, 1),
        ("cover", FORCE.override_reasons["cover"], 1, 1),
        (IN_WORDS, "In words of their own", 1, 1),
    ]
    assert audit.worst[1].reason_label == f"{FORCE.override_reasons['cover']}; In words of their own"
    tables = "".join(write_table(table.columns, table.rows) for table in tables_of(audit).values())
    assert "Jane" not in audit_json(audit).decode() + incidents_geojson(told).decode() + tables


def test_rules_that_kept_nearer_units() -> None:
    told = [
        good(str(n), verdict="nearer_not_eligible", because=rules) for n, rules in enumerate(["crew", "crew;skill"])
    ]
    assert [(kept.key, kept.count, kept.alone) for kept in audit_of(told, FORCE).causes.kept] == [
        ("crew", 2, 1),
        ("skill", 1, 0),
    ]


def test_units_sent_against_a_rule_are_counted_with_the_rules() -> None:
    told = [
        good("1", judged_failed="crew"),
        late("2", 60, judged_failed="crew;skill"),
        good("3"),
        unknown("4", "nearer_unit:no_status", judged_failed="crew"),
    ]
    causes = audit_of(told, FORCE).causes
    assert causes.sent_failed == rate(2, 3)
    assert [(kept.key, kept.count, kept.alone) for kept in causes.sent_rules] == [("crew", 2, 1), ("skill", 1, 0)]


def test_the_worst_name_the_unit_that_was_better_beyond_doubt() -> None:
    told = late("1", 60.0, nearest_eligible="R7", nearest_eligible_s=30.0, better="R1", better_s=40.0)
    (worst,) = audit_of([told], FORCE).worst
    assert (worst.better, worst.better_s) == ("R1", 40.0)


def test_the_worst_twenty_and_ties_by_id() -> None:
    told = [late(f"{n:02d}", 100.0) for n in range(30, 0, -1)] + [late("x", 101.0), good("y", lost_s=900.0)]
    worst = audit_of(told, FORCE).worst
    assert [each.incident_id for each in worst] == ["x", *(f"{n:02d}" for n in range(1, 20))]
    assert worst[0].cause_label == "Nothing in the records explains it"


# Response times -------------------------------------------------------------------------------------------------------
def only(audit: Audit) -> ResponseRow:
    (row,) = audit.response.by_last_grade
    return row


def test_a_missing_arrival_is_never_in_target() -> None:
    told = [arrived("1", 600), arrived("2", 900), arrived("3", 901), good("4", setting="urban", **BY_CALL)]
    row = only(audit_of(told, FORCE))
    assert (row.attended, row.timed, row.missing) == (4, 3, 1)
    assert (row.in_target_of_timed, row.in_target_of_attended) == (rate(2, 3), rate(2, 4))


BY_CALL = {"clock": "received", "target_s": 900}


def test_a_doubtful_arrival_is_never_in_target() -> None:
    row = only(audit_of([arrived("1", 600), arrived("2", 5, arrival="doubtful")], FORCE))
    assert (row.timed, row.doubtful, row.in_target_of_attended) == (1, 1, rate(1, 2))


def test_no_seconds_at_all_stand_apart() -> None:
    row = only(audit_of([arrived("1", 1200), arrived("2", 0)], FORCE))
    assert (row.timed, row.zero) == (1, 1)
    assert (row.in_target_of_timed, row.in_target_of_attended) == (rate(0, 1), rate(0, 1))
    assert row.times_s.median == 1200


def test_what_an_officer_came_upon_stands_apart() -> None:
    response = audit_of([dropped("1", "self_initiated", arrival="recorded", clock_s=0.0)], FORCE).response
    assert (response.self_initiated, response.by_last_grade) == (1, ())


def test_nobody_sent_stands_beside_those_attended() -> None:
    told = [arrived("1", 600), dropped("2", "nobody_sent", setting="urban", **BY_CALL)]
    row = only(audit_of(told, FORCE))
    assert (row.attended, row.nobody_sent, row.in_target_of_attended) == (1, 1, rate(1, 1))


def test_what_needs_nobody_has_no_response() -> None:
    told = dropped("1", "nobody_sent", grade="resolved_without_deployment", last_grade="resolved_without_deployment")
    assert audit_of([told], FORCE).response.by_last_grade == ()


def test_somebody_late_after_a_regrade_counts_though_the_first_grade_sent_nobody() -> None:
    first = {"grade": "resolved_without_deployment", "first_grade": "resolved_without_deployment"}
    told = arrived("1", 9000, verdict="dropped", because="not_deployed", **first)
    response = audit_of([told], FORCE).response
    assert only(audit_of([told], FORCE)).in_target_of_timed == rate(0, 1)
    assert [(row.first, row.last, row.in_target_last) for row in response.regraded] == [
        ("resolved_without_deployment", "emergency", rate(0, 1))
    ]


def test_a_grade_that_sends_nobody_has_no_response_though_somebody_went() -> None:
    nobody = {"grade": "resolved_without_deployment", "last_grade": "resolved_without_deployment"}
    assert audit_of([arrived("1", 600, verdict="dropped", because="not_deployed", **nobody)], FORCE).response == (
        audit_of([], FORCE).response
    )


def test_a_clock_that_never_began_is_not_in_target() -> None:
    row = only(audit_of([arrived("1", 600), replace(arrived("2", 0), clock_s=None)], FORCE))
    assert (row.timed, row.unclocked, row.in_target_of_attended) == (1, 1, rate(1, 2))


def test_a_grade_without_a_target_has_times_and_no_rate() -> None:
    row = only(audit_of([arrived("1", 600, grade="scheduled", last_grade="scheduled", target_s=None)], FORCE))
    assert (row.in_target_of_timed, row.in_target_of_attended, row.times_s.median) == (None, None, 600)


def test_town_and_country_have_their_own_targets() -> None:
    told = [arrived("1", 1000), arrived("2", 1000, setting="rural", target_s=1200)]
    rows = audit_of(told, FORCE).response.by_last_grade
    assert [(row.setting, row.target_s, row.in_target_of_timed) for row in rows] == [
        ("urban", 900, rate(0, 1)),
        ("rural", 1200, rate(1, 1)),
    ]


def test_a_regraded_incident_is_held_to_both_grades() -> None:
    first = {"first_grade": "priority", "first_target_s": 3600, "first_clock_s": 1800.0}
    response = audit_of([arrived("1", 1000, **first), arrived("2", 600)], FORCE).response
    (row,) = response.regraded
    assert (row.first, row.last, row.in_target_first, row.in_target_last) == (
        "priority",
        "emergency",
        rate(1, 1),
        rate(0, 1),
    )
    assert [(each.grade, each.timed) for each in response.by_last_grade] == [("emergency", 2)]
    assert [(each.grade, each.times_s.median) for each in response.by_first_grade] == [
        ("emergency", 600),
        ("priority", 1800),
    ]


def test_no_known_first_grade_is_no_regrade() -> None:
    assert audit_of([arrived("1", 600, first_grade="")], FORCE).response.regraded == ()


# The rest -------------------------------------------------------------------------------------------------------------
def test_as_the_crow_flies() -> None:
    told = [good("1"), late("2", 60, straight=True), late("3", 60), replace(good("4"), straight=None)]
    straight = audit_of(told, FORCE).straight
    assert (straight.nearest, straight.unknown, straight.of_not_sent) == (rate(2, 3), 1, rate(1, 2))


def test_what_the_records_lack() -> None:
    told = [
        arrived("1", 600, unplaced=3, sector="Redcar"),
        good("2", lat=None, lon=None),
        good("3", arrival="doubtful", unplaced=1),
        dropped("4", "nobody_sent"),
    ]
    quality = audit_of(told, FORCE, assumed=["Two officers are aboard."]).quality
    assert (quality.arrival_missing, quality.arrival_doubtful) == (rate(1, 3), rate(1, 3))
    assert (quality.no_place, quality.no_sector, quality.no_grade) == (rate(1, 3), rate(2, 3), rate(0, 3))
    assert (quality.with_unplaced, quality.unplaced.median, quality.unplaced.total) == (rate(2, 3), 1.0, 4.0)
    assert quality.assumed == ("Two officers are aboard.",)


def test_predicted_against_actual() -> None:
    def trip(name: str, predicted_s: float, actual_s: float, **more: Any) -> Verdict:
        return arrived(name, 600, sent_s=predicted_s, from_sent_s=actual_s, **more)

    told = [
        trip("1", 100, 120, hour=3),
        trip("2", 100, 80, hour=4),
        trip("3", 200, 300, hour=4, grade="priority"),
        trip("4", 100, 0),
        trip("5", 100, 900, arrival="doubtful"),
        arrived("6", 600, sent_s=100.0),
    ]
    found = audit_of(told, FORCE).prediction
    assert (found.all.n, found.all.ratio, found.all.error_s) == (3, 1.2, 20.0)
    assert (found.all.off_s.median, found.all.off_s.p90) == (20.0, pytest.approx(84.0))
    assert [(row.label, row.n) for row in found.hour[:2]] == [("00:00 to 04:00", 1), ("04:00 to 08:00", 2)]
    assert {row.key: row.n for row in found.grade if row.n} == {"emergency": 2, "priority": 1}


# Files ----------------------------------------------------------------------------------------------------------------
def test_every_table_has_its_header_without_any_row() -> None:
    for name, table in tables_of(audit_of([], FORCE)).items():
        assert len(set(table.columns)) == len(table.columns) > 1, name


def test_every_cell_has_a_column() -> None:
    first = {"first_grade": "priority", "first_target_s": 3600, "first_clock_s": 1800.0}
    audit = audit_of(
        [*FIVE, arrived("7", 600, reason="cover", judged_failed="crew", **first)], FORCE, refused={"no time": 1}
    )
    for name, table in tables_of(audit).items():
        assert table.rows, name
        strangers = {column for row in table.rows for column in row.keys() - set(table.columns)}
        # A rate that there is not has no columns of its own.
        assert all(row.get(column) is None for row in table.rows for column in strangers), name


def test_json_holds_every_number() -> None:
    told = json.loads(audit_json(audit_of(FIVE, FORCE)))
    assert told.keys() == {field.name for field in fields(Audit)}
    assert told["headline"]["counts"] == {**dict.fromkeys(CLASSES, 1)}
    assert told["headline"]["good"]["of_judged"]["share"] == 0.75


def test_an_incident_without_a_place_is_on_the_map_file_too() -> None:
    told = [good("2", lat=None), late("1", 30.0, judged="R2", nearest_eligible="R7", better="R1")]
    features = json.loads(incidents_geojson(told))["features"]
    assert [(each["id"], each["geometry"]) for each in features] == [
        ("1", {"type": "Point", "coordinates": [-1.2, 54.5]}),
        ("2", None),
    ]
    assert features[0]["properties"] == {
        "class": "nearer_eligible_not_sent",
        "lost_s": 30.0,
        "grade": "emergency",
        "sent": "R2",
        "better": "R1",
    }


# Whatever the verdicts are --------------------------------------------------------------------------------------------
seconds = st.integers(0, 5_000_000).map(lambda time_ms: time_ms / 1000) | st.none()
grades = st.sampled_from([*FORCE.grades, "", "P9"])
CODES = {
    "unknown": ["no_place", "no_place;no_grade", "sent_unit:no_fix", "row_quarantined"],
    "dropped": ["merged", "self_initiated", "nobody_sent", "outside_network"],
    "nearer_not_eligible": ["crew", "crew;skill", "status"],
}


@st.composite
def verdicts_of_any_kind(draw: st.DrawFn) -> list[Verdict]:
    kinds = draw(st.lists(st.sampled_from(CLASSES), max_size=12))
    return [any_verdict(draw, f"{n}", kind) for n, kind in enumerate(kinds)]


def any_verdict(draw: st.DrawFn, name: str, kind: Any) -> Verdict:
    not_sent = kind == "nearer_eligible_not_sent"
    return Verdict(
        incident_id=name,
        received_at=NOON + timedelta(minutes=draw(st.integers(0, 3))),
        verdict=kind,
        because=draw(st.sampled_from(CODES.get(kind, [""]))),
        cause=draw(st.sampled_from(["own_sector", "straight_line", "unexplained"])) if not_sent else "",
        judged_failed=draw(st.sampled_from(["", "crew", "crew;skill"])),
        reason=draw(st.sampled_from(["", "cover", "words", "cover;local_knowledge"])),
        sent_s=draw(seconds),
        lost_s=draw(st.integers(1, 900)) / 8 if not_sent else 0.0,
        straight=draw(st.booleans() | st.none()),
        unplaced=draw(st.integers(0, 4)),
        grade=draw(grades),
        last_grade=draw(grades),
        first_grade=draw(grades),
        domestic_abuse=draw(st.booleans()),
        sector=draw(st.sampled_from(["", "A", "B"])),
        setting=draw(st.sampled_from(["urban", "rural", "unknown"])),
        hour=draw(st.integers(0, 23)),
        shift=draw(st.sampled_from(["early", "late", "night"])),
        arrival=draw(st.sampled_from(["recorded", "missing", "doubtful", "nobody_sent"])),
        from_sent_s=draw(seconds),
        clock="received",
        target_s=draw(st.sampled_from([None, 900, 1200])),
        clock_s=draw(seconds),
        first_target_s=draw(st.sampled_from([None, 3600])),
        first_clock_s=draw(seconds),
    )


refusals = st.dictionaries(st.text(max_size=5), st.integers(0, 9), max_size=3)


@unhurried
@given(verdicts_of_any_kind(), refusals)
def test_the_funnel_adds_up(told: list[Verdict], refused: dict[str, int]) -> None:
    funnel = audit_of(told, FORCE, refused=refused).funnel
    assert funnel.read == len(told) + sum(refused.values())
    came = funnel.read
    for stage in funnel.stages:
        assert stage.came == came
        assert stage.taken == sum(reason.count for reason in stage.reasons)
        came = stage.left
        assert stage.came == stage.taken + stage.left
    assert came == funnel.judged == sum(one.verdict in JUDGED for one in told)


@unhurried
@given(verdicts_of_any_kind())
def test_groups_add_up_to_the_headline(told: list[Verdict]) -> None:
    audit = audit_of(told, FORCE)
    for name in GROUPINGS:
        groups: tuple[Group, ...] = getattr(audit.groups, name)
        for kind in CLASSES:
            whole = getattr(audit.headline.counts, kind)
            assert sum(getattr(group.counts, kind) for group in groups) == whole
        assert all(group.small == (group.counts.judged < SMALL) for group in groups)


@unhurried
@given(verdicts_of_any_kind())
def test_causes_responses_and_predictions_add_up(told: list[Verdict]) -> None:
    audit = audit_of(told, FORCE)
    assert sum(cause.count for cause in audit.causes.causes) == audit.headline.counts.nearer_eligible_not_sent
    assert sum(cause.lost_s.total or 0 for cause in audit.causes.causes) == pytest.approx(
        audit.headline.lost_not_sent_s.total or 0
    )
    rows: tuple[PredictionRow, ...]
    for rows in (audit.prediction.grade, audit.prediction.hour):
        assert sum(row.n for row in rows) == audit.prediction.all.n
    for row in (*audit.response.by_last_grade, *audit.response.by_first_grade):
        assert row.attended == row.timed + row.zero + row.missing + row.doubtful + row.unclocked
        assert row.times_s.n == row.timed
    whole = [sum(row.attended + row.nobody_sent for row in table) for table in tables(audit)]
    assert whole[0] == whole[1]


def tables(audit: Audit) -> tuple[tuple[ResponseRow, ...], tuple[ResponseRow, ...]]:
    return audit.response.by_last_grade, audit.response.by_first_grade


@unhurried
@given(verdicts_of_any_kind())
def test_numbers_are_those_of_counting_by_hand(told: list[Verdict]) -> None:
    audit = audit_of(told, FORCE)
    judged = [one for one in told if one.verdict in JUDGED]
    for group in audit.groups.sector:
        own = [one for one in judged if one.sector == group.key]
        assert group.good.of_judged == rate(sum(one.verdict in GOOD for one in own), len(own))
    lost = [one.lost_s or 0.0 for one in judged]
    assert audit.headline.lost_judged_s.median == (pytest.approx(median(lost)) if lost else None)
    reasons = Counter(code for one in told if one.verdict != "dropped" for code in one.reason.split(";") if code)
    assert sorted(each.count for each in audit.causes.overrides) == sorted(reasons.values())


@unhurried
@given(verdicts_of_any_kind(), st.randoms())
def test_the_order_of_the_verdicts_changes_nothing(told: list[Verdict], random: Any) -> None:
    mixed = list(told)
    random.shuffle(mixed)
    before, after = audit_of(told, FORCE), audit_of(mixed, FORCE)
    assert before == after
    assert audit_json(before) == audit_json(after)
    assert incidents_geojson(told) == incidents_geojson(mixed)
