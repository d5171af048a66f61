"""`make openapi`: print the OpenAPI document."""

import sys

from tiktok_api.app import create_app
from tiktok_api.cli.stack.settings import local_settings


def main() -> None:
    """Write the document to standard output, indented."""
    response = create_app(local_settings(log_level="ERROR")).test_client().get("/openapi.json")
    sys.stdout.write(response.get_data(as_text=True))


if __name__ == "__main__":
    main()
