"""POST /posts/{id}/schedule"""

from datetime import UTC, datetime, timedelta


def test_a_scheduled_post_waits_for_its_time(owner, publishing):
    post = publishing.make_post()
    in_an_hour = (datetime.now(UTC) + timedelta(hours=1)).isoformat()

    response = owner.post(f"/posts/{post['id']}/schedule", json={"publish_at": in_an_hour})
    publishing.run()
    before = publishing.tiktok.publications()
    publishing.pass_time(3600)
    publishing.run_until(lambda: owner.get(f"/posts/{post['id']}").json["status"] == "published")

    assert response.json["status"] == "scheduled"
    assert before == []
