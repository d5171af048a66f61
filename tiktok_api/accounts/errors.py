"""What the accounts domain refuses, and TikTok's errors as problems."""

from collections.abc import Iterator
from contextlib import contextmanager
from math import ceil

from tiktok_api.errors import Conflict, Invalid, Problem, TooManyRequests, Unavailable, UpstreamFailed
from tiktok_api.tiktok import (
    AccessTokenInvalid,
    CreatorCannotPost,
    GrantInvalid,
    ScopeMissing,
    TikTokBusy,
    TikTokError,
    TikTokUnreachable,
)


class AccountNeedsReconnection(Conflict):
    message = "TikTok does not let us act for this account any more ({reason}); connect it again."


class SyncedRecently(TooManyRequests):
    message = "This account was synced on request less than {minutes} minutes ago; wait as long as Retry-After says."


class ReturnUrlNotAllowed(Invalid):
    message = "Browsers may be sent back only to the origins in RETURN_URL_ORIGINS and to this server."


class ScopeNotGranted(Conflict):
    message = "The person did not grant what this needs; connect the account again with more scopes."


class CreatorNotAllowedToPost(Conflict):
    message = "TikTok does not let this creator post now."


class UpstreamBusy(Unavailable):
    message = "TikTok takes no more requests of this kind for this account right now; wait as long as Retry-After says."


class UpstreamUnreachable(UpstreamFailed):
    message = "TikTok gave no usable answer; try again later."


class UpstreamRefused(UpstreamFailed):
    message = "TikTok refused; what it said is under upstream."


UPSTREAM_PROBLEMS = (ScopeNotGranted, CreatorNotAllowedToPost, UpstreamBusy, UpstreamUnreachable, UpstreamRefused)
"""What a route that asks TikTok may raise, besides AccountNeedsReconnection."""


def problem_of(error: TikTokError) -> Problem:
    """Returns the problem for an error of TikTok's, with TikTok's code and log id under `upstream`."""
    extra = {"upstream": {"code": error.code, "log_id": error.log_id}}
    match error:
        case TikTokBusy():
            return UpstreamBusy(extra=extra, headers={"Retry-After": str(max(1, ceil(error.retry_after)))})
        case TikTokUnreachable() | AccessTokenInvalid():  # a rejected token alone does not end a grant
            return UpstreamUnreachable(extra=extra)
        case GrantInvalid():
            return AccountNeedsReconnection(reason=error.code, extra=extra)
        case ScopeMissing():
            return ScopeNotGranted(extra=extra)
        case CreatorCannotPost():
            return CreatorNotAllowedToPost(extra=extra)
        case _:
            return UpstreamRefused(extra=extra)


@contextmanager
def as_problems() -> Iterator[None]:
    """Turns TikTok's errors that leave this block into problems."""
    try:
        yield
    except TikTokError as error:
        raise problem_of(error) from error
