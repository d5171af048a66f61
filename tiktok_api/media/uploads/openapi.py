"""The parts of the OpenAPI document about bytes and headers, which schemas cannot describe."""

from typing import Any

from tiktok_api.media.errors import ChecksumMismatch
from tiktok_api.media.inspection.sniff import PHOTO_TYPES, VIDEO_TYPES
from tiktok_api.web.openapi.json_schemas import ENUM_NAME
from tiktok_api.web.openapi.operations import file_schema

Document = dict[str, Any]

_EXAMPLES: dict[str, tuple[str, Any, str]] = {
    "Tus-Resumable": ("string", "1.0.0", "The version of the protocol."),
    "Upload-Length": ("integer", 48_213_004, "Bytes of the whole file."),
    "Upload-Defer-Length": ("string", "1", "The length is said later."),
    "Upload-Offset": ("integer", 5_242_880, "Bytes that are safely stored; the next ones follow them."),
    "Upload-Metadata": ("string", "filename bGF1bmNoLm1wNA==,filetype dmlkZW8vbXA0", "Pairs of a key and base64."),
    "Upload-Checksum": ("string", "sha1 Kq5sNclPz7QV2+lfQIuc6R7oRu0=", "Algorithm and digest of this body, in base64."),
    "Upload-Expires": ("string", "Wed, 03 Mar 2027 12:00:00 GMT", "When the unfinished upload is forgotten."),
    "Location": ("string", "/api/v1/media/uploads/01932f0a-7c1e-7d3c-9d8e-1f2a3b4c5d6e", "Where the bytes go."),
    "X-HTTP-Method-Override": ("string", "PATCH", "PATCH, DELETE or HEAD."),
    "Content-Range": ("string", "bytes 0-1048575/48213004", "Which bytes these are."),
    "Tus-Version": ("string", "1.0.0", "Versions spoken."),
    "Tus-Extension": ("string", "creation,termination", "Extensions spoken."),
    "Tus-Max-Size": ("integer", 524_288_000, "The largest file, in bytes."),
    "Tus-Checksum-Algorithm": ("string", "sha1,sha256,md5", "Digests that can be checked."),
}
_ANY_BYTES = file_schema("application/octet-stream")

CHECKSUM_MISMATCH: Document = {
    "460": {
        "description": f"{ChecksumMismatch.title}: `{ChecksumMismatch.code}`",
        "content": {
            "application/problem+json": {
                "schema": {"$ref": "#/components/schemas/Problem"},
                "example": {
                    "type": f"/docs/problems#{ChecksumMismatch.code}",
                    "title": ChecksumMismatch.title,
                    "status": ChecksumMismatch.status,
                    "detail": ChecksumMismatch.message,
                    "instance": "/api/v1/media/uploads/01932f0a-7c1e-7d3c-9d8e-1f2a3b4c5d6e",
                    "code": ChecksumMismatch.code,
                    "request_id": "01932f0a-7c1e-7d3c-9d8e-1f2a3b4c5d6e",
                },
            }
        },
    }
}

ONE_FILE: Document = {
    "required": True,
    "content": {
        "multipart/form-data": {
            "schema": {"type": "object", "required": ["file"], "properties": {"file": _ANY_BYTES}},
            "example": {"file": "(the bytes of launch.mp4)"},
        }
    },
}


_CONSTRAINTS: dict[str, Document] = {
    "Tus-Resumable": {"pattern": "^1[.]0[.]0$"},
    "Upload-Defer-Length": {"pattern": "^1$"},
    "Upload-Length": {"minimum": 0},
    "Upload-Offset": {"minimum": 0},
    "X-HTTP-Method-Override": {"enum": ["PATCH", "DELETE", "HEAD"], ENUM_NAME: "OverridableMethod"},
}
"""Further constraints on the values that clients send."""


def bytes_body(*, required: bool) -> Document:
    """A request body of the upload protocol."""
    content = {"application/offset+octet-stream": {"schema": _ANY_BYTES, "example": "(bytes)"}}
    return {"required": required, "content": content}


def request_headers(**required: bool) -> list[Document]:
    """Request headers by name, with `_` for `-`; the value says whether the header is required."""
    found = []
    for written, is_required in required.items():
        name = written.replace("_", "-")
        kind, example, description = _EXAMPLES[name]
        parameter = {"name": name, "in": "header", "required": is_required, "description": description}
        found.append(parameter | {"schema": {"type": kind} | _CONSTRAINTS.get(name, {}), "example": example})
    return found


def answers(status: int, *headers: str, description: str, content: Document | None = None) -> Document:
    """A response with these headers, and with the body that `content` describes."""
    shown = {}
    for name in headers:
        kind, example, said = _EXAMPLES[name]
        shown[name] = {"schema": {"type": kind}, "description": said, "example": example}
    document: Document = {"description": description}
    return {str(status): document | ({"headers": shown} if shown else {}) | ({"content": content} if content else {})}


FILE_TYPES = (*VIDEO_TYPES, *PHOTO_TYPES)
PICTURE_TYPES = ("image/jpeg", "image/png", "image/webp")


def file_body(*content_types: str) -> Document:
    """A response body that is a file of one of these types; the first type has the example."""
    described: Document = {each: {"schema": file_schema(each)} for each in content_types}
    described[content_types[0]]["example"] = "(bytes)"
    return described


def handed_out(what: str, *content_types: str) -> Document:
    """The request headers and answers of an endpoint that uses `downloads.responses.serve`."""
    file = file_body(*content_types)
    return {
        "parameters": ["Range", "IfRange", "IfNoneMatch"],
        "responses": answers(200, description=what, content=file)
        | answers(206, "Content-Range", description="A part of it", content=file)
        | answers(304, description="You have it already")
        | answers(307, description="It is on S3: `Location` hands it out for some minutes"),
    }


PROGRESS = answers(
    200,
    "Tus-Resumable",
    "Upload-Offset",
    "Upload-Length",
    "Upload-Defer-Length",
    "Upload-Metadata",
    "Upload-Expires",
    description="Where it stands",
)
