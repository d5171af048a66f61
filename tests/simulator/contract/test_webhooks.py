"""Webhooks: the events of an app, their signature, and their retries.

Source: developers.tiktok.com/docs/en/, the pages on webhooks.
"""

import hashlib
import hmac
import json

import pytest

from tests.simulator.app_client import pulled, whole
from tiktok_api.simulator.world.ids import webhook_signature

VECTOR = (
    rb'{"client_key":"awsimclient0001","event":"post.publish.complete","create_time":1770210873,'
    rb'"user_openid":"-000SIMOPENID0001","content":"{\"publish_id\":\"v_pub_file~v2-1.7602997070760331285\",'
    rb'\"publish_type\":\"DIRECT_PUBLISH\"}"}'
)
VECTOR_DIGEST = "e694acf6f31755920af4b1513c24752714402d7180570249f2902ed1dc96617b"


def signature_of(headers):
    return dict(part.split("=") for part in headers["TikTok-Signature"].split(","))


def named(told, event):
    return [each for each in told if each["event"] == event]


def test_signatures_match_the_published_example():
    assert len(VECTOR) == 228

    assert webhook_signature("sim-client-secret-0001", 1_770_210_874, VECTOR) == f"t=1770210874,s={VECTOR_DIGEST}"


def test_an_event_is_signed_over_its_raw_body(client, receiver, events):
    client.control.set_clock(1_770_210_874)
    client.control.send_webhook(client.client_key, "post.publish.complete", username="ada", content={"publish_id": "é"})
    events()

    headers, body = receiver.received[0]
    signature = signature_of(headers)
    message = signature["t"].encode() + b"." + body
    assert signature["s"] == hmac.new(b"sim-client-secret-0001", message, hashlib.sha256).hexdigest()
    assert abs(int(signature["t"]) - 1_770_210_874) <= 5
    assert headers["Content-Type"] == "application/json"


def test_a_public_post_sends_its_events_in_the_envelope(client, ada, events):
    publish_id = ada.publish()
    client.control.advance(60)
    told = events()

    post_id = client.control.live("ada")[0]["id"]
    assert [each["event"] for each in told] == ["post.publish.complete", "post.publish.publicly_available"]
    for each in told:
        assert each.keys() == {"client_key", "event", "create_time", "user_openid", "content"}
        assert each["client_key"] == client.client_key
        assert each["user_openid"] == ada.tokens["open_id"]
        assert isinstance(each["create_time"], int)
    assert json.loads(told[0]["content"]) == {"publish_id": publish_id, "publish_type": "DIRECT_PUBLISH"}
    assert json.loads(told[1]["content"]) == {
        "publish_id": publish_id,
        "post_id": post_id,
        "publish_type": "DIRECT_PUBLISH",
    }


def test_a_draft_is_delivered_and_may_complete_more_than_once(client, ada, events):
    publish_id = ada.publish(inbox=True)
    client.control.advance(60)
    client.control.complete_draft("ada", publish_id, posts=2)
    client.control.advance(60)
    told = events()

    delivered = named(told, "post.publish.inbox_delivered")
    assert json.loads(delivered[0]["content"]) == {"publish_id": publish_id, "publish_type": "INBOX_SHARE"}
    assert len(named(told, "post.publish.complete")) == 2
    public = named(told, "post.publish.publicly_available")
    assert len({json.loads(each["content"])["post_id"] for each in public}) == 2


def test_a_failure_event_has_its_reason(client, ada, events):
    client.control.change_creator("ada", fail_reason="spam_risk_text")
    publish_id = ada.publish()
    client.control.advance(60)

    content = json.loads(named(events(), "post.publish.failed")[0]["content"])
    assert content == {"publish_id": publish_id, "reason": "spam_risk_text", "publish_type": "DIRECT_PUBLISH"}


def test_a_cancelled_pull_sends_a_failure_with_its_reason(client, ada, events):
    client.control.knobs(pull_delay_seconds=60)
    publish_id = ada.init(pulled("https://media.example/v.mp4")).json()["data"]["publish_id"]
    ada.cancel(publish_id)

    content = json.loads(named(events(), "post.publish.failed")[0]["content"])
    assert content == {"publish_id": publish_id, "reason": "publish_cancelled", "publish_type": "DIRECT_PUBLISH"}


