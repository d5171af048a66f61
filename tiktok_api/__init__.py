"""A self-hosted REST API for running many TikTok accounts.

The rooms and which of them may know which are drawn in `setup.cfg` (import contracts); `app.py` is the only
place that knows them all.
"""

__version__ = "0.1.0"
