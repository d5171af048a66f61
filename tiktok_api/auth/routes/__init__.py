"""The endpoints of auth, one module and one blueprint for each topic; to scopes they are all `auth`.

API keys may not manage users: of all these they reach only `GET /auth/me`.
"""

from tiktok_api.auth.routes import api_keys, audit, passwords, sessions, signing_in

BLUEPRINTS = (signing_in.blp, sessions.blp, passwords.blp, api_keys.blp, audit.blp)
