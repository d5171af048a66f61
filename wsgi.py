"""What a WSGI server loads: `gunicorn wsgi:app`; `flask --app wsgi …` has the commands of the worker, too."""

import os

from tiktok_api.process.loading import loading
from tiktok_api.process.privacy import keep_private

keep_private()
with loading():
    from tiktok_api.app import create_app_or_exit

    app = create_app_or_exit()
    if os.environ.get("FLASK_RUN_FROM_CLI") == "true":  # which Flask's own command line sets
        from tiktok_api.cli import flask_commands

        flask_commands.install(app)
