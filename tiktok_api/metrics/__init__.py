"""What is counted for Prometheus: `counters` declares it by name, `exposition` shows what several processes counted as one.

No other package imports the library, because it decides when it is imported whether there is one process or several. With
several, the values of `counters.REQUESTS` live in files of a folder that gunicorn's master makes; else in memory.
"""

import os
from pathlib import Path

FOLDER_VARIABLE, FOLDER_PREFIX = "PROMETHEUS_MULTIPROC_DIR", "tiktok-api-metrics-"

if not Path(os.environ.get(FOLDER_VARIABLE, "")).name.startswith(FOLDER_PREFIX):
    os.environ.pop(FOLDER_VARIABLE, None)  # not gunicorn's: what a worker wrote there would count as an API process's
