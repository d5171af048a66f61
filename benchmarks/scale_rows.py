"""Very many posts in a database, by plain SQL: what a large installation has after years.

The first of 100 users has a tenth of the posts, on ten accounts, the first of which has six of ten. Words, statuses and accounts
stand where an index must help: rare ones, ones of old posts alone and of new posts alone, and ones that nothing has.
"""

from uuid import UUID

from sqlalchemy import Engine

from benchmarks.rows import OnPostgresql, OnSqlite, id_of, insert

USERS, ACCOUNTS_OF_FIRST = 100, 10
FIRST_DAY = 1_735_689_600  # 2025-01-01
SECONDS_APART = 30
OLD_WORD, NEW_WORD, RARE_WORD, RARE_TITLE = "oldtimes", "newseason", "rarissimum", "unicum"
USUAL_LABEL, OLD_LABEL, RARE_LABEL, TAG = "usual", "old", "rare", "agency"
_USER, _ACCOUNT, _MEDIA, _POST, _SHOWN, _TARGET, _ATTEMPT = (f"0190000{kind}" for kind in range(1, 8))
_LABEL = "019000a"


def user_id(number: int) -> UUID:
    """The id of a user, from 1."""
    return id_of(_USER, number)


def account_id(number: int) -> UUID:
    """The id of an account, from 1; the first ten are the first user's."""
    return id_of(_ACCOUNT, number)


def fill(engine: Engine, posts: int) -> None:
    """Fill the tables of an empty database."""
    is_sqlite = engine.dialect.name == "sqlite"
    connection = engine.raw_connection()
    if not is_sqlite:
        connection.driver_connection.autocommit = True
    cursor = connection.cursor()
    if is_sqlite:
        cursor.execute("PRAGMA synchronous=OFF")
        cursor.execute("CREATE TEMP TABLE numbers (g INTEGER PRIMARY KEY)")
        cursor.execute("BEGIN")
        cursor.executemany("INSERT INTO numbers VALUES (?)", ((number,) for number in range(1, posts + 1)))
    for statement in _statements(posts, OnSqlite() if is_sqlite else OnPostgresql()):
        cursor.execute(statement)
    if is_sqlite:
        cursor.execute("COMMIT")
        cursor.execute("PRAGMA synchronous=FULL")
    else:
        cursor.execute("VACUUM ANALYZE")  # as autovacuum does; on SQLite nothing does
    connection.close()


def _statements(posts: int, sql: OnPostgresql | OnSqlite) -> list[str]:
    share = posts // 10
    place = f"((g / 10) % {share})"  # among the posts of the first user, for whom g ends in 0
    owner = f"(CASE WHEN g % 10 = 0 THEN 1 ELSE g % {USERS - 1} + 2 END)"
    account = (
        f"(CASE WHEN g % 10 <> 0 THEN g % {USERS - 1} + {ACCOUNTS_OF_FIRST + 1} WHEN {place} % 10 < 6 THEN 1"
        f" WHEN {place} < {share // 100} THEN {ACCOUNTS_OF_FIRST} ELSE {place} % {ACCOUNTS_OF_FIRST - 2} + 2 END)"
    )
    ids = {
        "id": sql.id(_TARGET, "g"),
        "post_id": sql.id(_POST, "g"),
        "owner_id": sql.id(_USER, owner),
        "account_id": sql.id(_ACCOUNT, account),
    }
    return [
        *_people(sql),
        *_posts(ids, sql.numbers(posts), sql, words=_words(posts)),
        *_publications(ids, sql.numbers(posts), sql),
        *_labels(ids, sql.numbers(posts), sql, share=share),
    ]


def _people(sql: OnPostgresql | OnSqlite) -> list[str]:
    start, later = sql.time(str(FIRST_DAY)), sql.time(_LATER)
    owner = f"(CASE WHEN g <= {ACCOUNTS_OF_FIRST} THEN 1 ELSE g - {ACCOUNTS_OF_FIRST} + 1 END)"
    user = {"id": sql.id(_USER, "g"), "email": "'u' || g || '@example.com'", "email_key": "'u' || g || '@example.com'"}
    user |= {
        "password_hash": "'x'",
        "display_name": "'User ' || g",
        "timezone": "'UTC'",
        "awaits_verification": "false",
    }
    account = {"id": sql.id(_ACCOUNT, "g"), "owner_id": sql.id(_USER, owner), "open_id": "'open-' || g"}
    account |= {"username": "'handle_' || g", "status": "'active'", "label": "''", "defaults": sql.nothing}
    account |= {"scopes": sql.no_items, "tags": f"CASE WHEN g IN (2, 3) THEN {sql.items(TAG)} ELSE {sql.no_items} END"}
    account |= dict.fromkeys(("access_token_encrypted", "refresh_token_encrypted"), sql.empty_bytes)
    account |= dict.fromkeys(("access_expires_at", "refresh_expires_at", "renew_at"), later)
    account |= dict.fromkeys(("token_version", "refresh_epoch"), "0")
    account |= dict.fromkeys(("connected_at", "updated_at"), start)
    media = {"id": sql.id(_MEDIA, "g"), "owner_id": sql.id(_USER, "g"), "status": "'ready'", "kind": "'video'"}
    media |= {"name": "'video ' || g", "received_bytes": "1", "reserved_bytes": "0", "is_wanted": "false"}
    return [
        insert("users", sql.numbers(USERS), **user, created_at=start),
        insert("accounts", sql.numbers(USERS - 1 + ACCOUNTS_OF_FIRST), **account, created_at=start),
        insert("media", sql.numbers(USERS), **media, created_at=start, updated_at=start),
    ]


