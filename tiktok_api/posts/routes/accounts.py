"""The endpoints of an account's capacity, health and composer: read the request, call one service, return its result."""

from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from tiktok_api import clock
from tiktok_api.accounts.queries import show_account
from tiktok_api.accounts.token_refresh import TokenVault
from tiktok_api.auth.identity import caller
from tiktok_api.db import transaction
from tiktok_api.extensions import service
from tiktok_api.posts.capacity import collisions, days, health
from tiktok_api.posts.capacity.standing import standing_around
from tiktok_api.posts.composer.disclosure import Disclosure
from tiktok_api.posts.composer.screen import Form, show_composer
from tiktok_api.posts.errors import WindowNotPossible
from tiktok_api.posts.preflight.app_audit import unaudited_among
from tiktok_api.posts.preflight.creators import ask_creators
from tiktok_api.posts.schemas.accounts import CapacitySchema, HealthSchema
from tiktok_api.posts.schemas.calendar import DaysArgsSchema
from tiktok_api.posts.schemas.capacity import ForecastArgsSchema, ForecastSchema, FreeTimesSchema, NextFreeArgsSchema
from tiktok_api.posts.schemas.composer import ComposerArgsSchema, ComposerSchema
from tiktok_api.posts.vocabulary import PostType
from tiktok_api.posts.waiting import breaker
from tiktok_api.settings import Settings
from tiktok_api.web.blueprint import Blueprint

blp = Blueprint("posting", __name__, url_prefix="/accounts", description="What an account can post", domain="accounts")


@blp.get("/<uuid:account_id>/capacity")
@blp.arguments(DaysArgsSchema, location="query")
@blp.response(200, CapacitySchema)
@blp.raises(WindowNotPossible)
def show_capacity(args: dict[str, Any], account_id: UUID) -> dict[str, Any]:
    """Show posts allowed, used and planned by day"""
    account = show_account(caller, account_id)
    zone = ZoneInfo(args.get("timezone", caller.timezone))
    today = clock.now().astimezone(zone).date()
    first, last = days.make_window(args.get("first"), args.get("last"), today=today)
    settings = service(Settings)
    standing = standing_around([account.id], last=clock.now(), with_app=True)
    return {
        "account_id": account.id,
        "timezone": zone.key,
        "days": days.days_of(account, first=first, last=last, zone=zone, settings=settings),
        "app": days.creators_today(settings, standing.active),
        "caps": collisions.caps_of(account, settings, standing),
    }


@blp.get("/<uuid:account_id>/health")
@blp.response(200, HealthSchema)
def show_health(account_id: UUID) -> dict[str, Any]:
    """Show whether an account can post, and why not"""
    return health.health_of(show_account(caller, account_id))


@blp.get("/<uuid:account_id>/composer")
@blp.arguments(ComposerArgsSchema, location="query")
@blp.response(200, ComposerSchema)
def show_composer_of_account(args: dict[str, Any], account_id: UUID) -> dict[str, Any]:
    """Show what a screen must show to the person who writes a post

    TikTok's content sharing guidelines as data: which options there are, what is greyed out and why, which label and which
    declaration follow from what is chosen so far, which the query tells. TikTok is asked live, or at most a minute ago;
    `checked` says so. Nothing is on by default, and privacy has no default.
    """
    account = show_account(caller, account_id)
    answers = ask_creators([account], service(TokenVault))
    is_app_audited = service(Settings).tiktok_app_audited
    form = Form(
        account=account,
        answer=answers[account.id],
        type=PostType(args["type"]),
        disclosure=Disclosure(args["brand_content_toggle"], args["brand_organic_toggle"]),
        privacy_level=args.get("privacy_level"),
        is_unaudited=account.id in unaudited_among([account.id], is_app_audited=is_app_audited),
    )
    return show_composer(form)


@blp.post("/<uuid:account_id>/circuit/reset")
@blp.response(200, HealthSchema)
def reset_circuit(account_id: UUID) -> dict[str, Any]:
    """Let an account post again after TikTok's word of a ban or of spam

    The circuit opens when a post fails for `spam_risk_user_banned_from_posting` or `spam_risk`: other posts of the account are
    held for `account_circuit_open`. By itself it closes once TikTok, asked after 24 hours for a ban and 6 for spam, says that
    the creator may post. What is late by then follows its post's `if_late`.
    """
    with transaction():
        breaker.reset(caller, account_id)
        return health.health_of(show_account(caller, account_id))


@blp.get("/<uuid:account_id>/capacity/next-free")
@blp.arguments(NextFreeArgsSchema, location="query")
@blp.response(200, FreeTimesSchema)
def show_next_free(args: dict[str, Any], account_id: UUID) -> dict[str, Any]:
    """Show when another post would fit all caps"""
    account = show_account(caller, account_id)
    asked = {"after": args.get("after"), "mode": args["mode"], "type": args["type"], "count": args["count"]}
    return {"account_id": account.id, "data": collisions.free_times(account, **asked, settings=service(Settings))}


@blp.get("/forecast")
@blp.arguments(ForecastArgsSchema, location="query")
@blp.response(200, ForecastSchema)
def show_forecast(args: dict[str, Any]) -> dict[str, Any]:
    """Show which planned posts run into TikTok's caps

    Those are the ones that TikTok would refuse if nothing were held. They are held instead when their time has come, and go out
    once the window reopens, as far as they are not too late by then.
    """
    return collisions.forecast_of(caller, service(Settings), account_ids=args.get("account_id"))
