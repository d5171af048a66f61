"""How a consent ends, and what happens to the unfinished publications of its app."""

from tiktok_api.simulator.background import processing, webhooks
from tiktok_api.simulator.world.world import World

UNKNOWN, USER_DISCONNECTED, ACCOUNT_DELETED, AGE_CHANGED, BANNED, DEVELOPER_REVOKED = range(6)


def remove_authorization(world: World, client_key: str, username: str, reason: int, now: float) -> bool:
    """Delete a consent and its tokens, fail its unfinished publications and tell the app. Returns False without consent."""
    grant = world.grants.pop((client_key, username), None)
    if grant is None:
        return False
    for tokens in (world.access_tokens, world.refresh_tokens):
        for token in [each for each in tokens.values() if (each.client_key, each.username) == (client_key, username)]:
            del tokens[token.value]
    for publication in world.publications.of_creator(username):
        if publication.client_key == client_key and not publication.is_over:
            processing.fail(world, publication, "auth_removed", now)
    webhooks.announce(world, client_key, "authorization.removed", username, {"reason": reason}, now)
    return True


def remove_everywhere(world: World, username: str, reason: int, now: float) -> None:
    """End the consents of a creator to all apps."""
    for client_key, name in list(world.grants):
        if name == username:
            remove_authorization(world, client_key, username, reason, now)
