"""The door through which events come in: who sends, from which website, how much, and the answer.

    POST /api/v1/batch        {"batch": [{"type": "track", "event": "Order Completed", "userId": "42", …}, …]}
    POST /api/v1/track        one call, and so on for identify, page, screen, group, alias

The same stands at `/v1/…`, where the senders' libraries look for it when they are given this server as their host. The
write key is the user name of basic authentication, a bearer token, or `writeKey` in the body (a page that closes can
send no headers).
"""

from __future__ import annotations

import base64
from datetime import datetime
from typing import Any

import orjson
import structlog
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.accounts.authentication import living_key, remember_use
from apps.accounts.models.api_key import PREFIX as API_KEY_PREFIX
from apps.accounts.permissions import Can
from apps.core import ratelimit, tenancy
from apps.core.errors import PROBLEM_JSON, problem_body
from apps.core.middleware import client_ip
from apps.core.refused import Refused
from apps.tracking import actions, envelope, queries
from apps.tracking.actions import Outcome, Sender
from apps.tracking.envelope import TooLarge
from apps.tracking.models import Source
from apps.tracking.models.source import digest
from apps.tracking.reading import REASONS, Unreadable, moment_of

log = structlog.get_logger(__name__)

PREFLIGHT_SECONDS = "86400"
AWAY = {"Retry-After": "30"}
CALLS = ("track", "identify", "page", "screen", "group", "alias")


