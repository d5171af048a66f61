"""TikTok accounts: connected by OAuth, read regularly, disconnected and revoked.

The rooms are cut by what can go wrong: `oauth_flow` a browser that comes back with anything at all, `tokens` and
`token_refresh` secrets that many workers need at once and that TikTok gives out only once, `disconnection` a revocation
that must survive a crash, `rate_limits` workers that use up one account's requests or the app's. Higher domains get an access
token only from the vault in `token_refresh`.
"""

__all__ = ["creator_info", "queries", "rate_limits", "token_refresh", "tokens"]
