"""The first state of every world: two apps, six creators and their earlier videos. All of it follows from the options."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tiktok_api.simulator.models.apps import App
from tiktok_api.simulator.models.creators import Creator
from tiktok_api.simulator.options.options import Options
from tiktok_api.simulator.world.growth import DAY, unit

CALLBACKS = ["http://127.0.0.1:*/api/v1/accounts/callback", "http://localhost:*/api/v1/accounts/callback"]

DEFAULT_APPS = ("awsimclient0001", "awsimclient0002")

HISTORY = {"ada": 34, "grace": 23, "linus": 8, "margaret": 15, "katherine": 11, "newcomer": 0}

SUBJECTS = (
    "Morning light over the harbour #morning #sea",
    "Three ways to fold a paper crane #origami #diy",
    "What I pack for a week by train #travel",
    "The loudest coffee machine in town #coffee",
    "Learning this riff in one evening #guitar #music",
    "A very small garden, one year on #garden",
    "Do not try this pasta shape #cooking #fyp",
    "Sorting a drawer of old keys #asmr",
)


@dataclass(frozen=True)
class EarlierVideo:
    """A video that a creator posted before the world began; the moment is in seconds since 1970 (UTC)."""

    moment: float
    title: str
    duration: int


def first_apps(options: Options) -> list[App]:
    """Returns the default apps."""
    apps = _default_apps(options.callbacks or CALLBACKS)
    for app in apps:
        app.webhook_url = options.webhook_url or None
    return apps


def first_creators(options: Options) -> list[Creator]:
    """Returns the default creators and the extra ones."""
    return [*_default_creators(), *_extra_creators(options.extra_creators)]


def earlier_videos(options: Options, creator: Creator, began_at: float) -> Iterator[EarlierVideo]:
    """Yields a creator's videos of the 120 days before the day on which the world begins, newest last."""
    count = HISTORY.get(creator.username, 3)
    midnight = began_at // DAY * DAY
    seed = options.seed
    for number in range(count):
        days_ago = 120 * (count - number) / count - unit(seed, f"when {creator.username} {number}") * 120 / count
        title = SUBJECTS[int(unit(seed, f"what {creator.username} {number}") * len(SUBJECTS))]
        duration = 8 + int(unit(seed, f"long {creator.username} {number}") * 52)
        yield EarlierVideo(midnight - 600 - days_ago * DAY, title, duration)


def _default_apps(callbacks: Sequence[str]) -> list[App]:
    desktop = App(
        client_key="awsimclient0001",
        client_secret="sim-client-secret-0001",  # noqa: S106 - a secret of the simulation alone
        name="Simulated desktop app",
        type="desktop",
        redirect_uris=list(callbacks),
        verified_domains=["media.example"],
    )
    web = App(
        client_key="awsimclient0002",
        client_secret="sim-client-secret-0002",  # noqa: S106 - a secret of the simulation alone
        name="Simulated web app",
        type="web",
        redirect_uris=["https://app.example/callback"],
        verified_domains=["media.example"],
    )
    return [desktop, web]


def _default_creators() -> list[Creator]:
    return [
        Creator("ada", "Ada L.", "Engines and poetry.", verified=True, followers=18_412, following=180, likes=96_120),
        Creator("grace", "Grace H.", "Compilers at sea.", followers=5_230, following=311, likes=20_817),
        Creator("linus", "Linus P.", "For friends only.", private=True, followers=412, following=97, likes=1_904),
        Creator(
            "margaret",
            "Margaret H.",
            "To the moon.",
            verified=True,
            duet_disabled=True,
            stitch_disabled=True,
            max_video_post_duration_sec=300,
            followers=120_904,
            following=12,
            likes=2_804_551,
            daily_growth=0.002,
        ),
        Creator(
            "katherine",
            "Katherine J.",
            "Orbits by hand.",
            comment_disabled=True,
            followers=2_044,
            following=45,
            likes=9_310,
        ),
        Creator("newcomer", "New here", max_video_post_duration_sec=180, following=3, app_version="30.2.0"),
    ]


def _extra_creators(count: int) -> list[Creator]:
    return [
        Creator(f"creator{number:04}", f"Creator {number}", followers=100 + 37 * number, following=number % 90)
        for number in range(1, count + 1)
    ]
