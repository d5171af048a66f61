"""What the world forgets, so that it stays the same size however long it runs."""

from typing import TYPE_CHECKING

from tiktok_api.simulator.world.models import Code, Publication, Token

if TYPE_CHECKING:
    from tiktok_api.simulator.world.world import World

DAY = 86_400.0
MOST_TOKENS = 20_000
"""Of each kind; beyond that the oldest go, though they may be alive."""
MOST_VIDEOS = 100_000
SWEEP_AT = 64


def forget_tokens(world: "World", now: float) -> None:
    """Forget codes and tokens a day after their end: they are answered like unknown ones long before."""
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


def forget_publications(world: "World", now: float) -> None:
    """Forget the oldest finished publications beyond the number that is kept; their posts stay on the profile.

    Those of the last day count for caps, so they go only when there are far too many.
    """
    kept = world.knobs.publications_kept
    surplus = len(world.publications) - kept
    if surplus <= 0:
        return
    is_far_too_many = surplus > kept + SWEEP_AT
    for publication in list(world.publications.values())[: surplus + SWEEP_AT]:
        if surplus <= 0:
            return
        if is_far_too_many or (publication.is_over and (publication.finished_at or now) <= now - DAY):
            _forget(world, publication)
            surplus -= 1


def _forget(world: "World", publication: Publication) -> None:
    forget_media(world, publication.publish_id)
    publication.drop_files()
    world.remove_publication(publication)


def keep_media(world: "World", publication: Publication) -> None:
    """Note that inspected media are kept, and remove the oldest beyond the bytes that are."""
    forgotten = world.media_bytes.pop(publication.publish_id, 0)
    world.media_bytes[publication.publish_id] = publication.received_bytes
    world.media_total += publication.received_bytes - forgotten
    while world.media_total > world.knobs.media_bytes_kept:
        forget_media(world, next(iter(world.media_bytes)))


def forget_media(world: "World", publish_id: str) -> None:
    """Remove the kept media of a publication, if there are any."""
    world.media_total -= world.media_bytes.pop(publish_id, 0)
    publication = world.publications.get(publish_id)
    if publication is not None:
        publication.drop_files()


def forget_videos(world: "World") -> None:
    """Forget the oldest posts beyond the number that is kept."""
    while len(world.videos) > MOST_VIDEOS:
        world.remove_video(next(iter(world.videos.values())))
