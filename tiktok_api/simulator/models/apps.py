"""Apps: the clients that are registered in the developer portal."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from tiktok_api.simulator.models.names import name_field
from tiktok_api.simulator.options.declarations import option, required

SCOPES = ("user.info.basic", "user.info.profile", "user.info.stats", "video.list", "video.upload", "video.publish")
SECRET = re.compile(r"[!-~]{1,256}", re.ASCII)


@dataclass
class App:
    """An app that is registered in the developer portal."""

    client_key: str = name_field("what the app is called by TikTok")
    client_secret: str = required(
        "signs webhooks and proves the app", longest=256, form=(SECRET.fullmatch, "1 to 256 visible ASCII characters")
    )
    name: str = required("what the consent page calls it", longest=200)
    type: str = option("web", "how it signs in", choices=("web", "desktop"))
    reviewed: bool = option(True, "whether the consent page lets it ask")
    audited: bool = option(True, "whether it may post publicly")
    sandbox: bool = option(False, "whether only target users may sign in, and nothing is public")
    sandbox_targets: Sequence[str] = option([], "creators that may sign in to a sandbox", longest=64)
    redirect_uris: Sequence[str] = option([], "where the consent page may send people")
    scopes: Sequence[str] = option(list(SCOPES), "what it may ask for", choices=SCOPES, most_items=len(SCOPES))
    verified_domains: Sequence[str] = option([], "domains that it may pull from", shortest=1, longest=253)
    verified_prefixes: Sequence[str] = option([], "URL prefixes that it may pull from", shortest=1)
    webhook_url: str | None = option(None, "callback URL for its events; null: none", kind="text", nullable=True)
    active_user_cap: int | None = option(
        None, "creators that may post through it in 24 h; null: no cap", kind="integer", nullable=True, most=10**6
    )

    @property
    def is_trusted(self) -> bool:
        """True if it may post publicly: it is audited and no sandbox."""
        return self.audited and not self.sandbox
