"""Photos for TikTok, which takes no uploads of them and fetches them from here.

Each attempt has URLs of its own (`links`). They serve nothing until the attempt's publish_id is durable. The first GET of any
photo passes the commit point before a byte is served, as the last chunk of a video does (`services`); an attempt that was
abandoned answers 410, so it can never go live. `routes` serve the photos and the file that proves to TikTok whose domain it is.
"""
