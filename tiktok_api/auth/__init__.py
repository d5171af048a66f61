"""Users and their sessions.

A session row decides whether a user is signed in: access and refresh tokens carry its id and end with it, in every process
at once. The rooms are cut by the secret that each keeps: `passwords` hashes, `tokens` the signing keys, `api_keys` the
hashes of keys, `emails` the tokens that are sent. `identity` is what other domains see of a caller, `audit` what they write.
"""

__all__ = ["audit", "emails.mailer", "identity"]
