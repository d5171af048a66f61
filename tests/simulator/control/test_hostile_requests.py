"""No request to the control API or its page is a server error, or ends the background."""

import http.client
import json
import math
from urllib.parse import quote, urlencode, urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.servers import wait_until
from tests.simulator.other_server import other_server
from tests.simulator.simulator_process import started
from tiktok_api.simulator import create_simulator

EXAMPLES = settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
MANY_EXAMPLES = settings(max_examples=5_000, deadline=None, suppress_health_check=list(HealthCheck))
TYPES = ["application/json", "application/json; charset=utf-16", "text/plain", "application/x-www-form-urlencoded", ""]


def operations():
    """Returns every method and path under `/_simulator` of the application."""
    app = create_simulator()
    app.extensions["world"].close()
    found = [
        (method, rule.rule)
        for rule in app.url_map.iter_rules()
        for method in rule.methods - {"HEAD", "OPTIONS"}
        if rule.rule.startswith("/_simulator")
    ]
    assert len(found) > 40
    return sorted(found)


def field_names():
    """Returns every field of any request."""
    app = create_simulator()
    try:
        groups = app.test_client().get("/_simulator/v1/options").json["options"].values()
        names = {each["name"] for options in groups for each in options}
    finally:
        app.extensions["world"].close()
    assert len(names) > 80
    return sorted(names | {"prefix", "form_token", "moon", "", "__class__", "id", "self"})


OPERATIONS, NAMES = operations(), field_names()
NUMBERS = st.one_of(
    st.sampled_from([0, -1, 1, 2**31, 2**63, 10**30, -(10**300), 1e308, math.nan, math.inf, -math.inf, 0.1]),
    st.integers(),
    st.floats(),
)
TEXTS = st.one_of(
    st.sampled_from(
        ["", "ada", "awsimclient0001", "\ud800", "\x00", "http://[::1", "http://127.0.0.1:9/", "2030-01-01T00:00:00Z"]
    ),
    st.sampled_from(["drop", "status", "upload", "any", "web", "desktop", "SELF_ONLY", "x" * 3_000, "9" * 5_000]),
    st.text(st.characters(), max_size=30),
)
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), NUMBERS, TEXTS),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(TEXTS, inner, max_size=4)),
    max_leaves=8,
)
HUGE = {
    "nothing": b"",
    "nested lists": b"[" * 100_000,
    "nested objects": b'{"a":' * 100_000,
    "nested content": b'{"content":' + b'{"a":' * 900 + b"1" + b"}" * 900 + b"}",
    "a long number": b"9" * 5_000,
    "a long seed": b'{"seed":' + b"9" * 100_000 + b"}",
    "megabytes": b'{"title":"' + b"x" * 3_000_000 + b'"}',
    "beyond a float": b'{"seed":1e999}',
    "UTF-16": "{}".encode("utf-16"),
}
BODIES = st.one_of(
    st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=6).map(lambda body: json.dumps(body).encode()),
    st.dictionaries(st.sampled_from(NAMES), TEXTS.filter(lambda text: "\ud800" not in text), max_size=6).map(
        lambda form: urlencode({name: value.encode(errors="replace") for name, value in form.items()}).encode()
    ),
    VALUES.map(lambda value: json.dumps(value).encode()),
    st.binary(max_size=200),
    st.sampled_from(list(HUGE)),
)
PARTS = st.one_of(
    st.sampled_from(["ada", "awsimclient0001", "1", "9" * 30, "9" * 5_500, "-1", "%00", "%ff", "..", "x" * 5_000]),
    st.text(max_size=10).map(lambda text: quote(text.encode(errors="replace"), safe="") or "x"),
)
QUERIES = st.dictionaries(
    st.sampled_from(["all", "username", "status", "index", "refresh", "prefix", "endpoint", "number"]),
    TEXTS,
    max_size=3,
).map(lambda query: urlencode({name: value.encode(errors="replace") for name, value in query.items()}))


@pytest.fixture(scope="module")
def process():
    """One simulator for all tests; it must survive every request and log nothing."""
    with started() as process:
        yield process
        assert process.stop() == ""


def sent(process, method, rule, parts, query, body, content_type):
    """Send a request. Returns the status, or None for a closed connection."""
    path = "/".join(parts.pop() if piece.startswith("<") else piece for piece in rule.split("/"))
    connection = http.client.HTTPConnection(urlsplit(process.url).netloc, timeout=120)
    try:
        connection.request(method, f"{path}?{query}", body, {"Content-Type": content_type} if content_type else {})
        return connection.getresponse().status
    finally:
        connection.close()


def hold(process, operation, parts, query, body, content_type):
    status = sent(process, *operation, list(parts), query, HUGE.get(body, body), content_type)

    assert status < 500
    assert process.control.clock()


ARGUMENTS = {
    "operation": st.sampled_from([each for each in OPERATIONS if "settle" not in each[1]]),
    "parts": st.tuples(PARTS, PARTS),
    "query": QUERIES,
    "body": BODIES,
    "content_type": st.sampled_from(TYPES[:1] * 6 + TYPES),
}


@EXAMPLES
@given(**ARGUMENTS)
def test_no_request_with_strange_values_is_a_server_error(process, operation, parts, query, body, content_type):
    hold(process, operation, parts, query, body, content_type)


@pytest.mark.long
@MANY_EXAMPLES
@given(**ARGUMENTS)
def test_no_request_without_sense_is_a_server_error(process, operation, parts, query, body, content_type):
    hold(process, operation, parts, query, body, content_type)


@pytest.mark.parametrize("operation", [each for each in OPERATIONS if each[0] != "GET"], ids=" ".join)
def test_every_operation_answers_strange_values_in_every_field(process, operation):
    strange = [None, True, -1, 10**30, math.nan, math.inf, "", "\ud800", "x" * 10_000, [], [[1]], {}, {"a": {"b": 1}}]
    values = [each for each in strange if "settle" not in operation[1] or each != 10**30]
    for name in NAMES[:: 1 if "knobs" in operation[1] else 7]:
        for value in values:
            body = json.dumps({name: value}).encode()
            assert sent(process, *operation, ["ada", "ada"], "", body, "application/json") < 500
    assert process.control.clock()


def test_the_background_survives_hostile_requests(process):
    """No request comes in: only the ticker thread can deliver this."""
    process.control.reset()
    with other_server() as host:
        process.control.change_app("awsimclient0001", webhook_url=f"{host.url}/hook")
        process.control.knobs(webhook_late_seconds=0.5)
        process.control.send_webhook("awsimclient0001", "x.y")
        wait_until(lambda: host.received)
