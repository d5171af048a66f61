"""Which videos of TikTok's list are our publications, and how that is known, whichever of the two has its id first."""

from uuid import UUID

import pytest
from sqlalchemy import select, update

from tiktok_api.analytics.collection import publications
from tiktok_api.analytics.models import Video
from tiktok_api.db import db, transaction
from tiktok_api.posts.models import Publication
from tiktok_api.posts.vocabulary import PostIdSource

PUBLIC = {"privacy_level": "PUBLIC_TO_EVERYONE"}


@pytest.fixture
def links(app):
    """The videos that are linked: their ids, with the post, and how it is known."""

    def look():
        with app.app_context():
            query = select(Video.video_id, Video.post_id, Video.matched_by).where(Video.publication_id.is_not(None))
            return {row.video_id: (str(row.post_id), row.matched_by) for row in db.session.execute(query)}

    return look


def test_a_video_that_is_listed_first_is_linked_when_its_publication_is_matched(
    simulator, publish, read_list, publishing, links
):
    simulator.control.knobs(post_id_never=True)
    post = publish()

    read_list(post)

    [video_id] = publishing.shown(post)["tiktok_post_ids"]
    assert links() == {video_id: (post["id"], "matched")}


def test_a_video_whose_id_is_known_is_linked_when_it_is_listed(publish, read_list, publishing, links):
    post = publish()
    publishing.run_until(lambda: publishing.shown(post)["tiktok_post_ids"])
    before = links()

    read_list(post)

    [video_id] = publishing.shown(post)["tiktok_post_ids"]
    assert (before, links()) == ({}, {video_id: (post["id"], "tiktok")})


def test_tiktoks_own_word_replaces_a_match(simulator, publish, read_list, publishing, links):
    simulator.control.knobs(post_id_never=True)
    post = publish()
    read_list(post)
    matched = links()

    simulator.control.knobs(post_id_never=False)
    publishing.run_until(lambda: publishing.shown(post)["post_id_source"] == "tiktok", step=600)

    assert [source for _, source in matched.values()] == ["matched"]
    assert [source for _, source in links().values()] == ["tiktok"]
    assert matched.keys() == links().keys()


@pytest.fixture
def linked(app, publish, read_list, publishing):
    """A publication whose video is linked, by TikTok's word."""
    post = publish()
    publishing.run_until(lambda: publishing.shown(post)["tiktok_post_ids"])
    read_list(post)
    return post


def test_a_deleted_post_leaves_its_video_unlinked(owner, linked, links):
    before = links()

    assert owner.delete(f"/posts/{linked['id']}").status_code in (200, 204)

    assert (len(before), links()) == (1, {})


def test_a_link_that_two_transactions_have_missed_is_made_by_the_next_list(app, linked, read_list, links, pass_time):
    before = links()
    with app.app_context(), transaction() as session:
        session.execute(update(Video).values(post_id=None, publication_id=None, matched_by=None))
    pass_time(3600)

    read_list(linked)

    assert links() == before


@pytest.fixture
def name_by_another(app, linked, make_post, publishing):
    """Another post of the account names the video of the linked one, which was only matched. Returns the post's id."""

    def name(source):
        [video_id] = publishing.shown(linked)["tiktok_post_ids"]
        other = make_post(targets=[{"account_id": publishing.shown(linked)["account_id"]}])
        with app.app_context(), transaction() as session:
            session.execute(update(Video).values(matched_by=PostIdSource.MATCHED).where(Video.video_id == video_id))
            publication = session.scalars(select(Publication).where(Publication.post_id == UUID(other["id"]))).one()
            publication.tiktok_post_ids, publication.post_id_source = [video_id], source
            publications.link_named(publication)
        return other["id"]

    return name


def test_another_publication_takes_a_matched_video_by_tiktoks_word(name_by_another, links):
    other_id = name_by_another(PostIdSource.TIKTOK)

    assert list(links().values()) == [(other_id, "tiktok")]


def test_another_publication_takes_no_matched_video_by_a_weaker_word(name_by_another, linked, links):
    name_by_another(PostIdSource.WEBHOOK)

    assert list(links().values()) == [(linked["id"], "matched")]


def test_a_video_that_a_publication_no_longer_names_is_unlinked(app, linked, links):
    with app.app_context(), transaction() as session:
        publication = session.scalars(select(Publication).where(Publication.post_id == UUID(linked["id"]))).one()
        publication.tiktok_post_ids = ["7602997517160123666"]
        publications.link_named(publication)

    assert links() == {}
