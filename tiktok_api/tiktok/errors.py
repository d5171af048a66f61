"""The errors of TikTok's API.

TikTokError
├── TikTokUnreachable       no usable answer: try again later; `was_sent` says whether TikTok may have acted
│   └── NoUsableToken           TikTok accepts no access token now; the grant may still be valid
├── TikTokBusy              over a rate limit, theirs or our own pace: try again after `retry_after` seconds
├── AccessRevoked           the token is not valid (any longer)
│   ├── AccessTokenInvalid      renew the access token once, repeat once; a second one says nothing about the grant
│   └── GrantInvalid            the code or refresh token is dead: the person must connect again
├── ScopeMissing            the person did not grant what this needs: connect again with more scopes
└── TikTokRefusal           the request itself was refused: do not send it again as it is
    ├── CreatorCannotPost       a cap (`is_cap`: it reopens by itself) or a ban
    ├── UploadUrlExpired        403 on a chunk: the hour is over
    ├── UploadUnknown           404 on a chunk: no such upload
    ├── UploadOutOfStep         416 on a chunk: ask fetch_status how much TikTok has, go on from there
    └── UploadRejected          400 on a chunk: headers or length are wrong

InvalidSignature is separate: a request to us claimed to be from TikTok and was not.
"""

CAP_CODES = frozenset({"spam_risk_too_many_posts", "reached_active_user_cap", "spam_risk_too_many_pending_share"})
BAN_CODES = frozenset({"spam_risk_user_banned_from_posting", "spam_risk"})


class TikTokError(Exception):
    """`code` is TikTok's own word (`invalid_params`), `log_id` what its support asks for.

    `http_status` is None where no answer came, or where the request was stopped before it left.
    No token, code, secret or upload URL is ever part of the message.
    """

    def __init__(
        self, message: str, *, code: str | None = None, http_status: int | None = None, log_id: str | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.http_status = http_status
        self.log_id = log_id

    def __str__(self) -> str:
        known = {"code": self.code, "http_status": self.http_status, "log_id": self.log_id}
        facts = ", ".join(f"{name}={value}" for name, value in known.items() if value is not None)
        return f"{self.message} ({facts})" if facts else self.message


class TikTokUnreachable(TikTokError):
    """No usable answer: no connection, a timeout, a 5xx, or something that is not TikTok's JSON.

    `was_sent` is False only when it is certain that the request had no effect: it never reached TikTok, or TikTok's
    gateway knows no such path. True means that it may have had its effect.
    """

    def __init__(
        self,
        message: str,
        *,
        was_sent: bool = True,
        code: str | None = None,
        http_status: int | None = None,
        log_id: str | None = None,
    ) -> None:
        super().__init__(message, code=code, http_status=http_status, log_id=log_id)
        self.was_sent = was_sent


class NoUsableToken(TikTokUnreachable):
    """TikTok rejects a token that it has just given, or refuses to renew one for a reason other than the grant.

    Neither is TikTok's word that the authorization has ended, so no person is asked to connect again for it.
    """

    @classmethod
    def because_of(cls, error: TikTokError) -> "NoUsableToken":
        """The same response of TikTok, as what it means for the account."""
        return cls(error.message, code=error.code, http_status=error.http_status, log_id=error.log_id)


class TikTokBusy(TikTokError):
    """Over a rate limit. The request had no effect; without an `http_status` it was our own pace that held it back.

    `retry_after` is in seconds: what TikTok asked for, else its window of one minute.
    """

    def __init__(
        self,
        message: str,
        *,
        retry_after: float = 60.0,
        code: str | None = None,
        http_status: int | None = None,
        log_id: str | None = None,
    ) -> None:
        super().__init__(message, code=code, http_status=http_status, log_id=log_id)
        self.retry_after = retry_after


class AccessRevoked(TikTokError):
    """The token is not valid (any longer)."""


class AccessTokenInvalid(AccessRevoked):
    """The access token is unknown, expired or revoked; a refresh token may still be valid."""


class GrantInvalid(AccessRevoked):
    """The authorization code or refresh token is used up, expired or revoked."""


class ScopeMissing(TikTokError):
    """The person did not grant the scope; renewing the token changes nothing."""


class TikTokRefusal(TikTokError):
    """TikTok understood the request and said no; `code` says why."""


class CreatorCannotPost(TikTokRefusal):
    """This creator cannot post now, whatever the post."""

    @property
    def is_cap(self) -> bool:
        """Returns True if the block ends by itself (24 h windows, drafts posted by the person); a ban does not."""
        return self.code in CAP_CODES


class UploadUrlExpired(TikTokRefusal):
    """The upload URL's hour has passed."""


class UploadUnknown(TikTokRefusal):
    """TikTok knows no such upload."""


class UploadOutOfStep(TikTokRefusal):
    """The chunk is not the one that TikTok expects next.

    `uploaded_bytes` is a hint from the answer's header, or None; whether TikTok counts bytes there or names the last
    one is unconfirmed, so `fetch_status` decides.
    """

    def __init__(
        self,
        message: str,
        *,
        uploaded_bytes: int | None = None,
        code: str | None = None,
        http_status: int | None = None,
        log_id: str | None = None,
    ) -> None:
        super().__init__(message, code=code, http_status=http_status, log_id=log_id)
        self.uploaded_bytes = uploaded_bytes


class UploadRejected(TikTokRefusal):
    """The chunk's headers or length are wrong."""


class InvalidSignature(Exception):
    """The webhook was not signed by TikTok with this app's secret."""
