"""What a WSGI server loads: `gunicorn wsgi:app`."""

from tiktok_api.app import create_app_or_exit

app = create_app_or_exit()
