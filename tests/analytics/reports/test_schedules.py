"""Reports by schedule: once a month, sent by mail and webhook"""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.policy import default
from ipaddress import ip_network
from pathlib import Path
from threading import Barrier
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import func, select
from standardwebhooks.webhooks import Webhook

from tests.analytics.conftest import instant
from tests.analytics.reports.webhook_receiver import WebhookReceiver
from tests.conftest import PASSWORD, Person
from tests.databases import on_postgresql
from tests.due_jobs import run_due_jobs
from tiktok_api import clock, clock_offset
from tiktok_api.analytics.reports import schedules
from tiktok_api.analytics.reports.models import BEGIN_SCHEDULED, MonthlyReport, ReportSchedule
from tiktok_api.db import db, transaction
from tiktok_api.encryption import Encryptor
from tiktok_api.extensions import services_of
from tiktok_api.jobs.models import Job
from tiktok_api.key_rotation import reseal
from tiktok_api.storage.errors import StorageMissing
from tiktok_api.storage.port import Storage

BERLIN = "Europe/Berlin"


@pytest.fixture
def app(make_app: Callable[..., Flask], simulator_urls: dict[str, str]) -> Flask:
    """Webhooks may go to this machine here."""
    networks = (ip_network("127.0.0.0/8"),)
    return make_app(outbound_allow_http=True, outbound_networks=networks, **simulator_urls)


@pytest.fixture
def receiver() -> Iterator[WebhookReceiver]:
    made = WebhookReceiver()
    yield made
    made.close()