def _posts(ids: dict[str, str], numbers: str, sql: OnPostgresql | OnSqlite, *, words: str) -> list[str]:
    post = {"id": ids["post_id"], "owner_id": ids["owner_id"], "type": "'video'", "mode": "'direct'", "status": _STATUS}
    post |= {
        "caption": f"'A description of the post, as long as captions usually are when they sell. #' || g || {words}"
    }
    post |= {"title": f"CASE WHEN g / 10 % 20000 = 90 THEN 'An {RARE_TITLE}' ELSE '' END"}
    post |= {"privacy_level": "'SELF_ONLY'", "consent": "true", "publish_at": _publish_at(sql)}
    post |= dict.fromkeys(("allow_comment", "allow_duet", "allow_stitch", "is_aigc"), "false")
    post |= dict.fromkeys(("brand_content_toggle", "brand_organic_toggle"), "false")
    post |= {"labels": sql.items(USUAL_LABEL), "external_id": "CASE WHEN g % 3 = 0 THEN 'cms-' || g END"}
    post |= dict.fromkeys(("consented_at", "updated_at", "created_at"), sql.time(_CREATED))
    shown = {"id": sql.id(_SHOWN, "g"), "post_id": ids["post_id"], "position": "0", "created_at": sql.time(_CREATED)}
    shown |= {"media_id": sql.id(_MEDIA, f"g % {USERS} + 1")}
    return [insert("posts", numbers, **post), insert("post_media", numbers, **shown)]


def _publications(ids: dict[str, str], numbers: str, sql: OnPostgresql | OnSqlite) -> list[str]:
    state = (
        f"(CASE {_STATUS} WHEN 'published' THEN 'publicly_available' WHEN 'publishing' THEN 'held' ELSE {_STATUS} END)"
    )
    publication = ids | {"state": state, "reason": f"CASE {_STATUS} WHEN 'publishing' THEN 'late' END"}
    publication |= {"overrides": sql.nothing, "tiktok_post_ids": sql.no_items}
    publication |= dict.fromkeys(("retry_count", "failed_attempts"), "0")
    publication |= {"post_publish_at": _publish_at(sql)}
    publication |= dict.fromkeys(("post_created_at", "updated_at", "created_at"), sql.time(_CREATED))
    attempt = {"id": sql.id(_ATTEMPT, "g"), "publication_id": ids["id"], "account_id": ids["account_id"]}
    attempt |= {"state": "'succeeded'", "is_acknowledged": "true", "is_url_dead": "false"}
    attempt |= dict.fromkeys(
        ("number", "epoch", "video_size", "chunk_size", "total_chunk_count", "uploaded_bytes"), "1"
    )
    attempt |= dict.fromkeys(("intended_at", "final_at"), _publish_at(sql)) | {"created_at": sql.time(_CREATED)}
    received = f"{numbers} WHERE {_STATUS} = 'published'"
    return [insert("publications", numbers, **publication), insert("attempts", received, **attempt)]


def _labels(ids: dict[str, str], numbers: str, sql: OnPostgresql | OnSqlite, *, share: int) -> list[str]:
    """Most posts have the usual label; the oldest, and some of all times, have another one too."""
    common = {"owner_id": ids["owner_id"], "post_id": ids["post_id"], "post_publish_at": _publish_at(sql)}
    common |= dict.fromkeys(("post_created_at", "created_at"), sql.time(_CREATED))
    chosen = {USUAL_LABEL: "g / 10 % 5 < 4", OLD_LABEL: f"g / 10 < {share // 40}", RARE_LABEL: "g / 10 % 400 = 7"}
    return [
        insert(
            "post_labels", f"{numbers} WHERE {which}", id=sql.id(f"{_LABEL}{place}", "g"), label=f"'{label}'", **common
        )
        for place, (label, which) in enumerate(chosen.items())
    ]


_CREATED, _LATER = f"{FIRST_DAY} + g * {SECONDS_APART}", "1893456000"  # the latter is 2030-01-01
_PART = "((g / 10) % 100)"
_STATUS = (
    f"(CASE WHEN g / 10 % 5000 = 4999 THEN 'publishing' WHEN {_PART} < 70 THEN 'published' WHEN {_PART} < 80"
    f" THEN 'scheduled' WHEN {_PART} < 90 THEN 'draft' WHEN {_PART} < 97 THEN 'failed' ELSE 'cancelled' END)"
)


def _publish_at(sql: OnPostgresql | OnSqlite) -> str:
    planned, gone_out = sql.time(f"{_LATER} + g * 60"), sql.time(f"{_CREATED} + 60")
    return f"CASE {_STATUS} WHEN 'draft' THEN NULL WHEN 'scheduled' THEN {planned} ELSE {gone_out} END"


def _words(posts: int) -> str:
    return (
        f"CASE WHEN g < {3 * posts // 10} THEN ' {OLD_WORD}' WHEN g > {7 * posts // 10} THEN ' {NEW_WORD}' ELSE '' END"
        f" || CASE WHEN g / 10 % 20000 = 70 THEN ' {RARE_WORD}' ELSE '' END"
    )
