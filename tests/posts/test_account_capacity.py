"""GET /accounts/{id}/capacity"""

from datetime import UTC, datetime, timedelta

import pytest


def test_what_was_used_and_what_is_planned_is_counted_by_day(owner, make_post, work_until):
    published, planned = make_post(), make_post()
    account_id = published["targets"][0]["account_id"]
    owner.post(f"/posts/{published['id']}/publish")
    work_until(lambda: owner.get(f"/posts/{published['id']}").json["status"] == "published")
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    owner.post(f"/posts/{planned['id']}/schedule", json={"publish_at": tomorrow.isoformat()})

    response = owner.get(f"/accounts/{account_id}/capacity?timezone=UTC")

    days = {day["date"]: day for day in response.json["days"]}
    assert len(days) == 7
    assert sum(day["used"] for day in days.values()) == 1
    assert days[str(tomorrow.date())]["planned"] == 1
    assert days[str(tomorrow.date())]["remaining"] == days[str(tomorrow.date())]["allowed"] - 1
    assert response.json["app"]["used"] == 1


@pytest.mark.parametrize(
    "window",
    ["from=2027-03-02&to=2027-03-01", "from=2027-01-01&to=2028-01-01", "from=0001-01-01", "to=9999-12-31"],
)
def test_an_impossible_window_is_refused(owner, connect_account, window):
    account_id = connect_account(owner)

    response = owner.get(f"/accounts/{account_id}/capacity?{window}")

    assert response.status_code == 422
    assert response.json["errors"][0]["parameter"] in ("from", "to")


def test_what_is_held_today_for_a_time_that_is_over_is_planned_for_today(
    owner, make_post, run_jobs, pass_time, simulator
):
    post = make_post()
    simulator.control.mischief("creator_info", "status", status=200, code="spam_risk_too_many_posts", times=9)
    owner.post(f"/posts/{post['id']}/publish")
    run_jobs()
    assert owner.get(f"/posts/{post['id']}/publications").json["data"][0]["state"] == "held"
    pass_time(86_400)

    account_id = post["targets"][0]["account_id"]
    days = owner.get(f"/accounts/{account_id}/capacity?timezone=UTC").json["days"]

    assert [day["planned"] for day in days] == [1, 0, 0, 0, 0, 0, 0]