@dataclass
class Scene:
    """An owner with schedules of a tag without accounts, and time that passes."""

    app: Flask
    owner: Person
    folder: Path

    def schedule(self, **wish: Any) -> dict[str, Any]:
        """Sent by mail, unless `wish` says otherwise."""
        usual = {"tag": "agency", "timezone": BERLIN, "deliver": {"mail": True}}
        response = self.owner.post("/analytics/report-schedules", json=usual | wish)
        assert response.status_code == 201, response.json
        found: dict[str, Any] = response.json
        return found

    def set_clock(self, at: str) -> None:
        """Let it be a later time, without running anything."""
        with self.app.app_context():
            clock_offset.advance(instant(at) - clock.now())

    def run_at(self, at: str) -> None:
        """Run what is due at a later time."""
        self.set_clock(at)
        run_due_jobs(self.app)

    def reports(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.owner.get("/analytics/reports").json["data"]
        return found

    def months(self) -> list[str]:
        return [report["month"] for report in self.reports()]

    def mails(self) -> list[Any]:
        files = sorted((self.folder / "mail").glob("*.eml"))
        return [message_from_bytes(file.read_bytes(), policy=default) for file in files]


@pytest.fixture
def scene(app: Flask, owner: Person, tmp_path: Path) -> Scene:
    """On 11 January 2027."""
    made = Scene(app, owner, tmp_path)
    made.set_clock("2027-01-11T08:00Z")
    return made


def link_in(text: str) -> str:
    return next(line.strip() for line in text.splitlines() if line.strip().startswith("http") and "signature" in line)


def follow(client: Any, url: str) -> Any:
    parts = urlsplit(url)
    return client.get(f"{parts.path}?{parts.query}")


def test_each_month_is_reported_once_at_six_in_its_zone(scene):
    schedule = scene.schedule()
    assert (schedule["next_month"], schedule["next_at"]) == ("2027-01", "2027-02-01T05:00:00Z")

    made = []
    for at in ("02-01T04:59Z", "02-01T05:01Z", "02-20T00:00Z", "03-01T05:01Z", "04-01T03:59Z", "04-01T04:01Z"):
        scene.run_at(f"2027-{at}")
        made.append(scene.months())

    assert made == [
        [],
        ["2027-01"],
        ["2027-01"],
        ["2027-02", "2027-01"],
        ["2027-02", "2027-01"],
        ["2027-03", "2027-02", "2027-01"],  # clocks have changed: six is at four in UTC
    ]
    assert {report["status"] for report in scene.reports()} == {"ready"}
    assert {report["schedule_id"] for report in scene.reports()} == {schedule["id"]}


def test_after_months_of_downtime_the_last_one_alone_is_made_and_says_which_were_skipped(scene):
    scene.schedule()
    scene.run_at("2027-05-17T08:00Z")

    [report] = scene.reports()
    assert (report["month"], report["skipped_months"]) == ("2027-04", ["2027-01", "2027-02", "2027-03"])
    page = scene.owner.get(f"/analytics/reports/{report['id']}/content").get_data(as_text=True)
    said = "There is no report of January 2027, February 2027, March 2027"
    assert said in page
    assert "January 2027, February 2027, March 2027" in " ".join(scene.mails()[-1].get_content().split())


def test_the_mail_has_a_link_that_needs_no_token_and_ends_after_14_days(scene, client):
    scene.schedule(format="pdf")
    scene.run_at("2027-02-01T05:01Z")

    [mail] = scene.mails()
    assert mail["To"] == "owner@example.com"
    assert mail["Subject"] == "January 2027: the report on the tag “agency”"
    url = link_in(mail.get_content())
    shown = follow(client, url)
    assert (shown.status_code, shown.content_type) == (200, "application/pdf")
    assert shown.data.startswith(b"%PDF")
    scene.set_clock("2027-02-14T05:00Z")
    assert follow(client, url).status_code == 200
    scene.set_clock("2027-02-15T06:00Z")
    assert follow(client, url).json["code"] == "link_expired"
    assert follow(client, url.replace("signature=", "signature=0")).status_code == 403


def test_a_delivery_ends_if_its_schedule_is_deleted_before_it_was_made(scene, receiver):
    receiver.statuses = [503]
    schedule = scene.schedule(deliver={"webhook_url": receiver.url})
    scene.run_at("2027-02-01T05:01Z")
    assert scene.owner.delete(f"/analytics/report-schedules/{schedule['id']}").status_code == 204

    scene.run_at("2027-02-01T06:01Z")

    [report] = scene.reports()
    assert [(each["status"], each["next_try_at"]) for each in report["deliveries"]] == [("failed", None)]


def test_a_tag_with_signs_that_no_header_can_hold_is_mailed(scene):
    scene.schedule(tag="agency\u2028north")

    scene.run_at("2027-02-01T05:01Z")

    [report] = scene.reports()
    assert [(each["channel"], each["status"]) for each in report["deliveries"]] == [("mail", "delivered")]


def test_a_webhook_is_signed_by_standard_webhooks(scene, client, receiver):
    schedule = scene.schedule(deliver={"webhook_url": receiver.url})
    assert schedule["webhook_secret"].startswith("whsec_")
    scene.run_at("2027-02-01T05:01Z")

    [request] = receiver.received
    told = Webhook(schedule["webhook_secret"]).verify(request.body, request.headers)
    [report] = scene.reports()
    assert (told["type"], told["data"]["id"], told["data"]["month"]) == ("report.ready", report["id"], "2027-01")
    assert follow(client, told["data"]["content_url"]).status_code == 200
    assert [(each["channel"], each["status"], each["tries"]) for each in report["deliveries"]] == [
        ("webhook", "delivered", 1)
    ]


def test_a_webhook_is_tried_again_with_the_same_id_until_it_is_taken(scene, receiver):
    receiver.statuses = [500, 302, 204]
    scene.schedule(deliver={"webhook_url": receiver.url})
    seen = []
    for at in ("05:01Z", "05:03Z", "05:09Z", "05:30Z"):
        scene.run_at(f"2027-02-01T{at}")
        [delivery] = scene.reports()[0]["deliveries"]
        seen.append((delivery["status"], delivery["tries"], delivery["last_error"]))

    assert seen == [
        ("pending", 1, "The server answered 500."),
        ("pending", 2, "The server answered 302."),
        ("delivered", 3, None),
        ("delivered", 3, None),
    ]
    assert len({request.headers["webhook-id"] for request in receiver.received}) == 1


def test_after_a_day_of_tries_a_delivery_has_failed_and_is_shown(scene, receiver):
    receiver.statuses = [503]
    scene.schedule(deliver={"webhook_url": receiver.url})
    at = datetime(2027, 2, 1, 5, 1, tzinfo=UTC)
    while at < datetime(2027, 2, 2, 8, tzinfo=UTC):
        scene.run_at(at.isoformat())
        at += timedelta(minutes=20)

    [delivery] = scene.reports()[0]["deliveries"]
    assert (delivery["status"], delivery["last_error"]) == ("failed", "The server answered 503.")
    assert delivery["next_try_at"] is None
    assert delivery["tries"] == len(receiver.received) == 10


def test_a_webhook_may_not_lead_into_the_network_of_the_server(owner, make_app):
    guarded = Person(make_app(), "else@example.com")

    codes = {}
    for url in ("http://example.com/x", "https://127.0.0.1/x", "https://10.0.0.1/x", "ftp://example.com", "nonsense"):
        wish = {"tag": "a", "deliver": {"webhook_url": url}}
        codes[url] = guarded.post("/analytics/report-schedules", json=wish).json["errors"][0]["code"]

    assert codes == {
        "http://example.com/x": "url_scheme_unsupported",
        "https://127.0.0.1/x": "url_address_forbidden",
        "https://10.0.0.1/x": "url_address_forbidden",
        "ftp://example.com": "url_scheme_unsupported",
        "nonsense": "url_malformed",
    }


def test_the_secret_is_encrypted_shown_once_and_survives_another_key(scene, receiver):
    schedule = scene.schedule(deliver={"webhook_url": receiver.url})
    column = ReportSchedule.__table__.c.webhook_secret_encrypted
    with scene.app.app_context():
        stored = db.session.scalars(select(ReportSchedule.webhook_secret_encrypted)).one()
        newer = Encryptor({"new": b"n" * 32, "old": b"o" * 32})
        older = services_of(scene.app)[Encryptor]
        newer._keys |= older._keys
        assert reseal(column, newer).resealed == 1
        services_of(scene.app)[Encryptor] = newer
    scene.run_at("2027-02-01T05:01Z")

    assert schedule["webhook_secret"].encode() not in stored
    assert "webhook_secret" not in scene.owner.get(f"/analytics/report-schedules/{schedule['id']}").json
    Webhook(schedule["webhook_secret"]).verify(receiver.received[0].body, receiver.received[0].headers)


def test_another_zone_moves_the_next_report_and_makes_no_month_twice(scene):
    schedule = scene.schedule(timezone="Pacific/Auckland")
    scene.run_at("2027-02-01T00:00Z")  # it is six in Auckland, and past it

    changed = scene.owner.patch(
        f"/analytics/report-schedules/{schedule['id']}", json={"timezone": "America/Los_Angeles"}
    )

    assert changed.json["next_at"] == "2027-03-01T14:00:00Z"
    scene.run_at("2027-02-28T23:00Z")
    assert scene.months() == ["2027-01"]
    scene.run_at("2027-03-01T14:01Z")
    assert scene.months() == ["2027-02", "2027-01"]


def test_a_worker_that_dies_after_it_has_begun_a_report_leaves_nothing_to_be_done_twice(scene):
    schedule = scene.schedule()
    scene.set_clock("2027-02-01T05:01Z")
    with scene.app.app_context(), transaction():  # it was killed before its job was postponed: the job stays due
        schedules.begin_due(UUID(schedule["id"]))

    run_due_jobs(scene.app)

    assert [(report["month"], report["status"]) for report in scene.reports()] == [("2027-01", "ready")]
    assert [delivery["tries"] for delivery in scene.reports()[0]["deliveries"]] == [1]


@on_postgresql
def test_of_workers_at_once_one_begins_a_report(make_app, each_database_url):
    app = make_app(database_url=each_database_url)
    owner = Person(app, "owner@example.com")
    wish = {"tag": "agency", "timezone": "UTC", "deliver": {"mail": True}}
    schedule_id = UUID(owner.post("/analytics/report-schedules", json=wish).json["id"])
    with app.app_context():
        clock_offset.advance(timedelta(days=40))
    barrier = Barrier(6)

    def begin(_: int) -> None:
        with app.app_context():
            barrier.wait()
            with transaction():
                schedules.begin_due(schedule_id)

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(begin, range(6)))
    run_due_jobs(app)

    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(MonthlyReport)) == 1
    assert owner.get("/analytics/reports").json["data"][0]["status"] == "ready"


