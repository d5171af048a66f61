"""Bytes from storage to clients.

`responses` serves stored content: whole, in ranges, or by nginx or S3. `links` and
`routes` have the signed links that need no token.
"""
