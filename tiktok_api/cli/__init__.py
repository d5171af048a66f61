"""What a person types: `flask --app wsgi …`, `python -m tiktok_api.cli.demo` and `python -m tiktok_api.cli.run`."""
