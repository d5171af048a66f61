"""The documentation as a real browser shows it: every operation, nothing from elsewhere, nothing to complain of."""

import json
import shutil
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask import Flask
from werkzeug.serving import make_server

from tests.contract.operations import Operation, some

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-sync",
    "--no-first-run",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    "--enable-logging=stderr",
    "--virtual-time-budget=30000",
    "--dump-dom",
]

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")


@dataclass
class Visit:
    """What came of opening a page."""

    dom: str
    complaints: list[str]
    hosts: set[str]


@pytest.fixture
def served(app: Flask) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def visit(served: str, tmp_path: Path) -> Any:
    def open_(path: str) -> Visit:
        log = tmp_path / "net.json"
        command = [
            str(CHROMIUM),
            *FLAGS,
            f"--user-data-dir={tmp_path / 'profile'}",
            f"--log-net-log={log}",
            served + path,
        ]
        done = subprocess.run(command, capture_output=True, text=True, timeout=180, check=True)
        complaints = [line for line in done.stderr.splitlines() if "CONSOLE" in line]
        return Visit(done.stdout, complaints, _hosts(log, served))

    return open_


def _hosts(log: Path, origin: str) -> set[str]:
    """Whom the page asked for anything; what the browser asks for on its own behalf has no such initiator."""
    events = json.loads(log.read_text())["events"]
    asked = [event["params"] for event in events if "url" in event.get("params", {})]
    return {urlsplit(asking["url"]).netloc for asking in asked if asking.get("initiator") == origin}


def test_redoc_shows_every_operation_without_outside_requests(visit, served, operations: list[Operation]):
    page = visit("/docs")

    missing = [o.document["summary"] for o in operations if _escaped(o.document["summary"]) not in page.dom]
    assert missing == []
    assert page.complaints == []
    assert page.hosts == {urlsplit(served).netloc}


def test_swagger_ui_shows_every_operation_without_outside_requests(visit, served, operations: list[Operation]):
    page = visit("/docs/swagger")

    shown = page.dom.replace("\u200b", "").replace("<wbr>", "")
    missing = [
        str(o) for o in operations if f'id="operations-{o.document["tags"][0]}-' not in shown or o.path not in shown
    ]
    assert missing == []
    assert page.complaints == []
    assert page.hosts == {urlsplit(served).netloc}


def test_the_list_of_problems_holds_every_code_in_the_document(visit, document):
    page = visit("/docs/problems")

    missing = [code for code in some(_codes(document)) if f'id="{code}"' not in page.dom]
    assert missing == []
    assert page.complaints == []


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _codes(thing: Any) -> Iterator[str]:
    if isinstance(thing, dict):
        if thing.get("type", "") == f"/docs/problems#{thing.get('code')}":
            yield thing["code"]
        for codes in thing.get("x-problem-codes", {}).values():
            yield from codes
        for inner in thing.values():
            yield from _codes(inner)
    elif isinstance(thing, list):
        for inner in thing:
            yield from _codes(inner)
