"""Which videos of phones, recorders and editors TikTok accepts, and why it refuses others."""

import pytest

from tests.media.inspection.corpus import GOOD

REASONS = {
    "video_container": "file_format_check_failed",
    "video_codec": "file_format_check_failed",
    "video_fps": "frame_rate_check_failed",
    "video_width": "picture_size_check_failed",
    "video_height": "picture_size_check_failed",
}


@pytest.mark.parametrize("name", GOOD)
def test_a_video_of_a_common_device_is_accepted(client, ada, name):
    case = GOOD[name]
    publish_id = ada.publish(case.make())
    client.control.advance(60)

    assert ada.status(publish_id).get("fail_reason") == (REASONS[case.problems[0]] if case.problems else None)
