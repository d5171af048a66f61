"""How single posts do: which do best, one post's life, and what hashtags and hours of posting had to do with it.

A *post* of these questions is a video that TikTok lists, whether or not it came from a post of ours. `leaderboard` compares the
arrays of `VideoTotals` at the ends of a window, so that it costs two rows of each account; `values` and `ranking` are its pure
parts, and `rows` reads what is shown of the few that were ranked. `life` is one post's history from its own readings. `published`
reads the posts of a window, of which `hashtags` and `best_times` tell medians.
"""
