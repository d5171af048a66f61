"""The world: everything that exists in one simulated TikTok, under one lock."""

import contextlib
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from flask import current_app, has_request_context, request

from tiktok_api.simulator.api.rate_limits import SlidingWindows
from tiktok_api.simulator.background.deliveries import Mailbox
from tiktok_api.simulator.background.lanes import Courier
from tiktok_api.simulator.faults.journal import Journal
from tiktok_api.simulator.faults.rules import Mischief
from tiktok_api.simulator.state import retention, snapshot
from tiktok_api.simulator.state.spool import Spool
from tiktok_api.simulator.world import growth, seed
from tiktok_api.simulator.world.agenda import Agenda, Happening
from tiktok_api.simulator.world.clock import Clock, from_iso
from tiktok_api.simulator.world.ids import Mint
from tiktok_api.simulator.world.models import App, Code, Creator, Grant, Publication, Token, Video
from tiktok_api.simulator.world.options import Knobs

GENERATION = "simulator.generation"
"""The key of a WSGI environment under which the generation stands in which a request came in."""


class WorldGone(BaseException):
    """A request belongs to a world that a reset has ended; not an Exception, so that no handler answers for it."""


class World:
    """One simulated TikTok.

    Whoever reads or changes it does so inside `with world.moment() as now`, which takes the lock and first lets
    everything happen that has come due. Bytes on their way in and requests on their way out stay outside the lock.
    """

    def __init__(self, media_folder: Path | None = None, **knobs: Any) -> None:
        """Begin a world; received media lie in a temporary folder unless one is named. Raises UnknownKnob, OSError."""
        self.lock = threading.RLock()
        self.stopping = threading.Event()
        self._ended = threading.Event()
        self.journal = Journal()
        self.mischief = Mischief()
        self.courier = Courier(self)
        self.spool = Spool(media_folder)
        self.is_touched = True
        self.at_reset: dict[str, Any] = {}
        self._initial = dict(knobs)
        self.reset()

    def reset(self, changes: dict[str, Any] | None = None) -> None:
        """Back to the seed, with the knobs of the start, those that waited for this reset, and such changes to them.

        All of it counts until the next reset. Raises UnknownKnob, and then nothing has changed.
        """
        with self.lock:
            knobs = Knobs()
            knobs.turn({**self._initial, **self.at_reset, **(changes or {})})
            self.knobs = knobs
            self.at_reset = {}
            self.generation = getattr(self, "generation", 0) + 1
            self._ended.set()
            self._ended = threading.Event()
            self.courier.begin_anew()
            self.clock = Clock(from_iso(self.knobs.start_at) if self.knobs.start_at else None)
            self.began_at = self.clock.now()
            self.agenda = Agenda()
            self.mint = Mint(self.knobs.seed)
            self.windows = SlidingWindows()
            self.apps: dict[str, App] = {}
            self.creators: dict[str, Creator] = {}
            self.forget_videos()
            self.codes: dict[str, Code] = {}
            self.grants: dict[tuple[str, str], Grant] = {}
            self.access_tokens: dict[str, Token] = {}
            self.refresh_tokens: dict[str, Token] = {}
            self.client_tokens: dict[str, float] = {}
            self.sweep_at = retention.SWEEP_AT
            self.forget_publications()
            if self.generation > 1:  # before the first reset a state file may still need them
                self.spool.keep_only(())
            self.mailbox = Mailbox()
            self.journal.clear()
            self.mischief.clear()
            self.is_touched = True
            seed.populate(self)

    def turn(self, changes: dict[str, Any]) -> None:
        """Turn some knobs, all or none; those that count from the next reset wait for it. Raises UnknownKnob."""
        for name, value in self.knobs.checked(changes).items():
            if name not in Knobs.at_reset():
                setattr(self.knobs, name, value)
            elif value == getattr(self.knobs, name):
                self.at_reset.pop(name, None)
            else:
                self.at_reset[name] = value

    def load(self, saved: dict[str, Any], wall_clock: float) -> None:
        """Put a saved world in the place of a fresh one; options named at the start win over what was saved."""
        with self.lock:
            self.knobs.turn(saved["knobs"])
            self.at_reset = Knobs().checked(saved["at_reset"])
            at_once = {name: value for name, value in self._initial.items() if name not in Knobs.at_reset()}
            self.knobs.turn(at_once)
            snapshot.load(self, saved, wall_clock)
            if url := self._initial.get("webhook_url"):
                self.knobs.webhook_url = url
                seed.set_callback(self, url)

    def knows(self, publication: Publication) -> bool:
        """Whether a publication is of this world, not of one that a reset has ended."""
        return self.publications.get(publication.publish_id) is publication

    def pause(self, seconds: float) -> None:
        """Wait for so many real seconds, or until this world is stopped or reset."""
        with self.lock:
            ended = self._ended
        if not self.stopping.is_set():
            ended.wait(seconds)

    @contextlib.contextmanager
    def moment(self) -> Iterator[float]:
        """Hold the world still at the present moment, with everything done that was due."""
        with self.lock:
            now = self.clock.now()
            self._refuse_if_gone()
            self.agenda.run_until(self, now)
            self.is_touched = True
            yield now

    def _refuse_if_gone(self) -> None:
        """Raises WorldGone for a request of TikTok's API that came in before the last reset."""
        if has_request_context() and request.environ.get(GENERATION, self.generation) != self.generation:
            raise WorldGone

    def schedule(self, moment: float, happening: Happening, *arguments: Any) -> None:
        """Let something happen at a moment, whether a request comes in or not; the arguments must be JSON."""
        self.agenda.at(moment, happening.__name__, *arguments)
        self.courier.wake()

    def videos_of(self, username: str) -> list[Video]:
        """A creator's posts, newest first."""
        return sorted(self._profiles.get(username, {}).values(), key=lambda video: -video.created_ms)

    def public_videos(self, username: str) -> list[Video]:
        """What anybody can watch of a creator, newest first; nothing of a private account."""
        return [video for video in self.videos_of(username) if self.is_public(video)]

    def is_public(self, video: Video) -> bool:
        """Whether anybody can watch a post: nothing of a private account is public."""
        return video.is_public and not self.creators[video.username].private

    def listed_videos(self, username: str) -> list[Video]:
        """What the Display API shows of a creator, newest first."""
        photos = self.knobs.photos_in_video_list
        return [video for video in self.public_videos(username) if photos or not video.is_photo]

    def add_video(self, moment: float, username: str, title: str, **details: Any) -> Video:
        """Put a post on a creator's profile; within one creator no two carry the same millisecond."""
        profile = self._profiles.setdefault(username, {})
        created_ms = int(moment * 1000)
        while created_ms in profile:
            created_ms += 1
        video = Video(self.mint.number(moment), username, created_ms, title, **details)
        if not video.reach:
            days = max(0.0, (moment - self.began_at) / growth.DAY)
            crowd = growth.followers(self.knobs.seed, self.creators[username], days)
            video.reach = growth.reach_of(self.knobs.seed, crowd, video.id)
        self.keep_video(video)
        retention.forget_videos(self)
        return video

    def keep_video(self, video: Video) -> None:
        """Put a post back where it was."""
        self.videos[video.id] = self._profiles.setdefault(video.username, {})[video.created_ms] = video

    def remove_video(self, video: Video) -> None:
        """Forget a post altogether."""
        del self.videos[video.id]
        self._profiles[video.username].pop(video.created_ms, None)

    def forget_videos(self) -> None:
        """Begin without posts."""
        self.videos: dict[int, Video] = {}
        self._profiles: dict[str, dict[int, Video]] = {}

    def add_publication(self, publication: Publication) -> None:
        """Remember a publication, and forget old ones that are too many."""
        self.publications[publication.publish_id] = publication
        self._publications_of.setdefault(publication.username, []).append(publication)
        if publication.upload_id is not None:
            self.uploads[publication.upload_id] = publication
        pair = (publication.client_key, publication.username)
        self.init_counts[pair] = max(self.init_counts.get(pair, 0), publication.init_count)
        retention.forget_publications(self, self.clock.now())

    def remove_publication(self, publication: Publication) -> None:
        """Forget a publication altogether."""
        del self.publications[publication.publish_id]
        self._publications_of[publication.username].remove(publication)
        self.uploads.pop(publication.upload_id or "", None)

    def forget_publications(self) -> None:
        """Begin without publications."""
        self.publications: dict[str, Publication] = {}
        self.uploads: dict[str, Publication] = {}
        self._publications_of: dict[str, list[Publication]] = {}
        self.init_counts: dict[tuple[str, str], int] = {}
        self.media_bytes: dict[str, int] = {}
        self.media_total = 0

    def publications_of(self, username: str) -> list[Publication]:
        """A creator's publications over all apps, oldest first."""
        return self._publications_of.get(username, [])

    def video_counters(self, video: Video, now: float) -> dict[str, int]:
        """The counters of a video as of now, or as of the beginning where growth is off."""
        return growth.video_counters(self.knobs.seed, video, now if self.knobs.growth else self.began_at)

    def creator_counters(self, creator: Creator, now: float) -> dict[str, int]:
        """The counters of a creator as of now, or as of the beginning where growth is off."""
        moment = now if self.knobs.growth else self.began_at
        videos = self.public_videos(creator.username)
        return growth.creator_counters(self.knobs.seed, creator, videos, began_at=self.began_at, now=moment)

    def stop(self) -> None:
        """Let everything that waits or runs for this world come to its end."""
        self.stopping.set()
        self._ended.set()
        self.courier.stir()

    def close(self) -> None:
        """Stop what runs in the background and remove what was received."""
        self.stop()
        self.courier.stop()
        self.spool.close()


def current_world() -> World:
    """The world of the application that answers the request at hand."""
    world: World = current_app.extensions["world"]
    return world
