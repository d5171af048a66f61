"""What people do to posts is in the audit trail."""

from tests.auth.audit_trail import actions


def done_to(post, person) -> list[str]:
    return actions(person, f"?subject_id={post['id']}")


def test_scheduling_cancelling_publishing_and_deleting_are_in_it(owner, make_post):
    slot = {"publish_at": "2099-01-01T00:00:00Z"}
    post = make_post()
    owner.post(f"/posts/{post['id']}/schedule", json=slot)
    owner.patch(f"/posts/{post['id']}", json={"publish_at": "2099-01-02T00:00:00Z"})
    owner.patch(f"/posts/{post['id']}", json={"caption": "the words are not in it"})
    owner.post(f"/posts/{post['id']}/cancel")
    owner.delete(f"/posts/{post['id']}")

    assert done_to(post, owner) == ["post.scheduled", "post.scheduled", "post.cancelled", "post.deleted"]


def test_publishing_is_in_it(owner, make_post, begin):
    post = make_post()

    begin(post)

    assert done_to(post, owner) == ["post.published"]


def test_what_was_refused_is_not_in_it(owner, make_post):
    post = make_post(privacy_level=None)

    response = owner.post(f"/posts/{post['id']}/publish")

    assert response.status_code == 422
    assert done_to(post, owner) == []
