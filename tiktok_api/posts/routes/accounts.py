"""The endpoints of an account's capacity and health: read the request, call one service, return its result."""

from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from tiktok_api import clock
from tiktok_api.accounts.queries import show_account
from tiktok_api.auth.identity import caller
from tiktok_api.extensions import service
from tiktok_api.posts import capacity
from tiktok_api.posts.errors import WindowNotPossible
from tiktok_api.posts.schemas.accounts import CapacityArgsSchema, CapacitySchema, HealthSchema
from tiktok_api.settings import Settings
from tiktok_api.web.blueprint import Blueprint

blp = Blueprint("posting", __name__, url_prefix="/accounts", description="What an account can post", domain="accounts")


@blp.get("/<uuid:account_id>/capacity")
@blp.arguments(CapacityArgsSchema, location="query")
@blp.response(200, CapacitySchema)
@blp.raises(WindowNotPossible)
def show_capacity(args: dict[str, Any], account_id: UUID) -> dict[str, Any]:
    """Show posts allowed, used and planned by day"""
    account = show_account(caller, account_id)
    zone = ZoneInfo(args.get("timezone", caller.timezone))
    today = clock.now().astimezone(zone).date()
    first, last = capacity.make_window(args.get("first"), args.get("last"), today=today)
    settings = service(Settings)
    return {
        "account_id": account.id,
        "timezone": zone.key,
        "days": capacity.days_of(account, first=first, last=last, zone=zone, settings=settings),
        "app": capacity.creators_today(settings),
    }


@blp.get("/<uuid:account_id>/health")
@blp.response(200, HealthSchema)
def show_health(account_id: UUID) -> dict[str, Any]:
    """Show whether an account can post, and why not"""
    return capacity.health_of(show_account(caller, account_id))
