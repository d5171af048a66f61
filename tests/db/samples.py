"""What each read of the product is given, for the test that holds their rows against the ORM's."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from tiktok_api.analytics.video_totals import as_places
from tiktok_api.db.reads import READS, Read

NOON = datetime(2027, 3, 2, 12, tzinfo=UTC)
EARLY, LATE = datetime(999, 1, 1, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Sample:
    """The values without which a read cannot be, and the groups of those that it may be given."""

    always: dict[str, Any]
    sometimes: list[dict[str, Any]] = field(default_factory=list)
    is_paged: bool = False
    is_whole: bool = True
    """It can also be read without a limit."""
    after: dict[str, Any] | None = None
    """Where a page begins; of most lists, at a time and an id."""

    def shapes(self) -> list[tuple[dict[str, Any], int | None]]:
        """Values and a limit: each group alone, none, and all together."""
        together = {name: value for group in self.sometimes for name, value in group.items()}
        found = [(self.always | group, None) for group in [{}, *self.sometimes, together]]
        after = self.after or {"after_0": LATE, "after_1": next(iter(self.always.values()))}
        pages = [(values | start, 51) for values, _ in found for start in ({}, after)]
        return (found if self.is_whole else []) + (pages if self.is_paged else [])


def name_of(read: Read) -> str:
    """Where a read is: `posts.queries._posts`."""
    return f"{read.build.__module__.removeprefix('tiktok_api.')}.{read.build.__qualname__}"


def reads() -> dict[str, Read]:
    """Every read of the product by its name."""
    return {name_of(read): read for read in READS if read.build.__module__.startswith("tiktok_api.")}


def samples(made: dict[str, list[Any]]) -> dict[str, Sample]:
    """Values by the name of the read, out of the rows of `seeds.seed`."""
    owner, account = made["User"][0].id, made["Account"][0]
    ids = {name: [row.id for row in rows] for name, rows in made.items()}
    mine = {"owner_id": owner}
    reached = {"reached": frozenset(ids["Account"])}
    label = made["PostLabel"][0]
    lists: list[dict[str, Any]] = [
        {"status_0": "draft"},
        {"status_0": "draft", "status_1": "scheduled"},
        {"statuses": ["draft", "scheduled"]},
        {"accounts": [account.id]},
        {"account_0": account.id, "account_1": ids["Account"][1]},
        {"labels": [label.label]},
        {"label_0": label.label, "label_1": made["PostLabel"][1].label},
        {"external_ids": [each.external_id for each in made["Post"] if each.external_id]},
        {"type": ["video"]},
        {"since": EARLY},
        {"until": LATE},
        {"pattern": "%🎬%"},
        {"is_ascending": "yes"},
    ]
    return {
        "auth.tokens._session": Sample({"id": ids["SignInSession"][0]}),
        "auth.sessions._active": Sample(
            {"user_id": owner, "session_id": ids["SignInSession"][1], "issued_after": EARLY}, is_paged=True
        ),
        "auth.api_keys._keys": Sample({"user_id": owner}, is_paged=True),
        "auth.api_keys._key": Sample({"token_hash": made["ApiKey"][0].token_hash}),
        "auth.audit._trail": Sample(
            {"user_id": owner},
            [
                {"action": ["post"]},
                {"action": ["post.created", "none"]},
                {"subject_id": [made["AuditEntry"][0].subject_id]},
                {"session_id": [made["AuditEntry"][0].session_id]},
                {"api_key_id": [made["AuditEntry"][0].api_key_id]},
                {"since": EARLY},
                {"until": LATE},
            ],
            is_paged=True,
        ),
        "auth.services._profile": Sample({"id": owner}),
        "accounts.queries._accounts": Sample(
            mine,
            [
                {"id": account.id},
                {"status": list(type(account.status))},
                {"tag": ["agency", "none"]},
                {"pattern": "%🎬%"},
                reached,
            ],
            is_paged=True,
        ),
        "accounts.services._named": Sample(mine | {"ids": ids["Account"]}, [{"is_locked": True}, reached]),
        "accounts.queries._connection": Sample(mine | {"id": ids["Connection"][0]}, [reached]),
        "media.queries._media": Sample(
            mine,
            [
                {"id": ids["Media"][0]},
                {"kind": "video"},
                {"kinds": ["video", "photo"]},
                {"status": "uploading"},
                {"statuses": ["uploading", "inspecting"]},
                {"sha256": made["Media"][0].sha256},
                {"is_used": True},
                {"is_unused": True},
                {"labels": [made["MediaLabel"][0].label, "none"]},
                {"pattern": "%🎬%"},
                reached,
            ],
            is_paged=True,
        ),
        "media.conversion.frames._set": Sample({"media_id": ids["Media"][0], "count": made["FrameSet"][0].frame_count}),
        "media.conversion.frames._frames": Sample({"set_id": ids["FrameSet"][0]}),
        "media.conversion.frames._signed": Sample({"id": ids["Frame"][0]}),
        "media.services._named": Sample(mine | {"ids": ids["Media"]}, [{"is_locked": True}, reached]),
        "media.queries._visible_ids": Sample(mine | {"ids": ids["Media"]}, [reached]),
        "media.queries._usage": Sample(mine, [reached]),
        "media.quotas._totals": Sample(mine),
        "media.queries._signed": Sample({"id": ids["Media"][1]}),
        "posts.queries.posts._post": Sample(mine | {"id": ids["Post"][0]}, [reached]),
        "posts.queries.lists._posts": Sample(mine, [*lists, reached], is_paged=True, is_whole=False),
        "posts.queries.lists._posts_by_time": Sample(
            mine,
            [*lists, reached],
            is_paged=True,
            is_whole=False,
            after={"after_0": EARLY, "after_1": EARLY, "after_2": owner},
        ),
        "posts.queries.filters._of_statuses": Sample(mine | {"statuses": ["draft", "scheduled"]}),
        "posts.queries.filters._of_accounts": Sample(mine | {"accounts": ids["Account"]}),
        "posts.queries.filters._of_labels": Sample(mine | {"labels": [label.label]}),
        "posts.queries.counts._counts": Sample(
            mine,
            [
                {"accounts": [account.id]},
                {"labels": [label.label]},
                {"account_0": account.id, "account_1": ids["Account"][1], "is_narrow": "yes"},
                {"label_0": label.label, "is_narrow": "yes"},
                {"external_ids": [made["Post"][0].external_id], "is_narrow": "yes"},
                {"type": ["video"]},
                {"since": EARLY},
                {"until": LATE},
                {"pattern": "%🎬%"},
                reached,
            ],
        ),
        "posts.calendar.days._counts": Sample(
            mine | {"statuses": ["draft", "scheduled"], "edge_0": EARLY, "edge_1": NOON, "edge_2": LATE},
            [{"accounts": [account.id]}, reached],
        ),
        "posts.calendar.days._entries": Sample(
            mine | {"statuses": ["draft", "scheduled"], "edge_0": EARLY, "edge_1": NOON, "edge_2": LATE, "per_day": 2},
            [{"accounts": [account.id]}, reached],
        ),
        "posts.calendar.events._posts": Sample(
            mine | {"statuses": ["draft", "scheduled"], "since": EARLY, "now": NOON, "until": LATE},
            [{"accounts": [account.id]}, reached],
        ),
        "posts.calendar.events._accounts": Sample({"post_ids": ids["Post"]}, [{"only": [account.id]}]),
        "posts.calendar.feeds._feeds": Sample(mine, [{"api_key_id": ids["ApiKey"][0]}], is_paged=True),
        "posts.calendar.feeds._feed": Sample({"token_hash": made["CalendarFeed"][0].token_hash}),
        "posts.queries.counts._labels": Sample(mine, [reached]),
        "posts.pulling.services._states": Sample({"id": ids["Attempt"][0]}),
        "posts.pulling.services._photos": Sample({"publication_id": ids["Publication"][0]}),
        "posts.preflight.app_audit._held_for_audit": Sample({"account_ids": [account.id]}),
        "posts.queries.posts._targets": Sample({"post_ids": ids["Post"]}),
        "posts.queries.publications._post_ids": Sample(mine | {"id": ids["Post"][0]}, [reached]),
        "posts.capacity.days._moments": Sample(mine | {"account_id": account.id, "since": EARLY, "until": LATE}),
        "posts.capacity.health._circuit": Sample(
            {"account_id": made["PostingLimit"][0].account_id, "kind": made["PostingLimit"][0].kind}
        ),
        "posts.capacity.collisions._account_ids": Sample(mine, [reached]),
        "posts.publishing.fairness._wanted_at": Sample(
            {"account_ids": ids["Account"], "at": made["Publication"][0].wanted_at or NOON, "but": ids["Post"][1]}
        ),
        "posts.capacity.standing_queries.for_init": Sample({"account_id": account.id, "since": EARLY}),
        "posts.capacity.standing_queries.around": Sample(
            {"account_ids": ids["Account"], "since": EARLY},
            [{"first": EARLY}, {"last": LATE}, {"but": ids["Post"][0]}, {"active_since": EARLY}],
        ),
        "posts.capacity.standing_queries.active": Sample({"since": EARLY}),
        "posts.capacity.standing_queries.planned_creators": Sample({"first": EARLY, "last": LATE}),
        "posts.capacity.health._unfinished": Sample({"account_id": account.id}),
        "posts.queries.publications._publications": Sample(
            mine, [{"id": ids["Publication"][0]}, {"id": ids["Publication"][1]}, {"post_id": ids["Post"][0]} | reached]
        ),
        "posts.queries.publications._attempts": Sample({"publication_ids": ids["Publication"]}),
        "posts.queries.publications._timeline": Sample({"publication_ids": ids["Publication"]}),
        "posts.recurrences.queries._recurrences": Sample(mine, [{"id": ids["Recurrence"][0]}, reached], is_paged=True),
        "posts.recurrences.queries._targets": Sample({"ids": ids["Recurrence"]}),
        "posts.recurrences.queries._media": Sample({"ids": ids["Recurrence"]}),
        "posts.recurrences.queries._made": Sample({"id": ids["Recurrence"][0], "local_date": "", "number": 0}),
        "posts.queue_slots.queries._queue": Sample({"account_id": account.id}),
        "posts.queue_slots.queries._taken": Sample(
            {"owner_id": made["User"][1].id, "account_id": ids["Account"][2], "since": EARLY}
        ),
        "analytics.selection._selected": Sample(mine, [{"ids": [account.id]}, {"tag": ["agency"]}, reached]),
        "analytics.figures.publications._counts": Sample(
            mine | {"account_ids": ids["Account"], "since": EARLY, "until": LATE, "planned_since": EARLY},
            [{"labels": [label.label]}, reached],
        ),
        "analytics.figures.publications._next": Sample(
            mine | {"account_ids": ids["Account"], "status": "draft", "now": EARLY},
            [{"labels": [label.label]}, reached],
        ),
        "analytics.charts.links._person": Sample({"owner_id": owner}),
        "analytics.charts.links._maker": Sample({"owner_id": owner, "key_id": ids["ApiKey"][0]}),
        "analytics.reports.queries._reports": Sample(
            mine,
            [
                {"id": ids["MonthlyReport"]},
                {"status": ["ready", "failed"]},
                {"account_id": [account.id]},
                {"schedule_id": ids["ReportSchedule"]},
                {"month": ["2027-02"]},
                reached,
            ],
            is_paged=True,
        ),
        "analytics.reports.queries._deliveries": Sample({"ids": ids["MonthlyReport"]}),
        "analytics.reports.queries._schedules": Sample(
            mine, [{"id": ids["ReportSchedule"][0]}, reached], is_paged=True
        ),
        "analytics.reports.queries._signed": Sample({"id": ids["MonthlyReport"][2]}),  # whose owner is not disabled
        "analytics.exports.readings._present": Sample({"account_id": account.id}),
        "analytics.exports.readings._account_readings": Sample(
            {"account_id": account.id, "after": EARLY}, [{"until": LATE}]
        ),
        "analytics.exports.readings._account_totals": Sample(
            {"account_id": account.id, "after": EARLY}, [{"until": LATE}]
        ),
        "analytics.exports.videos._videos": Sample(
            {"account_id": account.id, "after": -1, "as_of": LATE},
            [{"since": EARLY, "until": LATE}, {"labels": [label.label]}],
        ),
        "analytics.exports.videos._last_readings": Sample({"ids": ids["Video"], "as_of": LATE}),
        "analytics.exports.videos._video_readings": Sample(
            {"ids": ids["Video"], "since": EARLY, "until": LATE}, [{"after_id": ids["Video"][0], "after": EARLY}]
        ),
        "analytics.services._account": Sample(mine | {"id": account.id}, [reached]),
        "analytics.queries._videos": Sample({"account_id": account.id}, [{"include_gone": True}], is_paged=True),
        "analytics.video_totals._first_of_all": Sample({"account_ids": ids["Account"]}),
        "analytics.video_totals._first_of_some": Sample(
            {"places": as_places((each.account_id, each.position) for each in made["Video"])}
        ),
        "analytics.video_totals._labelled": Sample(mine | {"account_ids": ids["Account"], "labels": [label.label]}),
        "analytics.videos.rows._shown": Sample(
            {"places": as_places((each.account_id, each.position) for each in made["Video"])}
        ),
        "analytics.videos.rows._lowered": Sample({"video_ids": ids["Video"], "after": EARLY, "until": LATE}),
        "analytics.videos.rows._posted": Sample({"account_ids": ids["Account"], "starts_at": EARLY, "ends_at": LATE}),
        "analytics.videos.life._asked": Sample(mine | {"id": ids["Video"][0]}, [reached]),
        "analytics.videos.life._readings": Sample({"video_id": ids["Video"][0]}),
        "analytics.videos.life._others": Sample({"account_id": account.id, "id": ids["Post"][0]}),
        "analytics.videos.published._published": Sample(
            {"account_ids": ids["Account"], "starts_at": EARLY, "ends_at": LATE}, [mine | {"labels": [label.label]}]
        ),
        "analytics.queries._avatar": Sample({"id": account.id}),
        "analytics.queries._cover": Sample({"id": ids["Video"][0]}),
    }
