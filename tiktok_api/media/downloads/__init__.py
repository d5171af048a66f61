"""Bytes from storage to clients.

`responses` serves stored content: whole, in ranges, or by nginx or S3. `routes` has the signed links that need no token.
"""
