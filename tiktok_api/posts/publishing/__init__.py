"""Publishing: at most once by us, and never dropped silently.

**Invariant**: no media byte leaves for an attempt whose publish_id is not durable in our database, and no new attempt starts
until every earlier one is proven dead.

    publication  draft ─► scheduled ─► due ─► preparing ─► uploading ─► processing ─► published ─► publicly_available
                                        ▲         │            │            │  │                        │
                                        └─ retry ─┴────────────┘            │  └► inbox_delivered       └► no_longer_available
                 held, failed, cancelled: from any state before processing  └► unconfirmed (no verdict for a day)

    attempt      intent ───────────────► open ─────────────────────────► final ───────────► succeeded, dead
                    │   publish_id          │   commit point: from here    what TikTok says alone decides
                    ▼                       ▼   the last chunk may leave
                 abandoned              abandoned, dead

One loop (`worker`): `claims.claim` locks the publication and takes over what a dead worker left, `steps.next_step` decides,
the step makes its calls with no transaction open, `record` alone writes the result. If the worker dies

- with an INTENT: no byte was sent, so it cannot go live; it is abandoned, and the next attempt is made;
- with an OPEN attempt: the next run adopts it, asks TikTok how far it is, and goes on with the same publish_id;
- with a FINAL attempt: the next run asks, and sends the last chunk again only if TikTok says that it lacks it.

Each change is a compare-and-set on the attempt's state and epoch, and on the job's, so that an older worker changes nothing.
`verdicts` are the results and what TikTok's words mean, `transitions` change a state with all that hangs on it, `content` is
what a publication says, `takedowns` are what TikTok reports afterwards.
"""
