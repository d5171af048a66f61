"""How consents end, and what that does to publications on their way."""

from typing import TYPE_CHECKING

from tiktok_api.simulator.background import webhooks
from tiktok_api.simulator.world import processing

if TYPE_CHECKING:
    from tiktok_api.simulator.world.world import World

UNKNOWN, USER_DISCONNECTED, ACCOUNT_DELETED, AGE_CHANGED, BANNED, DEVELOPER_REVOKED = range(6)


def remove_authorization(world: "World", client_key: str, username: str, reason: int, now: float) -> bool:
    """Kill all tokens of a consent, fail what was on its way, then tell the app; answers whether there was one."""
    grant = world.grants.pop((client_key, username), None)
    if grant is None:
        return False
    for tokens in (world.access_tokens, world.refresh_tokens):
        for token in [each for each in tokens.values() if (each.client_key, each.username) == (client_key, username)]:
            del tokens[token.value]
    for publication in world.publications_of(username):
        if publication.client_key == client_key and not publication.is_over:
            processing.fail(world, publication, "auth_removed", now)
    webhooks.announce(world, client_key, "authorization.removed", username, {"reason": reason}, now)
    return True


def remove_everywhere(world: "World", username: str, reason: int, now: float) -> None:
    """End a creator's consents to all apps."""
    for client_key, name in list(world.grants):
        if name == username:
            remove_authorization(world, client_key, username, reason, now)
