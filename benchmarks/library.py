"""A library of posts in an empty PostgreSQL database, by plain SQL: users with an account, a video, posts and readings each."""

from uuid import UUID

from flask import Flask
from sqlalchemy import select, text

from benchmarks.rows import id_of, id_on_postgresql, insert
from tiktok_api.auth.models import SignInSession
from tiktok_api.auth.tokens import mint
from tiktok_api.db import db

USERS, DAYS = 50, 100
_DAY_0 = 1_735_689_600  # 2025-01-01
FIRST_DAY, LAST_DAY = "2025-01-05", "2025-04-04"
"""Ninety days, each of which has a reading."""
_USER, _ACCOUNT, _MEDIA, _POST, _SESSION, _JTI = (
    "01900001",
    "01900002",
    "01900003",
    "01900004",
    "01900005",
    "01900006",
)


def account_id(user: int) -> UUID:
    """The account of a user, who is a number from 1."""
    return id_of(_ACCOUNT, user)


def media_id(user: int) -> UUID:
    """The video of a user."""
    return id_of(_MEDIA, user)


def post_id(user: int, number: int) -> UUID:
    """A post of a user, from 0."""
    return id_of(_POST, number * USERS + user)


def fill(app: Flask, *, posts: int) -> dict[int, str]:
    """Fill the tables with `posts` posts for each user. Returns an access token for each user."""
    with app.app_context():
        with db.engine.connect() as connection:
            for statement in _statements(posts):
                connection.execute(text(statement))
            connection.execute(text("vacuum analyze"))
        sessions = db.session.scalars(select(SignInSession).order_by(SignInSession.id)).all()
        return {user: mint(session).access_token for user, session in enumerate(sessions, 1)}


def _at(seconds: str) -> str:
    return f"to_timestamp({_DAY_0} + {seconds})"


def _statements(posts: int) -> list[str]:
    users, rows = f"generate_series(1, {USERS}) g", f"generate_series(1, {USERS * posts}) g"
    owner = f"((g - 1) % {USERS} + 1)"
    user, mine = id_on_postgresql(_USER, "g"), id_on_postgresql(_USER, owner)
    state = "case g % 3 when 0 then 'scheduled' when 1 then 'draft' else 'failed' end"
    soon = "case when g % 3 = 0 then to_timestamp(1893456000 + g) end"
    now, nothing, no_items, empty = "now()", "cast('{}' as jsonb)", "cast('[]' as jsonb)", "cast('' as bytea)"
    nobody, zero = "'-'", "0"
    jtis = f"jsonb_build_array(cast({id_on_postgresql(_JTI, 'g')} as text))"
    times = {"created_at": _at("g"), "updated_at": _at("g")}
    return [
        insert(
            "users", users, id=user, email="'u' || g || '@example.com'", email_key="'u' || g || '@example.com'",
            password_hash=nobody, display_name="'User ' || g", timezone="'UTC'", awaits_verification="false", created_at=now,
        ),
        insert(
            "sessions", users, id=id_on_postgresql(_SESSION, "g"), user_id=user, access_jtis=jtis,
            refresh_jti=id_on_postgresql(_JTI, "g"), issued_at=now, signed_in_at=now, timezone="'UTC'", user_agent="''",
            address="'127.0.0.1'", created_at=now,
        ),
        insert(
            "accounts", users, id=id_on_postgresql(_ACCOUNT, "g"), owner_id=user, open_id="'open-' || g",
            username="'handle_' || g", display_name="'Display name ' || g",
            scopes="cast('[\"user.info.basic\", \"video.upload\", \"video.publish\"]' as jsonb)", status="'active'",
            label="''", tags=no_items, defaults=nothing, access_token_encrypted=empty, refresh_token_encrypted=empty,
            access_expires_at="now() + interval '1 day'", refresh_expires_at="now() + interval '300 days'",
            renew_at="now() + interval '1 day'", token_version=zero, refresh_epoch=zero, connected_at=now,
            follower_count="1000", following_count="10", likes_count="5000", video_count="40", **times,
        ),
        insert(
            "media", users, id=id_on_postgresql(_MEDIA, "g"), owner_id=user, status="'ready'", kind="'video'",
            name="'v' || g || '.mp4'", content_type="'video/mp4'", size_bytes="5000000", received_bytes="5000000",
            reserved_bytes="0", is_wanted="false", storage_key="'k' || g", sha256="'s' || g", container="'mp4'",
            width="1080", height="1920", orientation="0", duration_seconds="15.0", fps="30.0", video_codec="'h264'",
            audio_codec="'aac'", has_audio="true", bitrate="2600000", **times,
        ),
        insert(
            "posts", rows, id=id_on_postgresql(_POST, "g"), owner_id=mine, type="'video'", mode="'direct'", status=state,
            caption="'A description with as many words in it as a caption usually has, of 120 characters or so. #' || g",
            privacy_level="'SELF_ONLY'", allow_comment="true", allow_duet="false", allow_stitch="false",
            brand_content_toggle="false", brand_organic_toggle="false", is_aigc="false", consent="true",
            consented_at=now, publish_at=soon, **times,
        ),
        insert(
            "post_media", rows, id=id_on_postgresql("01900007", "g"), post_id=id_on_postgresql(_POST, "g"),
            media_id=id_on_postgresql(_MEDIA, owner), position="0", created_at=_at("g"),
        ),
        insert(
            "publications", rows, id=id_on_postgresql("01900008", "g"), post_id=id_on_postgresql(_POST, "g"),
            owner_id=mine, account_id=id_on_postgresql(_ACCOUNT, owner), overrides=nothing, state=state,
            reason="case when g % 3 = 2 then 'upload_refused' end", next_try_at=soon, retry_count="0", failed_attempts="0",
            post_created_at=_at("g"), tiktok_post_ids=no_items, **times,
        ),
        insert(
            "account_readings", f"{users} cross join generate_series(1, {DAYS}) d",
            id=id_on_postgresql("01900009", f"g * {DAYS} + d"), account_id=id_on_postgresql(_ACCOUNT, "g"),
            captured_at=_at("d * 86400 - 43200"), source="'user_info'", followers="1000 + d", following="10",
            likes="5000 + d * 7", videos="40", followers_drops="0", following_drops="0", likes_drops="0", videos_drops="0",
            created_at=_at("d * 86400 - 43200"),
        ),
    ]  # fmt: skip