class _No(Exception):
    """The request is answered with an error."""

    def __init__(self, status: int, detail: str, code: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(detail)
        self.status, self.detail, self.code, self.headers = status, detail, code, headers or {}


def receive(request: HttpRequest, call: str) -> HttpResponse:
    """Answer one request; `call` is the kind of call, or empty for a batch."""
    if request.method == "OPTIONS":
        return preflight(request)
    origin = request.headers.get("Origin", "")
    sender: Sender | None = None
    try:
        if request.method != "POST":
            raise _No(405, _("Send events with POST."), "method_not_allowed", {"Allow": "OPTIONS, POST"})
        now = timezone.now()
        secret = _secret_in(request.headers.get("Authorization", ""))
        body = None if secret else _body(request)
        sender = _sender(request, secret or _text(body, "writeKey"), now)
        if not sender.may_send_from(origin):
            sender = None
            raise _No(403, _("%(site)s may not send with this key.") % {"site": origin}, "origin_not_allowed")
        if body is None:
            body = _body(request)
        answer = _take_in(request, sender, body, call, now)
    except (OperationalError, InterfaceError):
        # Nothing was acknowledged, so the sender keeps it and comes again.
        log.warning("events_database_away", exc_info=True)
        answer = _answer_of(
            _No(503, _("The service is not available now. Try again in a minute."), "unavailable", AWAY)
        )
    except _No as no:
        answer = _answer_of(no)
    if origin:
        answer["Vary"] = "Origin"
        if sender is not None:
            answer["Access-Control-Allow-Origin"] = origin
    return answer


def _answer_of(no: _No) -> HttpResponse:
    return HttpResponse(
        orjson.dumps(problem_body(no.status, no.detail, no.code)),
        status=no.status,
        content_type=PROBLEM_JSON,
        headers=no.headers,
    )


def preflight(request: HttpRequest) -> HttpResponse:
    """What a browser asks before a page of another website sends: yes for the websites that a source names."""
    origin = request.headers.get("Origin", "")
    answer = HttpResponse(status=204)
    answer["Vary"] = "Origin"
    answer["Allow"] = "OPTIONS, POST"
    if origin and _is_known(origin):
        answer["Access-Control-Allow-Origin"] = origin
        answer["Access-Control-Allow-Methods"] = "POST"
        answer["Access-Control-Allow-Headers"] = "authorization, content-type"
        answer["Access-Control-Max-Age"] = PREFLIGHT_SECONDS
    return answer


def _is_known(origin: str) -> bool:
    # The key is not in this question, so any source may be the one that names the website.
    found = Source.objects.live().filter(allowed_origins__contains=origin)
    return any(origin in source.origins for source in found.only("allowed_origins"))


def _secret_in(header: str) -> str:
    """The key in an Authorization header."""
    scheme, _space, value = header.partition(" ")
    value = value.strip()
    if scheme.lower() == "bearer":
        return value
    if scheme.lower() != "basic":
        return ""
    try:
        return base64.b64decode(value, validate=True).decode().partition(":")[0]
    except ValueError:
        return ""


def _sender(request: HttpRequest, secret: str, now: datetime) -> Sender:
    """Who sends. Counts the request against their limit."""
    sender = None
    if secret.startswith(API_KEY_PREFIX):
        sender = _sender_with_api_key(request, secret, now)
    elif secret and (row := queries.sender_row(digest(secret))):
        sender = Sender(*row)
    try:
        if sender is None:
            ratelimit.check("write_key_ip", client_ip(request) or "")
            challenge = {"WWW-Authenticate": 'Basic realm="write key"'}
            raise _No(401, _("This write key does not work (any more)."), "bad_write_key", challenge)
        ratelimit.check("write_key", str(sender.source_id))
    except ratelimit.TooMany as refusal:
        pause = {"Retry-After": str(refusal.retry_after)}
        raise _No(429, _("There were too many requests in a short time."), "throttled", pause) from refusal
    return sender


def _sender_with_api_key(request: HttpRequest, secret: str, now: datetime) -> Sender | None:
    key = living_key(f"Bearer {secret}", now=now)
    if key is None:
        return None
    if not key.can(Can.SEND_EVENTS):
        raise _No(403, _("This key may not send events."), "forbidden")
    remember_use(key, now=now)
    wanted = request.GET.get("source", "")
    rows = queries.sender_rows_of(key.organization_id)
    if wanted:
        ids = Source.objects.owned_by(key.organization_id).live()
        is_number = wanted.isascii() and wanted.isdecimal() and len(wanted) < 19
        source = ids.filter(pk=int(wanted)).first() if is_number else None
        rows = [row for row in [queries.sender_row(source.key_sha256)] if row] if source else []
    if len(rows) != 1:
        raise _No(400, _("Say by ?source= (its number) which source sends."), "source_missing")
    return Sender(*rows[0])


def _body(request: HttpRequest) -> dict[str, Any]:
    try:
        if int(request.headers.get("Content-Length") or 0) > envelope.LARGEST_BATCH:
            raise TooLarge
        text = envelope.unpack(request.body, request.headers.get("Content-Encoding", "").lower())
        return envelope.read(text)
    except TooLarge as refused:
        raise _No(413, refused.message, refused.code) from refused
    except Refused as refused:
        raise _No(400, refused.message, refused.code) from refused


def _take_in(request: HttpRequest, sender: Sender, body: dict[str, Any], call: str, now: datetime) -> HttpResponse:
    try:
        calls = envelope.calls_of(body, call)
    except Refused as refused:
        raise _No(400, refused.message, refused.code) from refused
    with tenancy.inside(sender.organization_id):
        outcomes = actions.ingest(
            sender,
            calls,
            now=now,
            sent_at=None if call else _sent_at(body),
            user_agent=request.headers.get("User-Agent", "") if request.headers.get("Origin") else "",
            is_backfill=request.GET.get("backfill") == "1" or body.get("backfill") is True,
        )
    if call:
        return _one(outcomes[0])
    answer = {"success": True, **actions.counted(outcomes), "results": [outcome.as_json() for outcome in outcomes]}
    return HttpResponse(orjson.dumps(answer), content_type="application/json")


def _one(outcome: Outcome) -> HttpResponse:
    if outcome.status == "rejected":
        problem = problem_body(400, REASONS.get(outcome.reason, outcome.reason), outcome.reason)
        return HttpResponse(
            orjson.dumps({**problem, **outcome.as_json(), "status": 400}), status=400, content_type=PROBLEM_JSON
        )
    return HttpResponse(orjson.dumps({"success": True, **outcome.as_json()}), content_type="application/json")


def _sent_at(body: dict[str, Any]) -> datetime | None:
    try:
        return moment_of(body.get("sentAt"))
    except Unreadable:
        # Without it the sender's clock is believed; the events are no worse.
        return None


def _text(body: dict[str, Any] | None, key: str) -> str:
    value = (body or {}).get(key)
    return value if isinstance(value, str) else ""
