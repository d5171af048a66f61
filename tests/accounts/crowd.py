"""A process full of workers that all need a token at once: `python -m tests.accounts.crowd <account id> <threads>`.

Reads the settings from the environment. For each line on standard input all threads ask the vault together; the answer
is one line of JSON, a fingerprint of each thread's token or the name of what it got instead.
"""

import hashlib
import json
import os
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

from flask import Flask

from tiktok_api.accounts.token_refresh import TokenVault
from tiktok_api.app import create_app
from tiktok_api.extensions import services_of
from tiktok_api.settings import load


def ask(app: Flask, account_id: UUID, start: threading.Barrier) -> str:
    """A fingerprint of the token that one worker gets."""
    with app.app_context():
        start.wait()
        try:
            token = services_of(app)[TokenVault].usable_token(account_id)
        except Exception as error:
            return type(error).__name__
    return hashlib.sha256(token.encode()).hexdigest()


def main() -> None:
    """Answer line by line until there are no more."""
    account_id, threads = UUID(sys.argv[1]), int(sys.argv[2])
    app = create_app(load(env_file=None))
    start = threading.Barrier(threads)
    with ThreadPoolExecutor(threads) as pool:
        os.write(1, b"ready\n")
        for _ in sys.stdin:
            answers = [future.result() for future in [pool.submit(ask, app, account_id, start) for _ in range(threads)]]
            os.write(1, json.dumps(answers).encode() + b"\n")


if __name__ == "__main__":
    main()