@pytest.mark.parametrize("what", ["its account", "its owner"])
def test_a_schedule_its_job_and_its_reports_go_with(what, app, owner, connect_account, run_jobs):
    account_id = connect_account(owner)
    wish = {"account_id": account_id, "deliver": {"mail": True}}
    assert owner.post("/analytics/report-schedules", json=wish).status_code == 201
    report = owner.post("/analytics/reports", json={"account_id": account_id, "month": month_now(app)}).json
    run_jobs()
    assert owner.get(f"/analytics/reports/{report['id']}").json["status"] == "ready"
    key = key_of(app)

    path = f"/accounts/{account_id}" if what == "its account" else "/auth/me"
    assert owner.delete(path, json={"current_password": PASSWORD} if path == "/auth/me" else None).status_code < 300
    run_jobs()

    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(MonthlyReport)) == 0
        assert db.session.scalar(select(func.count()).select_from(ReportSchedule)) == 0
        assert db.session.scalar(select(func.count()).select_from(Job).where(Job.kind == BEGIN_SCHEDULED)) == 0
        with pytest.raises(StorageMissing):
            services_of(app)[Storage].size(key)


def month_now(app: Flask) -> str:
    with app.app_context():
        return f"{clock.now():%Y-%m}"


def key_of(app: Flask) -> str:
    with app.app_context():
        return str(db.session.scalars(select(MonthlyReport.storage_key)).one())


