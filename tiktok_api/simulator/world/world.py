"""The world: everything that exists in one simulated TikTok, under one lock."""

import contextlib
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from flask import current_app, has_request_context, request

from tiktok_api.simulator.models.apps import App
from tiktok_api.simulator.models.call_windows import SlidingWindows
from tiktok_api.simulator.models.consents import Code, Grant, Token
from tiktok_api.simulator.models.creators import Creator
from tiktok_api.simulator.models.deliveries import DeliveryLog
from tiktok_api.simulator.models.fault_rules import FaultRules
from tiktok_api.simulator.models.journal import Journal
from tiktok_api.simulator.models.publications import Publications, SimulatedPublication
from tiktok_api.simulator.models.spool import Spool
from tiktok_api.simulator.models.videos import SimulatedVideo, Videos
from tiktok_api.simulator.options.options import Options
from tiktok_api.simulator.options.timestamps import from_iso
from tiktok_api.simulator.world import growth, seed
from tiktok_api.simulator.world.agenda import Agenda, ScheduledEvent
from tiktok_api.simulator.world.clock import Clock
from tiktok_api.simulator.world.ids import IdGenerator
from tiktok_api.simulator.world.ports import Background

GENERATION = "simulator.generation"
"""The key of a WSGI environment with the generation in which the request arrived."""
SWEEP_AT = 64
"""At this many codes and tokens the expired ones are forgotten for the first time."""


class WorldGone(BaseException):
    """A reset has ended the world of this request; not an Exception, so that no error handler answers it."""


