"""A client of TikTok's without a pace of its own, for tests in which time passes faster than its clock."""

from typing import Any

from tiktok_api.tiktok import TikTokClient, Unpaced


def make_unpaced_client(url: str, **options: Any) -> TikTokClient:
    """A client of the simulator at `url`, as the app that is registered there from the start."""
    return TikTokClient(
        client_key="awsimclient0001",
        client_secret="sim-client-secret-0001",
        api_url=url,
        authorize_url=f"{url}/v2/auth/authorize/",
        app_type="desktop",
        allow_http=True,
        pacer=Unpaced(),
        **options,
    )
