"""Every setting, and everything that the settings name, tried for a few seconds."""

import threading
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from flask import Flask

from tiktok_api.app import create_app
from tiktok_api.cli.diagnosis.database import check_database
from tiktok_api.cli.diagnosis.files import check_files
from tiktok_api.cli.diagnosis.mail import check_mail
from tiktok_api.cli.diagnosis.redis_server import check_redis
from tiktok_api.cli.diagnosis.result import CheckResult, SettingsCheck, first_line
from tiktok_api.cli.diagnosis.sandbox import check_sandbox
from tiktok_api.cli.diagnosis.storage import check_storage
from tiktok_api.cli.diagnosis.tiktok import check_tiktok
from tiktok_api.settings import Settings, SettingsInvalid, load, rules

PATIENCE_SECONDS = 15.0
"""For each check as a whole; they run side by side."""

_CHECKS: dict[str, SettingsCheck] = {
    "database": check_database,
    "redis": check_redis,
    "mail": check_mail,
    "storage": check_storage,
    "sandbox": check_sandbox,
    "files": check_files,
    "tiktok": check_tiktok,
}


def diagnose() -> list[CheckResult]:
    """Run every check. Returns the results in the order in which to correct them."""
    try:
        settings = load()
        app = create_app(settings.replace(log_level="CRITICAL"))  # problems are results, not log lines
    except SettingsInvalid as error:
        hint = "change it in .env or in the environment"
        return [CheckResult("settings", "failed", problem, hint) for problem in error.problems]
    return [*_settings(settings), *_side_by_side(app, settings)]


def is_well(findings: list[CheckResult]) -> bool:
    """Returns True if nothing has failed; warnings are allowed."""
    return all(finding.status != "failed" for finding in findings)


def as_document(findings: list[CheckResult]) -> dict[str, Any]:
    """The findings for programs."""
    return {"status": "ok" if is_well(findings) else "failed", "findings": [asdict(finding) for finding in findings]}


def _settings(settings: Settings) -> Iterator[CheckResult]:
    yield CheckResult("settings", "ok", "complete and consistent")
    for remark in (*settings.remarks, *rules.doubts(settings)):
        yield CheckResult(
            "settings", "warning", remark, "change it in .env or in the environment, or leave it if it is meant"
        )


def _side_by_side(app: Flask, settings: Settings) -> Iterator[CheckResult]:
    """Run each check in its own thread; one that takes too long has failed."""
    found: dict[str, list[CheckResult]] = {}

    def run(name: str, check: SettingsCheck) -> None:
        with app.app_context():
            try:
                found[name] = list(check(app, settings))
            except Exception as error:  # an error that the check does not expect is a result as well
                found[name] = [CheckResult(name, "failed", f"{type(error).__name__}: {first_line(error)}")]

    threads = {name: threading.Thread(target=run, args=(name, check), daemon=True) for name, check in _CHECKS.items()}
    for thread in threads.values():
        thread.start()
    for name, thread in threads.items():
        thread.join(PATIENCE_SECONDS)
        silent = CheckResult(name, "failed", f"no answer within {PATIENCE_SECONDS:.0f} s", "is the network in order?")
        yield from found.get(name, [silent])
