"""Consents of creators to apps, with the codes and tokens that belong to them."""

from dataclasses import dataclass


@dataclass
class Grant:
    """The consent of a person to an app, on which tokens are issued."""

    client_key: str
    username: str
    scopes: tuple[str, ...]
    granted_at: float
    refresh_expires_at: float


@dataclass
class Code:
    """An authorization code that was given to a browser and not yet exchanged."""

    value: str
    client_key: str
    username: str
    scopes: tuple[str, ...]
    redirect_uri: str
    challenge: str | None
    expires_at: float


@dataclass
class Token:
    """An access token or a refresh token of a grant."""

    value: str
    grant: Grant
    expires_at: float

    @property
    def client_key(self) -> str:
        """The app to which it was issued."""
        return self.grant.client_key

    @property
    def username(self) -> str:
        """The creator for whom the app acts."""
        return self.grant.username
