"""A thin Python façade over the control API, for tests and scripts."""

import http.client
import json
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit


class OrderRefused(RuntimeError):
    """The control API said no, with its reason."""


class Control:
    """Steers a running simulator over HTTP; every answer is the JSON of the control API."""

    def __init__(self, url: str) -> None:
        self.url = url

    def call(self, method: str, path: str, body: dict[str, Any] | None = None, **query: Any) -> Any:
        """One call of the control API."""
        raw = self._raw(method, f"/_simulator/v1{path}", body, query)
        return json.loads(raw)

    def state(self) -> Any:
        """Everything at once."""
        return self.call("GET", "/state")

    def creators(self) -> Any:
        """All creators."""
        return self.call("GET", "/creators")["creators"]

    def creator(self, username: str) -> Any:
        """One creator."""
        return self.call("GET", f"/creators/{username}")

    def add_creator(self, username: str, **settings: Any) -> Any:
        """Let somebody join."""
        return self.call("POST", f"/creators/{username}", settings)

    def change_creator(self, username: str, **settings: Any) -> Any:
        """Change a creator's settings or counters."""
        return self.call("PATCH", f"/creators/{username}", settings)

    def live(self, username: str, *, everything: bool = False) -> Any:
        """What is live of what was published through apps, or all that is live."""
        return self.call("GET", f"/creators/{username}/live", all="true" if everything else "")["live"]

    def disconnect(self, username: str, **order: Any) -> Any:
        """The person removes an app: client_key, reason."""
        return self.call("POST", f"/creators/{username}/disconnect", order)

    def complete_draft(self, username: str, publish_id: str, **order: Any) -> Any:
        """The person posts a draft: posts, privacy_level."""
        return self.call("POST", f"/creators/{username}/complete-draft", {"publish_id": publish_id, **order})["posts"]

    def apps(self) -> Any:
        """All apps."""
        return self.call("GET", "/apps")["apps"]

    def add_app(self, client_key: str, **settings: Any) -> Any:
        """Register an app."""
        return self.call("POST", f"/apps/{client_key}", settings)

    def change_app(self, client_key: str, **settings: Any) -> Any:
        """Change an app."""
        return self.call("PATCH", f"/apps/{client_key}", settings)

    def property_file(self, client_key: str, prefix: str) -> Any:
        """The file that proves a URL prefix to be an app's: url and content."""
        return self.call("GET", f"/apps/{client_key}/property", prefix=prefix)

    def verify_property(self, client_key: str, prefix: str) -> Any:
        """Let that file be fetched, and the prefix be verified."""
        return self.call("POST", f"/apps/{client_key}/property", {"prefix": prefix})

    def videos(self, **query: Any) -> Any:
        """All posts, or one creator's."""
        return self.call("GET", "/videos", **query)["videos"]

    def seed_videos(self, username: str, **order: Any) -> Any:
        """Put posts on a profile."""
        return self.call("POST", "/videos", {"username": username, **order})["videos"]

    def change_video(self, video_id: str, **settings: Any) -> Any:
        """Change a post."""
        return self.call("PATCH", f"/videos/{video_id}", settings)

    def take_down(self, video_id: str) -> Any:
        """Take a post down."""
        return self.call("DELETE", f"/videos/{video_id}")

    def publications(self, **query: Any) -> Any:
        """Every publication, chosen by username, client_key or status."""
        return self.call("GET", "/publications", **query)["publications"]

    def publication(self, publish_id: str) -> Any:
        """One publication."""
        return self.call("GET", f"/publications/{quote(publish_id)}")

    def media(self, publish_id: str, index: int = 0) -> bytes:
        """The bytes received for a publication."""
        return self._raw("GET", f"/_simulator/v1/publications/{quote(publish_id)}/media", None, {"index": index})

    def clock(self) -> Any:
        """What time it is."""
        return self.call("GET", "/clock")

    def advance(self, seconds: float) -> Any:
        """Let time pass."""
        return self.call("POST", "/clock", {"advance_seconds": seconds})

    def set_clock(self, moment: str | float) -> Any:
        """Jump to a time."""
        return self.call("POST", "/clock", {"set": moment})

    def freeze(self, frozen: bool = True) -> Any:
        """Stand still, or run on."""
        return self.call("POST", "/clock", {"frozen": frozen})

    def knobs(self, **changes: Any) -> Any:
        """All knobs, after such changes."""
        return self.call("PATCH", "/knobs", changes)["knobs"]

    def options(self) -> Any:
        """The declarations of everything that can be set, by what has it."""
        return self.call("GET", "/options")["options"]

    def mischief(self, endpoint: str, effect: str, **rule: Any) -> int:
        """Put a rule into force; answers its id."""
        return int(self.call("POST", "/mischief", {"endpoint": endpoint, "effect": effect, **rule})["id"])

    def mischiefs(self) -> Any:
        """The rules in force."""
        return self.call("GET", "/mischief")["mischief"]

    def clear_mischief(self) -> None:
        """No more mischief."""
        self.call("DELETE", "/mischief")

    def requests(self, **wanted: Any) -> Any:
        """The journal, chosen by endpoint, username, client_key, publish_id or method."""
        return self.call("GET", "/requests", **wanted)["requests"]

    def clear_requests(self) -> None:
        """Begin a new journal."""
        self.call("DELETE", "/requests")

    def webhooks(self) -> Any:
        """Every event with its attempts."""
        return self.call("GET", "/webhooks")["webhooks"]

    def send_webhook(self, client_key: str, event: str, **order: Any) -> Any:
        """Send an event of one's own making: username, content."""
        return self.call("POST", "/webhooks", {"client_key": client_key, "event": event, **order})["webhooks"]

    def redeliver(self, delivery_id: int) -> None:
        """Deliver an event once more."""
        self.call("POST", f"/webhooks/{delivery_id}/redeliver")

    def settle(self, timeout_seconds: float = 10) -> bool:
        """Wait until no pull or webhook is due or on its way."""
        return bool(self.call("POST", "/settle", {"timeout_seconds": timeout_seconds})["idle"])

    def reset(self, **knobs: Any) -> Any:
        """Back to the seed."""
        return self.call("POST", "/reset", knobs)["knobs"]

    def consent(self, authorize_url: str, username: str, *, scopes: str | None = None, allow: bool = True) -> str:
        """Do on the consent page what a person would; answers where the browser is sent.

        `scopes` are those left ticked, separated by commas; None leaves all ticked. Raises OrderRefused when the
        page shows an error instead.
        """
        parts = urlsplit(authorize_url)
        ticked = dict(parse_qsl(parts.query)).get("scope", "") if scopes is None else scopes
        form = {"creator": username, "decision": "allow" if allow else "deny", "scopes": ticked}
        connection = self._connection()
        try:
            headers = {"Content-Type": "application/x-www-form-urlencoded"}
            connection.request("POST", f"{parts.path}?{parts.query}", urlencode(form), headers)
            response = connection.getresponse()
            page = response.read().decode()
            location = response.getheader("Location")
        finally:
            connection.close()
        if location is None:
            raise OrderRefused(page)
        return location

    def _connection(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=120)

    def _raw(self, method: str, path: str, body: dict[str, Any] | None, query: dict[str, Any]) -> bytes:
        target = f"{path}?{urlencode(query)}" if query else path
        connection = self._connection()
        try:
            headers = {"Content-Type": "application/json"}
            connection.request(method, target, None if body is None else json.dumps(body), headers)
            response = connection.getresponse()
            raw = response.read()
        finally:
            connection.close()
        if response.status >= 400:
            raise OrderRefused(f"{response.status} {raw.decode(errors='replace')}")
        return raw
