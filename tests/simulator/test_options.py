"""Everything that can be set is declared once: type, null, bounds, default, meaning and when it takes effect."""

import json
import math

import pytest

from tiktok_api.simulator import CommandRefused

STRANGE = [
    None,
    True,
    0,
    -1,
    1,
    2**31,
    2**63,
    10**30,
    -(10**30),
    1.5,
    1e300,
    math.nan,
    math.inf,
    -math.inf,
    "",
    "x",
    "7",
    "\ud800",
    "\x00",
    "a\r\nb",
    "ü" * 3_000,
    "http://[::1",
    [],
    [None],
    [7],
    ["x"] * 5_000,
    [["x"]],
    {},
    {"a": 1},
    {"status": "x"},
    {"status": -1},
    {"status": 10**30},
]
FITTING = {
    "boolean": lambda each, value: isinstance(value, bool),
    "integer": lambda each, value: type(value) is int and each["least"] <= value <= each["most"],
    "number": lambda each, value: type(value) in (int, float) and each["least"] <= value <= each["most"],
    "text": lambda each, value: isinstance(value, str) and len(value) <= each["longest"] and value.isprintable(),
    "texts": lambda each, value: isinstance(value, list) and len(value) <= each["most_items"],
    "numbers": lambda each, value: isinstance(value, dict) and all(type(number) is int for number in value.values()),
}
WAYS = {
    "knobs": ("PATCH", "/knobs"),
    "app": ("PATCH", "/apps/awsimclient0001"),
    "creator": ("PATCH", "/creators/ada"),
    "video": ("PATCH", "/videos/{video}"),
}
RAW = {"title"}


def fits(each, value):
    """Whether a value is of the declared kind and within the declared bounds."""
    if value is None:
        return each["nullable"]
    if each["choices"]:
        values = value if each["type"] == "texts" and isinstance(value, list) else [value]
        return all(type(one) is type(each["choices"][0]) and one in each["choices"] for one in values)
    return FITTING[each["type"]](each, value)


def declared(client, what):
    options = client.control.call("GET", "/options")["options"][what]
    assert len(options) >= 5
    return options


def taken(client, method, path, order):
    """Whether an order was carried out; otherwise it must have been refused in words."""
    try:
        client.control.call(method, path, order)
    except CommandRefused as refusal:
        if not str(refusal).startswith('400 {"error":'):
            raise
        return False
    return True


@pytest.mark.parametrize("what", WAYS)
def test_what_does_not_fit_is_refused_and_the_rest_holds_afterwards(client, what):
    method, path = WAYS[what]
    path = path.format(video=client.control.videos(username="ada")[0]["id"])
    for each in declared(client, what):
        for value in STRANGE:
            is_right = fits(each, value)
            was_taken = taken(client, method, path, {each["name"]: value})
            assert is_right or not was_taken or each["name"] in RAW, (each["name"], value)
    client.control.advance(3_600)
    assert client.control.settle()
    assert client.control.state()
    assert client.control.advance(60)


@pytest.mark.parametrize("what", WAYS)
def test_the_bounds_themselves_are_taken_and_what_lies_beyond_is_not(client, what):
    method, path = WAYS[what]
    path = path.format(video=client.control.videos(username="ada")[0]["id"])
    bounded = [each for each in declared(client, what) if each["least"] is not None and each["type"] != "numbers"]

    assert len(bounded) >= 1
    for each in bounded:
        for value in (each["least"], each["most"]):
            client.control.call(method, path, {each["name"]: value})
        for value in (each["least"] - 1, each["most"] + max(1, each["most"] * 1e-9)):
            with pytest.raises(CommandRefused, match=r"^400"):
                client.control.call(method, path, {each["name"]: value})


def test_what_is_null_at_rest_takes_null_and_its_own_kind_only(client):
    for path, name, value in (
        ("/creators/ada", "post_cap", 3),
        ("/creators/ada", "fail_reason", "internal"),
        ("/apps/awsimclient0001", "active_user_cap", 3),
        ("/apps/awsimclient0001", "webhook_url", "https://app.example/hook"),
    ):
        assert client.control.call("PATCH", path, {name: value})[name] == value
        for wrong in (True, "x" * 5_000, [], {}, 1.5, -1, [value]):
            with pytest.raises(CommandRefused, match=r"^400"):
                client.control.call("PATCH", path, {name: wrong})
        assert client.control.call("PATCH", path, {})[name] == value
        assert client.control.call("PATCH", path, {name: None})[name] is None


