"""The fetcher of pictures, a type of its own: it goes where TikTok's picture URLs lead, not where clients' URLs may."""

from tiktok_api.outbound import Fetcher


class PictureFetcher(Fetcher):
    """Fetches the pictures that TikTok names."""
