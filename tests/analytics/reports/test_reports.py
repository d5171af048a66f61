"""POST /analytics/reports and what becomes of it"""

import re
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit
from uuid import UUID

import pytest
from sqlalchemy import func, select, update

from tests.auth.keys import make_key
from tests.databases import execute
from tiktok_api import clock_offset
from tiktok_api.accounts.models import Account
from tiktok_api.analytics.reports import making, tasks
from tiktok_api.analytics.reports.models import MAKE_REPORT, MonthlyReport
from tiktok_api.analytics.reports.rendering import paper
from tiktok_api.db import db, new_id, transaction
from tiktok_api.extensions import services_of
from tiktok_api.jobs.models import Job
from tiktok_api.jobs.registry import ClaimedJob
from tiktok_api.media import deduplication
from tiktok_api.settings import Settings
from tiktok_api.storage.errors import StorageMissing
from tiktok_api.storage.port import Storage


@pytest.fixture
def report_of(owner, run_jobs):
    """A report that was made: `report_of(account_id=…)` returns it as the API shows it."""

    def make(**wish):
        asked = owner.post("/analytics/reports", json={"month": "2026-02", "timezone": "Europe/Berlin"} | wish)
        assert asked.status_code == 202, asked.json
        run_jobs()
        return owner.get(f"/analytics/reports/{asked.json['id']}").json

    return make


@pytest.fixture
def page_of(owner, report_of):
    """The page of a report that was made, as text."""

    def read(**wish):
        report = report_of(**wish)
        return owner.get(f"/analytics/reports/{report['id']}/content").get_data(as_text=True)

    return read


def rows_of(page):
    """The rows of the table of numbers: name, total, month, month before, difference."""
    table = page[page.index("<tbody>") : page.index("</tbody>")]
    rows = re.findall(r"<tr>(.*?)</tr>", table, re.DOTALL)
    cells = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL) for row in rows]
    return {re.sub(r"<span.*", "", name): rest for name, *rest in cells}


def test_a_report_is_made_by_a_job_and_shown(owner, account, make_video_of, run_jobs):
    make_video_of(account, "Morning light <script>alert(1)</script>", views=40213)
    asked = owner.post(
        "/analytics/reports", json={"account_id": account, "month": "2026-02", "timezone": "Europe/Berlin"}
    )
    assert asked.status_code == 202, asked.json
    assert (asked.json["status"], asked.json["content_url"]) == ("queued", None)
    early = owner.get(f"/analytics/reports/{asked.json['id']}/content")
    assert (early.status_code, early.json["code"]) == (409, "report_not_ready")

    run_jobs()

    shown = owner.get(f"/analytics/reports/{asked.json['id']}").json
    assert shown["status"] == "ready"
    page = owner.get(f"/analytics/reports/{asked.json['id']}/content")
    assert page.content_type == "text/html; charset=utf-8"
    assert shown["size_bytes"] == len(page.data)
    text = page.get_data(as_text=True)
    assert "February 2026: @harbour.light" in text
    assert "10 February to 12 February: followers and views not read in this time" in text
    assert "&lt;script&gt;" in text
    assert "<script" not in text
    assert not re.search(r"(src|href)=\"(?!https://www\.tiktok\.com/)", text)


def test_its_numbers_are_those_of_the_summary(owner, account, page_of):
    rows = rows_of(page_of(account_id=account))

    said = owner.get(
        f"/analytics/summary?account_id={account}&from=2026-02-01&to=2026-02-28&timezone=Europe/Berlin"
    ).json
    for name in ("followers", "views", "likes", "comments", "shares", "videos"):
        metric = said[name]
        _, change, before, difference = rows[name.capitalize()]
        assert change == f"{metric['change']:+,}"
        assert before == f"{metric['change_before']:+,}"
        assert difference == ("none" if not metric["relative_change"] else written(metric["relative_change"]))
    assert rows["Followers"][0] == f"{said['followers']['value']:,}"
    assert rows["Engagement rate"][1] == f"{said['engagement_rate']['value'] * 100:.1f} %"


