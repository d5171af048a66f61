"""`python -m tiktok_api.cli.web_server`: gunicorn, serving the product that was called.

gunicorn looks into its working directory first. By then the product has been imported here, from where it is installed.
"""

import sys

from gunicorn.app.wsgiapp import run

import tiktok_api.gunicorn_config  # noqa: F401 - the copy that is to serve

if __name__ == "__main__":
    sys.exit(run())
