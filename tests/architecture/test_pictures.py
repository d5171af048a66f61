"""The pictures of `docs/architecture.md` show the code as it is."""

from tests.architecture import pictures


def test_the_page_is_drawn_from_this_code():
    page = pictures.PAGE.read_text()

    assert "storage --> ground" in page
    assert page == pictures.drawn(page), "draw it again: python -m tests.architecture.pictures"
