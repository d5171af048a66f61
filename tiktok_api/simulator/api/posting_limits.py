"""Whether a creator can post through an app now: bans, caps over 24 hours, audit and privacy."""

from typing import Any

from tiktok_api.simulator.api.envelopes import Refusal
from tiktok_api.simulator.models.apps import App
from tiktok_api.simulator.models.creators import SELF_ONLY, Creator
from tiktok_api.simulator.models.publications import SimulatedPublication
from tiktok_api.simulator.world.world import World

DAY = 86_400.0
OLDEST_PHOTO_APP = (31, 8)


def posting_problem(world: World, app: App, creator: Creator, now: float) -> str | None:
    """Returns the code with which creator_info and the inits refuse a direct post now, or None."""
    if creator.banned:
        return "spam_risk_user_banned_from_posting"
    if posts_today(world, creator, now) >= world.post_cap(creator):
        return "spam_risk_too_many_posts"
    cap = app.active_user_cap if app.is_trusted else world.options.unaudited_user_cap
    if cap is None:
        return None
    active = active_users(world, app, now)
    return "reached_active_user_cap" if creator.username not in active and len(active) >= cap else None


def posts_today(world: World, creator: Creator, now: float) -> int:
    """Returns the direct posts of a creator over all apps whose media arrived within 24 hours, except failed ones."""
    return sum(
        publication.is_direct
        and publication.status != "FAILED"
        and publication.received_at is not None
        and publication.received_at > now - DAY
        for publication in world.publications.of_creator(creator.username)
    )


def active_users(world: World, app: App, now: float) -> set[str]:
    """Returns the creators for whom an app began a direct post within 24 hours."""
    return {
        publication.username
        for publication in world.publications.values()
        if publication.is_direct and publication.client_key == app.client_key and publication.created_at > now - DAY
    }


def check_direct(world: World, app: App, creator: Creator, post_info: dict[str, Any], now: float) -> None:
    """Raises Refusal for a direct post: first ban and caps, then the audit, then the privacy level."""
    if problem := posting_problem(world, app, creator, now):
        raise Refusal(problem, status=403)
    privacy_level = post_info.get("privacy_level")
    if not app.is_trusted:
        if not creator.private:
            raise Refusal("unaudited_client_can_only_post_to_private_accounts")
        if privacy_level in creator.privacy_level_options and privacy_level != SELF_ONLY:
            raise Refusal(world.options.unaudited_visibility_code, status=403)
    if privacy_level not in creator.privacy_level_options:
        raise Refusal("privacy_level_option_mismatch")


def check_inbox(world: World, creator: Creator, now: float) -> None:
    """Raises Refusal for a draft: first the ban, then too many waiting drafts."""
    if creator.banned:
        raise Refusal("spam_risk_user_banned_from_posting")
    if len(pending_shares(world, creator, now)) >= world.options.pending_share_cap:
        raise Refusal("spam_risk_too_many_pending_share")


def pending_shares(world: World, creator: Creator, now: float) -> list[SimulatedPublication]:
    """Returns the drafts that wait in a creator's inbox, as the option `pending_share_rule` counts them."""
    since = now - DAY if world.options.pending_share_rule == "rolling" else float("-inf")
    return [
        publication
        for publication in world.publications.of_creator(creator.username)
        if publication.is_pending_share and publication.created_at > since
    ]


def check_app_version(creator: Creator) -> None:
    """Raises Refusal for a photo draft if the creator's TikTok is older than 31.8."""
    version = tuple(int(part) for part in creator.app_version.split(".")[:2])
    if version < OLDEST_PHOTO_APP:
        raise Refusal("app_version_check_failed")
