"""The auth endpoints, one room for each topic; each topic is a blueprint, and to scopes they are all `auth`.

API keys may not manage people: of everything here they reach `GET /auth/me` alone.
"""

from tiktok_api.auth.routes import api_keys, audit, passwords, sessions, signing_in

BLUEPRINTS = (signing_in.blp, sessions.blp, passwords.blp, api_keys.blp, audit.blp)
