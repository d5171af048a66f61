"""An app that calls the simulator as it would call TikTok, and the accounts that are connected to it."""

import hashlib
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import requests

from tests.simulator import media_files
from tiktok_api.simulator import Running

SCOPES = "user.info.basic,user.info.profile,user.info.stats,video.list,video.upload,video.publish"
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
HEX_CHALLENGE = "13d31e961a1ad8ec2f16b10c4c982e0876a878ad6df144566ee1894acb70f9c3"
BASE64URL_CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


@dataclass
class AppClient:
    """An app with its registration."""

    tiktok: Running
    session: requests.Session
    client_key: str = "awsimclient0001"
    client_secret: str = "sim-client-secret-0001"
    redirect_uri: str = "http://127.0.0.1:8000/api/v1/accounts/callback"
    challenge: str | None = HEX_CHALLENGE
    verifier: str | None = VERIFIER

    @property
    def control(self) -> Any:
        return self.tiktok.control

    def authorize_url(self, **changes: Any) -> str:
        """Returns the URL of the consent page; None removes a parameter."""
        query = {
            "client_key": self.client_key,
            "response_type": "code",
            "scope": SCOPES,
            "redirect_uri": self.redirect_uri,
            "state": "st-1",
            "disable_auto_auth": "1",
            "code_challenge": self.challenge,
            "code_challenge_method": "S256" if self.challenge else None,
            **changes,
        }
        kept = {name: value for name, value in query.items() if value is not None}
        return f"{self.tiktok.url}/v2/auth/authorize/?{urlencode(kept)}"

    def consent(
        self, username: str = "ada", *, scopes: str | None = None, allow: bool = True, **changes: Any
    ) -> dict[str, str]:
        """Returns the query of the redirect after a person has decided."""
        location = self.control.consent(self.authorize_url(**changes), username, scopes=scopes, allow=allow)
        return dict(parse_qsl(urlsplit(location).query, keep_blank_values=True))

    def token(self, **changes: Any) -> requests.Response:
        """POST to the token endpoint; None removes a field."""
        fields = {"client_key": self.client_key, "client_secret": self.client_secret, **changes}
        kept = {name: value for name, value in fields.items() if value is not None}
        return self.session.post(f"{self.tiktok.url}/v2/oauth/token/", data=kept)

    def exchange(self, code: str, /, **changes: Any) -> requests.Response:
        """Exchange a code."""
        return self.token(
            **{
                "grant_type": "authorization_code",
                "code": code,
                "redirect_uri": self.redirect_uri,
                "code_verifier": self.verifier,
                **changes,
            }
        )

    def refresh(self, refresh_token: str, **changes: Any) -> requests.Response:
        """Exchange a refresh token."""
        return self.token(grant_type="refresh_token", refresh_token=refresh_token, **changes)

    def revoke(self, access_token: str, **changes: Any) -> requests.Response:
        """End a consent."""
        fields = {"client_key": self.client_key, "client_secret": self.client_secret, "token": access_token, **changes}
        return self.session.post(f"{self.tiktok.url}/v2/oauth/revoke/", data=fields)

    def connect(self, username: str = "ada", scopes: str = SCOPES) -> "ConnectedAccount":
        """Connect a creator: consent and exchange of the code."""
        code = self.consent(username, scope=scopes)["code"]
        return ConnectedAccount(self, username, self.exchange(code).json())


@dataclass
class ConnectedAccount:
    """A connected creator, and the calls of the app for this creator."""

    client: AppClient
    username: str
    tokens: dict[str, Any]
    extra: dict[str, str] = field(default_factory=dict)

    @property
    def control(self) -> Any:
        return self.client.control

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.tokens['access_token']}", **self.extra}

    def get(self, path: str, **query: Any) -> requests.Response:
        return self.client.session.get(f"{self.client.tiktok.url}/v2{path}", params=query, headers=self.headers)

    def post(self, path: str, body: Any = None, **query: Any) -> requests.Response:
        url = f"{self.client.tiktok.url}/v2{path}"
        return self.client.session.post(url, json=body, params=query, headers=self.headers)

    def creator_info(self) -> requests.Response:
        return self.post("/post/publish/creator_info/query/")

    def init(self, source: dict[str, Any], **post_info: Any) -> requests.Response:
        """Begin a direct video."""
        info = {"title": "a #test", "privacy_level": "PUBLIC_TO_EVERYONE", **post_info}
        return self.post("/post/publish/video/init/", {"post_info": info, "source_info": source})

    def init_inbox(self, source: dict[str, Any]) -> requests.Response:
        """Begin a video draft."""
        return self.post("/post/publish/inbox/video/init/", {"source_info": source})

    def init_photos(
        self, *urls: str, mode: str = "DIRECT_POST", post_info: Any = None, **top: Any
    ) -> requests.Response:
        """Begin a photo post."""
        info = {"privacy_level": "PUBLIC_TO_EVERYONE"} if post_info is None else post_info
        source = {"source": "PULL_FROM_URL", "photo_cover_index": 0, "photo_images": list(urls)}
        body = {"media_type": "PHOTO", "post_mode": mode, "post_info": info, "source_info": source, **top}
        return self.post("/post/publish/content/init/", body)

    def put(
        self, url: str, data: bytes, first: int = 0, total: int | None = None, **headers: str | None
    ) -> requests.Response:
        """Send a chunk; None removes a header."""
        span = f"bytes {first}-{first + len(data) - 1}/{len(data) if total is None else total}"
        named = {"Content-Type": "video/mp4", "Content-Range": span}
        named |= {name.replace("_", "-"): value for name, value in headers.items()}
        kept = {name: value for name, value in named.items() if value is not None}
        return self.client.session.put(url, data=data, headers=kept)

    def status(self, publish_id: str) -> dict[str, Any]:
        """The data of status/fetch."""
        data: dict[str, Any] = self.fetch(publish_id).json()["data"]
        return data

    def fetch(self, publish_id: str) -> requests.Response:
        return self.post("/post/publish/status/fetch/", {"publish_id": publish_id})

    def cancel(self, publish_id: str) -> requests.Response:
        return self.post("/post/publish/cancel/", {"publish_id": publish_id})

    def publish(self, media: bytes | None = None, *, inbox: bool = False, **post_info: Any) -> str:
        """Send a whole video; advance the clock to finish it."""
        media = media_files.video() if media is None else media
        begun = self.init_inbox(whole(len(media))) if inbox else self.init(whole(len(media)), **post_info)
        data = begun.json()["data"]
        answer = self.put(data["upload_url"], media)
        assert answer.status_code == 201
        return str(data["publish_id"])


def whole(size: int) -> dict[str, Any]:
    """The source_info of a video in one chunk."""
    return chunks(size, size, 1)


def chunks(size: int, chunk: int, count: int) -> dict[str, Any]:
    """The source_info of a video in chunks."""
    return {"source": "FILE_UPLOAD", "video_size": size, "chunk_size": chunk, "total_chunk_count": count}


def pulled(url: str) -> dict[str, str]:
    """The source_info of a video behind a URL."""
    return {"source": "PULL_FROM_URL", "video_url": url}


def code_of(answer: requests.Response) -> tuple[int, str]:
    """HTTP status and error code of a data endpoint."""
    return answer.status_code, answer.json()["error"]["code"]


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
