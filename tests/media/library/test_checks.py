"""TikTok's rules for media, held against facts"""

from dataclasses import dataclass, replace

import pytest

from tiktok_api.media.checks import Severity, all_checks, checks_for


@dataclass(frozen=True)
class Facts:
    """A video that TikTok takes in every respect."""

    status: str = "ready"
    kind: str = "video"
    container: str = "mp4"
    size_bytes: int = 10_000_000
    duration_seconds: float | None = 30.0
    width: int = 1080
    height: int = 1920
    fps: float | None = 30.0
    video_codec: str | None = "h264"

    @property
    def is_ready(self) -> bool:
        return self.status == "ready"


VIDEO = Facts()
PHOTO = Facts(kind="photo", container="jpeg", duration_seconds=None, fps=None, video_codec=None, size_bytes=900_000)


@pytest.mark.parametrize("facts", [VIDEO, PHOTO])
def test_nothing_is_found_about_what_tiktok_takes(facts):
    assert checks_for(facts, max_duration_seconds=60) == []
    assert {check.severity for check in all_checks(facts, max_duration_seconds=60)} == {Severity.OK}


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"container": "mkv"}, "video_container"),
        ({"video_codec": "av1"}, "video_codec"),
        ({"video_codec": "prores"}, "video_codec"),
        ({"fps": 22.9}, "video_fps"),
        ({"fps": 60.1}, "video_fps"),
        ({"fps": None}, "video_fps"),
        ({"width": 359}, "video_width"),
        ({"height": 359}, "video_height"),
        ({"width": 4097}, "video_width"),
        ({"height": 4097}, "video_height"),
        ({"size_bytes": 4 * 1024**3 + 1}, "video_size"),
        ({"duration_seconds": 600.1}, "video_duration"),
        ({"duration_seconds": 0.0}, "video_duration"),
        ({"duration_seconds": None}, "video_duration"),
    ],
)
def test_each_rule_for_videos_is_found_broken(changes, code):
    [finding] = checks_for(replace(VIDEO, **changes), max_duration_seconds=None)

    assert (finding.code, finding.severity) == (code, Severity.PROBLEM)
    assert finding.found == next(iter(changes.values()))
    assert finding.allowed is not None


@pytest.mark.parametrize(
    "changes",
    [
        {"container": "webm", "video_codec": "vp9"},
        {"container": "mov", "video_codec": "hevc"},
        {"container": "webm", "video_codec": "vp8"},
        {"fps": 23.0},
        {"fps": 23.976},
        {"fps": 59.94},
        {"fps": 60.0},
        {"fps": 60.02},
        {"width": 360, "height": 360},
        {"width": 4096, "height": 4096},
        {"size_bytes": 4 * 1024**3},
        {"duration_seconds": 180.0},
    ],
)
def test_the_edge_of_each_rule_is_allowed(changes):
    assert checks_for(replace(VIDEO, **changes), max_duration_seconds=None) == []


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"container": "png"}, "photo_format"),
        ({"container": "heic"}, "photo_format"),
        ({"size_bytes": 20_000_001}, "photo_size"),
        ({"width": 1081, "height": 1920}, "photo_dimensions"),
        ({"width": 1080, "height": 1921}, "photo_dimensions"),
        ({"width": 1200, "height": 1200}, "photo_dimensions"),
    ],
)
def test_each_rule_for_photos_is_found_broken(changes, code):
    [finding] = checks_for(replace(PHOTO, **changes), max_duration_seconds=None)

    assert (finding.code, finding.severity) == (code, Severity.PROBLEM)


@pytest.mark.parametrize(("width", "height"), [(1080, 1920), (1920, 1080), (1080, 1080), (1, 1)])
def test_a_photo_of_1080p_either_way_is_allowed(width, height):
    assert checks_for(replace(PHOTO, width=width, height=height), max_duration_seconds=None) == []


@pytest.mark.parametrize("size_bytes", [1, 20_000_000])
def test_a_photo_of_20_mb_is_allowed(size_bytes):
    assert checks_for(replace(PHOTO, size_bytes=size_bytes), max_duration_seconds=None) == []


