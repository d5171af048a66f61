"""What an act costs: argon2's computations and the database's statements, seen from outside."""

import sys
from collections import Counter
from collections.abc import Callable
from typing import Any

from flask import Flask
from sqlalchemy import event

from tiktok_api.db import db

SPENT_ON = ("verify_secret", "hash_secret", "hash_secret_raw")


def count_costs(app: Flask, act: Callable[[], Any]) -> Counter[str]:
    """How often each of argon2's functions and each kind of statement was needed."""
    work: Counter[str] = Counter()

    def see_call(frame: Any, what: str, _argument: Any) -> None:
        name = frame.f_code.co_name
        if what == "call" and name in SPENT_ON and frame.f_code.co_filename.endswith("argon2/low_level.py"):
            work[name] += 1

    def see_statement(_c: Any, _cursor: Any, statement: str, *_: Any) -> None:
        work[" ".join(statement.split()[:3])] += 1

    with app.app_context():
        event.listen(db.engine, "before_cursor_execute", see_statement)
    sys.setprofile(see_call)
    try:
        act()
    finally:
        sys.setprofile(None)
        with app.app_context():
            event.remove(db.engine, "before_cursor_execute", see_statement)
    return work
