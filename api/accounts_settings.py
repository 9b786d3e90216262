"""Settings of access: how long sessions last, how much may be asked, and which identity provider vouches for people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, SecretStr, model_validator

from api.roles import PERSON_ROLES
from graphs.faults import NOTHING, refuse

_ADDRESS = "an address such as https://id.example.org; http only on this machine"
_LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})


def _digits(value: Any) -> Any:
    if isinstance(value, str) and not (value.isascii() and value.isdigit()):
        raise refuse("")
    return value


def _address(value: str) -> str:
    parts = urlsplit(value)
    safe = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOCAL)
    if not safe or not parts.hostname or parts.query or parts.fragment:
        raise refuse("")
    return value.rstrip("/")


def _pairs(value: Any) -> Any:
    """Read ``value=role;value=role``."""
    if not isinstance(value, str):
        return value
    pairs = [pair.rpartition("=") for pair in value.split(";") if pair.strip()]
    if any(not name.strip() or role.strip() not in PERSON_ROLES for name, _, role in pairs):
        raise refuse("")
    return {name.strip(): role.strip() for name, _, role in pairs}


Count = Annotated[int, BeforeValidator(_digits), Field(ge=0)]
Positive = Annotated[int, BeforeValidator(_digits), Field(ge=1)]
Address = Annotated[str, AfterValidator(_address)]
Pairs = Annotated[Mapping[str, str], BeforeValidator(_pairs)]
_OIDC = ("oidc_issuer", "oidc_client_id", "oidc_client_secret", "oidc_roles", "public_url")


class AccessSettings(BaseModel):
    """Settings of access.

    Parameters
    ----------
    session_idle_s
        A session ends after so long without a request.
    session_s
        A session ends after so long in any case: a shift and what it runs over.
    login_attempts
        So many failed attempts in a row, for one account, lock it.
    login_attempts_address
        So many from one address lock that; a control room may have one for all.
    login_locked_s
        How long a lock lasts after the last attempt; attempts older than this are forgotten.
    person_requests_per_s, system_requests_per_s
        What an actor may ask in the long run; ten seconds' worth at once. 0 is no limit.
    remembered_ms
        How long a worker believes a session or key without asking the database: a revoked one lives so long at most.
    consultation_reason
        Whether looking at an incident needs the header ``X-Consultation-Reason``.
    demonstration
        Make published users and a published key, which are worth something on this machine only.
    public_url
        Where people's browsers find the service; an identity provider sends them back there.
    oidc_issuer, oidc_client_id, oidc_client_secret
        The identity provider, and who this service is to it. All five of these are given, or none.
    oidc_roles
        Which value of the claim makes which role.
    oidc_roles_claim, oidc_name_claim
        Where the ID token tells groups or roles, and the name of the account; a path is written with points.
    """

    session_idle_s: Positive = Field(default=3600, description="seconds, 1 or more")
    session_s: Positive = Field(default=12 * 3600, description="seconds, 1 or more")
    login_attempts: Positive = Field(default=10, description="a whole number, 1 or more")
    login_attempts_address: Positive = Field(default=100, description="a whole number, 1 or more")
    login_locked_s: Positive = Field(default=900, description="seconds, 1 or more")
    person_requests_per_s: Count = Field(default=20, description="a whole number; 0 is no limit")
    system_requests_per_s: Count = Field(default=500, description="a whole number; 0 is no limit")
    remembered_ms: Count = Field(default=2000, description="milliseconds, 0 or more")
    consultation_reason: Literal["none", "optional", "required"] = Field(
        default="optional", description="none, optional or required"
    )
    demonstration: bool = Field(default=False, description="on or off")
    public_url: Address | None = Field(default=None, description=_ADDRESS)
    oidc_issuer: Address | None = Field(default=None, description=_ADDRESS)
    oidc_client_id: str | None = Field(
        default=None, description="the name that the identity provider gave to this service"
    )
    oidc_client_secret: SecretStr | None = Field(default=None, description="the secret that the identity provider gave")
    oidc_roles: Pairs | None = Field(
        default=None, description=f"VALUE=ROLE;VALUE=ROLE, where ROLE is one of {', '.join(PERSON_ROLES)}"
    )
    oidc_roles_claim: str = Field(
        default="roles", description="a claim of the ID token, such as groups or realm_access.roles"
    )
    oidc_name_claim: str = Field(default="preferred_username", description="a claim of the ID token")

    @model_validator(mode="after")
    def _whole_provider(self) -> Self:
        missing = [name for name in _OIDC if not getattr(self, name)]
        # The service's own address is of use without a provider too.
        if missing and any(getattr(self, name) for name in _OIDC if name != "public_url"):
            raise refuse("a value, beside the other settings of the identity provider", "", missing[0], NOTHING)
        return self
