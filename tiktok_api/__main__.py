"""`python -m tiktok_api` is the command `tiktok-api`."""

from tiktok_api.cli.main import main

if __name__ == "__main__":
    main()
