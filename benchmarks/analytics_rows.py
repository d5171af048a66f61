"""What analytics has after a year: one user with very many accounts, their readings, and what each of their videos had.

All days are those of UTC. Accounts grow steadily, each at its own pace; every video gains the same number each day from the day on
which it was posted, half of them before the first day. The last `hourly_days` have a reading each hour, the days before one each.
"""

from uuid import UUID

from sqlalchemy import Engine

from benchmarks import analytics_arrays
from benchmarks.analytics_arrays import ACCOUNT, PACE, SPREAD, Size
from benchmarks.rows import OnPostgresql, OnSqlite, id_of, id_on_postgresql, id_on_sqlite, insert
from tiktok_api.accounts.models import SCOPES

LABEL, TAG = "campaign", "agency"
POSTS_OF_ACCOUNT = 20
"""So many of an account's newest videos came from posts of ours; every fourth has the label."""
USER = id_of("01910001", 1)
_VIDEO, _POST, _PUBLICATION, _READING, _TOTALS, _LABELLED, _SYNC, _ZONE, _AHEAD, _TO_GO_OUT, _SEEN = (
    f"019100{kind:02x}" for kind in range(4, 15)
)
READ_ALONE = 7
"""The number of the account whose newest videos have their readings too: hourly for two days, then daily."""
_DAY = 86_400


def video_id(number: int, place: int, size: Size) -> UUID:
    """The id of an account's video by its place, from 0, the oldest."""
    return id_of(_VIDEO, (number - 1) * size.videos + place + 1)


def fill(engine: Engine, size: Size) -> None:
    """Fill the tables of an empty database."""
    is_sqlite = engine.dialect.name == "sqlite"
    sql = OnSqlite() if is_sqlite else OnPostgresql()
    connection = engine.raw_connection()
    cursor = connection.cursor()
    cursor.execute("CREATE TEMP TABLE numbers (g INTEGER PRIMARY KEY)")
    most = max(size.accounts * POSTS_OF_ACCOUNT, size.readings, size.videos)
    mark = "?" if is_sqlite else "%s"
    cursor.executemany(f"INSERT INTO numbers VALUES ({mark})", ((number,) for number in range(1, most + 1)))  # noqa: S608
    if not is_sqlite:
        cursor.execute("ANALYZE numbers")
    for statement in (*_people(size, sql), *_posts(size, sql), *_videos(size, sql), *_ledgers(size, sql)):
        cursor.execute(statement)
    columns = "id, account_id, captured_at, views, likes, comments, shares, public, created_at"
    if is_sqlite:
        marks = ", ".join("?" * 9)
        arrays = analytics_arrays.totals(size, is_sqlite=True)
        cursor.executemany(f"INSERT INTO video_totals ({columns}) VALUES ({marks})", arrays)  # noqa: S608
    else:
        with cursor.copy(f"COPY video_totals ({columns}) FROM STDIN (FORMAT BINARY)") as copy:
            copy.set_types(["uuid", "uuid", "timestamptz", *["bytea"] * 5, "timestamptz"])
            for row in analytics_arrays.totals(size, is_sqlite=False):
                copy.write_row(row)
        cursor.execute(analytics_arrays.starts(sql))
    connection.commit()
    if not is_sqlite:
        connection.driver_connection.autocommit = True  # type: ignore[union-attr]  # it is psycopg's
        cursor.execute("VACUUM ANALYZE")
    connection.close()


def _numbers(most: int, name: str = "g") -> str:
    return f"(SELECT g AS {name} FROM numbers WHERE g <= {most}) AS of_{name}"  # noqa: S608  # a number of our own


def _id(sql: OnPostgresql | OnSqlite, kind: str, number: str) -> str:
    return id_on_sqlite(kind, number) if isinstance(sql, OnSqlite) else id_on_postgresql(kind, number)


def _user(sql: OnPostgresql | OnSqlite) -> str:
    return f"'{USER.hex}'" if isinstance(sql, OnSqlite) else f"cast('{USER.hex}' as uuid)"


