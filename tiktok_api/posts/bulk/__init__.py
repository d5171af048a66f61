"""Many posts in one request: created from JSON or CSV, scheduled, cancelled or deleted by their ids.

Each row and each id is a savepoint of one transaction, so that one that is refused leaves the others standing, and a crash
leaves all of what the response says or nothing. `table` reads and writes CSV, `schemas/` says what its columns mean, `batches`
is one act on each of many, `actions` are the acts on posts that exist.
"""