def test_a_deleted_schedule_makes_no_more_and_its_reports_stay(scene):
    schedule = scene.schedule()
    scene.run_at("2027-02-01T05:01Z")

    assert scene.owner.delete(f"/analytics/report-schedules/{schedule['id']}").status_code == 204
    scene.run_at("2027-03-01T05:01Z")

    assert [(report["month"], report["schedule_id"]) for report in scene.reports()] == [("2027-01", None)]


def test_a_schedule_has_to_be_sent_somewhere(scene):
    none = scene.owner.post("/analytics/report-schedules", json={"tag": "agency", "deliver": {"mail": False}})
    schedule = scene.schedule()
    emptied = scene.owner.patch(f"/analytics/report-schedules/{schedule['id']}", json={"deliver": {"mail": False}})

    assert [none.json["code"], emptied.json["code"]] == ["nothing_to_deliver"] * 2


def test_there_are_50_schedules_at_most(scene):
    for _ in range(50):
        scene.schedule()

    refused = scene.owner.post("/analytics/report-schedules", json={"tag": "agency", "deliver": {"mail": True}})

    assert (refused.status_code, refused.json["code"]) == (409, "too_many_schedules")


def test_a_stranger_sees_no_schedule(scene, stranger):
    schedule = scene.schedule()

    assert stranger.get(f"/analytics/report-schedules/{schedule['id']}").status_code == 404
    assert stranger.get("/analytics/report-schedules").json["data"] == []
    assert [each["id"] for each in scene.owner.get("/analytics/report-schedules").json["data"]] == [schedule["id"]]
