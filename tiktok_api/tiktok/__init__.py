"""TikTok's API in Python: knows nothing of our posts, of the web server or of the database.

Cut by what a caller does: connect an account (`oauth`), read it (`reading`), post to it (`publishing`, `uploading`), verify
its webhooks (`signatures`). They share one way to send (`wire`), one way to read responses (`answers`, `parsing`) and one
error tree (`errors`).
"""

from tiktok_api.tiktok.client import TikTokClient
from tiktok_api.tiktok.errors import (
    BAN_CODES,
    CAP_CODES,
    AccessRevoked,
    AccessTokenInvalid,
    CreatorCannotPost,
    GrantInvalid,
    InvalidSignature,
    NoUsableToken,
    ScopeMissing,
    TikTokBusy,
    TikTokError,
    TikTokRefusal,
    TikTokUnreachable,
    UploadOutOfStep,
    UploadRejected,
    UploadUnknown,
    UploadUrlExpired,
)
from tiktok_api.tiktok.pacing import INITS_A_MINUTE, STATUS_CALLS_A_MINUTE, Pacer, Unpaced
from tiktok_api.tiktok.signatures import sign, verify_webhook
from tiktok_api.tiktok.transport import DeadlineTransport
from tiktok_api.tiktok.types import (
    ChunkPlan,
    ChunkReceipt,
    CreatorInfo,
    PhotoPostInfo,
    PublishState,
    PublishStatus,
    PublishTicket,
    TikTokVideo,
    TokenGrant,
    UserInfo,
    VideoPage,
    VideoPostInfo,
    WebhookSignature,
    plan_chunks,
)
from tiktok_api.tiktok.wire import Timeouts

__all__ = [
    "BAN_CODES",
    "CAP_CODES",
    "INITS_A_MINUTE",
    "STATUS_CALLS_A_MINUTE",
    "AccessRevoked",
    "AccessTokenInvalid",
    "ChunkPlan",
    "ChunkReceipt",
    "CreatorCannotPost",
    "CreatorInfo",
    "DeadlineTransport",
    "GrantInvalid",
    "InvalidSignature",
    "NoUsableToken",
    "Pacer",
    "PhotoPostInfo",
    "PublishState",
    "PublishStatus",
    "PublishTicket",
    "ScopeMissing",
    "TikTokBusy",
    "TikTokClient",
    "TikTokError",
    "TikTokRefusal",
    "TikTokUnreachable",
    "TikTokVideo",
    "Timeouts",
    "TokenGrant",
    "Unpaced",
    "UploadOutOfStep",
    "UploadRejected",
    "UploadUnknown",
    "UploadUrlExpired",
    "UserInfo",
    "VideoPage",
    "VideoPostInfo",
    "WebhookSignature",
    "plan_chunks",
    "sign",
    "verify_webhook",
]