@pytest.mark.parametrize(
    ("creators_own", "seconds", "is_met"),
    [(600, 600.0, True), (600, 600.001, False), (60, 60.0, True), (60, 60.001, False), (3600, 600.0, True)],
)
def test_a_video_may_be_exactly_as_long_as_the_creator_may_post(creators_own, seconds, is_met):
    found = checks_for(replace(VIDEO, duration_seconds=seconds), max_duration_seconds=creators_own)

    assert [finding.code for finding in found] == ([] if is_met else ["video_duration"])


@pytest.mark.parametrize("fps", [22.91, 22.98, 22.999, 60.06, 60.09])
def test_a_rate_that_is_hardly_beyond_the_limits_is_left_to_tiktok(fps):
    [finding] = checks_for(replace(VIDEO, fps=fps), max_duration_seconds=60)

    assert (finding.code, finding.severity) == ("video_fps", Severity.WARNING)
    assert (finding.found, finding.allowed) == (fps, {"min": 23.0, "max": 60.0})
    assert "TikTok decides" in finding.message


@pytest.mark.parametrize(
    ("seconds", "creators_own", "severity"),
    [
        (180.013, 180, Severity.WARNING),
        (180.099, 180, Severity.WARNING),
        (180.1, 180, Severity.PROBLEM),
        (60.04, 60, Severity.WARNING),
        (600.013, 600, Severity.WARNING),
        (600.013, None, Severity.WARNING),
        (600.013, 3600, Severity.WARNING),
        (600.1, None, Severity.PROBLEM),
        (600.1, 3600, Severity.PROBLEM),
    ],
)
def test_a_duration_that_is_hardly_beyond_the_limit_is_left_to_tiktok(seconds, creators_own, severity):
    [finding] = checks_for(replace(VIDEO, duration_seconds=seconds), max_duration_seconds=creators_own)

    assert (finding.code, finding.severity) == ("video_duration", severity)
    assert (finding.found, finding.allowed) == (seconds, creators_own if creators_own in (60, 180) else 600)


def test_ten_minutes_exactly_are_no_problem_as_long_as_the_creator_is_unknown():
    [finding] = checks_for(replace(VIDEO, duration_seconds=600.0), max_duration_seconds=None)

    assert (finding.severity, finding.found, finding.allowed) == (Severity.WARNING, 600.0, 180)


def test_every_rule_says_what_it_found_and_allows_also_where_it_is_met():
    shown = {
        finding.code: (finding.found, finding.allowed)
        for facts in (VIDEO, PHOTO)
        for finding in all_checks(facts, max_duration_seconds=60)
    }

    assert shown == {
        "video_container": ("mp4", ["mp4", "webm", "mov"]),
        "video_codec": ("h264", ["h264", "hevc", "vp8", "vp9"]),
        "video_fps": (30.0, {"min": 23.0, "max": 60.0}),
        "video_width": (1080, {"min": 360, "max": 4096}),
        "video_height": (1920, {"min": 360, "max": 4096}),
        "video_size": (10_000_000, 4 * 1024**3),
        "video_duration": (30.0, 60),
        "photo_format": ("jpeg", ["jpeg", "webp"]),
        "photo_size": (900_000, 20_000_000),
        "photo_dimensions": ({"width": 1080, "height": 1920}, {"long_side": 1920, "short_side": 1080}),
    }


def test_longer_than_every_creator_may_post_is_a_warning_until_the_creator_is_known():
    three_minutes_and_a_bit = replace(VIDEO, duration_seconds=180.5)

    [unknown] = checks_for(three_minutes_and_a_bit, max_duration_seconds=None)
    [small] = checks_for(three_minutes_and_a_bit, max_duration_seconds=180)

    assert unknown.severity is Severity.WARNING
    assert (small.severity, small.found, small.allowed) == (Severity.PROBLEM, 180.5, 180)
    assert checks_for(three_minutes_and_a_bit, max_duration_seconds=300) == []


def test_no_creator_may_post_more_than_the_api_takes():
    [finding] = checks_for(replace(VIDEO, duration_seconds=700.0), max_duration_seconds=3600)

    assert finding.allowed == 600


@pytest.mark.parametrize("status", ["uploading", "inspecting", "rejected"])
def test_what_is_not_ready_is_the_only_finding(status):
    [finding] = checks_for(replace(VIDEO, status=status), max_duration_seconds=None)

    assert (finding.code, finding.severity, finding.found) == ("media_not_ready", Severity.PROBLEM, status)