def written(share):
    return f"{share * 100:+,.0f} %".replace("-", "−")


def test_what_is_not_known_is_a_dash_with_a_reason_and_never_0(make_account, owner, page_of):
    page = page_of(account_id=make_account(owner))

    assert {cell for row in rows_of(page).values() for cell in row} <= {"–", ""}
    assert "not read yet" in page


def test_a_tag_is_added_up_over_its_accounts(owner, make_account, read_account, page_of):
    for name, step in (("ada", 10), ("bob", 20)):
        read_account(make_account(owner, username=name, tags=["agency"]), step=step)
    read_account(make_account(owner, username="eve"), step=1000)

    page = page_of(tag="agency")

    said = owner.get("/analytics/summary?tag=agency&from=2026-02-01&to=2026-02-28&timezone=Europe/Berlin").json
    assert rows_of(page)["Followers"][1] == f"{said['followers']['change']:+,}"
    assert "Added up over 2 accounts." in page


def test_of_a_label_what_the_profile_counts_is_not_told(owner, account, page_of):
    rows = rows_of(page_of(label="spring"))

    assert rows["Followers"] == ["–", "–", "–", "–"]
    assert "@" not in rows["Followers"]


@pytest.fixture
def three_posts(account, make_video_of):
    for title, views, more in (
        ("second", 20, {}),
        ("first", 30, {"day": 4}),
        ("gone", 10, {"gone_at": datetime(2026, 2, 20, tzinfo=UTC)}),
    ):
        make_video_of(account, title, views=views, **more)


def top_posts(page):
    """Of each post, what is said of it, and its views."""
    table = page[page.index('<table class="posts">') :].split("</table>")[0]
    rows = re.findall(r'<tr><th scope="row">(.*?)<span class="note">(.*?)</span></th><td[^>]*>(.*?)</td>', table)
    return [(re.sub(r"<.*?>", "", title), note, views) for title, note, views in rows]


def test_the_posts_that_gained_most_in_the_month_are_listed(account, three_posts, read_no_videos, page_of, owner):
    read_no_videos(account)

    page = page_of(account_id=account)

    window = "from=2026-02-01&to=2026-02-28&timezone=Europe/Berlin"
    said = owner.get(f"/analytics/posts?account_id={account}&{window}").json["data"]
    assert [post["gained"]["views"] for post in said] == [30, 20, 10]
    assert top_posts(page) == [
        ("first", "4 February", "30"),
        ("second", "14 February", "20"),
        ("gone", "14 February, no longer public", "10"),
    ]
    assert "What each gained in February" in page
    assert "by the end of February" not in page


def test_where_nothing_was_read_before_the_month_posts_are_ranked_by_all_they_had(account, three_posts, page_of):
    page = page_of(account_id=account)

    assert [views for _, _, views in top_posts(page)] == ["30", "20", "10"]
    assert "All that each had by the end of February, since none was read before" in page


def test_a_month_without_posts_says_so(account, page_of):
    page = page_of(account_id=account)

    assert "No post was read in this month." in page
    assert "No post of this window was read at an age of 24 to 48 hours." in page
    assert "Hashtags" not in page


