"""`Idempotency-Key` for POSTs of the API: the same request sent twice happens once and gets the same answer.

The key is claimed before the view runs. The view's changes and its stored answer are one transaction, so a killed
process leaves either both or neither; then the next attempt may take over when the lease ends. Answers are kept for 24
hours.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.db import IntegrityError, transaction
from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from rest_framework.exceptions import APIException, ValidationError
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core.models import IdempotencyRecord
from apps.core.throttling import caller_name

if TYPE_CHECKING:
    from rest_framework.views import APIView as Base
else:
    Base = object

LEASE = timedelta(seconds=60)
LONGEST_KEY = 255
# Not the content type: until DRF has rendered the answer, it is still Django's text/html.
KEPT_HEADERS = ("Location",)


class InProgress(APIException):
    """The first request with this key is still running."""

    status_code = 409
    default_code = "in_progress"
    default_detail = _("The first request with this key is still running.")
    wait = 1


class KeyReused(APIException):
    """The key came back with another request."""

    status_code = 422
    default_code = "idempotency_key_reused"
    default_detail = _("This Idempotency-Key was already used for another request.")


class _Replay(Exception):
    def __init__(self, record: IdempotencyRecord) -> None:
        self.record = record


class IdempotentMixin(Base):
    """Put before an API view whose POST changes something: `class VisitList(IdempotentMixin, KeysetList)`.

    Callers without the header, and strangers, are served as usual. An answer below 500 is kept; after a
    5xx the key is free again.
    """

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """After the guards: claim the key, and wrap the handler so that answer and change are stored together."""
        super().initial(request, *args, **kwargs)
        self.idempotency_record: IdempotencyRecord | None = None
        organization = getattr(request._request, "organization", None)
        key, caller = request.headers.get("Idempotency-Key", ""), caller_name(request)
        if request.method != "POST" or not key or organization is None or not caller:
            return
        if len(key) > LONGEST_KEY or not key.isprintable():
            raise ValidationError({"Idempotency-Key": [_("At most 255 printable characters.")]})
        self.idempotency_record = claim(
            organization_id=organization.pk,
            caller=caller,
            key=key,
            request_line=f"POST {request.get_full_path()}"[:300],
            body=request._request.body,
            now=timezone.now(),
        )
        if self.idempotency_record.is_answered:
            record, self.idempotency_record = self.idempotency_record, None
            raise _Replay(record)
        # DRF looks the handler up on the instance.
        self.__dict__["post"] = self._once(getattr(self, "post"))  # noqa: B009

    def _once(self, handler: Callable[..., Response]) -> Callable[..., Response]:
        def run(request: Request, *args: Any, **kwargs: Any) -> Response:
            with transaction.atomic():
                response = handler(request, *args, **kwargs)
                self._keep(response)
            return response

        return run

    def handle_exception(self, exc: Exception) -> Any:
        """Refusals are answers too and are kept; after anything else the key is free."""
        if isinstance(exc, _Replay):
            return replayed(exc.record)
        try:
            response = super().handle_exception(exc)
        except Exception:
            self._free()
            raise
        self._keep(response)
        return response

    def _keep(self, response: Response) -> None:
        record = getattr(self, "idempotency_record", None)
        if record is None:
            return
        if response.status_code >= 500:
            self._free()
            return
        record.status = response.status_code
        record.answer = JSONRenderer().render(response.data).decode()
        record.answer_headers = {name: response[name] for name in KEPT_HEADERS if name in response}
        if response.content_type:
            record.answer_headers["Content-Type"] = response.content_type
        record.save(update_fields=["status", "answer", "answer_headers"])

    def _free(self) -> None:
        record = getattr(self, "idempotency_record", None)
        if record is not None:
            IdempotencyRecord.objects.filter(pk=record.pk).delete()
            self.idempotency_record = None


def claim(
    *, organization_id: int, caller: str, key: str, request_line: str, body: bytes, now: datetime
) -> IdempotencyRecord:
    """The record of this key: a fresh one to answer, or an answered one to repeat. Raises InProgress or KeyReused."""
    digest = hashlib.sha256(body).hexdigest()
    try:
        with transaction.atomic():
            return IdempotencyRecord.objects.create(
                organization_id=organization_id,
                caller=caller,
                key=key,
                request_line=request_line,
                body_sha256=digest,
                leased_until=now + LEASE,
                created_at=now,
            )
    except IntegrityError:
        record = IdempotencyRecord.objects.owned_by(organization_id).filter(caller=caller, key=key).first()
    if record is None:  # freed between the two statements
        raise InProgress
    if (record.request_line, record.body_sha256) != (request_line, digest):
        raise KeyReused
    if record.is_answered:
        return record
    abandoned = IdempotencyRecord.objects.filter(pk=record.pk, status=0, leased_until__lte=now)
    if not abandoned.update(leased_until=now + LEASE):
        raise InProgress
    return record


def replayed(record: IdempotencyRecord) -> HttpResponse:
    """The stored answer, word for word."""
    headers = {"Content-Type": "application/json", **record.answer_headers, "Idempotency-Replayed": "true"}
    return HttpResponse(record.answer.encode(), status=record.status, headers=headers)
