"""Imports from a URL.

`services` keeps the rows, `download` fetches the bytes in one attempt, and `response` reads what the server says of the file.
"""
