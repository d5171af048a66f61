"""Transfers: large bodies, in and out. They hold places, of which there are fewer than threads.

`places` counts them and takes a place back from a slow client, `hooks` finds in each request and response what is one.
"""
