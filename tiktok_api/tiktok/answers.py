"""A response of TikTok: its data, or the error of our tree that says what to do next."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from tiktok_api.redaction import Redactor
from tiktok_api.tiktok import parsing
from tiktok_api.tiktok.errors import (
    BAN_CODES,
    CAP_CODES,
    AccessTokenInvalid,
    CreatorCannotPost,
    GrantInvalid,
    ScopeMissing,
    TikTokBusy,
    TikTokError,
    TikTokRefusal,
    TikTokUnreachable,
)

WINDOW_SECONDS = 60.0
LONGEST_PAUSE_SECONDS = 3_600
LONGEST_WORD = 128
LONGEST_MESSAGE = 300

BUSY_CODES = frozenset({"rate_limit_exceeded"})
UNSUPPORTED_PATH = b"Unsupported path"
TROUBLE_CODES = frozenset({"internal_error", "server_error", "temporarily_unavailable"})
REFUSALS: Mapping[str, type[TikTokError]] = {
    "access_token_invalid": AccessTokenInvalid,
    "invalid_grant": GrantInvalid,
    "scope_not_authorized": ScopeMissing,
    "scope_permission_missed": ScopeMissing,
    **dict.fromkeys(CAP_CODES | BAN_CODES, CreatorCannotPost),
}


@dataclass(frozen=True)
class ApiAnswer:
    """A complete response to one request."""

    operation: str
    http_status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    redactor: Redactor = field(repr=False)

    @cached_property
    def document(self) -> Mapping[str, Any]:
        """The body as a JSON object; empty for anything else."""
        return parsing.mapping(parsing.document(self.body))

    @property
    def code(self) -> str | None:
        """TikTok's code of the outcome, `ok` among them.

        Data endpoints wrap it (`error.code`), OAuth has it as `error`, the generic error page as `code`.
        """
        error = self.document.get("error")
        if isinstance(error, dict):
            return self._word(error.get("code"))
        if error is not None:
            return self._word(error)
        bare = self._word(self.document.get("code"))
        return bare if bare != "ok" else None

    @property
    def log_id(self) -> str | None:
        """What TikTok's support asks for; tables spell it `logid`, live answers `log_id`, its gateway `x-tt-logid`."""
        bodies = (parsing.mapping(self.document.get("error")), self.document)
        places = [body.get(name) for body in bodies for name in ("log_id", "logid")]
        places.append(self.headers.get("x-tt-logid"))
        return next((word for word in map(self._word, places) if word), None)

    @property
    def complaint(self) -> str:
        """TikTok's own sentence about an error, or "no message"."""
        error = parsing.mapping(self.document.get("error"))
        places = (error.get("message"), self.document.get("error_description"), self.document.get("message"))
        sentence = next((words for words in map(parsing.text, places) if words), None)
        return self.redactor.clean(sentence)[:LONGEST_MESSAGE] if sentence else "no message"

    @property
    def data(self) -> Mapping[str, Any]:
        """The envelope's data, if the envelope says ok. Raises the error that it says otherwise."""
        if self.code != "ok":
            raise self.error()
        return parsing.mapping(self.document.get("data"))

    @property
    def is_unsupported_path(self) -> bool:
        """Returns True if TikTok's gateway knows no such path or method: it says so in plain text, without an envelope."""
        return self.http_status == 404 and self.body.lstrip()[: len(UNSUPPORTED_PATH)] == UNSUPPORTED_PATH

    def error(self) -> TikTokError:
        """The error that this response means. A response without TikTok's code does not come from TikTok."""
        if self.is_unsupported_path:
            sentence = f"{self.operation}: TikTok knows no such path"
            return TikTokUnreachable(
                sentence, was_sent=False, code="unsupported_path", http_status=404, log_id=self.log_id
            )
        code = self.code if self.code != "ok" else None
        if code in BUSY_CODES or self.http_status == 429:
            return TikTokBusy(
                self._sentence(), retry_after=self._pause(), code=code, http_status=self.http_status, log_id=self.log_id
            )
        if code is None or code in TROUBLE_CODES or self.http_status >= 500:
            return self.unusable(code=code)
        kind = REFUSALS.get(code, TikTokRefusal)
        return kind(self._sentence(), code=code, http_status=self.http_status, log_id=self.log_id)

    def unusable(self, lack: str | None = None, *, code: str | None = None) -> TikTokUnreachable:
        """The error for a response that arrived but is unusable; `lack` names what is missing."""
        sentence = f"{self.operation}: the answer has no usable {lack}" if lack else self._sentence()
        return TikTokUnreachable(sentence, was_sent=True, code=code, http_status=self.http_status, log_id=self.log_id)

    def _sentence(self) -> str:
        return f"{self.operation}: {self.complaint if self.code else 'the answer is not in the form of TikTok’s API'}"

    def _pause(self) -> float:
        # TikTok documents a moving window of one minute and no Retry-After; a gateway in front of it may send one.
        asked = parsing.integer(self.headers.get("retry-after"))
        return float(min(asked, LONGEST_PAUSE_SECONDS)) if asked else WINDOW_SECONDS

    def _word(self, value: Any) -> str | None:
        word = parsing.text(value)
        return self.redactor.clean(word)[:LONGEST_WORD] if word else None
