"""Events as TikTok sends them, signed as TikTok signs them."""

import hashlib
import hmac
import json
import time
from typing import Any

SECRET = "sim-client-secret-0001"


def signed(body: bytes, *, at: int | None = None, secret: str = SECRET) -> dict[str, str]:
    """The header of TIKTOK's page on webhooks: HMAC-SHA256 over `t.body`."""
    moment = str(int(time.time()) if at is None else at)
    digest = hmac.new(secret.encode(), moment.encode() + b"." + body, hashlib.sha256).hexdigest()
    return {"TikTok-Signature": f"t={moment},s={digest}", "Content-Type": "application/json"}


def event(name: str, open_id: str, content: dict[str, Any], *, create_time: int = 1770210873) -> bytes:
    outer = {"client_key": "awsimclient0001", "event": name, "create_time": create_time, "user_openid": open_id}
    return json.dumps(outer | {"content": json.dumps(content)}).encode()
