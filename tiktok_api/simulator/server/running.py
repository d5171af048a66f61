"""Runs a simulator on a thread: composes the world, its state file and the HTTP server, and stops them in order."""

import contextlib
import socket
import threading
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

from tiktok_api.simulator.app import create_simulator
from tiktok_api.simulator.control.client import Control
from tiktok_api.simulator.server.http import SimulatorServer
from tiktok_api.simulator.state.state_file import StateFile
from tiktok_api.simulator.world.world import World


class Running:
    """A simulator that listens."""

    def __init__(self, server: SimulatorServer, world: World) -> None:
        self._server = server
        self.world = world
        self.url = server.url
        self.control = Control(self.url)


@contextlib.contextmanager
def running(
    port: int = 0,
    host: str = "127.0.0.1",
    *,
    listener: socket.socket | None = None,
    state: str | Path | None = None,
    allowed_hosts: Collection[str] = (),
    **options: Any,
) -> Iterator[Running]:
    """Run a simulator on a thread of this process, on a free port by default, or on a socket that is already bound.

    The control API can be reached under the host, `allowed_hosts`, localhost and addresses.

    With a state file the world is loaded from it if it exists, and saved to it within a second of each change.
    Raises InvalidOption, OSError and StateUnusable.
    """
    with contextlib.ExitStack() as stack:
        file = None if state is None else StateFile(state)
        if file is not None:
            stack.callback(file.release)
        folder = None if file is None else file.media_folder
        app = create_simulator(media_folder=folder, hosts=(host, *allowed_hosts), **options)
        world: World = app.extensions["world"]
        stack.callback(world.close)
        if file is not None:
            file.load_into(world)
            file.start(world)
            stack.callback(file.stop, world)
        server = stack.enter_context(SimulatorServer(host, port, app, listener))
        yield stack.enter_context(_listening(server, world))


@contextlib.contextmanager
def _listening(server: SimulatorServer, world: World) -> Iterator[Running]:
    thread = threading.Thread(target=server.serve, name="simulator", daemon=True)
    thread.start()
    try:
        yield Running(server, world)
    finally:
        world.stop()
        server.stop()
        thread.join()
        server.cut_connections()
