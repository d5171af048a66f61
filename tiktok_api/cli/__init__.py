"""What a person types: `tiktok-api`, or `python -m tiktok_api` where it is not installed; `main` lists the commands."""
