"""A process that stops inside a transaction, as on a suspended machine, must not block the others."""

import pytest
from sqlalchemy import text

from tiktok_api.db import db


@pytest.mark.postgres
def test_postgresql_ends_a_session_that_idles_inside_a_transaction(make_app, postgresql_url):
    app = make_app(database_url=postgresql_url)

    with app.app_context():
        limit = db.session.scalar(text("show idle_in_transaction_session_timeout"))

    assert limit == "1min"
