"""What a due publication waits for before TikTok is asked: its media, a decision about being late, its turn.

`readiness` asks the others in their order, and says what is in the way: `pending_media` (on their way or being inspected),
`lateness` (what is too late, and how far apart late posts go out), `caps` (of TikTok, with the circuits that `breaker` opens),
and TikTok's limit of inits, which `accounts` keeps. `places` has those look again that are held for a cap, once a place is free.
"""