def test_removing_the_app_of_an_unfinished_publication_sends_both_events(client, ada, events):
    publish_id = ada.publish(inbox=True)
    client.control.disconnect("ada", client_key=client.client_key)
    told = events()

    content = json.loads(named(told, "post.publish.failed")[0]["content"])
    assert content == {"publish_id": publish_id, "reason": "auth_removed", "publish_type": "INBOX_SHARE"}
    assert len(named(told, "authorization.removed")) == 1


@pytest.mark.parametrize("how", ["takedown", "privacy", "private account"])
def test_the_event_of_a_post_no_longer_public_has_tiktoks_misspelling(client, ada, events, how):
    publish_id = ada.publish()
    client.control.advance(60)
    video_id = client.control.live("ada")[0]["id"]
    if how == "takedown":
        client.control.take_down(video_id)
    elif how == "private account":
        client.control.change_creator("ada", private=True)
    else:
        client.control.change_video(video_id, privacy_level="SELF_ONLY")

    content = json.loads(named(events(), "post.publish.no_longer_publicaly_available")[0]["content"])
    assert content == {"publish_id": publish_id, "post_id": video_id, "publish_type": "DIRECT_PUBLISH"}


@pytest.mark.parametrize("reason", range(6))
def test_authorization_removed_finds_the_token_dead(client, ada, receiver, events, reason):
    client.control.disconnect("ada", client_key=client.client_key, reason=reason)
    removed = named(events(), "authorization.removed")

    assert json.loads(removed[0]["content"]) == {"reason": reason}
    assert removed[0]["user_openid"] == ada.tokens["open_id"]
    assert ada.get("/user/info/", fields="open_id").status_code == 401


def test_a_developers_revoke_is_reason_5(client, ada, events):
    client.revoke(ada.tokens["access_token"])

    assert json.loads(named(events(), "authorization.removed")[0]["content"]) == {"reason": 5}


def test_legacy_events_can_be_sent_by_hand_and_some_have_no_user(client, events):
    client.control.send_webhook(
        client.client_key, "video.publish.completed", username="ada", content={"share_id": "s.1"}
    )
    client.control.send_webhook(client.client_key, "portability.download.ready", content={"request_id": 7})
    told = events()

    assert json.loads(told[0]["content"]) == {"share_id": "s.1"}
    assert "user_openid" not in told[1]


def test_each_app_gets_events_signed_with_its_own_secret(client, web_client, receiver, events):
    client.control.change_app(web_client.client_key, webhook_url=f"{receiver.url}/other")
    account = web_client.connect("ada")
    web_client.revoke(account.tokens["access_token"])
    told = events()

    headers, body = receiver.received[0]
    signature = signature_of(headers)
    expected = hmac.new(web_client.client_secret.encode(), signature["t"].encode() + b"." + body, hashlib.sha256)
    assert [each["client_key"] for each in told] == [web_client.client_key]
    assert signature["s"] == expected.hexdigest()


@pytest.mark.parametrize("status", [201, 204, 302, 400, 500])
def test_any_status_but_200_is_retried(client, receiver, events, status):
    receiver.answers = [status]
    client.control.send_webhook(client.client_key, "x.y", username="ada")
    first = len(events())
    client.control.advance(11)

    assert (first, len(events())) == (1, 2)
    assert client.control.webhooks()[0]["state"] == "delivered"
    assert [attempt["outcome"] for attempt in client.control.webhooks()[0]["attempts"]] == [status, 200]


def test_retries_back_off_and_are_dropped_after_72_hours(client, receiver, events):
    receiver.always = 503
    client.control.send_webhook(client.client_key, "x.y", username="ada")
    events()
    client.control.advance(71 * 3_600)
    events()
    pending = client.control.webhooks()[0]["state"]
    client.control.advance(80 * 3_600)
    events()

    delivery = client.control.webhooks()[0]
    dues = [attempt["due_at"] for attempt in delivery["attempts"]]
    assert (pending, delivery["state"]) == ("pending", "dropped")
    assert len(dues) == 16
    assert dues == sorted(dues)
    client.control.advance(365 * 86_400)
    assert len(events()) == 16


