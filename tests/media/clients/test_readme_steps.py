"""The README's walk through an upload by hand, exactly as it is printed"""

import re
import shutil
import subprocess

import pytest

from tests.media.server_process import ROOT
from tiktok_api.cli.sample_video import make_sample_video

pytestmark = [
    pytest.mark.xdist_group("media server"),
    pytest.mark.skipif(not all(map(shutil.which, ("curl", "openssl", "jq"))), reason="needs curl, openssl and jq"),
]


def test_every_step_of_the_readme_does_what_it_says(stage, tmp_path):
    size = make_sample_video(tmp_path / "hello.mp4", seconds=1, pad_to_bytes=1_500_001).stat().st_size
    section = (ROOT / "README.md").read_text().partition("### By tus, step by step")[2].partition("\n### ")[0]
    steps = "\n".join(re.findall(r"```bash\n(.*?)```", section, re.DOTALL))
    environment = {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "API": f"{stage.server.url}/api/v1",
        "AUTH": f"Authorization: Bearer {stage.owner.tokens['access_token']}",
    }

    done = subprocess.run(
        ["/bin/sh", "-e", "-u"], input=steps, env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=120
    )

    assert done.returncode == 0, done.stderr
    statuses = re.findall(r"HTTP/1.1 (?!100)(\d+)", done.stdout)
    offsets = re.findall(r"^Upload-Offset: (\d+)", done.stdout, re.MULTILINE)
    assert statuses == ["204", "204", "204", "204"], done.stdout
    assert offsets == [str(size // 2), str(size)]
    assert '"percentage": 50' in done.stdout
    assert re.search(rf'"status": "(inspecting|ready)",\s*"size_bytes": {size}', done.stdout)
