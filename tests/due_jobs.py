"""The worker's work without its threads: due jobs are claimed and run one after the other, by the real code."""

from collections.abc import Collection
from datetime import timedelta

from flask import Flask
from sqlalchemy import select

from tiktok_api.db import db, end_reading
from tiktok_api.jobs import executor
from tiktok_api.jobs.models import Job, is_due

_MOST = 500


def run_due_jobs(app: Flask, *, except_kinds: Collection[str] = ()) -> int:
    """Run what is due until nothing is, `except_kinds` apart; returns how many jobs ran."""
    for count in range(_MOST):
        with app.app_context():
            due = db.session.scalar(select(Job.id).where(is_due(), Job.kind.not_in(except_kinds)).order_by(Job.due_at))
            end_reading()
            if due is None:
                return count
            for job in executor.claim([due], timedelta(seconds=60)):
                executor.run(job)
    raise AssertionError(f"still not done after {_MOST} jobs")
