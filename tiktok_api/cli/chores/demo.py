"""`make demo`: the whole job once, through HTTP as a client would do it; then it serves until Ctrl-C."""

import argparse
import base64
import hashlib
import re
import secrets
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import urljoin, urlsplit

import httpx2
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn
from rich.table import Table

from tiktok_api.cli.sample_video import make_sample_video
from tiktok_api.cli.stack.processes import Stack, StackFailed, running_stack
from tiktok_api.cli.stack.settings import INSTANCE
from tiktok_api.process.privacy import keep_private

PLACE = INSTANCE / "demo"
CREATORS = ("ada", "grace")
METRICS = ("followers", "following", "likes", "videos", "views", "comments", "shares")
PIECE = 256 * 1024
DAYS_TO_LIVE_THROUGH = 5
_PATIENCE_SECONDS = 120.0

console = Console(highlight=False)


class DemoFailed(Exception):
    """A step did not do what it should."""


class Demo:
    """A client of the API: each method is a step of the job."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.http = httpx2.Client(base_url=f"{stack.api_url}/api/v1", timeout=30.0, trust_env=False)
        self.email = f"demo-{secrets.token_hex(3)}@example.com"
        self.password = secrets.token_urlsafe(12)

    def call(self, method: str, path: str, *, expect: int = 200, **options: Any) -> Any:
        """The JSON of the response. Raises DemoFailed with the problem document otherwise."""
        response = self.http.request(method, path, **options)
        if response.status_code != expect:
            raise DemoFailed(f"{method} {path} answered {response.status_code}: {response.text}")
        return response.json() if response.content else None

    def wait_for(self, look: Callable[[], Any], what: str) -> Any:
        """The first true result of `look`. Raises DemoFailed if it takes too long."""
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while time.monotonic() < deadline:
            if found := look():
                return found
            if fallen := self.stack.fallen():
                raise DemoFailed(f"{fallen} has ended:\n{self.stack.tail(fallen)}")
            time.sleep(1.0)  # well within the quota of 100 requests a minute
        raise DemoFailed(f"waited {_PATIENCE_SECONDS:.0f} s for {what}")

    def sign_up(self) -> None:
        """Register, and use the access token from now on."""
        tokens = self.call("POST", "/auth/register", expect=201, json={"email": self.email, "password": self.password})
        self.http.headers["Authorization"] = f"Bearer {tokens['access_token']}"
        done(f"signed up as {self.email}")

    def connect(self, creator: str) -> str:
        """Connect an account as a browser would: TikTok's consent page, then back to our callback."""
        connection = self.call("POST", "/accounts/connect", expect=201, json={})
        with httpx2.Client(timeout=30.0, trust_env=False) as browser:
            page = browser.get(connection["authorize_url"])
            scopes = re.findall(r'name="scopes"[^>]*value="([^"]+)"|value="([^"]+)"[^>]*name="scopes"', page.text)
            ticked = [first or second for first, second in scopes]
            form = {"creator": creator, "decision": "allow", "scopes": ticked}
            back = browser.post(connection["authorize_url"], data=form).headers.get("Location", "")
            if urlsplit(back).netloc != urlsplit(self.stack.api_url).netloc:
                raise DemoFailed(f"the consent page sent us to {back!r}")
            browser.get(back)
        found = self.call("GET", f"/accounts/connections/{connection['id']}")
        if found["status"] != "connected":
            raise DemoFailed(f"connecting {creator}: {found}")
        done(f"connected @{creator} by OAuth")
        return str(found["account_id"])

    def upload(self, file: Path) -> str:
        """Upload by tus, in pieces."""
        size = file.stat().st_size
        tus = {"Tus-Resumable": "1.0.0"}
        name = base64.b64encode(file.name.encode()).decode()
        head = tus | {"Upload-Length": str(size), "Upload-Metadata": f"filename {name}"}
        created = self.http.post("/media/uploads", headers=head)
        if created.status_code != 201:
            raise DemoFailed(f"creating the upload answered {created.status_code}: {created.text}")
        location = urljoin(str(created.url), created.headers["Location"])
        columns = (TextColumn("  uploading"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
        with Progress(*columns, console=console) as progress, file.open("rb") as source:
            bar = progress.add_task("upload", total=size)
            while piece := source.read(PIECE):
                offset = source.tell() - len(piece)
                headers = tus | {"Upload-Offset": str(offset), "Content-Type": "application/offset+octet-stream"}
                sent = self.http.patch(location, content=piece, headers=headers)
                if sent.status_code != 204:
                    raise DemoFailed(f"uploading at {offset} answered {sent.status_code}: {sent.text}")
                progress.update(bar, advance=len(piece))
        media_id = urlsplit(location).path.rpartition("/")[2]

        def inspected() -> Any:
            media = self.call("GET", f"/media/{media_id}")
            return media if media["status"] not in ("uploading", "inspecting") else None

        media = self.wait_for(inspected, "the inspection")
        if media["status"] != "ready":
            raise DemoFailed(f"the video was rejected: {media}")
        facts = f"{media['width']}×{media['height']}, {media['duration_seconds']:.0f} s, {media['video_codec']}"
        done(f"uploaded and inspected {file.name}: {facts}")
        return media_id

    def publish(self, media_id: str, accounts: dict[str, str]) -> dict[str, Any]:
        """Schedule a post for both accounts in a few seconds, and watch it go out."""
        draft = {
            "caption": "Hello from the #demo",
            "media_ids": [media_id],
            "privacy_level": "PUBLIC_TO_EVERYONE",
            "allow_comment": True,
            "consent": True,
            "targets": [{"account_id": account_id} for account_id in accounts.values()],
            "publish_at": (datetime.now(UTC) + timedelta(seconds=3)).isoformat(),
        }
        post = self.call("POST", "/posts", expect=201, json=draft, headers={"Idempotency-Key": secrets.token_hex(8)})
        done(f"scheduled a post on {len(accounts)} accounts for {post['publish_at'][11:19]} UTC")
        seen: list[str] = []

        def ended() -> Any:
            now = self.call("GET", f"/posts/{post['id']}")
            states = ", ".join(target["state"] for target in now["targets"])
            if states not in seen:
                seen.append(states)
                console.print(f"  [dim]{states}[/dim]")
            return now if now["status"] not in ("scheduled", "publishing") else None

        post = self.wait_for(ended, "the post to be published")
        if post["status"] != "published":
            raise DemoFailed(f"the post is {post['status']}: {post['targets']}")
        done("the post is [bold]published[/bold]")
        return dict(post)

    def compare(self, post: dict[str, Any], file: Path) -> None:
        """Compare what TikTok received with what was uploaded."""
        sha256 = hashlib.sha256(file.read_bytes()).hexdigest()
        for target in post["targets"]:
            url = f"{self.stack.simulator_url}/_simulator/v1/publications/{target['publish_id']}"
            received = httpx2.get(url, timeout=10.0, trust_env=False).json()["sha256"]
            if received != sha256:
                raise DemoFailed(f"TikTok has other bytes: {received} instead of {sha256}")
        done(f"TikTok has the very bytes that were uploaded: sha256 {sha256[:16]}…")

    def live_through_days(self, account_id: str) -> None:
        """Move the test clock, here and at TikTok, day by day, and sync the account each time."""
        console.print(f"  [dim]letting {DAYS_TO_LIVE_THROUGH} days go by …[/dim]")
        for _ in range(DAYS_TO_LIVE_THROUGH):
            # TikTok first: a token that we renewed a day too early there would have expired there at once.
            clock = f"{self.stack.simulator_url}/_simulator/v1/clock"
            httpx2.post(clock, json={"advance_seconds": 86400}, timeout=10.0, trust_env=False).raise_for_status()
            self.stack.run("tiktok_api", "clock", "advance", "86400")
            self._read(account_id)

    def _read(self, account_id: str) -> None:
        """Sync an account now."""
        before = self.call("GET", f"/accounts/{account_id}")["synced_at"]
        self.call("POST", f"/accounts/{account_id}/sync", expect=202, json={})
        self.wait_for(lambda: self.call("GET", f"/accounts/{account_id}")["synced_at"] != before, "a reading")

    def show_numbers(self, account_id: str, creator: str) -> None:
        """The account's numbers, and its chart as a file."""
        since = (datetime.now(UTC) + timedelta(days=1)).isoformat()
        summary = self.call("GET", f"/analytics/accounts/{account_id}/summary", params={"from": since})
        table = Table(title=f"@{creator}, the last {DAYS_TO_LIVE_THROUGH - 1} days")
        for heading in ("metric", "now", "change"):
            table.add_column(heading, justify="left" if heading == "metric" else "right")
        for name in METRICS:
            table.add_row(name, *(_shown(summary[name][key]) for key in ("value", "change")))
        console.print(table)
        chart = self.http.get(
            f"/analytics/accounts/{account_id}/chart.svg", params={"from": datetime.now(UTC).date().isoformat()}
        )
        if chart.status_code != 200 or not chart.text.lstrip().startswith(("<svg", "<?xml")):
            raise DemoFailed(f"the chart answered {chart.status_code}")
        (PLACE / "chart.svg").write_text(chart.text)
        done(f"drew its followers to {PLACE / 'chart.svg'}")


def _shown(value: Any) -> str:
    return "unknown" if value is None else f"{value:,}"


def done(what: str) -> None:
    """Report that a step is done."""
    console.print(f"[green]✔[/green] {what}")


def do_the_job(stack: Stack) -> Demo:
    """Every step in turn. Raises DemoFailed."""
    demo = Demo(stack)
    demo.sign_up()
    accounts = {creator: demo.connect(creator) for creator in CREATORS}
    file = PLACE / "hello.mp4"
    make_sample_video(file, seconds=5, fps=30, width=720, height=1280)
    post = demo.publish(demo.upload(file), accounts)
    demo.compare(post, file)
    demo.live_through_days(accounts["ada"])
    demo.show_numbers(accounts["ada"], "ada")
    return demo


def _invite(demo: Demo) -> None:
    stack = demo.stack
    console.print()
    console.print(f"  documentation  {stack.api_url}/docs")
    console.print(f"  API            {stack.api_url}/api/v1")
    console.print(f"  simulator      {stack.simulator_url}/_simulator/")
    console.print(f"  you are        {demo.email}, password {demo.password}")
    token = str(demo.http.headers["Authorization"])
    console.print("\n  Try this:\n")
    console.print(f"curl -s {stack.api_url}/api/v1/posts -H 'Authorization: {token}'", soft_wrap=True, markup=False)


def _serve_on(stack: Stack) -> NoReturn:
    """Serve until Ctrl-C. Raises DemoFailed if a process ends."""
    console.print("\nCtrl-C stops everything.")
    fallen = stack.watch()
    raise DemoFailed(f"{fallen} has ended:\n{stack.tail(fallen)}")


def main() -> int:
    """Returns 0 if every step succeeded."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--once", action="store_true", help="stop after the job instead of serving on")
    once = parser.parse_args().once
    keep_private()
    try:
        console.print("Starting API, worker and simulator …")
        with running_stack(PLACE, is_fresh=True, say=console.print) as stack:
            demo = do_the_job(stack)
            if once:
                return 0
            _invite(demo)
            _serve_on(stack)
    except (DemoFailed, StackFailed, httpx2.HTTPError) as error:
        console.print(f"[red]✘ {error}[/red]")
        return 1
    except KeyboardInterrupt:
        return 0


if __name__ == "__main__":
    sys.exit(main())
