"""What both HTTP clients stand on: `deadline` bounds an exchange as a whole, `backend` makes every socket obey it.

The clients are TikTok's (`tiktok/transport.py`) and the one for URLs that clients of this API name (`outbound/fetcher.py`).
Both use httpcore, the engine below httpx, because it does nothing unasked.
"""
