"""The composer: what the person who writes a post must be shown and must agree to, by TikTok's content sharing guidelines.

`screen` is what a screen shows, as data; `disclosure` has the prescribed words on commercial content and what follows from
it; `consent` records who agreed, and what they could be shown.
"""
