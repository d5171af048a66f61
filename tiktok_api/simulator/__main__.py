"""Runs the simulator as a process: `python -m tiktok_api.simulator --port 8090`."""

import argparse
import contextlib
import json
import logging
import os
import signal
import socket
import sys
import threading
from typing import Any, NoReturn

import structlog

from tiktok_api.simulator.options.options import InvalidOption
from tiktok_api.simulator.server.running import running
from tiktok_api.simulator.state.state_file import StateUnusable

STOP_SIGNALS = {signal.SIGTERM, signal.SIGINT}


def main() -> int:
    """Serve until SIGTERM or SIGINT; the first line on standard output is the URL, the others are the log."""
    arguments = _arguments()
    log = _make_log(os.environ.get("LOG_LEVEL") or "INFO")
    # Waited for instead of handled: a handler that sets an event can interrupt its own thread inside that event's lock.
    signal.pthread_sigmask(signal.SIG_BLOCK, STOP_SIGNALS)
    try:
        with running(
            arguments.port,
            arguments.host,
            listener=None if arguments.fd is None else socket.socket(fileno=arguments.fd),
            state=arguments.state,
            allowed_hosts=arguments.allow_host,
            **_options(arguments),
        ) as tiktok:
            sys.stdout.write(f"{tiktok.url}\n")
            sys.stdout.flush()
            with contextlib.suppress(OSError):  # the parent process may close the pipe after the URL
                log.info("simulator.started", url=tiktok.url)
            signal.sigwait(STOP_SIGNALS)
            with contextlib.suppress(OSError):
                log.info("simulator.stopping")
    except (InvalidOption, StateUnusable, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def leave(status: int) -> NoReturn:
    """End this process without waiting for threads that cannot be interrupted (a DNS query, an inspection)."""
    sys.stdout.flush()
    sys.stderr.flush()
    if threading.active_count() > 1:
        os._exit(status)
    sys.exit(status)


def _make_log(level: str) -> structlog.typing.FilteringBoundLogger:
    """Returns a log of the same form as the product's, without its code; an unknown level is INFO."""
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
    parser.add_argument(
        "--fd", type=int, help="descriptor of a bound socket to listen on, in place of --host and --port"
    )
    parser.add_argument(
        "--allow-host",
        action="append",
        default=[],
        metavar="NAME",
        help="a name under which the control API can be reached, in addition to localhost and addresses",
    )
    parser.add_argument("--seed", type=int, help="seed of ids, tokens, names and growth; 1 unless given")
    parser.add_argument("--state", metavar="FILE", help="load the world from this file, and save it there")
    parser.add_argument("--allow-http", action="store_true", help="pull and deliver webhooks over http and loopback")
    parser.add_argument("--webhook-url", help="callback URL of both default apps")
    parser.add_argument(
        "--knob",
        action="append",
        default=[],
        metavar="NAME=JSON",
        help="set any option, for instance rotation='\"never\"'",
    )
    return parser.parse_args()


def _options(arguments: argparse.Namespace) -> dict[str, Any]:
    options: dict[str, Any] = {"allow_http": True} if arguments.allow_http else {}
    if arguments.seed is not None:
        options["seed"] = arguments.seed
    if arguments.webhook_url:
        options["webhook_url"] = arguments.webhook_url
    for assignment in arguments.knob:
        name, _, value = assignment.partition("=")
        try:
            options[name] = json.loads(value)
        except ValueError:
            options[name] = value
    return options


if __name__ == "__main__":
    leave(main())