@pytest.mark.parametrize("form", ["html", "pdf"])
def test_hashtags_and_best_hours_are_told_if_there_are_enough_posts(account, make_video_of, report_of, owner, form):
    for place, week in enumerate((2, 9, 16, 23)):
        at = datetime(2026, 2, week, 17, 30, tzinfo=UTC)
        young = {"young_views": 2500, "young_at": at + timedelta(hours=25), "posted_at": at, "listed_at": at}
        make_video_of(account, f"#Light and #sea{place}", views=1000 * week, **young)

    report = report_of(account_id=account, format=form)

    content = owner.get(f"/analytics/reports/{report['id']}/content")
    if form == "pdf":
        assert content.data.startswith(b"%PDF-1.")
        return
    page = content.get_data(as_text=True)
    said = owner.get(
        f"/analytics/hashtags?account_id={account}&from=2026-02-01&to=2026-02-28&timezone=Europe/Berlin"
    ).json["hashtags"][0]
    row = page[page.index("#Light</th>") :].split("</tr>")[0]
    numbers = [f"{said['posts']}", f"{said['median_views']:,.0f}", f"{said['median_engagement_rate'] * 100:.1f} %"]
    assert re.findall(r"<td>(.*?)</td>", row) == numbers
    assert (
        "Best hour to post, by the median views per hour after a day: Monday 18:00 (100 views an hour, 4 posts)."
        in page
    )
    assert "Best times to post of @harbour.light" in page


def test_a_pdf_has_the_letters_of_europe_and_says_what_it_leaves_out(account, make_video_of, report_of, owner):
    make_video_of(account, "Привет 🎬 日本語", views=5)

    report = report_of(account_id=account, format="pdf")

    content = owner.get(f"/analytics/reports/{report['id']}/content")
    assert content.content_type == "application/pdf"
    assert content.data.startswith(b"%PDF-1.")
    assert paper.shown("Привет 🎬 日本語 Ελλάδα ß") == "Привет … Ελλάδα ß"


def test_a_link_needs_no_token_and_ends_with_the_report(client, owner, account, report_of):
    report = report_of(account_id=account)
    parts = urlsplit(report["content_url"])

    shown = client.get(f"{parts.path}?{parts.query}")
    owner.delete(f"/analytics/reports/{report['id']}")
    gone = client.get(f"{parts.path}?{parts.query}")

    assert (shown.status_code, gone.status_code) == (200, 403)
    assert "script-src" not in shown.headers["Content-Security-Policy"]
    assert shown.headers["Content-Security-Policy"].startswith("default-src 'none'")


def test_a_link_of_a_disabled_user_shows_nothing(client, owner, account, report_of, database_url):
    report = report_of(account_id=account)
    parts = urlsplit(report["content_url"])

    execute(database_url, "UPDATE users SET disabled_at = '2026-01-01 00:00:00.000000'")

    assert client.get(f"{parts.path}?{parts.query}").status_code == 403


def test_a_deleted_report_loses_its_file(app, owner, account, report_of, run_jobs):
    report = report_of(account_id=account)
    with app.app_context():
        key = db.session.scalars(select(MonthlyReport.storage_key)).one()

    assert owner.delete(f"/analytics/reports/{report['id']}").status_code == 204
    run_jobs()

    with pytest.raises(StorageMissing):
        services_of(app)[Storage].size(key)


def test_the_cleanup_of_stored_bytes_leaves_reports(app, account, report_of):
    report_of(account_id=account)

    with app.app_context():
        key = db.session.scalars(select(MonthlyReport.storage_key)).one()
        assert deduplication.keys_in_use([key, "0" * 32]) == {key}


@pytest.mark.parametrize(
    ("wish", "code"),
    [
        ({"month": "2026-02"}, "subject_not_one"),
        ({"month": "2026-02", "tag": "a", "label": "b"}, "subject_not_one"),
        ({"month": "2026-02", "account_id": str(new_id())}, "account_not_yours"),
        ({"month": "2099-02", "tag": "a"}, "month_not_begun"),
        ({"month": "1970-02", "tag": "a"}, "month_too_early"),
    ],
)
def test_what_cannot_be_reported_is_refused(owner, wish, code):
    response = owner.post("/analytics/reports", json=wish)

    assert (response.status_code, response.json["code"]) == (422, code)


def test_another_users_account_is_not_found(owner, stranger, account):
    response = stranger.post("/analytics/reports", json={"account_id": account, "month": "2026-02"})

    assert response.json["code"] == "account_not_yours"


