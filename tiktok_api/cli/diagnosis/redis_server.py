"""Redis, where the settings name one."""

from collections.abc import Iterator

import redis
from flask import Flask

from tiktok_api.cli.diagnosis.result import SILENCE_SECONDS, CheckResult, first_line
from tiktok_api.settings import Settings


def check_redis(_app: Flask, settings: Settings) -> Iterator[CheckResult]:
    if not settings.redis_url:
        yield CheckResult("redis", "ok", "not used: limits are counted in each process")
        return
    try:
        with redis.Redis.from_url(
            settings.redis_url, socket_timeout=SILENCE_SECONDS, socket_connect_timeout=SILENCE_SECONDS
        ) as client:
            client.ping()
    except redis.AuthenticationError:
        yield CheckResult("redis", "failed", "Redis refuses the user or the password", "correct REDIS_URL")
    except (redis.RedisError, OSError, TypeError, ValueError) as error:
        hint = "look at REDIS_URL: is the server there? Leave it empty to count limits in each process"
        yield CheckResult("redis", "failed", f"Redis cannot be reached: {first_line(error)}", hint)
    else:
        yield CheckResult("redis", "ok", "Redis answers")
