"""The API under `/api/v1`: the blueprints of a list of domains, and the head of their OpenAPI document."""

from collections.abc import Iterable

from flask import Flask
from flask_smorest import Api

from tiktok_api.web.blueprint import Blueprint
from tiktok_api.web.openapi.json_schemas import SchemaPlugin
from tiktok_api.web.openapi.operations import describe_common_parts

API_PREFIX = "/api/v1"

_DESCRIPTION = """\
Run many TikTok accounts: connect them by OAuth, upload media, draft, validate, schedule and publish posts, and read
analytics that stay correct.

Every error is a problem document (RFC 9457); its codes are listed at [/docs/problems](/docs/problems). Lists answer
`data`, `next_cursor` and `has_more`. A POST that creates or acts takes an `Idempotency-Key`.
"""


def bind_domains(app: Flask, domains: Iterable[Blueprint], *, public_url: str) -> None:
    """Register each domain's blueprint and describe it in the document."""
    app.config.update(
        API_TITLE="TikTok API server",
        API_VERSION="v1",
        OPENAPI_VERSION="3.1.0",
        API_SPEC_OPTIONS={
            "info": {
                "description": _DESCRIPTION,
                "license": {"name": "MIT", "identifier": "MIT"},
                "contact": {"name": "The operator of this server", "url": public_url},
            },
            "servers": [
                {"url": public_url, "description": "PUBLIC_URL of this server"},
                {"url": "/", "description": "Where this document comes from"},
            ],
        },
    )
    api = Api()
    api.DEFAULT_ERROR_RESPONSE_NAME = None  # our errors are problem documents instead
    api._register_error_handlers = lambda: None  # `web/rendering.py` has the only one
    api.init_app(app, spec_kwargs={"marshmallow_plugin": SchemaPlugin()})
    describe_common_parts(api)
    for blueprint in domains:
        api.register_blueprint(blueprint, url_prefix=API_PREFIX + (blueprint.url_prefix or ""))
    app.extensions["tiktok_api.api"] = api
