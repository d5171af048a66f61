"""Conversions to the end, and users of applications of their own."""

import pytest

from tests.conftest import Person
from tests.due_jobs import run_due_jobs
from tests.media import sample_media


@pytest.fixture
def convert(owner, run_jobs):
    """Convert to the end: the new media as the API shows it."""

    def act(media, **wish):
        response = owner.post(f"/media/{media['id']}/convert", json=wish)
        assert response.status_code == 202, response.json
        run_jobs()
        return owner.get(f"/media/{response.json['id']}").json

    return act


@pytest.fixture
def person_with(make_app):
    """Makes a user on an application with these settings, and media of theirs that were inspected."""

    def make(content, **settings):
        person = Person(make_app(**settings), "owner@example.com")
        body = sample_media.multipart(sample_media.part("file", content))
        media = person.post("/media", data=body, content_type=sample_media.MULTIPART).json
        run_due_jobs(person.app)
        return person, person.get(f"/media/{media['id']}").json

    return make
