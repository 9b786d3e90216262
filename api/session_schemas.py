"""What goes in and comes out where people log in, as the OpenAPI document describes it."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from api.schemas import Answer


class LogInRequest(BaseModel):
    """Who wants to log in."""

    model_config = ConfigDict(extra="forbid", strict=True)

    name: str = Field(description="the name of the account", max_length=100)
    password: SecretStr = Field(description="its password", max_length=1000)


class WaysAnswer(Answer):
    """How people log in."""

    provider: bool = Field(
        description="whether an identity provider vouches for people, at GET /v1/session/oidc, beside passwords"
    )


class SessionAnswer(Answer):
    """Who you are here, and what you may do."""

    name: str = Field(description="of the user, or of the system that the key was made for")
    kind: Literal["person", "system"] = Field(description="a person with a session, or a system with a key")
    roles: list[str] = Field(description="the roles, in the order of the alphabet")
    may: list[str] = Field(description="the operations that these roles may ask for, by operationId")
    csrf_token: str | None = Field(
        description="to be sent as X-CSRF-Token with whatever changes something; null for a key, which needs none"
    )
    expires_at: str | None = Field(description="when the session ends in any case; null for a key")