def test_a_refused_order_changes_nothing(client):
    before = client.control.state()
    for method, path, body in (
        ("PATCH", "/creators/ada", {"bio": "new", "follower_count": 3, "post_cap": "x"}),
        ("PATCH", "/apps/awsimclient0001", {"name": "new", "active_user_cap": "x"}),
        ("PATCH", "/knobs", {"post_cap": 3, "seed": 9, "rotation": "x"}),
        ("POST", "/reset", {"post_cap": 3, "rotation": "x"}),
        ("POST", "/clock", {"frozen": True, "advance_seconds": 10, "set": "soon"}),
        ("POST", "/clock", {"frozen": True, "set": "2037-12-31T00:00:00Z", "advance_seconds": 864_000}),
        ("POST", "/creators/newton", {"post_cap": "x"}),
        ("POST", "/videos", {"username": "ada", "count": 3, "title": 7}),
    ):
        with pytest.raises(CommandRefused, match=r"^400"):
            client.control.call(method, path, body)

    after = client.control.state()
    for what in ("knobs", "at_reset", "apps", "creators"):
        assert after[what] == before[what]
    assert after["clock"]["frozen"] is False
    assert abs(after["clock"]["offset_seconds"] - before["clock"]["offset_seconds"]) < 1


def test_every_declaration_is_complete(client):
    groups = client.control.call("GET", "/options")["options"]

    assert groups.keys() >= {"knobs", "app", "creator", "video", "mischief", "clock"}
    for options in groups.values():
        assert options
        for each in options:
            assert each["meaning"]
            assert each["type"]
            assert each["takes_effect"]
            assert isinstance(each["nullable"], bool)
    knobs = {each["name"]: each for each in client.control.call("GET", "/knobs")["described"]}
    assert knobs.keys() == client.control.knobs().keys()
    assert {name for name, each in knobs.items() if each["takes_effect"] != "at once"} == {
        "seed",
        "start_at",
        "extra_creators",
        "callbacks",
        "webhook_url",
    }


AT_RESET = {
    "seed": 77,
    "start_at": "2031-01-01T00:00:00Z",
    "extra_creators": 2,
    "callbacks": ["http://127.0.0.1:*/elsewhere"],
    "webhook_url": "http://127.0.0.1:9/hook",
}


def facts(control):
    """What in the world follows from the options that count from a reset."""
    apps = control.apps()
    return (
        control.creator("ada")["union_id"],
        control.clock()["now"][:10],
        len(control.creators()),
        apps[0]["redirect_uris"],
        apps[0]["webhook_url"],
    )


@pytest.mark.parametrize("name", AT_RESET)
def test_an_option_that_counts_from_the_next_reset_waits_for_it_and_is_not_lost(client, name):
    place = list(AT_RESET).index(name)
    before = facts(client.control)

    answer = client.control.call("PATCH", "/knobs", {name: AT_RESET[name]})
    until_then = facts(client.control)
    client.control.reset()
    then = facts(client.control)
    client.control.reset()

    assert answer["at_reset"] == {name: AT_RESET[name]}
    assert until_then == before
    assert then[place] != before[place]
    assert facts(client.control) == before
    assert client.control.call("GET", "/knobs")["at_reset"] == {}


def test_a_refused_reset_keeps_what_waits(client):
    client.control.knobs(extra_creators=2)
    with pytest.raises(CommandRefused):
        client.control.reset(rotation="sideways")

    client.control.reset()

    assert len(client.control.creators()) == 8


def test_the_page_of_options_pins_nothing(client, session):
    """The form sends every option as it stands; only what differs is a change."""
    client.control.reset(seed=9)
    knobs = {
        name: value if isinstance(value, str) else json.dumps(value) for name, value in client.control.knobs().items()
    }
    form = {name: value for name, value in knobs.items() if value not in ("true", "false")}

    answer = session.post(f"{client.tiktok.url}/_simulator/knobs", data=form)

    assert answer.status_code == 200
    assert client.control.call("GET", "/knobs")["at_reset"] == {}
    assert client.control.reset()["seed"] == 1


def test_the_number_of_things_is_bounded(client):
    client.control.call("POST", "/videos", {"username": "ada", "count": 10_000, "spacing_seconds": 0})
    with pytest.raises(CommandRefused, match=r"^400"):
        client.control.seed_videos("ada", count=10_001)

    for _ in range(1_000):
        client.control.mischief("cancel", "drop")
    with pytest.raises(CommandRefused, match=r"^400.*at most 1000 rules"):
        client.control.mischief("cancel", "drop")
