"""One HTTP client for all services: time-outs, bounded retries, breaker, typed errors, metrics, safe logs."""

from __future__ import annotations

import json as json_module
import os
import random
import ssl
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

import httpx2
import structlog
from django.conf import settings

from apps.core import metrics, request_context
from apps.core.http import guard
from apps.core.http.breaker import Breaker
from apps.core.http.errors import InvalidResponse, OutgoingError, Rejected, Unavailable, Unknown

log = structlog.get_logger(__name__)

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
MAX_ANSWER_BYTES = 20 * 1024 * 1024
BACKOFF_SECONDS = 0.5
LONGEST_WAIT_SECONDS = 10.0
DEFAULT_HEADERS = {
    "User-Agent": f"CustomerCompass/{settings.VERSION}",
    "Accept": "application/json",
    "Accept-Encoding": "gzip, deflate",
}

OUTGOING = metrics.Histogram(
    "compass_outgoing_request_seconds",
    "Calls to other services, by outcome",
    ["service", "outcome"],
    buckets=(0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)


@dataclass(frozen=True)
class Answer:
    """A 2xx answer, read completely."""

    service: str
    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """The body as JSON; raises InvalidResponse when it is none."""
        try:
            return json_module.loads(self.body)
        except ValueError as error:
            raise InvalidResponse(self.service, "the answer is no JSON") from error


class Client:
    """A client of one service. Make one per use; connections are shared by all clients of the process.

    Args:
        name: the service's name in logs, errors and metrics.
        base_url: where paths start.
        organization_id: whose configuration is used; breakers are kept apart by it.
        headers: sent with every request (they are never logged).
        read_seconds: longest silence of the service.
        total_seconds: longest time for one attempt, however slowly the answer drips.
        attempts: how often a harmless request is tried in all.
        user_given_url: the address came from a person, so private and local addresses are refused.
        verify: False or an SSL context for services with their own certificates.
    """

    def __init__(
        self,
        name: str,
        base_url: str,
        *,
        organization_id: int | None = None,
        headers: Mapping[str, str] | None = None,
        connect_seconds: float = 3.0,
        read_seconds: float = 10.0,
        total_seconds: float = 30.0,
        attempts: int = 3,
        user_given_url: bool = False,
        verify: bool | ssl.SSLContext = True,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.name = name
        self._base_url = base_url.rstrip("/")
        self._headers = dict(headers or {})
        self._timeout = httpx2.Timeout(read_seconds, connect=connect_seconds, pool=connect_seconds)
        self._total_seconds = total_seconds
        self._attempts = attempts
        self._user_given_url = user_given_url
        self._verify = verify
        self._sleep = sleep
        self._host = urlsplit(base_url).netloc.rpartition("@")[2]
        self._organization_id = organization_id
        self._clock = clock

    def request(
        self,
        method: str,
        path: str = "",
        *,
        json: Any = None,
        content: bytes | None = None,
        params: Mapping[str, str | int] | None = None,
        headers: Mapping[str, str] | None = None,
        retryable: bool | None = None,
    ) -> Answer:
        """Send one request and return its 2xx answer.

        `retryable`: a repetition does no harm (default: only GET, HEAD, OPTIONS). Other requests are sent once.
        Raises Unavailable, Unknown, Rejected or InvalidResponse.
        """
        harmless = method in SAFE_METHODS if retryable is None else retryable
        sent_headers = {**DEFAULT_HEADERS, **self._headers, **(headers or {}), **_trace_header()}
        if json is not None:
            content = json_module.dumps(json, separators=(",", ":"), ensure_ascii=False).encode()
            sent_headers.setdefault("Content-Type", "application/json")
        try:
            request = httpx2.Request(
                method,
                f"{self._base_url}{path}",
                content=content,
                params=params,
                headers=sent_headers,
                extensions={"timeout": self._timeout.as_dict()},
            )
        except httpx2.InvalidURL as error:
            raise Rejected(self.name, 400, b"invalid address") from error
        attempt = 1
        while True:
            try:
                return self._attempt(request, harmless=harmless)
            except Unavailable as error:
                wait = _wait(attempt, error.retry_after)
                if not harmless or attempt >= self._attempts or wait is None:
                    raise
                log.info("outgoing_retry", service=self.name, attempt=attempt, wait_seconds=round(wait, 2))
                self._sleep(wait)
                attempt += 1

    def _attempt(self, request: httpx2.Request, *, harmless: bool) -> Answer:
        breaker = Breaker(self._host, self._organization_id, clock=self._clock)
        pause = breaker.pause()
        if pause is not None:
            raise Unavailable(self.name, "the circuit is open", before_sent=True, retry_after=pause)
        started = time.monotonic()
        outcome, status = "ok", None
        try:
            answer = self._exchange(request, harmless=harmless, deadline=started + self._total_seconds)
            status = answer.status
            breaker.succeeded()
            return answer
        except OutgoingError as error:
            outcome, status = type(error).__name__.lower(), getattr(error, "status", None)
            # 429 asks for patience and a 4xx is a proper answer: neither says that the service is ill.
            if isinstance(error, Rejected) or status == 429:
                breaker.succeeded()
            else:
                breaker.failed()
            raise
        finally:
            seconds = time.monotonic() - started
            OUTGOING.labels(self.name, outcome).observe(seconds)
            log.info(
                "outgoing_request",
                service=self.name,
                method=request.method,
                host=request.url.host,
                path=request.url.path,
                outcome=outcome,
                status=status,
                ms=round(seconds * 1000, 1),
            )

    def _exchange(self, request: httpx2.Request, *, harmless: bool, deadline: float) -> Answer:
        try:
            if self._user_given_url:
                guard.refuse_private(request.url.host, service=self.name)
            response = _connections(self._verify).handle_request(request)
            response.request = request
            try:
                body = self._read(response, deadline)
            finally:
                response.close()
        except (
            httpx2.ConnectError,
            httpx2.ConnectTimeout,
            httpx2.PoolTimeout,
            httpx2.WriteTimeout,
            httpx2.ProxyError,
            httpx2.UnsupportedProtocol,
        ) as error:
            raise Unavailable(self.name, f"not reached ({type(error).__name__})", before_sent=True) from error
        except httpx2.TransportError as error:
            raise self._unanswered(type(error).__name__, harmless) from error
        return self._judged(response, body, harmless)

    def _read(self, response: httpx2.Response, deadline: float) -> bytes:
        body = bytearray()
        try:
            for chunk in response.iter_bytes():
                body += chunk
                if len(body) > MAX_ANSWER_BYTES:
                    raise InvalidResponse(self.name, f"the answer is longer than {MAX_ANSWER_BYTES} bytes")
                if time.monotonic() > deadline:
                    raise httpx2.ReadTimeout("the answer took too long", request=response.request)
        except httpx2.TransportError:
            # The status of an error answer stands, even when its text breaks off.
            if response.status_code < 400:
                raise
        except httpx2.DecodingError as error:
            raise InvalidResponse(self.name, "the answer's encoding is broken") from error
        return bytes(body)

    def _judged(self, response: httpx2.Response, body: bytes, harmless: bool) -> Answer:
        status = response.status_code
        if 200 <= status < 300:
            return Answer(self.name, status, dict(response.headers), body)
        retry_after = _retry_after(response.headers.get("Retry-After", ""))
        if status == 429:
            raise Unavailable(self.name, "too many requests", before_sent=True, retry_after=retry_after, status=429)
        if status == 504 and not harmless:
            # A gateway says that it saw no answer from behind it: the request may have been carried out.
            raise self._unanswered("504", harmless)
        if status >= 500:
            message = f"answered {status}"
            raise Unavailable(self.name, message, before_sent=False, retry_after=retry_after, status=status)
        if status >= 400:
            raise Rejected(self.name, status, body)
        raise InvalidResponse(self.name, f"unexpected status {status}")

    def _unanswered(self, reason: str, harmless: bool) -> OutgoingError:
        message = f"no answer ({reason})"
        return Unavailable(self.name, message, before_sent=False) if harmless else Unknown(self.name, message)


def _trace_header() -> dict[str, str]:
    request_id = request_context.current().request_id
    return {"X-Request-Id": request_id} if request_id else {}


def _wait(attempt: int, asked: float | None) -> float | None:
    """Seconds before the next attempt (full jitter); None when the service asks for more than one call may wait."""
    if asked is not None:
        return asked if asked <= LONGEST_WAIT_SECONDS else None
    return random.uniform(0, min(LONGEST_WAIT_SECONDS, BACKOFF_SECONDS * 2**attempt))


def _retry_after(header: str) -> float | None:
    """The header's seconds; it is a number or an HTTP date."""
    try:
        return max(0.0, float(header))
    except ValueError:
        pass
    try:
        at = parsedate_to_datetime(header)
    except ValueError:
        return None
    return max(0.0, (at.replace(tzinfo=at.tzinfo or UTC) - datetime.now(UTC)).total_seconds())


_pools: dict[bool | ssl.SSLContext, httpx2.HTTPTransport] = {}
_making = threading.Lock()
# A forked worker must not share sockets with its parent.
os.register_at_fork(after_in_child=_pools.clear)


def _connections(verify: bool | ssl.SSLContext) -> httpx2.HTTPTransport:
    """The process's connection pool: building an SSL context for every client would cost more than the call.

    The bare transport keeps no cookies, follows no redirect and reads no .netrc, so that nothing of one organisation's
    calls reaches another's.
    """
    pool = _pools.get(verify)
    if pool is None:
        with _making:
            pool = _pools.get(verify)
            if pool is None:
                pool = _pools[verify] = httpx2.HTTPTransport(verify=verify, trust_env=False)
    return pool
