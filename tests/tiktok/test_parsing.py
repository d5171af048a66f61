"""Reading values that may be anything"""

import math
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tiktok_api.tiktok import parsing

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=8,
)


@pytest.mark.parametrize(
    ("value", "read"),
    [
        (0, 0),
        (7, 7),
        ("7", 7),
        (7.0, 7),
        (2**63 - 1, 2**63 - 1),
        (2**63, None),
        (-1, None),
        ("-1", None),
        ("٧", None),
        ("9" * 5000, None),
        (7.5, None),
        (math.inf, None),
        (math.nan, None),
        (True, None),
        ("", None),
        ([], None),
        (None, None),
    ],
)
def test_whole_numbers(value, read):
    assert parsing.integer(value) == read
    assert parsing.integer(value) is not True


@pytest.mark.parametrize(
    ("value", "read"),
    [(True, True), (0, False), ("true", True), ("False", False), ("yes", None), (2, None), (None, None), ([], None)],
)
def test_booleans(value, read):
    assert parsing.truth(value) is read


@pytest.mark.parametrize(
    ("value", "read"),
    [
        (7602997517160123666, ("7602997517160123666",)),
        ("7602997517160123666", ("7602997517160123666",)),
        ([7602997517160123666, "7602997517160123666", 1], ("7602997517160123666", "1")),
        ([7.602997517160124e18, None, True, 0, "0", "", " ", -1, {}, 2**65], ()),
        (None, ()),
        ({}, ()),
        ([], ()),
    ],
)
def test_ids_are_strings_whatever_they_came_as(value, read):
    assert parsing.identifiers(value) == read


@pytest.mark.parametrize(
    ("value", "read"),
    [
        ("user.info.basic,video.list", ("user.info.basic", "video.list")),
        ("a, b  a,", ("a", "b")),
        (["a", 1, "b"], ("a", "b")),
        (None, ()),
        (7, ()),
    ],
)
def test_lists_of_words(value, read):
    assert parsing.words(value) == read


@pytest.mark.parametrize(
    ("value", "read"), [("ü🎉", "ü🎉"), ("a\x00b", "ab"), ("cut \ud83c", "cut �"), ("", None), (7, None)]
)
def test_text_can_always_be_stored(value, read):
    assert parsing.text(value) == read


@pytest.mark.parametrize(
    ("value", "read"),
    [
        (1_643_332_803, datetime(2022, 1, 28, 1, 20, 3, tzinfo=UTC)),
        ("1643332803", datetime(2022, 1, 28, 1, 20, 3, tzinfo=UTC)),
        (0, None),
        (1_643_332_803_000_000, None),
        ("soon", None),
    ],
)
def test_times(value, read):
    assert parsing.instant(value) == read


@pytest.mark.parametrize("body", [b"", b"<html>", b"{", b"\xff\xfe", b"[" * 200_000, b"1" * 6000 + b"x", b"nul"])
def test_a_body_that_is_not_json_is_none(body):
    assert parsing.document(body) is None


def test_a_caption_cut_inside_an_emoji_does_not_spoil_the_page():
    document = parsing.document(b'{"title":"party \\ud83c"}')

    assert parsing.text(document["title"]) == "party �"


@given(ANYTHING)
def test_nothing_breaks_them(value):
    for read in (parsing.text, parsing.integer, parsing.truth, parsing.identifier, parsing.instant):
        read(value)
    assert all(isinstance(word, str) for word in parsing.words(value) + parsing.identifiers(value))


@given(st.binary())
def test_no_bytes_break_the_reader(body):
    parsing.document(body)
