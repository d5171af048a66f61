"""A user's random posts, and what each filter and order makes of them by looking at all."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from tiktok_api.accounts.models import Account
from tiktok_api.db import new_id, transaction
from tiktok_api.posts.bookkeeping.labels import label_rows
from tiktok_api.posts.models import Post, Publication
from tiktok_api.posts.states import PublicationState
from tiktok_api.posts.vocabulary import PostStatus, PostType

TAGS, LABELS, WORDS = ("agency", "berlin", "none"), ("autumn", "Autumn", "on hold", "x" * 50), ("studio", "seaside", "")
TIMES = [None, *(datetime(2026, 3, day, 12, tzinfo=UTC) for day in range(1, 6))]
FIRST = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass
class World:
    """Accounts with tags, and posts of which many share their times."""

    posts: list[Post] = field(default_factory=list)
    accounts: dict[UUID, list[str]] = field(default_factory=dict)
    targets: dict[UUID, set[UUID]] = field(default_factory=dict)

    def matching(self, wanted: dict[str, Any], sort: str) -> list[str]:
        """The ids of all posts that a list must hold, in its order."""
        among = {UUID(each) for each in wanted.get("account_id", ())} or set(self.accounts)
        found = [post for post in self.posts if all(self._has(post, name, wanted[name], among) for name in wanted)]
        if sort.endswith("publish_at"):
            found = [post for post in found if post.publish_at]
            found.sort(key=lambda post: (post.publish_at, post.created_at, post.id), reverse=sort[0] == "-")
        else:
            found.sort(key=lambda post: (post.created_at, post.id), reverse=sort[0] == "-")
        return [str(post.id) for post in found]

    def _has(self, post: Post, name: str, values: Any, among: set[UUID]) -> bool:
        accounts = self.targets[post.id]
        return {
            "status": lambda: post.status in values,
            "type": lambda: post.type in values,
            "account_id": lambda: bool(accounts & {UUID(each) for each in values}),
            "tag": lambda: any(set(self.accounts[each]) & set(values) for each in accounts & among),
            "label": lambda: bool(set(post.labels) & set(values)),
            "external_id": lambda: post.external_id in values,
            "q": lambda: any(values.lower() in text.lower() for text in (post.caption, post.title, post.description)),
            "from": lambda: post.publish_at is not None and post.publish_at >= datetime.fromisoformat(values),
            "to": lambda: post.publish_at is not None and post.publish_at < datetime.fromisoformat(values),
        }[name]()


def make_world(owner_id: UUID, seed: int, posts: int = 90) -> World:
    """Store random posts of an owner's; call it in the application's context."""
    chance, world = random.Random(seed), World()
    with transaction() as session:
        for number in range(4):
            account = make_account(owner_id, f"open-{seed}-{number}", chance.sample(TAGS[:2], number % 3))
            session.add(account)
            world.accounts[account.id] = account.tags
        session.flush()
        for number in range(posts):
            post = _post(owner_id, number, chance)
            world.posts.append(post)
            world.targets[post.id] = set(chance.sample(list(world.accounts), chance.randrange(4)))
            session.add(post)
            session.flush()
            session.add_all([*_publications(post, world.targets[post.id]), *label_rows(post)])
    return world


def make_account(owner_id: UUID, open_id: str, tags: list[str]) -> Account:
    later = FIRST + timedelta(days=900)
    secrets = {"access_token_encrypted": b"", "refresh_token_encrypted": b""}
    times = dict.fromkeys(("access_expires_at", "refresh_expires_at", "renew_at", "connected_at"), later)
    return Account(id=new_id(), owner_id=owner_id, open_id=open_id, tags=tags, **secrets, **times)


def _post(owner_id: UUID, number: int, chance: random.Random) -> Post:
    """A video with a caption, or photos with a title and a description."""
    kind = chance.choice(list(PostType))
    names = ("caption",) if kind is PostType.VIDEO else ("title", "description")
    return Post(
        id=new_id(),
        owner_id=owner_id,
        created_at=FIRST + timedelta(hours=chance.randrange(20)),
        type=kind,
        **{name: f"{chance.choice(WORDS)} {number}" for name in names},
        status=chance.choice(list(PostStatus)),
        publish_at=chance.choice(TIMES),
        labels=chance.sample(LABELS, chance.randrange(4)),
        external_id=chance.choice([None, f"cms-{number}"]),
    )


def _publications(post: Post, accounts: set[UUID]) -> Iterator[Publication]:
    for account_id in accounts:
        yield Publication(
            post_id=post.id,
            owner_id=post.owner_id,
            account_id=account_id,
            post_created_at=post.created_at,
            post_publish_at=post.publish_at,
            state=PublicationState.CANCELLED,
        )
