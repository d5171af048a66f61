"""Imports from a URL.

`services` keeps the rows, `download` fetches the bytes in one attempt, `pace` bounds what that may cost, `response` reads what the
server says of the file, and `refusals` says why there is none.
"""
