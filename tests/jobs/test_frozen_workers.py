"""A process that stands still inside a transaction, as suspended machines do, must not keep everybody else out."""

import pytest
from sqlalchemy import text

from tiktok_api.db import db


@pytest.mark.postgres
def test_postgresql_ends_the_session_of_whoever_stands_still_inside_a_transaction(make_app, postgresql_url):
    app = make_app(database_url=postgresql_url)

    with app.app_context():
        limit = db.session.scalar(text("show idle_in_transaction_session_timeout"))

    assert limit == "1min"
