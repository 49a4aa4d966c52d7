"""Where providers report: verify the raw request, keep it, answer. What it says is worked through later."""

from __future__ import annotations

import hashlib

import structlog
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from apps.accounts.guards import public
from apps.core.http import OutgoingError
from apps.core.middleware import client_ip
from apps.core.ratelimit import limited
from apps.messaging import actions
from apps.messaging.webhooks import sendgrid, ses
from apps.messaging.webhooks.report import BadSignature

log = structlog.get_logger(__name__)


@csrf_exempt  # Programs post here; the signature is the permission.
@require_POST
@limited("webhook_ip", by=client_ip)
@public("The provider signs each request.")
def sendgrid_events(request: HttpRequest) -> HttpResponse:
    """SendGrid's event webhook."""
    if not settings.SENDGRID_WEBHOOK_KEY:
        raise Http404
    now = timezone.now()
    try:
        sendgrid.verify(request.headers, request.body, public_key=settings.SENDGRID_WEBHOOK_KEY, now=now)
    except BadSignature as error:
        return _refused("sendgrid", error)
    # SendGrid numbers events, not deliveries; a repeated delivery has the same bytes.
    delivery_id = hashlib.sha256(request.body).hexdigest()
    actions.receive("sendgrid", delivery_id, request.body.decode(errors="replace"), now=now)
    return HttpResponse()


@csrf_exempt  # Programs post here; the signature is the permission.
@require_POST
@limited("webhook_ip", by=client_ip)
@public("Amazon SNS signs each request.")
def ses_events(request: HttpRequest) -> HttpResponse:
    """Amazon SES, by SNS."""
    if not settings.SES_TOPIC_ARN:
        raise Http404
    try:
        envelope = ses.envelope_of(request.body)
        ses.verify(envelope)
    except BadSignature as error:
        return _refused("ses", error)
    except OutgoingError as error:
        # Not our judgement on the request: SNS comes again.
        log.warning("sns_certificate_away", error=str(error))
        return HttpResponse(status=503)
    delivery_id = envelope.get("MessageId", "")[:100]
    actions.receive("ses", delivery_id, request.body.decode(errors="replace"), now=timezone.now())
    return HttpResponse()


def _refused(provider: str, error: BadSignature) -> HttpResponse:
    actions.refuse(provider, str(error))
    return HttpResponse(status=401)
