"""The console on the application of a test."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from click.testing import CliRunner, Result
from flask import Flask

from tests.local_stack import LocalStack, serving
from tiktok_api.cli.main import console


class Operator:
    """An operator at the console: `operator("users", "list")`."""

    def __init__(self, app: Flask) -> None:
        self.app = app

    def __call__(self, *arguments: str, stdin: str | None = None) -> Result:
        with self.app.app_context():
            return CliRunner().invoke(console, arguments, input=stdin, prog_name="tiktok-api")

    def read(self, *arguments: str) -> Any:
        """What a command prints with --json."""
        result = self(*arguments, "--json")
        assert result.exit_code == 0, result.output
        return json.loads(result.stdout)


@pytest.fixture
def operator(app: Flask) -> Operator:
    return Operator(app)


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalStack]:
    """`tiktok-api run`; the tests that use it form one xdist group, "local stack"."""
    with serving(tmp_path_factory.mktemp("stack")) as stack:
        yield stack
