"""Where changes become durable: one `commit`, and transactions only at an edge or in a step of a worker."""

from tests.architecture.source import is_at, modules

EDGES = ("routes", "tasks", "listeners", "cli", "administration")
"""Rooms in which a request, a job or a command begins."""
MACHINERY = (
    "db",
    "clock_offset",
    "key_rotation",
    "web.idempotency",
    "auth.api_keys",
    "jobs.executor",
    "jobs.runner",
    "jobs.heartbeats",
    "storage.s3.upload_state",
    "accounts.rate_limits",
)
"""What stands around every domain's work, or is a row of its own that no domain's transaction may undo."""
STEPS = (
    "posts.publishing.worker",
    "posts.publishing.takedowns",
    "posts.matching.videos",
    "media.imports.download",
    "analytics.collection.page_reader",
    "accounts.token_refresh",
    "accounts.disconnection",
    "accounts.creator_info",
    "accounts.oauth_flow.callback",
    "webhooks.incoming.handle",
)
"""Workers' steps: a change before the network is asked, and one after it."""
SLOW_PARTS = {
    "media.uploads.append_session": "a client sends for as long as it likes",
    "media.uploads.services": "a client sends for as long as it likes",
    "auth.services": "a password is hashed before",
    "auth.account_recovery": "a password is hashed before",
    "auth.proofs.registrations": "a password is hashed before",
    "posts.pulling.services": "a photo that is asked for too early waits before",
    "posts.preflight.rehearsal": "what is tried out is rolled back",
}
"""What takes its time in a request: the transaction is opened after it, and not at the edge."""


def test_only_one_room_commits():
    commits = [is_at(call, module) for module in modules() for call in module.calls("commit")]

    assert {place.split(":")[0] for place in commits} == {"tiktok_api/db/__init__.py"}


def test_transactions_are_opened_at_an_edge_or_in_a_step_of_a_worker():
    elsewhere = [
        is_at(call, module)
        for module in modules()
        if not set(module.name.split(".")) & set(EDGES) and module.name not in (*MACHINERY, *STEPS, *SLOW_PARTS)
        for call in module.calls("transaction", "standalone_transaction")
    ]

    assert elsewhere == []


def test_every_room_that_is_named_here_opens_one():
    opening = {
        module.name for module in modules() for _ in module.calls("transaction", "standalone_transaction", "begin")
    }

    assert {*MACHINERY, *STEPS, *SLOW_PARTS} - opening == set()
