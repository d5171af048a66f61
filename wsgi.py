"""What a WSGI server loads: `gunicorn wsgi:app`."""

from tiktok_api.app import create_app

app = create_app()
