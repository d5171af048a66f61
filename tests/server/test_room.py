"""A process takes new connections for ever: those that have waited longest make room."""

import http.client
import resource
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest
import requests

from tests.media.server_process import Server, served
from tests.server.connections import answer, connected, everything, gauge, lines

pytestmark = pytest.mark.xdist_group("crowded server")

MOST = 40


@pytest.fixture(scope="module")
def server(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with served(sqlite_template, tmp_path_factory.mktemp("crowded"), "--worker-connections", str(MOST)) as running:
        yield running


@pytest.mark.parametrize("said", [b"", b"GET /livez HTTP/1.1\r\nHost: loc", lines("GET /livez HTTP/1.1")])
def test_newcomers_are_served_although_there_are_too_many_connections(server, said):
    with ExitStack() as opened:
        crowd = [opened.enter_context(connected(server)) for _ in range(2 * MOST)]
        for connection in crowd:
            connection.sendall(said)
        if said.endswith(b"\r\n\r\n"):
            for connection in crowd:  # all that is left of it waits
                with suppress(OSError, http.client.HTTPException):
                    answer(connection)

        probe = requests.get(f"{server.url}/livez", timeout=60)
        oldest = everything(crowd[0])
        crowd[-1].sendall(b"alhost\r\n\r\n" if said.endswith(b"loc") else lines("GET /livez HTTP/1.1"))
        newest = answer(crowd[-1])

    assert probe.status_code == newest[0] == 200
    assert b"HTTP/1.1 4" not in oldest, "it ended without another word"
    assert gauge(server, "tiktok_api_connections") <= MOST


def test_a_process_without_file_descriptors_accepts_again_once_it_has_some(server):
    process = max(server.process_ids)
    before = resource.prlimit(process, resource.RLIMIT_NOFILE)
    with connected(server) as connection:
        connection.sendall(lines("GET /livez HTTP/1.1"))
        answer(connection)
        resource.prlimit(process, resource.RLIMIT_NOFILE, (4, before[1]))
        with connected(server) as crowded_out:
            crowded_out.sendall(lines("GET /livez HTTP/1.1"))
            ended = everything(connection)

            resource.prlimit(process, resource.RLIMIT_NOFILE, before)
            status = answer(crowded_out)[0]

    assert ended == b"", "it made room"
    assert status == 200
