"""Runs the simulator as a process: `python -m tiktok_api.simulator --port 8090`."""

import argparse
import contextlib
import json
import logging
import os
import signal
import sys
import threading
from typing import Any

import structlog

from tiktok_api.simulator.knobs import UnknownKnob
from tiktok_api.simulator.serving import running


def main() -> int:
    """Serve until told to stop; the first line on standard output is the URL, what follows is the log."""
    arguments = _arguments()
    log = _make_log(os.environ.get("LOG_LEVEL") or "INFO")
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    try:
        with running(arguments.port, arguments.host, **_knobs(arguments)) as tiktok:
            sys.stdout.write(f"{tiktok.url}\n")
            sys.stdout.flush()
            with contextlib.suppress(OSError):  # who started it may read no further than the URL
                log.info("simulator.started", url=tiktok.url)
            stop.wait()
    except (UnknownKnob, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def _make_log(level: str) -> structlog.typing.FilteringBoundLogger:
    """Writes lines as the product writes its own, with none of its code; an unknown level is INFO."""
    structlog.configure(
        processors=[
            structlog.stdlib.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping().get(level, logging.INFO)),
        logger_factory=structlog.PrintLoggerFactory(sys.stdout),
    )
    log: structlog.typing.FilteringBoundLogger = structlog.get_logger().bind(logger="tiktok_api.simulator")
    return log


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser("python -m tiktok_api.simulator", description="A simulated TikTok.")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--port", type=int, default=8090, help="port to listen on; 0 takes a free one")
    parser.add_argument("--seed", type=int, default=1, help="what everything is drawn from")
    parser.add_argument("--allow-http", action="store_true", help="pull and deliver webhooks over http and loopback")
    parser.add_argument("--webhook-url", help="callback URL of both default apps")
    parser.add_argument(
        "--knob",
        action="append",
        default=[],
        metavar="NAME=JSON",
        help="turn any knob, for instance rotation='\"never\"'",
    )
    return parser.parse_args()


def _knobs(arguments: argparse.Namespace) -> dict[str, Any]:
    knobs: dict[str, Any] = {"seed": arguments.seed, "allow_http": arguments.allow_http}
    if arguments.webhook_url:
        knobs["webhook_url"] = arguments.webhook_url
    for knob in arguments.knob:
        name, _, value = knob.partition("=")
        try:
            knobs[name] = json.loads(value)
        except ValueError:
            knobs[name] = value
    return knobs


if __name__ == "__main__":
    sys.exit(main())
