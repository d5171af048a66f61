"""TikTok accounts: connected by their people, read now and then, and let go of properly.

Each room has one thing that can go wrong: `connecting` a browser that comes back with anything at all, `vault` tokens
that many workers need at once and that TikTok gives out only once, `revoking` a farewell that must survive a crash.
`services` is what other domains use; they never see a token but through `vault`.
"""
