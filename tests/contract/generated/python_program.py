"""A program of a client's: it knows the generated package alone, and says as JSON what it did."""

import json
import sys
from datetime import UTC, datetime
from pathlib import Path

from generated_client import AuthenticatedClient, Client
from generated_client.api.auth import register
from generated_client.api.media import list_media, upload_media
from generated_client.api.posts import create_post, list_posts, show_post
from generated_client.models import (
    Media,
    MediaPage,
    PostDraft,
    PostPage,
    PrivacyLevel,
    Problem,
    Registration,
    ScheduledPost,
    TokenPair,
    UploadMediaBody,
)
from generated_client.types import File

BASE_URL, VIDEO = sys.argv[1], Path(sys.argv[2])
CAPTION = "From a client in Python"

with Client(base_url=BASE_URL) as anyone:
    registration = Registration(email="python@example.com", password="correct horse battery", timezone="Europe/Berlin")
    tokens = register.sync(client=anyone, body=registration)
assert isinstance(tokens, TokenPair), tokens

with AuthenticatedClient(base_url=BASE_URL, token=tokens.access_token, timeout=60) as client:
    with VIDEO.open("rb") as file:
        body = UploadMediaBody(file=File(payload=file, file_name=VIDEO.name, mime_type="video/mp4"))
        media = upload_media.sync(client=client, body=body, idempotency_key="upload-once")
    assert isinstance(media, Media), media

    library = list_media.sync(client=client, limit=5, q="launch", include_total=True)
    assert isinstance(library, MediaPage), library
    assert [each.id for each in library.data] == [media.id], library

    draft = PostDraft(caption=CAPTION, privacy_level=PrivacyLevel.SELF_ONLY, media_ids=[media.id])
    post = create_post.sync(client=client, body=draft)
    assert isinstance(post, ScheduledPost), post
    assert post.privacy_level is PrivacyLevel.SELF_ONLY, post
    assert post.created_at <= datetime.now(UTC), post

    page = list_posts.sync(client=client, limit=10, q="client in python", include_total=True)
    assert isinstance(page, PostPage), page

    refused = show_post.sync(client=client, post_id=media.id)
    assert isinstance(refused, Problem), refused

said = {
    "access_token": tokens.access_token,
    "media_id": str(media.id),
    "post_id": str(post.id),
    "caption": CAPTION,
    "listed": [str(each.id) for each in page.data],
    "total": page.total,
    "refused_with": refused.code,
}
sys.stdout.write(json.dumps(said))
