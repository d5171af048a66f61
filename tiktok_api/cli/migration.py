"""`make migration MESSAGE=…`: write what the models have and the newest migration has not."""

import sys
import tempfile
from pathlib import Path

from flask_migrate import migrate, upgrade

from tiktok_api.app import create_app
from tiktok_api.cli.local import local_settings


def main() -> None:
    """Compare the models with a scratch database at the newest migration."""
    with tempfile.TemporaryDirectory() as scratch:
        app = create_app(local_settings(database_url=f"sqlite:///{Path(scratch) / 'scratch.sqlite3'}"))
        with app.app_context():
            upgrade()
            migrate(message=sys.argv[1] or "change")


if __name__ == "__main__":
    main()
