"""Rate limits by named policy: how often somebody may knock, whoever "somebody" is.

    @limited("survey_ip", by=client_ip)
    @limited("survey_token", by="token")
    def answer(request, token): …

Counts live in the cache `ratelimit` and are kept per window of the policy. With Redis a process takes the numbers of a
generous policy in blocks (`_Numbers`), those of a strict one singly: one round trip each. Without Redis every process
counts for itself. A cache that is away lets everybody in: limits protect the product and must not stop
it.
"""

from __future__ import annotations

import hashlib
import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, wraps
from typing import Any, Concatenate, ParamSpec, cast

import structlog
from django.conf import settings
from django.core.cache import caches
from django.core.cache.backends.redis import RedisCache
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from apps.core import errors

log = structlog.get_logger(__name__)

P = ParamSpec("P")


@dataclass(frozen=True)
class Policy:
    """`limit` knocks within each window of `per_seconds`, for each key."""

    name: str
    limit: int
    per_seconds: int


POLICIES: dict[str, Policy] = {
    policy.name: policy
    for policy in [
        Policy("survey_token", settings.SURVEY_ANSWERS_PER_LINK, 60),
        Policy("survey_ip", settings.SURVEY_ANSWERS_PER_ADDRESS, 60),
        Policy("unsubscribe_ip", 30, 60),
        Policy("api_key", settings.API_REQUESTS_PER_KEY, 60),
        Policy("write_key", settings.EVENT_REQUESTS_PER_KEY, 60),
        Policy("write_key_ip", 60, 60),
        Policy("api_user", 300, 60),
        Policy("api_ip", 60, 60),
        Policy("login_ip", 20, 60),
        Policy("invitation_ip", 20, 60),
        Policy("setup_ip", 20, 60),
        Policy("webhook_ip", 1200, 60),
        Policy("export", 10, 60),
        Policy("provider_test", 10, 60),
    ]
}


class TooMany(Exception):
    """The limit is reached; `retry_after` is in whole seconds."""

    def __init__(self, policy: Policy, retry_after: int) -> None:
        super().__init__(f"{policy.name}: more than {policy.limit} in {policy.per_seconds} s")
        self.policy = policy
        self.retry_after = retry_after


def check(policy: str, key: str, *, now: float | None = None) -> None:
    """Count one knock of `key`. Raises TooMany, or KeyError for a policy that is not declared.

    `now` is Unix time; interfaces leave it out.
    """
    rule = POLICIES[policy]
    moment = time.time() if now is None else now
    window, passed = divmod(moment, rule.per_seconds)
    # The key may be a secret (a survey's token), so only its hash leaves the process.
    digest = hashlib.blake2b(key.encode(), digest_size=12).hexdigest()
    try:
        count = _count(f"{rule.name}:{digest}:{int(window)}", rule)
    except Exception as error:
        log.warning("rate_limits_unreachable", policy=policy, error=str(error))
        return
    if count > rule.limit:
        raise TooMany(rule, max(1, math.ceil(rule.per_seconds - passed)))


def _count(key: str, rule: Policy) -> int:
    cache = caches["ratelimit"]
    if isinstance(cache, RedisCache):
        return _numbers.next(cache.make_and_validate_key(key), rule)
    cache.add(key, 0, rule.per_seconds)
    try:
        return cache.incr(key)
    except ValueError:  # a full cache threw the key out in between
        return 1


class _Numbers:
    """The knocks' numbers, drawn from Redis in blocks of a twentieth of what the policy leaves over.

    Each number is given once, so never more than the limit get in. What a process drew and then needs no more is lost
    until the window ends; blocks shrink towards the limit, and policies below 40 are counted one by one.
    """

    SHARE = 20
    MOST_KEYS = 10_000

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._left: dict[str, tuple[int, int]] = {}  # key of the window → number given last, last one of the block

    def next(self, name: str, rule: Policy) -> int:
        """The number of this knock in its window."""
        with self._lock:
            given, end = self._left.get(name, (0, 0))
            if given < end:
                self._left[name] = (given + 1, end)
                return given + 1
        size = max(1, (rule.limit - end) // self.SHARE)
        # Django's incr fails for a missing key, and its client is made anew for each command, which costs more than the
        # command. One round trip; only the first knock of a window needs a second one, to say when the window ends.
        client = _redis()
        end = int(client.incrby(name, size))
        if end == size:
            client.expire(name, rule.per_seconds)
        if size > 1:
            with self._lock:
                if len(self._left) >= self.MOST_KEYS:
                    self._left.clear()
                self._left[name] = (end - size + 1, end)
        return end - size + 1


_numbers = _Numbers()


@lru_cache
def _redis() -> Any:
    return cast(RedisCache, caches["ratelimit"])._cache.get_client(write=True)


By = Callable[[HttpRequest], str | None] | str


def limited(
    policy: str, *, by: By
) -> Callable[
    [Callable[Concatenate[HttpRequest, P], HttpResponseBase]], Callable[Concatenate[HttpRequest, P], HttpResponseBase]
]:
    """Answer 429 with Retry-After when the policy's limit is reached.

    `by` says whose knocks are counted: a function of the request (None: nobody's) or the name of a part of the URL.
    """
    _ = POLICIES[policy]  # a typing mistake shows at start

    def decorate(
        view: Callable[Concatenate[HttpRequest, P], HttpResponseBase],
    ) -> Callable[Concatenate[HttpRequest, P], HttpResponseBase]:
        @wraps(view)
        def counted(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            key: Any = kwargs[by] if isinstance(by, str) else by(request)
            if key is not None:
                try:
                    check(policy, str(key))
                except TooMany as refusal:
                    return errors.too_many(request, refusal.retry_after)
            return view(request, *args, **kwargs)

        return cast(Callable[Concatenate[HttpRequest, P], HttpResponseBase], counted)

    return decorate
