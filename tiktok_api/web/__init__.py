"""What every endpoint needs and no domain should know: authentication first, then limits, then the body.

`app.py` hands this package its authenticator and health checks, so nothing here knows a domain. A request passes
`request_ids`, `authentication`, `limits`, then the guard in `blueprint` (public or not, malformed ids, idempotency),
then the schema that reads it, the route, and `serializing`. Whatever is raised on the way ends in `rendering`.
"""
