"""A process that claims jobs: `python -m tests.jobs.claiming_process`, ids on standard input and output."""

import sys
from datetime import timedelta
from uuid import UUID

from tiktok_api.app import create_app
from tiktok_api.jobs import executor
from tiktok_api.settings import load


def main() -> None:
    app = create_app(load(env_file=None))
    with app.app_context():
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        for job_id in sys.stdin.readline().split():
            if executor.claim([UUID(job_id)], timedelta(seconds=60)):
                sys.stdout.write(f"{job_id}\n")


if __name__ == "__main__":
    main()
