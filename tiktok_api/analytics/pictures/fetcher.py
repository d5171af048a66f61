"""The fetcher of pictures, a type of its own: it obeys the policy for TikTok's picture URLs, not that for clients' URLs."""

from tiktok_api.outbound import Fetcher


class PictureFetcher(Fetcher):
    """Fetches the pictures that TikTok names."""
