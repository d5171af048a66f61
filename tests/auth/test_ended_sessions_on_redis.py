"""A session that has ended is refused at once by every process, whatever happens to the Redis in which they remember it."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.conftest import API, PASSWORD
from tests.media.server_process import Server, served
from tests.servers import wait_until
from tests.web.restartable_redis import RestartableRedis

pytestmark = [pytest.mark.redis, pytest.mark.xdist_group("sessions_on_redis")]


@pytest.fixture(scope="module")
def remembered_in() -> Iterator[RestartableRedis]:
    redis = RestartableRedis()
    yield redis
    redis.kill()


@pytest.fixture(scope="module")
def server(remembered_in: RestartableRedis, sqlite_template: Path, tmp_path_factory: Any) -> Iterator[Server]:
    """Three processes behind one port."""
    more = {"REDIS_URL": remembered_in.url, "RATE_LIMIT_ENABLED": "true", "WEB_CONCURRENCY": "3"}
    with served(sqlite_template, tmp_path_factory.mktemp("served"), RATE_LIMIT_PER_MINUTE="1000", **more) as server:
        yield server


class Device:
    """One signed-in device; each of its requests is a connection of its own, so that all processes get some."""

    def __init__(self, server: Server, email: str, *, registers: bool) -> None:
        self._url = server.url + API
        path = "register" if registers else "login"
        answer = requests.post(f"{self._url}/auth/{path}", json={"email": email, "password": PASSWORD}, timeout=30)
        self.tokens = answer.json()

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.tokens['access_token']}"}

    def get(self, path: str) -> requests.Response:
        return requests.get(f"{self._url}{path}", headers=self.headers, timeout=30)

    def post(self, path: str, **body: Any) -> requests.Response:
        return requests.post(f"{self._url}{path}", json=body or None, headers=self.headers, timeout=30)

    def delete(self, path: str, **body: Any) -> requests.Response:
        return requests.delete(f"{self._url}{path}", json=body or None, headers=self.headers, timeout=30)

    def ask(self, times: int = 40) -> set[int]:
        """The statuses of many requests, several at once."""

        with ThreadPoolExecutor(4) as pool:
            return set(pool.map(lambda _: self.get("/auth/me").status_code, range(times)))


@pytest.fixture
def make_device(server: Server, request: pytest.FixtureRequest) -> Callable[..., Device]:
    email = f"{request.node.name.replace('[', '.').rstrip(']')}@example.com"
    return lambda *, registers=False: Device(server, email, registers=registers)


def log_out(device: Device, _other: Device) -> None:
    assert device.post("/auth/logout").status_code == 204


def change_the_password(_device: Device, other: Device) -> None:
    passwords = {"current_password": PASSWORD, "new_password": f"{PASSWORD} and more"}
    assert other.post("/auth/password", **passwords).status_code in (200, 204)


def end_it_elsewhere(_device: Device, other: Device) -> None:
    theirs = next(each["id"] for each in other.get("/auth/sessions").json()["data"] if not each["is_current"])
    assert other.delete(f"/auth/sessions/{theirs}").status_code == 204


def refresh_with_an_old_token(device: Device, _other: Device) -> None:
    """Its refresh token was copied: who comes second, and late, ends the session."""
    old = device.tokens["refresh_token"]
    newer = device.post("/auth/refresh", refresh_token=old).json()["refresh_token"]
    assert device.post("/auth/refresh", refresh_token=newer).status_code == 200
    assert device.post("/auth/refresh", refresh_token=old).status_code == 401


def leave(_device: Device, other: Device) -> None:
    assert other.delete("/auth/me", current_password=PASSWORD).status_code in (202, 204)


@pytest.mark.parametrize("end", [log_out, change_the_password, end_it_elsewhere, refresh_with_an_old_token, leave])
def test_every_process_refuses_it_at_once(make_device, end):
    device, other = make_device(registers=True), make_device()
    assert device.ask() == {200}

    end(device, other)

    assert device.ask() == {401}


def test_although_redis_has_lost_everything_before(make_device, remembered_in):
    device = make_device(registers=True)
    assert device.ask() == {200}
    remembered_in.empty()

    log_out(device, device)

    assert device.ask() == {401}


def test_although_redis_loses_everything_after(make_device, remembered_in):
    device = make_device(registers=True)
    assert device.ask() == {200}
    log_out(device, device)

    remembered_in.empty()

    assert device.ask() == {401}


def test_although_redis_hangs(make_device, remembered_in):
    device = make_device(registers=True)
    assert device.ask() == {200}
    remembered_in.pause(1000)

    log_out(device, device)

    assert device.ask() == {401}


def test_although_redis_is_away_and_comes_back(make_device, remembered_in):
    device = make_device(registers=True)
    assert device.ask() == {200}
    remembered_in.kill()

    log_out(device, device)

    assert device.ask() == {401}
    remembered_in.start()
    assert device.ask() == {401}


def test_although_redis_comes_back_with_what_it_knew_before(make_device, remembered_in):
    device = make_device(registers=True)

    def find_known():
        device.ask(4)
        texts = remembered_in.remember()
        return texts if any(b"session:" in key for key in texts) else None

    known = wait_until(find_known)
    log_out(device, device)

    remembered_in.kill()
    remembered_in.start()
    remembered_in.go_back(known)

    assert device.ask() == {401}


def test_although_they_ask_while_it_ends(make_device):
    device = make_device(registers=True)
    with ThreadPoolExecutor(1) as pool:
        asking = pool.submit(device.ask, 150)

        log_out(device, device)

        assert device.ask() == {401}
        assert asking.result() <= {200, 401}
    assert device.ask() == {401}