def _people(size: Size, sql: OnPostgresql | OnSqlite) -> list[str]:
    start, later = sql.time(str(size.start)), sql.time(str(size.start + 2_000 * _DAY))
    user = {"id": _user(sql), "email": "'a@example.com'", "email_key": "'a@example.com'", "password_hash": "'x'"}
    user |= {"display_name": "'Agency'", "timezone": "'UTC'", "awaits_verification": "false", "created_at": start}
    account = {"id": _id(sql, ACCOUNT, "a"), "owner_id": _user(sql), "open_id": "'open-' || a"}
    account |= {"username": "'handle_' || a", "display_name": "'Creator ' || a", "label": "''"}
    account |= {"status": "CASE WHEN a % 50 = 0 THEN 'expired' ELSE 'active' END", "defaults": sql.nothing}
    account |= {
        "scopes": _list_of(sql, SCOPES),
        "tags": f"CASE WHEN a % 10 = 0 THEN {sql.items(TAG)} ELSE {sql.no_items} END",
    }
    account |= dict.fromkeys(("access_token_encrypted", "refresh_token_encrypted"), sql.empty_bytes)
    account |= dict.fromkeys(("access_expires_at", "refresh_expires_at", "renew_at"), later)
    account |= {"token_version": "0", "refresh_epoch": "0", "follower_count": "1000 + a"}
    account |= dict.fromkeys(("connected_at", "updated_at", "created_at"), start)
    of_account = {"account_id": _id(sql, ACCOUNT, "a"), "created_at": start}
    last = sql.time(str(size.start + size.days * _DAY - 600))
    sync = {"id": _id(sql, _SYNC, "a"), "holder": "''", "kind": "'full'", "pages": "10", "is_running": "false"}
    sync |= {"watched_since": start, "started_at": last, "completed_at": last}
    accounts = _numbers(size.accounts, "a")
    return [
        insert("users", _numbers(1), **user),
        insert("accounts", accounts, **account),
        insert("day_zones", accounts, id=_id(sql, _ZONE, "a"), timezone="'UTC'", **of_account),
        insert("video_syncs", accounts, **sync, **of_account),
    ]


def _list_of(sql: OnPostgresql | OnSqlite, items: tuple[str, ...]) -> str:
    text = "'[" + ", ".join(f'"{item}"' for item in items) + "]'"
    return text if isinstance(sql, OnSqlite) else f"{text}::jsonb"


def _posted(size: Size, place: str) -> str:
    """When the video at a place was posted: the first half before the first day, the others evenly over all days."""
    half = size.videos // 2
    apart = size.days * _DAY // max(size.videos - half, 1)
    return f"({size.start} + ({place} - {half}) * {apart})"


def _posts(size: Size, sql: OnPostgresql | OnSqlite) -> list[str]:
    number = f"((a - 1) * {POSTS_OF_ACCOUNT} + p)"
    published = _posted(size, f"({size.videos - POSTS_OF_ACCOUNT} + p - 1)")
    planned = f"({size.start + size.days * _DAY} + a * 3600)"
    source = f"{_numbers(size.accounts, 'a')} CROSS JOIN {_numbers(POSTS_OF_ACCOUNT, 'p')}"
    ahead = f"{_numbers(size.accounts, 'a')} WHERE a % 2 = 0"
    labels = f"CASE WHEN p % 4 = 0 THEN {sql.items(LABEL)} ELSE {sql.no_items} END"
    label = {"id": _id(sql, _LABELLED, number), "owner_id": _user(sql), "post_id": _id(sql, _POST, number)}
    label |= {"label": f"'{LABEL}'", **_times(sql, published, of_post=True)}
    done, to_do = _id(sql, _POST, number), _id(sql, _AHEAD, "a")
    return [
        insert("posts", source, **_post(sql, done, "'published'", published, labels)),
        insert("posts", ahead, **_post(sql, to_do, "'scheduled'", planned, sql.no_items)),
        insert(
            "publications", source, **_publication(sql, _PUBLICATION, number, done, "'publicly_available'", published)
        ),
        insert("publications", ahead, **_publication(sql, _TO_GO_OUT, "a", to_do, "'scheduled'", planned)),
        insert("post_labels", f"{source} WHERE p % 4 = 0", **label),
    ]


def _times(sql: OnPostgresql | OnSqlite, seconds: str, *, of_post: bool = False) -> dict[str, str]:
    found = {"created_at": sql.time(seconds)}
    return found | dict.fromkeys(("post_created_at", "post_publish_at"), sql.time(seconds)) if of_post else found


def _post(sql: OnPostgresql | OnSqlite, post: str, status: str, seconds: str, labels: str) -> dict[str, str]:
    found = {"id": post, "owner_id": _user(sql), "type": "'video'", "mode": "'direct'", "status": status}
    found |= {"caption": "'A description of the post, as long as captions usually are. #' || a || ' #morning'"}
    found |= {"privacy_level": "'SELF_ONLY'", "consent": "true", "publish_at": sql.time(seconds), "labels": labels}
    found |= dict.fromkeys(("allow_comment", "allow_duet", "allow_stitch", "is_aigc"), "false")
    found |= dict.fromkeys(("brand_content_toggle", "brand_organic_toggle"), "false")
    return found | {"updated_at": sql.time(seconds), **_times(sql, seconds)}


def _publication(
    sql: OnPostgresql | OnSqlite, kind: str, number: str, post: str, state: str, seconds: str
) -> dict[str, str]:
    found = {"id": _id(sql, kind, number), "post_id": post, "owner_id": _user(sql), "state": state}
    found |= {"account_id": _id(sql, ACCOUNT, "a"), "overrides": sql.nothing, "tiktok_post_ids": sql.no_items}
    found |= {"retry_count": "0", "failed_attempts": "0", "updated_at": sql.time(seconds)}
    if state != "'scheduled'":
        found |= {"published_at": sql.time(seconds)}
    return found | _times(sql, seconds, of_post=True)


