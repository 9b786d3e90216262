"""The force profile's table on risk: what it may leave out, and what is wrong with one."""

from __future__ import annotations

import importlib.resources

import pytest

from dispatch.force import Force
from dispatch.force_risk import Risk
from graphs.errors import InputError

TEMPLATE = (importlib.resources.files("dispatch.forces") / "template.toml").read_text("utf-8")


def faults(*changes: tuple[str, str]) -> list[tuple[str, str]]:
    text = TEMPLATE
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    with pytest.raises(InputError) as refused:
        Force.parse(text, "a.toml")
    return [(fault.field, fault.value) for fault in refused.value.faults]


@pytest.mark.parametrize(
    ("old", "new", "field", "value"),
    [
        ('tag = "domestic_abuse"', 'tag = "domestic"', "risk.repeat_victim.tag", '"domestic"'),
        ('adds = "repeat_victim"', 'adds = "repeat"', "risk.repeat_victim.adds", '"repeat"'),
        (
            'tags = ["domestic_abuse", "rep',
            'tags = ["abuse", "rep',
            "risk.raises.repeat_domestic_abuse.tags.0",
            '"abuse"',
        ),
        ('to = "emergency"  # the', 'to = "urgent"  # the', "risk.raises.repeat_domestic_abuse.to", '"urgent"'),
        ('phone_region = "GB"', 'phone_region = "UK"', "risk.phone_region", '"UK"'),
        ("high_ticks = 14", "high_ticks = 28", "risk.dash.high_ticks", "28"),
        ('raise_to = "high"', 'raise_to = "highest"', "risk.releases.raise_to", '"highest"'),
        ('by = ["person"', 'by = ["name"', "risk.repeat_victim.by.0", '"name"'),
    ],
)
def test_one_thing_wrong_is_one_fault_at_its_field(old: str, new: str, field: str, value: str) -> None:
    assert faults((old, new)) == [(field, value)]


def test_a_raise_must_rest_on_something() -> None:
    told = faults(('tags = ["domestic_abuse", "rep', "tags = [] #"), ('marker = "high"', "#"))
    assert told == [("risk.raises.repeat_domestic_abuse.marker", "nothing")]


def test_a_profile_without_the_table_defines_and_raises_nothing() -> None:
    start, end = TEMPLATE.index("[risk]"), TEMPLATE.index("# Why a dispatcher may send another")
    force = Force.parse(TEMPLATE[:start] + TEMPLATE[end:], "a.toml")
    assert force.risk == Risk()
    assert (force.risk.repeat_victim, force.risk.vulnerable, force.risk.raises) == (None, None, {})
    assert force.risk.dash.high_ticks == 14


def test_cleveland_defines_what_inspectors_ask_for() -> None:
    risk = Force.default().risk
    assert risk.repeat_victim is not None
    assert risk.vulnerable is not None
    assert risk.conference_repeat is not None
    assert (risk.repeat_victim.adds, risk.vulnerable.adds) == ("repeat_victim", "vulnerable")
    assert risk.raises["cut_off_call"].to == Force.default().most_urgent_grade
