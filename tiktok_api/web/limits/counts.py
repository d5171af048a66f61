"""Where requests are counted: a moving window for each key, in Redis or, without it, in this process.

Redis answers all that a request needs in one round trip: whether its session is known to be active, whether it is within
the limit, and the state for the headers. While Redis is away or slow each process counts for itself, and asks again after
a second; no request fails because of it.
"""

import secrets
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Iterable
from typing import Any, NamedTuple

from redis import Redis
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import NoScriptError, RedisError

from tiktok_api.metrics import counters

REDIS_SECONDS = 0.05
"""A Redis that is slower than this is as good as away."""
REMEMBERED_SECONDS = 2.0
"""For so long after its row was read a session may be taken for active, unless `forget_sessions` says otherwise."""
_AWAY_SECONDS = 1.0
MOST_OWN_KEYS = 100_000
_PREFIX = "tiktok-api:"
_GENERATION = f"{_PREFIX}generation"
_RUN = f"{_PREFIX}run"
_ENDED = "ended"

# KEYS: the window, the session, the generation. ARGV: limit, microseconds of the window, amount; the token that the session
# must be known for, or ""; the token to remember, the generation and the moment of the look at its row, and for how long.
_SCRIPT = """
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local generation = redis.call('GET', KEYS[3])
if ARGV[4] ~= '' and redis.call('GET', KEYS[2]) ~= ARGV[4] .. ' ' .. (generation or '') then
    if not generation then
        generation = string.format('%.0f', now)
        redis.call('SET', KEYS[3], generation)
    end
    return {-1, generation, string.format('%.0f', now)}
end
if ARGV[5] ~= '' and generation == ARGV[6] and redis.call('GET', KEYS[2]) ~= 'ended' then
    local left = math.floor((ARGV[7] + ARGV[8] - now) / 1000)
    if left > 0 and left <= ARGV[8] / 1000 then
        redis.call('SET', KEYS[2], ARGV[5] .. ' ' .. generation, 'PX', left)
    end
end
local limit, window, amount = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local newest = redis.call('LINDEX', KEYS[1], 0)
if newest and tonumber(newest) > now then
    redis.call('DEL', KEYS[1]) -- the clock was set back: nothing is known about what came before
end
local oldest = redis.call('LINDEX', KEYS[1], -1)
while oldest and tonumber(oldest) < now - window do
    redis.call('RPOP', KEYS[1])
    oldest = redis.call('LINDEX', KEYS[1], -1)
end
local used = redis.call('LLEN', KEYS[1])
local fits = used + amount <= limit
if fits and amount > 0 then
    for _ = 1, amount do
        redis.call('LPUSH', KEYS[1], string.format('%.0f', now))
    end
    redis.call('PEXPIRE', KEYS[1], math.ceil(window / 1000))
    used = used + amount
end
return {fits and 1 or 0, used, string.format('%.0f', (oldest or now) + window - now)}
"""


# KEYS: the run of the server that the generation is of, the generation. ARGV: a number to begin a generation with.
_RENEW = """
local run = string.match(redis.call('INFO', 'server'), 'run_id:(%w+)') or ARGV[1]
if redis.call('GET', KEYS[1]) ~= run then
    redis.call('SET', KEYS[1], run)
    redis.call('SET', KEYS[2], ARGV[1])
end
"""


class Count(NamedTuple):
    """A window after a request: whether it is within the limit, how much is used, and seconds until the oldest leaves it."""

    fits: bool
    used: int
    reset_seconds: float


class UnknownSession(NamedTuple):
    """A session of which nothing is known: its row has to be read. What is needed to remember what that says."""

    session: str
    token: str
    generation: Any
    asked_at: Any


class Counts:
    """Counts in Redis, and in this process while that is away."""

    def __init__(self, redis_url: str | None = None, *, most_own_keys: int = MOST_OWN_KEYS) -> None:
        """Raises ValueError for a URL that redis-py does not understand."""
        self._own = _OwnCounts(most_own_keys)
        self._redis = _Redis(redis_url) if redis_url else None

    def is_shared(self) -> bool:
        """Returns True if Redis answers, so that all processes count together."""
        return self._redis is not None and self._redis.check()

    def count(self, key: str, limit: int, window: float, amount: int = 1, read: UnknownSession | None = None) -> Count:
        """Count `amount` under `key` if it fits into `limit` in `window` seconds.

        `read`: its session's row has been read meanwhile, and is active.
        """
        answer = self._ask(key, limit, window, amount, read=read)
        return self._own.count(key, limit, window, amount) if answer is None else _as_count(answer)

    def count_known(
        self, key: str, limit: int, window: float, *, session: str, token: str
    ) -> Count | UnknownSession | None:
        """Count one request of a session that is known to be active with this token; else nothing is counted.

        None: there is no Redis to remember sessions.
        """
        answer = self._ask(key, limit, window, 1, session=session, token=token)
        if answer is None:
            return None
        if answer[0] == -1:
            return UnknownSession(session, token, answer[1], answer[2])
        return _as_count(answer)

    def forget_sessions(self, sessions: Iterable[str]) -> None:
        """Call it after a commit that changed these sessions: from its return on, each process reads their rows.

        While Redis is away this waits until whatever another process remembers has expired.
        """
        if self._redis is not None and not self._redis.forget(sessions):
            time.sleep(REMEMBERED_SECONDS)

    def _ask(
        self,
        key: str,
        limit: int,
        window: float,
        amount: int,
        *,
        session: str = "",
        token: str = "",
        read: UnknownSession | None = None,
    ) -> Any:
        if self._redis is None:
            return None
        known = read or UnknownSession(session, "", "", 0)
        keys = (f"{_PREFIX}{key}", f"{_PREFIX}session:{known.session}", _GENERATION)
        remembered = (known.token, known.generation, known.asked_at, int(REMEMBERED_SECONDS * 1e6))
        answer = self._redis.run(*keys, limit, int(window * 1e6), amount, token, *remembered)
        if not _is_sound(answer):
            counters.limiter_fallbacks.inc()
            return None
        return answer


