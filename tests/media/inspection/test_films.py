"""Videos as phones, cameras, recorders and editors make them are what a player shows of them"""

import pytest

from tests.media.inspection.corpus import BROKEN, GOOD
from tests.media.inspection.films import bar_side

FPS_WITHIN = 0.01


@pytest.fixture
def shown(make_media, owner):
    """A file uploaded: how the API shows it, what it finds about it by severity, and its thumbnail."""

    def show(content):
        media = make_media(content)
        assert media["status"] == "ready", media["rejection"]
        checks = owner.get(f"/media/{media['id']}/checks").json
        found = {"problem": [], "warning": []}
        for check in checks["checks"]:
            found.setdefault(check["severity"], []).append(check["code"])
        assert checks["is_postable"] is (not found["problem"])
        return media, found, owner.get(f"/media/{media['id']}/thumbnail").data

    return show


@pytest.mark.parametrize("name", GOOD)
def test_it_is_what_a_player_shows(shown, name):
    case = GOOD[name]

    media, found, thumbnail = shown(case.make())

    assert (media["container"], media["video_codec"], media["audio_codec"]) == (case.container, case.video, case.audio)
    assert (media["width"], media["height"], media["has_audio"]) == (*case.size, case.audio is not None)
    assert media["duration_seconds"] == pytest.approx(case.seconds, abs=case.within)
    assert media["fps"] == pytest.approx(case.fps, abs=FPS_WITHIN)
    assert (tuple(found["problem"]), tuple(found["warning"])) == (case.problems, case.warnings)
    if case.bar is not None:
        assert bar_side(thumbnail) == case.bar


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_broken_is_refused(make_media, name):
    media = make_media(BROKEN[name]())

    assert media["status"] == "rejected"
    assert media["rejection"]["code"] in ("file_truncated", "undecodable", "no_video", "codec_unsupported")
