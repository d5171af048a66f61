"""Which codes and tokens are forgotten, so that a world that runs for years stays the same size."""

from tiktok_api.simulator.models.consents import Code, Token
from tiktok_api.simulator.world.world import SWEEP_AT, World

DAY = 86_400.0
MOST_TOKENS = 20_000
"""Of each kind; beyond that the oldest are forgotten, even if they are still valid."""


def forget_tokens(world: World, now: float) -> None:
    """Forget codes and tokens a day after they expired; until then they are refused like unknown ones."""
    holders: list[dict[str, Code] | dict[str, Token]] = [world.codes, world.access_tokens, world.refresh_tokens]
    if sum(len(holder) for holder in holders) + len(world.client_tokens) < world.sweep_at:
        return
    for holder in holders:
        for name in [name for name, each in holder.items() if each.expires_at <= now - DAY]:
            del holder[name]
        while len(holder) > MOST_TOKENS:
            del holder[next(iter(holder))]
    for name in [name for name, expires_at in world.client_tokens.items() if expires_at <= now]:
        del world.client_tokens[name]
    while len(world.client_tokens) > MOST_TOKENS:
        del world.client_tokens[next(iter(world.client_tokens))]
    world.sweep_at = max(SWEEP_AT, 2 * (sum(len(holder) for holder in holders) + len(world.client_tokens)))
