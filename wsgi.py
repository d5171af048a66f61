"""What a WSGI server loads: `gunicorn wsgi:app`; `flask --app wsgi …` has the commands of the worker, too."""

from tiktok_api.app import create_app_or_exit
from tiktok_api.cli import flask_commands
from tiktok_api.process.privacy import keep_private

keep_private()
app = create_app_or_exit()
flask_commands.install(app)
