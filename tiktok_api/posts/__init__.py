"""Posts, and bringing them to TikTok at most once.

A *post* says what and when; a *publication* is that post on one account; an *attempt* is one `publish_id`. The cut
follows what must be true after a crash: `attempts` holds every durable step as a compare-and-set, `publishing` walks
those steps and talks to TikTok between them, `verdicts` says what TikTok's words mean, `checking` finds out beforehand
what TikTok would refuse, `services` is what people do with posts, `scheduling` turns their clocks into instants.

The row of the post is the lock for all of its publications: whoever changes one of them locks it first.
"""
