"""What is told to partners, as it is asked for and as the OpenAPI document describes it."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from api.desk_schemas import Body
from api.schemas import Answer, Hash, Utc
from dispatch.conference import Discussed
from dispatch.disclosure import Reason
from dispatch.force_disclosure import PARTS, Part
from graphs.moments import MOMENT, Moment
from scenarios.rows import Names, Text

_FIELDS = f"parts of an incident: {', '.join(PARTS)}"


class Recipient(Body):
    """To whom something is told."""

    organisation: Text = Field(description="an organisation")
    person: Text | None = Field(default=None, description="somebody there; nothing where it is the organisation")


class DisclosureBody(Body):
    """To whom something is told, and why."""

    recipient: Recipient = Field(description="an object with organisation, and person where there is one")
    purpose: Text = Field(description="a purpose of the force profile")
    lawful_basis: Text = Field(description="a lawful basis of the force profile")
    fields: list[Part] | None = Field(
        default=None, max_length=len(PARTS), description=f"{_FIELDS}; all that the purpose has, if not given"
    )

    def reason(self) -> Reason:
        """Return it as the desk takes it."""
        told = self.recipient
        return Reason(told.organisation, told.person, self.purpose, self.lawful_basis, self.fields)


class ConferenceBody(DisclosureBody):
    """The next multi-agency conference."""

    held_at: Moment = Field(description=f"when it will be held, {MOMENT}")
    since: Moment = Field(description=f"cases with something since then, {MOMENT}")


class OutcomeBody(Body):
    """What a conference came to in a case."""

    incident_id: Text = Field(description="an incident on its list")
    outcome: Text = Field(description="what was agreed, for people to read")
    people: Names | None = Field(
        default=None, description="names of who was discussed; those whom the incident names, if not given"
    )


class DiscussedBody(Body):
    """What a conference came to."""

    discussed_at: Moment = Field(description=f"when it was held, {MOMENT}")
    outcomes: Annotated[list[OutcomeBody], Field(min_length=1, max_length=500)] = Field(
        description="a list of outcomes, 1 to 500"
    )

    def cases(self) -> list[Discussed]:
        """Return the outcomes as the desk takes them."""
        return [Discussed(each.incident_id, each.outcome, each.people) for each in self.outcomes]


class EidoAnswer(Answer):
    """An incident in the shape of an EIDO; its components are those of NENA-STA-021.1."""

    id: str = Field(alias="$id", description="names the incident for all agencies")
    lastUpdateTimeStamp: Utc = Field(description="when it was written, UTC")  # noqa: N815 - names of the standard
    updatedByAgencyReference: dict[str, str] = Field(description="the force")  # noqa: N815
    eidoVersion: str = Field(description="1.0")  # noqa: N815
    issuingElementIdentification: str = Field(description="what wrote it")  # noqa: N815
    incidentComponent: dict[str, Any] = Field(description="the incident")  # noqa: N815
    agencyComponent: list[dict[str, Any]] = Field(description="the force")  # noqa: N815
    agentComponent: list[dict[str, Any]] = Field(default=[], description="the control room")  # noqa: N815
    mergeComponent: list[dict[str, Any]] = Field(default=[], description="incidents that are the same")  # noqa: N815
    locationComponent: list[dict[str, Any]] = Field(default=[], description="where, as PIDF-LO")  # noqa: N815
    personComponent: list[dict[str, Any]] = Field(default=[], description="people concerned")  # noqa: N815
    callbackComponent: list[dict[str, Any]] = Field(default=[], description="the telephone number")  # noqa: N815
    cautionComponent: list[dict[str, Any]] = Field(default=[], description="risk level and markers")  # noqa: N815
    emergencyResourceComponent: list[dict[str, Any]] = Field(default=[], description="units sent")  # noqa: N815
    dispatchComponent: list[dict[str, Any]] = Field(default=[], description="each sending")  # noqa: N815
    notesComponent: list[dict[str, Any]] = Field(default=[], description="texts that others refer to")  # noqa: N815


class DisclosedAnswer(Answer):
    """Something that was told to a partner."""

    seq: int = Field(description="the row of the record that says so")
    at: Utc = Field(description="when, UTC")
    by: str = Field(description="who disclosed it")
    incident_id: str = Field(description="the incident that it is about")
    recipient: Recipient = Field(description="to whom")
    purpose: str = Field(description="a code of the force profile")
    lawful_basis: str = Field(description="a code of the force profile")
    fields: list[str] = Field(description="the parts of the incident that were told")
    document_sha256: Hash = Field(description="of the document as it was told")


class DisclosuresAnswer(Answer):
    """What was told to partners in a period."""

    disclosures: list[DisclosedAnswer] = Field(description="in the order in which they were made")
    purged: int = Field(description="how many more there were, of incidents that were purged since")


class ConferenceAnswer(Answer):
    """The list of cases for a conference."""

    conference_id: str = Field(description="names it")
    listed_at: Utc = Field(description="UTC")
    by: str = Field(description="who had it made")
    held_at: Utc = Field(description="when it is held, UTC")
    since: Utc = Field(description="cases with something since then, UTC")
    recipient: Recipient = Field(description="to whom it was told")
    purpose: str = Field(description="a code of the force profile")
    lawful_basis: str = Field(description="a code of the force profile")
    fields: list[str] = Field(description="the parts of each incident that were told")
    cases: list[dict[str, Any]] = Field(description="why each is on the list, what was done, what is still to be done")
    purged: list[str] = Field(description="incidents that were on it and were purged since")


class ConferenceDoneAnswer(Answer):
    """What a conference came to."""

    conference_id: str = Field(description="names it")
    discussed_at: Utc = Field(description="when it was held, UTC")
    outcomes: dict[str, str] = Field(description="what was agreed, by incident")
    discussed: list[str] = Field(description="subjects whose repeat counts from now on")
