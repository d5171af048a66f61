"""Groups of tests that share a process (`xdist_group`), for pytest 9.2 with pytest-xdist 3.8, which do not agree about them."""

import os
import re

import pytest

_GROUP = re.compile(r"@[^\]]+$")  # what xdist appends to a test's name; an @ among parameters stands before a bracket


@pytest.hookimpl(tryfirst=True)
def pytest_collection_finish(session: pytest.Session) -> None:
    """Keeps a group in one process: xdist has written it into an attribute that pytest no longer reads.

    Not before `--last-failed` has chosen, among names that have no group.
    """
    for item in session.items:
        if "_nodeid" in vars(item):
            item._id = type(item.id).parse(vars(item)["_nodeid"])


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Has failures remembered by the name that `--last-failed` looks for, which has no group; else they are not run again."""
    if "PYTEST_XDIST_WORKER" not in os.environ:
        report.nodeid = _GROUP.sub("", report.nodeid)
