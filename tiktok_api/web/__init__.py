"""What every endpoint needs and no domain should know: authentication first, then limits, then the body.

`composition/` hands this package its authenticator and health checks, so nothing here knows a domain. A request passes
`middleware/request_ids`, `authentication`, `limits`, then the guard in `blueprint` (public or not, malformed ids,
idempotency), then the schema that reads it (`parsing/`), the route, and `serializing`. Every exception ends in `rendering`.
"""
