"""Posts, and bringing them to TikTok at most once.

A *post* says what and when; a *publication* is that post on one account; an *attempt* is one `publish_id`. The row of the post
is the lock for all of its publications: lock it first to change one of them.

`services` and `drafts` are what people do with posts, `schedule` turns their times into instants, `queries` shows them.
`preflight/` finds out beforehand what TikTok would refuse, `waiting/` says what a due publication waits for here,
`publishing/` takes it to TikTok step by step, `pulling/` lets TikTok fetch photos, and `matching/` finds the ids that TikTok
did not tell. `capacity/` counts TikTok's caps, now and over a schedule, and `limits` is what its refusals have taught of them;
`listeners` are what other domains ask and tell.
"""

__all__ = [
    "bookkeeping.labels",
    "listeners",
    "matching.videos",
    "publishing.takedowns",
    "queries",
    "states",
    "vocabulary",
]
