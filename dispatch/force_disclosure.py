"""The table of a force profile on what is told to partners, for which purpose and on which lawful basis."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Final, Literal, get_args

from pydantic import Field

from dispatch.force_tables import Key, Label, Table

Part = Literal["place", "address", "people", "phone", "risk", "resources", "notes"]
PARTS: Final[tuple[Part, ...]] = get_args(Part)
_LABEL: Final = "a line of text for people to read"
_PARTS: Final = f"a list of {', '.join(PARTS)}"


class Purpose(Table):
    """What may be told of an incident for a purpose; number, kind, grade and state of it are always told.

    Attributes
    ----------
    label
        The purpose as people read it.
    fields
        The parts of an incident that the purpose needs, at most.
    """

    label: Label = Field(description=_LABEL)
    fields: tuple[Part, ...] = Field(default=(), strict=False, description=_PARTS)


class Disclosure(Table):
    """What is told to partners.

    Attributes
    ----------
    agency
        The force's name in documents for partners: a domain that is its own.
    lawful_bases
        By code, on what a disclosure may rest.
    purposes
        By code; see `Purpose`.
    """

    agency: Annotated[str, Field(pattern=r"^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$", max_length=200)] = Field(
        default="police.invalid", description="a domain name in small letters, such as cleveland.police.uk"
    )
    lawful_bases: Mapping[Key, Label] = Field(default_factory=dict, description="a line of text for each basis")
    purposes: Mapping[Key, Purpose] = Field(default_factory=dict, description="a table for each purpose")
