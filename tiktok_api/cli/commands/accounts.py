"""`tiktok-api accounts`: the connected TikTok accounts."""

from typing import Any
from uuid import UUID

import click
from sqlalchemy import select

from tiktok_api.accounts import services
from tiktok_api.accounts.models import Account, AccountStatus
from tiktok_api.auth import administration
from tiktok_api.auth.models import User
from tiktok_api.cli.application import with_app
from tiktok_api.cli.output import json_option, show_facts, show_rows
from tiktok_api.db import db, transaction
from tiktok_api.errors import NotFound

COLUMNS = ("username", "owner", "status", "status_reason", "label", "follower_count", "synced_at", "id")


@click.group("accounts")
def accounts() -> None:
    """The connected TikTok accounts."""


@accounts.command("list")
@click.option("--user", "email", help="Only this user's; the address.")
@click.option("--status", type=click.Choice([status.value for status in AccountStatus]), help="Only these.")
@json_option
@with_app
def list_accounts(email: str | None, status: str | None, as_json: bool) -> None:
    """List accounts, the oldest first."""
    query = select(Account, User.email).join(User, User.id == Account.owner_id).order_by(Account.created_at, Account.id)
    if email is not None:
        query = query.where(Account.owner_id == administration.find(email).id)
    if status is not None:
        query = query.where(Account.status == AccountStatus(status))
    rows = [_describe(account, owner) for account, owner in db.session.execute(query)]
    show_rows(rows, COLUMNS, as_json=as_json, if_none="There are no accounts.")


@accounts.command("show")
@click.argument("account")
@json_option
@with_app
def show(account: str, as_json: bool) -> None:
    """Show one account, named by its id or its @username."""
    found = find_account(account)
    owner = db.session.scalar(select(User.email).where(User.id == found.owner_id)) or ""
    show_facts(_describe(found, owner), as_json=as_json)


@accounts.command("sync")
@click.argument("accounts", nargs=-1)
@click.option("--all", "is_all", is_flag=True, help="Every account that is connected.")
@with_app
def sync(accounts: tuple[str, ...], is_all: bool) -> None:
    """Have accounts read as soon as a worker is free."""
    if bool(accounts) == is_all:
        raise click.UsageError("Name accounts, or say --all.")
    chosen = [find_account(name) for name in accounts]
    if is_all:
        chosen = [account for account in db.session.scalars(select(Account)) if account.is_connected]
    with transaction():
        for account in chosen:
            owner = db.session.get_one(User, account.owner_id)
            services.request_sync(administration.acting_for(owner), account.id)
    click.echo(f"{len(chosen)} accounts will be read.")


def find_account(name: str) -> Account:
    """The account with this id or username. Raises NotFound, UsageError where several users have one of that name."""
    username = name.removeprefix("@")
    try:
        condition = Account.id == UUID(username)
    except ValueError:
        condition = Account.username == username
    found = list(db.session.scalars(select(Account).where(condition)))
    if not found:
        raise NotFound(f"There is no account {name}.")
    if len(found) > 1:
        raise click.UsageError(f"There are several: say {' or '.join(str(each.id) for each in found)}.")
    return found[0]


def _describe(account: Account, owner: str) -> dict[str, Any]:
    names = (
        *("id", "username", "display_name", "label", "tags", "status", "status_reason", "scopes"),
        *("follower_count", "following_count", "likes_count", "video_count"),
        *("access_expires_at", "refresh_expires_at", "connected_at", "synced_at"),
    )
    facts = {name: getattr(account, name) for name in names}
    return facts | {"status": account.status.value, "owner": owner}
