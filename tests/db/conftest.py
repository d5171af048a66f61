"""What tests of the database room share."""

from collections.abc import Iterator

import pytest
from flask import Flask

from tiktok_api.db import db


@pytest.fixture
def context(app: Flask) -> Iterator[None]:
    with app.app_context():
        yield
        db.session.remove()
