"""Recurring posts: a rule of RFC 5545 from which ordinary scheduled posts are made ahead of time, each once.

`rules` reads a rule within bounds, `occurrences` turns it into instants, `turns` gives each its media, `materialisation` makes
the posts, `services` is what people do, `content` is what the posts say.
"""