def _videos(size: Size, sql: OnPostgresql | OnSqlite) -> list[str]:
    place, number = "(v - 1)", f"((a - 1) * {size.videos} + v)"
    ours = f"v > {size.videos - POSTS_OF_ACCOUNT}"
    post = f"((a - 1) * {POSTS_OF_ACCOUNT} + v - {size.videos - POSTS_OF_ACCOUNT})"
    posted = _posted(size, place)
    last = size.start + size.days * _DAY - 600
    age = f"(({last} - (CASE WHEN {posted} > {size.start} THEN {posted} ELSE {size.start} END)) / {_DAY})"
    video = {"id": _id(sql, _VIDEO, number), "account_id": _id(sql, ACCOUNT, "a"), "video_id": f"'70' || {number}"}
    video |= {"position": place, "posted_at": sql.time(posted), "listed_at": sql.time(posted)}
    video |= {
        "post_id": f"CASE WHEN {ours} THEN {_id(sql, _POST, post)} END",
        "matched_by": f"CASE WHEN {ours} THEN 'tiktok' END",
    }
    video |= {"publication_id": f"CASE WHEN {ours} THEN {_id(sql, _PUBLICATION, post)} END"}
    video |= {"title": "'A video'", "description": "'Morning light over the harbour #morning #sea #tag' || (v % 30)"}
    video |= {"duration_seconds": "15", "is_cover_due": "false", "is_restated": "false"}
    for name, (step, first) in PACE.items():
        video[name] = f"{first} + {age} * ({step} + v * {SPREAD} % {first})"
        video[f"first_{name}"] = f"CASE WHEN {posted} < {size.start} THEN {first} ELSE 0 END"
        video[f"{name}_drops"] = "0"
    video |= {"young_views": f"{PACE['views'][0]} + v % 7", "young_at": sql.time(f"{posted} + 90000")}
    video |= dict.fromkeys(("captured_at", "seen_at", "created_at"), sql.time(str(last)))
    return [
        insert("videos", f"{_numbers(size.accounts, 'a')} CROSS JOIN {_numbers(size.videos, 'v')}", **video),
        _video_readings(size, sql),
    ]


def _video_readings(size: Size, sql: OnPostgresql | OnSqlite) -> str:
    hours = 48
    age = f"(CASE WHEN n <= {hours} THEN 3600 * n ELSE {_DAY} * (n - {hours - 2}) END)"
    at = f"({_posted(size, '(v - 1)')} + {age})"
    numbers = f"{_numbers(size.videos, 'v')} CROSS JOIN {_numbers(size.readings, 'n')}"
    is_one = f"v > {size.videos - POSTS_OF_ACCOUNT} AND {at} < {size.start + size.days * _DAY}"
    video = _id(sql, _VIDEO, f"({(READ_ALONE - 1) * size.videos} + v)")
    reading = {"id": _id(sql, _SEEN, f"(v * {size.readings} + n)"), "video_id": video, "source": "'video_list'"}
    reading |= dict.fromkeys(("captured_at", "created_at"), sql.time(at)) | {"is_restated": "false"}
    reading |= {name: f"{age} / 3600 * ({step} + v * {SPREAD} % {first}) / 24" for name, (step, first) in PACE.items()}
    return insert("video_readings", f"{numbers} WHERE {is_one}", **reading)


def _ledgers(size: Size, sql: OnPostgresql | OnSqlite) -> list[str]:
    into = f"(CASE WHEN n <= {size.daily} THEN (n - 1) * {_DAY} + 82800 ELSE {size.daily * _DAY} + (n - {size.daily} - 1) * 3600 END)"
    at = f"({size.start} + {into} + a % 3600)"
    is_last = f"n <= {size.daily} OR (n - {size.daily}) % 24 = 0"
    number = f"((a - 1) * {size.readings} + n)"
    key = {"account_id": _id(sql, ACCOUNT, "a"), "captured_at": sql.time(at), "created_at": sql.time(at)}
    key |= {"day": f"CASE WHEN {is_last} THEN {sql.day(at)} END"}
    reading = {"id": _id(sql, _READING, number), "source": "'user_info'", **key}
    reading |= {
        "followers": f"1000 + a + {into} / 3600 * (a % 9 + 1)",
        "following": "100 + a % 50",
        "videos": str(size.videos),
    }
    reading |= {"likes": f"90000 + {into} / 900"}
    reading |= {f"{name}_drops": "0" for name in ("followers", "following", "likes", "videos")}
    totals = {"id": _id(sql, _TOTALS, number), "source": "'video_list'", "videos_counted": str(size.videos), **key}
    for name, (step, first) in PACE.items():
        totals[f"{name}_gained"] = f"{into} / {_DAY // 24} * {step * size.videos // 24 + 1}"
        totals[name] = f"{first * size.videos} + {totals[f'{name}_gained']}"
        totals[f"{name}_drops"] = "0"
    source = f"{_numbers(size.accounts, 'a')} CROSS JOIN {_numbers(size.readings, 'n')}"
    return [insert("account_readings", source, **reading), insert("account_totals", source, **totals)]
