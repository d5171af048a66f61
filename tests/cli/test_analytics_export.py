"""tiktok-api analytics export: the files of the API."""

from uuid import UUID

import pytest

from tests.analytics.conftest import an_account
from tiktok_api.analytics.collection import ingest
from tiktok_api.analytics.collection.days import count_days
from tiktok_api.clock import now
from tiktok_api.db import transaction
from tiktok_api.tiktok import UserInfo


@pytest.fixture
def account(app, owner):
    """An account that was read once."""
    account = an_account(UUID(owner.user_id), username="ada")
    with app.app_context():
        with transaction() as session:
            session.add(account)
        with transaction() as session:
            session.add(account)
            ingest.store_profile(account=account, info=UserInfo(follower_count=7), captured_at=now())
            count_days(account.id)
        return str(account.id)


@pytest.mark.parametrize("form", ["csv", "ndjson", "xlsx"])
def test_a_file_is_that_of_the_api(operator, owner, account, tmp_path, form):
    file = tmp_path / f"export.{form}"
    query = "dataset=timeseries&metric=followers&from=2026-01-01&to=2026-01-05&timezone=UTC"
    said = owner.get(f"/analytics/export?{query}&format={form}")
    moment = said.headers["X-As-Of"]

    options = ["--metric", "followers", "--from", "2026-01-01", "--to", "2026-01-05", "--timezone", "UTC"]
    result = operator(
        *("analytics", "export", "timeseries", "--account", "@ada", *options, "--as-of", moment),
        *("--format", form, "--output", str(file)),
    )

    assert (result.exit_code, result.stderr) == (0, "5 rows\n")
    again = owner.get(f"/analytics/export?{query}&format={form}&as_of={moment}")
    assert file.read_bytes() == again.data


def test_all_accounts_of_a_user_are_exported_to_standard_output(operator, owner, account):
    result = operator("analytics", "export", "account_readings", "--user", owner.email)

    assert result.exit_code == 0, result.output
    assert result.stdout.splitlines()[1].startswith(f"{account},ada,")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["summary"], "Say whose accounts"),
        (["nothing", "--account", "@ada"], "dataset: Must be one of"),
        (["summary", "--account", "@ada", "--from", "yesterday"], "from: Not a valid date"),
        (["summary", "--account", "@ada", "--as-of", "2099-01-01"], "later than now"),
    ],
)
def test_what_cannot_be_exported_is_refused_in_words(operator, account, arguments, said):
    result = operator("analytics", "export", *arguments)

    assert result.exit_code != 0
    assert said in result.stderr + str(result.exception)


def test_an_account_of_another_user_is_not_found(operator, stranger, account):
    result = operator("analytics", "export", "summary", "--user", stranger.email, "--account", "@ada")

    assert result.exit_code != 0
