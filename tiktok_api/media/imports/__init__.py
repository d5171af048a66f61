"""Imports from a URL.

`services` keeps the rows, `download` fetches the bytes in one attempt, `response` reads what the server says of the file, and
`concurrency` bounds how many downloads run at once.
"""