def _is_sound(answer: Any) -> bool:
    """Returns True for what the script answers; None stands for a Redis that is away, and others may answer anything."""
    if not isinstance(answer, list) or len(answer) != 3 or answer[0] not in (-1, 0, 1):
        return False
    return all(isinstance(each, int) or (isinstance(each, bytes) and each.isdigit()) for each in answer[1:])


def _as_count(answer: Any) -> Count:
    return Count(answer[0] == 1, int(answer[1]), int(answer[2]) / 1e6)


class _OwnCounts:
    """The windows of this process; those that were used least recently give way."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._windows: OrderedDict[str, deque[float]] = OrderedDict()
        self._lock = threading.Lock()

    def count(self, key: str, limit: int, window: float, amount: int) -> Count:
        now = time.time()
        with self._lock:
            entries = self._windows.setdefault(key, deque())
            if entries and entries[-1] > now:  # the clock was set back: nothing is known about what came before
                entries.clear()
            self._windows.move_to_end(key)
            if len(self._windows) > self._most:
                self._windows.popitem(last=False)
            while entries and entries[0] < now - window:
                entries.popleft()
            fits = len(entries) + amount <= limit
            if fits:
                entries.extend([now] * amount)
            return Count(fits, len(entries), (entries[0] if entries else now) + window - now)


class _Redis:
    """One connection for each thread: redis-py's pool, retries and events cost more than the question itself."""

    def __init__(self, url: str) -> None:
        times = {"socket_timeout": REDIS_SECONDS, "socket_connect_timeout": REDIS_SECONDS}
        self._client = Redis.from_url(url, **times)
        self._script = self._client.register_script(_SCRIPT)
        self._local = threading.local()
        self._asked_again_at = 0.0

    @property
    def is_away(self) -> bool:
        return time.monotonic() < self._asked_again_at

    def run(self, *arguments: Any) -> Any:
        """The script's answer, or None if Redis is away."""
        return self._try("EVALSHA", self._script.sha, 3, *arguments)

    def forget(self, sessions: Iterable[str]) -> bool:
        """Mark sessions as ended for longer than any process may remember them. Returns False if Redis is away."""
        kept = int(2 * REMEMBERED_SECONDS * 1000)
        return all(self._try("SET", f"{_PREFIX}session:{session}", _ENDED, "PX", kept) for session in sessions)

    def check(self) -> bool:
        return bool(self._try("PING"))

    def _try(self, *command: Any) -> Any:
        if self.is_away:
            return None
        connection = self._connection()
        try:
            return _ask(connection, *command)
        except NoScriptError:
            return self._try("EVAL", _SCRIPT, *command[2:])
        except (RedisError, OSError):
            connection.disconnect()  # a late answer would be taken for that to the next question
            self._asked_again_at = time.monotonic() + _AWAY_SECONDS
            return None

    def _connection(self) -> Any:
        connection = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._local.connection = self._client.connection_pool.make_connection()
        return connection


def _pack(command: Iterable[Any]) -> bytes:
    """A command as it is on the wire, at a fifth of what redis-py takes for it."""
    parts = [str(part).encode() if not isinstance(part, bytes) else part for part in command]
    return b"".join([b"*%d\r\n" % len(parts), *[b"$%d\r\n%b\r\n" % (len(part), part) for part in parts]])


def _ask(connection: Any, *command: Any) -> Any:
    """Raises RedisError. A connection that fails is opened once more: Redis may have closed it, as when it was started anew."""
    packed = [_pack(command)]
    try:
        return _ask_once(connection, packed)
    except RedisConnectionError:
        connection.disconnect()
        return _ask_once(connection, packed)


def _ask_once(connection: Any, packed: list[bytes]) -> Any:
    if connection._sock is None:
        _begin(connection)
    connection.send_packed_command(packed)
    return connection.read_response()


def _begin(connection: Any) -> None:
    """Connect. A Redis that was started anew may have gone back to what it knew earlier: that is a new generation."""
    connection.connect()
    connection.send_packed_command([_pack(("EVAL", _RENEW, 2, _RUN, _GENERATION, secrets.randbits(62)))])
    connection.read_response()
