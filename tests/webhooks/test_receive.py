"""POST /webhooks/tiktok"""

import json
import time
from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from tests.conftest import API
from tests.webhooks.events import event, signed
from tiktok_api.db import db, transaction
from tiktok_api.jobs import queue
from tiktok_api.webhooks.models import TikTokEvent


def test_a_genuine_event_is_answered_at_once(deliver):
    response = deliver(event("post.publish.complete", "someone", {"publish_id": "v_pub_file~v2-1.1"}))

    assert response.status_code == 200
    assert response.json == {"status": "received"}


def test_a_second_delivery_has_no_effect(deliver):
    body = event("post.publish.complete", "someone", {"publish_id": "v_pub_file~v2-1.1"})
    deliver(body)

    response = deliver(body)

    assert response.status_code == 200
    assert response.json == {"status": "duplicate"}


def test_one_publish_id_may_complete_with_several_posts(deliver):
    name, content = "post.publish.publicly_available", {"publish_id": "v_inbox_file~v2.1", "post_id": "1"}
    deliver(event(name, "someone", content))

    response = deliver(event(name, "someone", content | {"post_id": "2"}))

    assert response.json == {"status": "received"}


def test_an_old_signature_is_genuine_too(deliver):
    response = deliver(event("post.publish.complete", "someone", {"publish_id": "x"}), at=int(time.time()) - 86_400)

    assert response.status_code == 200


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"null", b"{", b'{"event": 3}', b'{"event": "brand.new", "content": "{"}', b"\xff\x00", b'"a"'],
)
def test_an_unknown_event_is_stored_and_answered(deliver, run_jobs, body):
    response = deliver(body)
    run_jobs()

    assert response.status_code == 200


@pytest.mark.parametrize("name", ["client_key", "create_time", "event", "user_openid", "content", "another"])
@pytest.mark.parametrize("depth", [100, 300, 900])
def test_an_event_with_nested_lists_in_a_field_is_stored(deliver, run_jobs, name, depth):
    outer = json.loads(event("post.publish.complete", "someone", {"publish_id": "x"}))
    body = json.dumps(outer | {name: 0}).replace(f'"{name}": 0', f'"{name}": {"[" * depth}{"]" * depth}').encode()

    response = deliver(body)
    run_jobs()

    assert (response.status_code, response.json) == (200, {"status": "received"})


@pytest.mark.parametrize("url", ["database_url", pytest.param("postgresql_url", marks=pytest.mark.postgres)])
@pytest.mark.parametrize(
    "content",
    [
        '{"publish_id": "a\\u0000b"}',
        '{"a\\u0000b": {"c": ["\\u0000"]}}',
        '{"a": "\\\\u0000"}',
        '{"a":' * 900 + "1" + "}" * 900,
        '{"a": 1e308}',
    ],
    ids=["nul", "nul in a key", "no nul", "deep", "large"],
)
def test_every_database_stores_any_content(request, make_app, url, content):
    client = make_app(database_url=request.getfixturevalue(url)).test_client()
    body = event("brand.new", "someone", {}).replace(b'"{}"', json.dumps(content).encode())

    response = client.post(f"{API}/webhooks/tiktok", data=body, headers=signed(body))

    assert (response.status_code, response.json) == (200, {"status": "received"})


def test_two_events_of_an_unknown_kind_are_two(deliver):
    answers = [deliver(event("brand.new", "someone", {"thing": number})).json["status"] for number in (1, 2, 2)]

    assert answers == ["received", "received", "duplicate"]


def test_an_event_of_another_app_is_stored_and_not_handled(app, deliver, run_jobs):
    body = event("authorization.removed", "someone", {"reason": 1}).replace(b"awsimclient0001", b"awanotherclient")

    assert deliver(body).status_code == 200
    run_jobs()

    with app.app_context():
        assert db.session.scalars(select(TikTokEvent.outcome)).all() == ["another_app"]


def test_events_are_deleted_after_a_month(app, deliver, run_jobs, pass_time):
    deliver(event("brand.new", "someone", {}))
    run_jobs()
    pass_time(31 * 86_400)
    deliver(event("brand.new", "someone", {"thing": 2}))

    with app.app_context(), transaction():
        queue.enqueue("webhooks.sweep", owner_id=None, due_at=datetime(2026, 1, 1, tzinfo=UTC))
    run_jobs()

    with app.app_context():
        assert db.session.scalars(select(TikTokEvent.content)).all() == [{"thing": 2}]


def test_a_wrong_secret_is_refused(deliver):
    response = deliver(event("authorization.removed", "someone", {"reason": 1}), secret="another")

    assert response.status_code == 401
    assert response.json["code"] == "webhook_not_signed"


@pytest.mark.parametrize("header", ["", "t=1", "s=00", "t=x,s=00", "t=1,s=" + "0" * 64, "t=1,t=2,s=0"])
def test_a_missing_or_broken_signature_is_refused(client, header):
    response = client.post(f"{API}/webhooks/tiktok", data=b"{}", headers={"TikTok-Signature": header})

    assert response.status_code == 401


def test_a_body_changed_on_the_way_is_refused(client):
    body = event("post.publish.complete", "someone", {"publish_id": "x"})

    response = client.post(f"{API}/webhooks/tiktok", data=body + b" ", headers=signed(body))

    assert response.status_code == 401


def test_a_huge_body_is_refused(deliver):
    response = deliver(b"x" * 70_000)

    assert response.status_code == 413