def test_a_confined_key_reports_its_own_accounts_alone(owner, account, make_account, report_of):
    other = make_account(owner, username="bob")
    hidden = [report_of(account_id=other), report_of(tag="agency")]
    shown = report_of(account_id=account)
    key = make_key(owner, scopes=["analytics:read", "analytics:write"], account_ids=[account])

    listed = [report["id"] for report in key.get("/analytics/reports").json["data"]]
    found = [key.get(f"/analytics/reports/{report['id']}").status_code for report in hidden]
    asked = [
        key.post("/analytics/reports", json={"month": "2026-02"} | subject).status_code
        for subject in ({"account_id": account}, {"account_id": other}, {"tag": "agency"})
    ]

    assert listed == [shown["id"]]
    assert found == [404, 404]
    assert asked == [202, 422, 403]


def test_reports_are_listed_by_what_they_are(owner, account, report_of):
    made = report_of(account_id=account)
    owner.post("/analytics/reports", json={"tag": "a", "month": "2026-01"})

    found = {
        query: [report["id"] for report in owner.get(f"/analytics/reports?{query}").json["data"]]
        for query in ("status=ready", f"account_id={account}", "month=2026-02", "status=failed")
    }

    assert found == {
        "status=ready": [made["id"]],
        f"account_id={account}": [made["id"]],
        "month=2026-02": [made["id"]],
        "status=failed": [],
    }


def test_a_report_of_an_account_that_is_lost_meanwhile_fails_with_a_reason(app, owner, stranger, account, run_jobs):
    asked = owner.post("/analytics/reports", json={"account_id": account, "month": "2026-02"}).json
    with app.app_context(), transaction() as session:
        session.execute(update(Account).values(owner_id=UUID(stranger.user_id)))

    run_jobs()

    shown = owner.get(f"/analytics/reports/{asked['id']}").json
    assert (shown["status"], shown["reason"]) == ("failed", "account_gone")


def a_job(subject):
    return ClaimedJob(new_id(), MAKE_REPORT, subject, {}, 1, 0, 1)


def test_a_worker_that_lost_its_job_leaves_one_file(app, owner, account):
    asked = owner.post("/analytics/reports", json={"account_id": account, "month": "2026-02"}).json
    job = a_job(UUID(asked["id"]))
    with app.app_context():
        storage = services_of(app)[Storage]
        wanted = making.find_wanted(UUID(asked["id"]))
        tasks.make_report(job, storage=storage)
        first = db.session.scalars(select(MonthlyReport.storage_key)).one()
        tasks._make(wanted, storage)  # it had looked before the other one was done
        db.session.expire_all()

        assert db.session.scalars(select(MonthlyReport.storage_key)).one() == first
    assert owner.get(f"/analytics/reports/{asked['id']}/content").status_code == 200


def test_reports_are_kept_for_a_time(app, owner, account, report_of):
    old = report_of(account_id=account)
    with app.app_context():
        clock_offset.advance(timedelta(days=401))
    fresh = owner.post("/analytics/reports", json={"tag": "a", "month": "2026-01"}).json

    with app.app_context():
        tasks.sweep_reports(a_job(None), settings=services_of(app)[Settings])

    assert [report["id"] for report in owner.get("/analytics/reports").json["data"]] == [fresh["id"]]
    assert owner.get(f"/analytics/reports/{old['id']}").status_code == 404


def test_there_are_500_reports_at_most(app, owner):
    with app.app_context(), transaction() as session:
        usual = {"owner_id": UUID(owner.user_id), "tag": "a", "month": "2026-01", "timezone": "UTC", "form": "html"}
        session.add_all(MonthlyReport(**usual) for _ in range(500))

    refused = owner.post("/analytics/reports", json={"tag": "a", "month": "2026-01"})

    assert (refused.status_code, refused.json["code"]) == (409, "too_many_reports")
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(Job).where(Job.kind == MAKE_REPORT)) == 0
