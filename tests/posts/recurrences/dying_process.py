"""A worker in a process of its own that makes the posts of a recurrence and is killed at one of its statements.

`python -m tests.posts.recurrences.dying_process URL RECURRENCE_ID NUMBER`: at which statement; -1: before its commit.
"""

import os
import signal
import sys
from uuid import UUID

from sqlalchemy import event

from tiktok_api.app import create_app
from tiktok_api.cli.stack.settings import local_settings
from tiktok_api.db import db, transaction
from tiktok_api.posts.recurrences.materialisation import materialise


def main(url: str, recurrence_id: str, number: int) -> None:
    """Make the posts, as far as death lets it."""
    app = create_app(local_settings(database_url=url))
    with app.app_context():
        done = 0

        def count(*_: object) -> None:
            nonlocal done
            done += 1
            if done == number:
                os.kill(os.getpid(), signal.SIGKILL)

        event.listen(db.engine, "before_cursor_execute", count)
        with transaction():
            materialise(UUID(recurrence_id))
            if number == -1:
                os.kill(os.getpid(), signal.SIGKILL)
    sys.stdout.write(str(done))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
