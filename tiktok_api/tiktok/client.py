"""The client, composed of the four parts of the API."""

from collections.abc import Sequence

import httpx2

from tiktok_api.tiktok.oauth import AppType, OAuthApi
from tiktok_api.tiktok.pacing import Pacer
from tiktok_api.tiktok.publishing import PostingApi
from tiktok_api.tiktok.reading import DisplayApi
from tiktok_api.tiktok.uploading import UploadApi
from tiktok_api.tiktok.wire import Timeouts, Wire

API_URL = "https://open.tiktokapis.com"
AUTHORIZE_URL = "https://www.tiktok.com/v2/auth/authorize/"
UPLOAD_HOSTS = (".tiktokapis.com",)


class TikTokClient(OAuthApi, DisplayApi, PostingApi, UploadApi):
    """TikTok for Developers, API v2, for one app and any number of users. Safe for threads; close() when done.

    `allow_http` admits plain http for `api_url` and loopback upload URLs, for a TikTok on this machine.
    `upload_hosts` lists where bytes may go: ".suffix" or an exact host (plain http too, if allowed).
    Nothing is ever sent twice. Errors: see `errors`.
    """

    def __init__(
        self,
        *,
        client_key: str,
        client_secret: str,
        api_url: str = API_URL,
        authorize_url: str = AUTHORIZE_URL,
        app_type: AppType = "web",
        allow_http: bool = False,
        transport: httpx2.BaseTransport | None = None,
        timeouts: Timeouts | None = None,
        pacer: Pacer | None = None,
        upload_hosts: Sequence[str] = UPLOAD_HOSTS,
    ) -> None:
        if httpx2.URL(api_url).scheme not in (("https", "http") if allow_http else ("https",)):
            raise ValueError("api_url must be https, or http where that is allowed")
        self._client_key = client_key
        self._client_secret = client_secret
        self._authorize_url = authorize_url
        self._app_type = app_type
        self._allow_http = allow_http
        self._upload_hosts = tuple(upload_hosts)
        self._pacer = pacer or Pacer()
        self._wire = Wire(api_url=api_url, transport=transport, timeouts=timeouts or Timeouts())

    def __repr__(self) -> str:
        return f"<TikTokClient {self._client_key}>"

    def close(self) -> None:
        """Close every connection."""
        self._wire.close()
