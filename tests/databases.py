"""On which databases a test runs."""

import pytest

_BOTH = ["database_url", pytest.param("postgresql_url", marks=pytest.mark.postgres)]

on_each_database = pytest.mark.parametrize("each_database_url", _BOTH, indirect=True, ids=["sqlite", "postgresql"])
"""For what SQLite and PostgreSQL do differently: locks, conflicts, types."""