class World:
    """One simulated TikTok.

    Code that reads or changes it does so inside `with world.moment() as now`, which takes the lock and first runs
    every event that is due. Receiving bytes and talking to other servers happen outside the lock.
    """

    def __init__(
        self, make_background: Callable[["World"], Background], media_folder: Path | None = None, **options: Any
    ) -> None:
        """Begin a world; received media lie in a temporary folder unless one is named. Raises InvalidOption, OSError."""
        self.lock = threading.RLock()
        self.stopping = threading.Event()
        self._ended = threading.Event()
        self.journal = Journal()
        self.faults = FaultRules()
        self.background = make_background(self)
        self.spool = Spool(media_folder)
        self.is_touched = True
        self.at_reset: dict[str, Any] = {}
        self.start_options = dict(options)
        self.generation = 0
        self.reset()

    def reset(self, changes: dict[str, Any] | None = None) -> None:
        """Back to the seed, with the options of the start, those that waited for this reset, and these changes.

        They hold until the next reset. Raises InvalidOption, and then nothing has changed.
        """
        with self.lock:
            options = Options()
            options.change({**self.start_options, **self.at_reset, **(changes or {})})
            self.options = options
            self.at_reset = {}
            self.generation += 1
            self._ended.set()
            self._ended = threading.Event()
            self.background.discard_all()
            self._empty()
            if self.generation > 1:  # before the first reset a state file may still need them
                self.spool.keep_only(())
            self.journal.clear()
            self.faults.clear()
            self.is_touched = True
            self._populate()

    def _empty(self) -> None:
        self.clock = Clock(from_iso(self.options.start_at) if self.options.start_at else None)
        self.began_at = self.clock.now()
        self.agenda = Agenda()
        self.ids = IdGenerator(self.options.seed)
        self.windows = SlidingWindows()
        self.apps: dict[str, App] = {}
        self.creators: dict[str, Creator] = {}
        self.videos = Videos()
        self.codes: dict[str, Code] = {}
        self.grants: dict[tuple[str, str], Grant] = {}
        self.access_tokens: dict[str, Token] = {}
        self.refresh_tokens: dict[str, Token] = {}
        self.client_tokens: dict[str, float] = {}
        self.sweep_at = SWEEP_AT
        self.publications = Publications()
        self.deliveries = DeliveryLog()

    def _populate(self) -> None:
        for app in seed.first_apps(self.options):
            self.apps[app.client_key] = app
        for creator in seed.first_creators(self.options):
            self.creators[creator.username] = creator
            for each in seed.earlier_videos(self.options, creator, self.began_at):
                video = self.add_video(each.moment, creator.username, each.title, duration=each.duration)
                video.reach = growth.reach_of(self.options.seed, creator.followers, video.id)

    def change_options(self, changes: dict[str, Any]) -> None:
        """Change some options, all or none; those that take effect at a reset wait for it. Raises InvalidOption."""
        for name, value in self.options.checked(changes).items():
            if name not in Options.at_reset():
                setattr(self.options, name, value)
            elif value == getattr(self.options, name):
                self.at_reset.pop(name, None)
            else:
                self.at_reset[name] = value

    def knows(self, publication: SimulatedPublication) -> bool:
        """Returns True if a publication belongs to this world and not to one that a reset has ended."""
        return self.publications.get(publication.publish_id) is publication

    def pause(self, seconds: float) -> None:
        """Wait this many real seconds, or until this world is stopped or reset."""
        with self.lock:
            ended = self._ended
        if not self.stopping.is_set():
            ended.wait(seconds)

    @contextlib.contextmanager
    def moment(self) -> Iterator[float]:
        """Hold the lock at the present moment, after every event that is due has run."""
        with self.lock:
            now = self.clock.now()
            self._refuse_if_gone()
            self.agenda.run_until(self, now)
            self.is_touched = True
            yield now

    def _refuse_if_gone(self) -> None:
        """Raises WorldGone for a request to TikTok's API that arrived before the last reset."""
        if has_request_context() and request.environ.get(GENERATION, self.generation) != self.generation:
            raise WorldGone

    def schedule(self, moment: float, event: ScheduledEvent, *arguments: Any) -> None:
        """Run an event at a moment, even if no request comes in; the arguments must be JSON."""
        self.agenda.add(moment, event.__name__, *arguments)
        self.background.wake()

    def public_videos(self, username: str) -> list[SimulatedVideo]:
        """Returns the videos of a creator that everyone can watch, newest first."""
        return [video for video in self.videos.of_creator(username) if self.is_public(video)]

    def is_public(self, video: SimulatedVideo) -> bool:
        """Returns True if everyone can watch a video; no video of a private account is public."""
        return video.is_public and not self.creators[video.username].private

    def listed_videos(self, username: str) -> list[SimulatedVideo]:
        """Returns what the Display API shows of a creator, newest first."""
        photos = self.options.photos_in_video_list
        return [video for video in self.public_videos(username) if photos or not video.is_photo]

    def add_video(self, moment: float, username: str, title: str, **details: Any) -> SimulatedVideo:
        """Put a video on a creator's profile; no two videos of one creator have the same millisecond."""
        created_ms = self.videos.free_millisecond(username, int(moment * 1000))
        video = SimulatedVideo(self.ids.number(moment), username, created_ms, title, **details)
        if not video.reach:
            days = max(0.0, (moment - self.began_at) / growth.DAY)
            crowd = growth.followers(self.options.seed, self.creators[username], days)
            video.reach = growth.reach_of(self.options.seed, crowd, video.id)
        self.videos.add(video)
        return video

    def post_cap(self, creator: Creator) -> int:
        """Returns how many direct posts a creator can make in 24 hours."""
        return self.options.post_cap if creator.post_cap is None else creator.post_cap

    def add_publication(self, publication: SimulatedPublication) -> None:
        """Add a publication, and forget the oldest ones beyond the option `publications_kept`."""
        self.publications.add(publication)
        self.publications.forget_oldest(self.options.publications_kept, self.clock.now())

    def video_counters(self, video: SimulatedVideo, now: float) -> dict[str, int]:
        """Returns the counters of a video now, or at the beginning if growth is off."""
        return growth.video_counters(self.options.seed, video, now if self.options.growth else self.began_at)

    def creator_counters(self, creator: Creator, now: float) -> dict[str, int]:
        """Returns the counters of a creator now, or at the beginning if growth is off."""
        moment = now if self.options.growth else self.began_at
        videos = self.public_videos(creator.username)
        return growth.creator_counters(self.options.seed, creator, videos, began_at=self.began_at, now=moment)

    def stop(self) -> None:
        """End every wait of this world; the server then stops its threads."""
        self.stopping.set()
        self._ended.set()
        self.background.recheck()

    def close(self) -> None:
        """Stop the background and remove the received media of a temporary folder."""
        self.stop()
        self.background.stop()
        self.spool.close()


def current_world() -> World:
    """Returns the world of the application that answers this request."""
    world: World = current_app.extensions["world"]
    return world
