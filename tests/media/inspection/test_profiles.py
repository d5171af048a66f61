"""The ICC profiles that are shipped as data are those of their standards"""

from pathlib import Path

import pytest
from PIL import ImageCms

from tiktok_api.media.inspection.child.photo import profiles

FOLDER = Path(profiles.__file__).parent / "icc"
DISPLAY_P3 = ((0.51512, 0.24120, -0.00105), (0.29198, 0.69225, 0.04189), (0.15710, 0.06657, 0.78407))
BT2020 = ((0.67348, 0.27904, -0.00194), (0.16566, 0.67534, 0.02998), (0.12505, 0.04561, 0.79684))
"""Red, green and blue as XYZ relative to D50, from the chromaticities of SMPTE EG 432-1 and ITU-R BT.2020."""


@pytest.mark.parametrize(
    ("name", "primaries"),
    [("display_p3", DISPLAY_P3), ("display_p3_pq", DISPLAY_P3), ("bt2020", BT2020), ("bt2020_pq", BT2020)],
)
def test_a_profile_has_the_primaries_of_its_standard(name, primaries):
    profile = ImageCms.ImageCmsProfile(str(FOLDER / f"{name}.icc")).profile

    found = (profile.red_colorant, profile.green_colorant, profile.blue_colorant)
    for (xyz, _), expected in zip(found, primaries, strict=True):
        assert xyz == pytest.approx(expected, abs=0.0001)


@pytest.mark.parametrize(
    ("primaries", "transfer", "name"),
    [(12, 13, "display_p3"), (12, 16, "display_p3_pq"), (9, 14, "bt2020"), (9, 18, "bt2020"), (9, 16, "bt2020_pq")],
)
def test_numbers_choose_the_profile(primaries, transfer, name):
    nclx = {"color_primaries": primaries, "transfer_characteristics": transfer}

    assert profiles.profile_for(nclx) == (FOLDER / f"{name}.icc").read_bytes()


@pytest.mark.parametrize("nclx", [None, {"color_primaries": 1, "transfer_characteristics": 13}])
def test_srgb_needs_no_profile(nclx):
    assert profiles.profile_for(nclx) is None
