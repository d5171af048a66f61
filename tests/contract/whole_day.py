"""A whole day of a user's: everything that can be made is made, and one post is live."""

from collections.abc import Callable
from typing import Any

from tests.conftest import PASSWORD, Person
from tests.media import sample_media


def recurrence_with(account_id: str, media_id: str) -> dict[str, Any]:
    """A recurrence for an account, with one video."""
    return {
        "rule": "FREQ=DAILY",
        "local_time": "2027-01-02T09:00",
        "timezone": "UTC",
        "post": {"privacy_level": "SELF_ONLY", "consent": True, "targets": [{"account_id": account_id}]},
        "media_rotation": [[media_id]],
    }


def spend_a_day(owner: Person, connect_account: Callable[..., str], run_jobs: Callable[[], int]) -> dict[str, str]:
    """Make one of everything, in every state that an answer can show; returns the ids by the names of path parameters."""
    account_id = connect_account(owner, "ada")
    files = {"a.mp4": sample_media.video(), "a.jpg": sample_media.photo()}
    parts = [
        sample_media.multipart(sample_media.part("file", content, filename=name)) for name, content in files.items()
    ]
    media, photo = (owner.post("/media", data=part, content_type=sample_media.MULTIPART).json for part in parts)
    run_jobs()
    owner.get(f"/accounts/{account_id}/creator-info")
    draft = {
        "caption": "Hello",
        "privacy_level": "SELF_ONLY",
        "consent": True,
        "media_ids": [media["id"]],
        "targets": [{"account_id": account_id, "caption": "Another one", "allow_duet": False}],
    }
    post, other = (owner.post("/posts", json=draft).json for _ in range(2))
    recurrence = owner.post("/recurrences", json=recurrence_with(account_id, media["id"])).json
    key = owner.post("/auth/api-keys", json={"name": "key", "scopes": ["read"]}).json
    feed = owner.post("/posts/calendar-feeds", json={"name": "Our posts"}).json
    connection = owner.post("/accounts/connect", json={}).json
    report = owner.post("/analytics/reports", json={"account_id": account_id, "month": "2026-01"}).json
    schedule = {"account_id": account_id, "deliver": {"mail": True}}
    report_schedule = owner.post("/analytics/report-schedules", json=schedule).json
    target = {"account_id": account_id, "privacy_level": None}
    for method, path, body in [
        ("PATCH", "/auth/me", {"display_name": "Ada"}),
        ("PATCH", f"/accounts/{account_id}", {"label": "A", "tags": ["b"], "defaults": {"mode": "direct"}}),
        ("PATCH", f"/media/{media['id']}", {"name": "b.mp4", "labels": ["spring"]}),
        ("GET", f"/media/{media['id']}/frames", None),
        ("POST", "/media/slideshows", {"media_ids": [photo["id"], photo["id"]], "seconds_each": 0.5}),
        ("POST", f"/media/{photo['id']}/convert", {"format": "webp"}),
        ("POST", "/media/import", {"url": "https://example.com/a.mp4"}),
        ("PATCH", f"/posts/{other['id']}", {"caption": "Changed", "targets": [target]}),
        ("POST", f"/posts/{other['id']}/schedule", {"publish_at": "2027-03-02T12:00:00Z"}),
        ("POST", f"/posts/{other['id']}/cancel", None),
        ("POST", "/posts/bulk", {"posts": [draft, draft | {"caption": 1}]}),
        ("POST", "/posts/bulk/schedule", {"ids": [other["id"], post["id"]], "publish_at": "2027-03-02T12:00:00Z"}),
        ("POST", "/posts/bulk/cancel", {"ids": [other["id"], post["id"]]}),
        ("POST", "/posts/bulk/delete", {"ids": [other["id"], connection["id"]]}),
        ("POST", f"/posts/{post['id']}/publish", None),
        (
            "PUT",
            f"/accounts/{account_id}/queue-slots",
            {"timezone": "UTC", "slots": [{"weekday": "monday", "time": "09:00"}]},
        ),
        ("POST", "/auth/register", {"email": "new@example.com", "password": PASSWORD}),
        ("POST", "/auth/login", {"email": "new@example.com", "password": PASSWORD}),
        ("POST", "/auth/refresh", {"refresh_token": owner.tokens["refresh_token"]}),
    ]:
        owner.open(path, method=method, json=body)
    run_jobs()
    run_jobs()
    return {
        "account_id": account_id,
        "media_id": media["id"],
        "post_id": post["id"],
        "recurrence_id": recurrence["id"],
        "key_id": key["id"],
        "report_id": report["id"],
        "schedule_id": report_schedule["id"],
        "feed_token": feed["url"].partition("token=")[2],
        "connection_id": connection["id"],
        "publication_id": owner.get(f"/posts/{post['id']}/publications").json["data"][0]["id"],
        "session_id": owner.get("/auth/sessions").json["data"][0]["id"],
    }
