"""`tiktok-api keys`: API keys of a user, and keys for JWT_KEYS and VAULT_KEYS."""

import base64
import secrets
from datetime import UTC, datetime
from uuid import UUID

import click
from sqlalchemy import select

from tiktok_api.auth import administration, api_keys
from tiktok_api.auth.api_keys import KEY_SCOPES
from tiktok_api.auth.models import ApiKey, User
from tiktok_api.cli.application import with_app
from tiktok_api.cli.output import json_option, show_facts, show_rows
from tiktok_api.cli.utc_time import UtcTime
from tiktok_api.db import db, transaction
from tiktok_api.errors import NotFound
from tiktok_api.settings import KEY_BYTES, KEY_ID

COLUMNS = ("name", "user", "hint", "scopes", "expires_at", "last_used_at", "id")


@click.group("keys")
def keys() -> None:
    """API keys of a user, and keys for the key rings."""


@keys.command("list")
@click.option("--user", "email", help="Only this user's; the address.")
@json_option
@with_app
def list_keys(email: str | None, as_json: bool) -> None:
    """List API keys, the newest first."""
    query = select(ApiKey, User.email).join(User, User.id == ApiKey.user_id).order_by(ApiKey.created_at.desc())
    if email is not None:
        query = query.where(User.id == administration.find(email).id)
    rows = [
        {
            "id": key.id,
            "user": owner,
            "name": key.name,
            "hint": key.hint,
            "scopes": key.scopes,
            "account_ids": key.account_ids,
            "expires_at": key.expires_at,
            "last_used_at": key.last_used_at,
            "created_at": key.created_at,
        }
        for key, owner in db.session.execute(query)
    ]
    show_rows(rows, COLUMNS, as_json=as_json, if_none="There are no API keys.")


@keys.command("create")
@click.option("--user", "email", required=True, help="Whose key it is; the address.")
@click.option("--name", required=True, help="What the key is for.")
@click.option(
    "--scope", "scopes", multiple=True, type=click.Choice(KEY_SCOPES), default=("read", "write"), show_default=True
)
@click.option(
    "--account", "account_ids", multiple=True, type=click.UUID, help="Confine it to this account; repeatable."
)
@click.option("--expires", type=UtcTime(), help="When it ends, in UTC.")
@json_option
@with_app
def create(
    email: str,
    name: str,
    scopes: tuple[str, ...],
    account_ids: tuple[UUID, ...],
    expires: datetime | None,
    as_json: bool,
) -> None:
    """Make an API key; its token is printed this once."""
    if not 1 <= len(name) <= 100 or not name.isprintable():
        raise click.UsageError("--name takes 1 to 100 characters that can be printed.")
    with transaction():
        caller = administration.acting_for(administration.find(email))
        key = api_keys.issue(
            caller,
            name=name,
            scopes=scopes,
            account_ids=account_ids or None,
            expires_at=expires,
        )
    facts = {"id": key.id, "name": key.name, "scopes": key.scopes, "account_ids": key.account_ids}
    show_facts(facts | {"expires_at": key.expires_at, "token": key.token}, as_json=as_json)


@keys.command("revoke")
@click.argument("key_id", type=click.UUID)
@with_app
def revoke(key_id: UUID) -> None:
    """Revoke an API key: every process refuses it from the moment this returns."""
    with transaction():
        owner = db.session.scalar(select(User).join(ApiKey, ApiKey.user_id == User.id).where(ApiKey.id == key_id))
        if owner is None:
            raise NotFound("There is no API key with this id.")
        api_keys.revoke(administration.acting_for(owner), key_id)
    click.echo("The key is revoked.")


@keys.command("generate")
@click.option("--id", "key_id", default="", help="What the key is called; today's date by default.")
def generate(key_id: str) -> None:
    """Make a key for JWT_KEYS or VAULT_KEYS and print it as it is written there.

    First add it at the end of the ring and restart every process, then move it to the front and restart again.
    """
    name = key_id or f"k{datetime.now(UTC):%Y%m%d}"
    if not KEY_ID.fullmatch(name):
        raise click.UsageError("--id takes up to 32 letters, digits, dots, dashes and underscores.")
    click.echo(f"{name}:{base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode()}")
