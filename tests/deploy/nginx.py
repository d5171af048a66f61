"""nginx with `deploy/nginx.conf`, in a folder of its own and on free ports."""

import os
import re
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests

from tests.auth.mail_server import certify
from tests.servers import free_port, wait_until

FILE = Path(__file__).parents[2] / "deploy" / "nginx.conf"
NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")

_MAIN = """\
{user}
pid {folder}/pid;
error_log {folder}/errors notice;
daemon off;
worker_processes 1;
events {{ worker_connections 256; }}
http {{
    include /etc/nginx/mime.types;
    client_body_temp_path {folder}/bodies;
    proxy_temp_path {folder}/proxied;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/tiktok-api.conf;
}}
"""


class Site:
    """What clients see of it."""

    def __init__(self, folder: Path, port: int, plain_port: int, certificate: Path) -> None:
        self.folder, self.port, self.plain_port, self.certificate = folder, port, plain_port, certificate
        self.url = f"https://127.0.0.1:{port}"

    def request(self, method: str, path: str, **options: Any) -> requests.Response:
        return requests.request(method, self.url + path, verify=str(self.certificate), timeout=60, **options)

    def get(self, path: str, **options: Any) -> requests.Response:
        return self.request("GET", path, **options)

    @property
    def log(self) -> str:
        return (self.folder / "requests.log").read_text()


def settings_of(api_port: int, folder: Path, port: int, plain_port: int, certificate: Path, media: Path) -> str:
    """The file with what its head says is to be replaced, on other ports than 80 and 443."""
    text = FILE.read_text()
    for old, new in {
        "/etc/letsencrypt/live/api.example.com/fullchain.pem": str(certificate),
        "/etc/letsencrypt/live/api.example.com/privkey.pem": str(certificate),
        "/var/log/nginx/tiktok-api.log": f"{folder}/requests.log",
        "/srv/tiktok-api/media/": f"{media}/",
        "server 127.0.0.1:8080;": f"server 127.0.0.1:{api_port};",
        "listen 80;": f"listen 127.0.0.1:{plain_port};",
        "listen 443 ssl": f"listen 127.0.0.1:{port} ssl",
        "api.example.com": "localhost",
    }.items():
        assert old in text, old
        text = text.replace(old, new)
    return re.sub(r"\n +listen \[::\].*", "", text)  # this machine may have no IPv6


@contextmanager
def nginx(folder: Path, api_port: int, media: Path, **other: str) -> Iterator[Site]:
    """Runs until the end of the block. `other` are further lines, by what they are called: `rate="rate=1r/m"`.

    Where the tests run as root, nginx's workers are another user who only shares the group of the files, as the file's
    head has it.
    """
    certificate = certify(folder)
    site = Site(folder, free_port(), free_port(), certificate)
    text = settings_of(api_port, folder, site.port, site.plain_port, certificate, media)
    for name, line in other.items():
        text, count = re.subn(rf"\b{name}(?:=| )[^\s;]+", line, text)
        assert count, name
    (folder / "tiktok-api.conf").write_text(text)
    user = "user nobody root;" if os.geteuid() == 0 else ""
    (folder / "nginx.conf").write_text(_MAIN.format(folder=folder, user=user))
    process = subprocess.Popen(
        [str(NGINX), "-c", str(folder / "nginx.conf"), "-p", str(folder)], stderr=subprocess.PIPE
    )
    try:
        wait_until(lambda: _listens(site.port, process))
        yield site
    finally:
        process.terminate()
        process.communicate()


def _listens(port: int, process: subprocess.Popen[bytes]) -> bool:
    assert process.poll() is None, process.communicate()[1].decode()
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
