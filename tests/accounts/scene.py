"""One connected account with everything around it: its vault, its owner, TikTok, the worker and the time."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import Flask

from tests.conftest import Person
from tiktok_api.accounts.token_refresh import TokenVault
from tiktok_api.db import end_reading
from tiktok_api.extensions import services_of


class Vault:
    """The vault of one application, as a worker uses it."""

    def __init__(self, app: Flask) -> None:
        self.app = app

    @contextmanager
    def _opened(self) -> Iterator[TokenVault]:
        with self.app.app_context():
            yield services_of(self.app)[TokenVault]
            end_reading()

    def token(self, account_id: str, **options: Any) -> str:
        with self._opened() as vault:
            return vault.usable_token(UUID(account_id), **options)

    def renew(self, account_id: str, rejected: str) -> str:
        with self._opened() as vault:
            return vault.renew(UUID(account_id), rejected)

    def call(self, account_id: str, act: Callable[[str], Any]) -> Any:
        with self._opened() as vault:
            return vault.call(UUID(account_id), act)


@dataclass(frozen=True)
class Scene:
    """An account of ada's that the owner has connected: `scene.token()`, `scene.pass_time(days=1)`, `scene.status()`."""

    app: Flask
    owner: Person
    account_id: str
    simulator: Any
    vault: Vault
    connect: Callable[..., str]
    run_jobs: Callable[[], int]
    pass_time: Callable[..., None]

    def token(self, **options: Any) -> str:
        """The access token that a worker gets now."""
        return self.vault.token(self.account_id, **options)

    def renew(self, rejected: str) -> str:
        """The token that a worker gets after TikTok rejected one."""
        return self.vault.renew(self.account_id, rejected)

    def call(self, act: Callable[[str], Any]) -> Any:
        """What comes of an act with a token."""
        return self.vault.call(self.account_id, act)

    def reconnect(self) -> None:
        """The owner connects the account again."""
        self.connect(self.owner, "ada")

    def disconnect(self) -> None:
        """The owner disconnects the account."""
        assert self.owner.delete(f"/accounts/{self.account_id}").status_code == 200

    def show(self) -> dict[str, Any]:
        """The account as its owner sees it."""
        return dict(self.owner.get(f"/accounts/{self.account_id}").json)

    def status(self) -> str:
        """The account's status as its owner sees it."""
        return str(self.show()["status"])

    def refresh_statuses(self) -> list[int]:
        """The HTTP status of TikTok's answer to each renewal."""
        return [request["status"] for request in self.simulator.control.requests(endpoint="refresh")]

    def refreshes(self) -> list[Any]:
        """How TikTok answered each renewal: an error's code, else the HTTP status."""
        requests = self.simulator.control.requests(endpoint="refresh")
        return [request["code"] or request["status"] for request in requests]
