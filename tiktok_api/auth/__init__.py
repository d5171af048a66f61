"""People and their sessions.

A session row is the truth about who is signed in: access and refresh tokens carry its id and die with it, in every
process at once. Passwords, tokens and the identity that other domains see are rooms of their own, because each has
one secret to keep: `passwords` the hashing, `tokens` the signing keys, `identity` nothing but facts.
"""
