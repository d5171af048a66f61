"""The address of a signed link: that of its route, wherever the server stands."""

from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import pytest
from flask import url_for

from tiktok_api.media.models import CONTENT_LINK, THUMBNAIL_LINK
from tiktok_api.web import signed_links
from tiktok_api.web.link_target import LinkTarget

IDS = [UUID(int=0), UUID(int=2**128 - 1), UUID("01932f0a-7c1e-7d3c-9d8e-1f2a3b4c5d6e")]


@pytest.mark.parametrize("root", ["", "/behind/a proxy"])
def test_a_link_is_the_address_of_its_route_under_the_public_url(app, root):
    with app.test_request_context("/", environ_overrides={"SCRIPT_NAME": root}):
        links = {
            (endpoint, thing_id): signed_links.url_of(LinkTarget(endpoint, "media_id", thing_id, "1"))
            for endpoint in (THUMBNAIL_LINK, CONTENT_LINK)
            for thing_id in IDS
        }

        for (endpoint, thing_id), link in links.items():
            said = {name: value for name, [value] in parse_qs(urlsplit(link).query, strict_parsing=True).items()}
            assert list(said) == ["expires", "signature"]
            assert link == f"http://127.0.0.1:8080{url_for(endpoint, media_id=thing_id, **said)}"
            signed_links.must_be_signed(endpoint, thing_id, "1", **said)
