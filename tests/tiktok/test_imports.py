"""The client stands alone"""

import subprocess
import sys

STRANGERS = ("flask", "marshmallow", "sqlalchemy", "celery", "redis", "tiktok_api.simulator", "tiktok_api.db")


def test_importing_the_client_imports_no_other_room():
    program = "import sys, tiktok_api.tiktok; print(*sys.modules)"

    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()

    assert "tiktok_api.tiktok.wire" in loaded
    assert [name for name in loaded if name.startswith(STRANGERS)] == []
