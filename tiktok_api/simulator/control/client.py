"""A Python client of the control API, for tests and scripts."""

import http.client
import json
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit


class CommandRefused(RuntimeError):
    """The control API refused a request; the message is its answer."""


class Control:
    """Controls a running simulator over HTTP; every method returns the JSON of the control API."""

    def __init__(self, url: str) -> None:
        self.url = url

    def call(self, method: str, path: str, body: dict[str, Any] | None = None, **query: Any) -> Any:
        """Call the control API."""
        raw = self._raw(method, f"/_simulator/v1{path}", body, query)
        return json.loads(raw)

    def state(self) -> Any:
        """Returns everything except the journal."""
        return self.call("GET", "/state")

    def creators(self) -> Any:
        """Returns all creators."""
        return self.call("GET", "/creators")["creators"]

    def creator(self, username: str) -> Any:
        """Returns one creator."""
        return self.call("GET", f"/creators/{username}")

    def add_creator(self, username: str, **settings: Any) -> Any:
        """Add a creator."""
        return self.call("POST", f"/creators/{username}", settings)

    def change_creator(self, username: str, **settings: Any) -> Any:
        """Change a creator's settings or counters."""
        return self.call("PATCH", f"/creators/{username}", settings)

    def live(self, username: str, *, everything: bool = False) -> Any:
        """Returns the live posts that were published through apps, or all live posts."""
        return self.call("GET", f"/creators/{username}/live", all="true" if everything else "")["live"]

    def disconnect(self, username: str, **fields: Any) -> Any:
        """Remove an app as the creator: client_key, reason."""
        return self.call("POST", f"/creators/{username}/disconnect", fields)

    def complete_draft(self, username: str, publish_id: str, **fields: Any) -> Any:
        """Post a draft as the creator: posts, privacy_level."""
        return self.call("POST", f"/creators/{username}/complete-draft", {"publish_id": publish_id, **fields})["posts"]

    def apps(self) -> Any:
        """Returns all apps."""
        return self.call("GET", "/apps")["apps"]

    def add_app(self, client_key: str, **settings: Any) -> Any:
        """Register an app."""
        return self.call("POST", f"/apps/{client_key}", settings)

    def change_app(self, client_key: str, **settings: Any) -> Any:
        """Change an app."""
        return self.call("PATCH", f"/apps/{client_key}", settings)

    def property_file(self, client_key: str, prefix: str) -> Any:
        """Returns the file that verifies a URL prefix for an app: url and content."""
        return self.call("GET", f"/apps/{client_key}/property", prefix=prefix)

    def verify_property(self, client_key: str, prefix: str) -> Any:
        """Fetch that file and verify the prefix."""
        return self.call("POST", f"/apps/{client_key}/property", {"prefix": prefix})

    def videos(self, **query: Any) -> Any:
        """Returns all posts, or those of one creator."""
        return self.call("GET", "/videos", **query)["videos"]

    def seed_videos(self, username: str, **fields: Any) -> Any:
        """Add posts to a profile."""
        return self.call("POST", "/videos", {"username": username, **fields})["videos"]

    def change_video(self, video_id: str, **settings: Any) -> Any:
        """Change a post."""
        return self.call("PATCH", f"/videos/{video_id}", settings)

    def take_down(self, video_id: str) -> Any:
        """Take a post down."""
        return self.call("DELETE", f"/videos/{video_id}")

    def publications(self, **query: Any) -> Any:
        """Returns all publications, filtered by username, client_key or status."""
        return self.call("GET", "/publications", **query)["publications"]

    def publication(self, publish_id: str) -> Any:
        """Returns one publication."""
        return self.call("GET", f"/publications/{quote(publish_id)}")

    def media(self, publish_id: str, index: int = 0) -> bytes:
        """Returns the bytes received for a publication."""
        return self._raw("GET", f"/_simulator/v1/publications/{quote(publish_id)}/media", None, {"index": index})

    def clock(self) -> Any:
        """Returns the virtual time."""
        return self.call("GET", "/clock")

    def advance(self, seconds: float) -> Any:
        """Advance the clock."""
        return self.call("POST", "/clock", {"advance_seconds": seconds})

    def set_clock(self, moment: str | float) -> Any:
        """Jump to a time."""
        return self.call("POST", "/clock", {"set": moment})

    def freeze(self, frozen: bool = True) -> Any:
        """Stop the clock, or let it run."""
        return self.call("POST", "/clock", {"frozen": frozen})

    def knobs(self, **changes: Any) -> Any:
        """Change some options. Returns all options with their values."""
        return self.call("PATCH", "/knobs", changes)["knobs"]

    def options(self) -> Any:
        """Returns the declarations of everything that can be set."""
        return self.call("GET", "/options")["options"]

    def mischief(self, endpoint: str, effect: str, **rule: Any) -> int:
        """Add a fault rule. Returns its id."""
        return int(self.call("POST", "/mischief", {"endpoint": endpoint, "effect": effect, **rule})["id"])

    def mischiefs(self) -> Any:
        """Returns all fault rules."""
        return self.call("GET", "/mischief")["mischief"]

    def clear_mischief(self) -> None:
        """Remove all fault rules."""
        self.call("DELETE", "/mischief")

    def requests(self, **wanted: Any) -> Any:
        """Returns the journal, filtered by endpoint, username, client_key, publish_id or method."""
        return self.call("GET", "/requests", **wanted)["requests"]

    def clear_requests(self) -> None:
        """Empty the journal."""
        self.call("DELETE", "/requests")

    def webhooks(self) -> Any:
        """Returns every event with its attempts."""
        return self.call("GET", "/webhooks")["webhooks"]

    def send_webhook(self, client_key: str, event: str, **fields: Any) -> Any:
        """Send any event: username, content."""
        return self.call("POST", "/webhooks", {"client_key": client_key, "event": event, **fields})["webhooks"]

    def redeliver(self, delivery_id: int) -> None:
        """Deliver an event once more."""
        self.call("POST", f"/webhooks/{delivery_id}/redeliver")

    def settle(self, timeout_seconds: float = 10) -> bool:
        """Wait until no pull or webhook is due or running. Returns False at the time-out."""
        return bool(self.call("POST", "/settle", {"timeout_seconds": timeout_seconds})["idle"])

    def reset(self, **knobs: Any) -> Any:
        """Back to the seed."""
        return self.call("POST", "/reset", knobs)["knobs"]

    def consent(self, authorize_url: str, username: str, *, scopes: str | None = None, allow: bool = True) -> str:
        """Decide on the consent page as a person does. Returns the URL of the redirect.

        `scopes` are the granted ones, separated by commas; None grants all. Raises CommandRefused if the page shows
        an error instead.
        """
        parts = urlsplit(authorize_url)
        granted = dict(parse_qsl(parts.query)).get("scope", "") if scopes is None else scopes
        form = {"creator": username, "decision": "allow" if allow else "deny", "scopes": granted}
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
            raise CommandRefused(page)
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
            raise CommandRefused(f"{response.status} {raw.decode(errors='replace')}")
        return raw