def test_a_retry_is_signed_again_or_carries_the_first_header(client, receiver, events):
    receiver.answers = [500, 200, 500, 200]
    client.control.send_webhook(client.client_key, "x.y", username="ada")
    events()
    client.control.advance(600)
    events()
    client.control.knobs(webhook_resign=False)
    client.control.send_webhook(client.client_key, "x.y", username="ada")
    events()
    client.control.advance(600)
    events()

    stamps = [int(signature_of(headers)["t"]) for headers, _ in receiver.received]
    assert stamps[1] - stamps[0] >= 600
    assert stamps[3] == stamps[2]


def test_duplicates_are_byte_equal(client, receiver, events):
    client.control.knobs(webhook_duplicates=2)
    client.control.send_webhook(client.client_key, "x.y", username="ada")
    events()

    assert len({body for _, body in receiver.received}) == 1
    assert len(receiver.received) == 3


def test_an_event_may_come_late(client, receiver, events):
    client.control.knobs(webhook_late_seconds=3_600)
    client.control.send_webhook(client.client_key, "x.y", username="ada")
    before = len(events())
    client.control.advance(3_601)
    told = events()

    sent_at = int(signature_of(receiver.received[0][0])["t"])
    assert (before, len(told)) == (0, 1)
    assert sent_at - told[0]["create_time"] >= 3_600


def test_events_may_come_out_of_order(client, ada, events):
    client.control.knobs(webhook_reverse_seconds=300)
    ada.publish()
    client.control.advance(60)
    before = events()
    client.control.advance(300)

    assert before == []
    assert [each["event"] for each in events()] == ["post.publish.publicly_available", "post.publish.complete"]


def test_an_event_can_be_replayed(client, receiver, events):
    client.control.send_webhook(client.client_key, "x.y", username="ada")
    events()
    client.control.redeliver(client.control.webhooks()[0]["id"])
    events()

    assert len({body for _, body in receiver.received}) == 1
    assert len(receiver.received) == 2


def test_without_a_callback_url_events_are_kept_to_be_seen(client, ada):
    client.revoke(ada.tokens["access_token"])

    assert [(each["event"], each["state"]) for each in client.control.webhooks()] == [
        ("authorization.removed", "no_url")
    ]


def test_callbacks_are_https_unless_an_option_allows_http(client, receiver, events):
    client.control.knobs(allow_http=False)
    client.control.send_webhook(client.client_key, "x.y", username="ada")

    assert events() == []
    assert "https" in client.control.webhooks()[0]["attempts"][0]["outcome"]


def test_a_receiver_that_is_down_is_retried(client, receiver, events):
    client.control.change_app(client.client_key, webhook_url="http://127.0.0.1:9/hook")
    client.control.send_webhook(client.client_key, "x.y", username="ada")
    events()

    assert client.control.webhooks()[0]["state"] == "pending"
    assert "Connection" in client.control.webhooks()[0]["attempts"][0]["outcome"]


@pytest.mark.parametrize(("effect", "count"), [("drop", 0), ("status", 0), ("duplicate", 2)])
def test_a_fault_drops_duplicates_or_replaces_a_webhook(client, receiver, events, effect, count):
    client.control.mischief("webhook", effect)
    client.control.send_webhook(client.client_key, "x.y", username="ada")
    first = len(events())
    client.control.advance(11)

    assert (first, len(events())) == (count, max(count, 1))


def test_a_fault_delays_a_webhook(client, receiver, events):
    client.control.mischief("webhook", "delay", delay_seconds=100)
    client.control.send_webhook(client.client_key, "x.y", username="ada")
    first = len(events())
    client.control.advance(101)

    assert (first, len(events())) == (0, 1)


def test_uploads_send_no_event_before_their_verdict(client, ada, events):
    ada.init(whole(9))

    assert events() == []
