"""Addresses to which nothing is sent: put on the list, taken off it, run out."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from apps.core import audit
from apps.core.refused import Refused
from apps.messaging.address import address_sha256
from apps.messaging.models import (
    BounceClass,
    Message,
    MessageState,
    Suppression,
    SuppressionReason,
    SuppressionScope,
)

SOFT_LIMIT = 3
SOFT_WINDOW = 5
LONGEST_REASON = 200

_SYSTEM = audit.System("mail delivery")


@transaction.atomic
def suppress(
    address: str,
    *,
    organization_id: int,
    reason: SuppressionReason,
    now: datetime,
    source: str = "",
    expires_at: datetime | None = None,
    scope: SuppressionScope = SuppressionScope.ALL,
    by: audit.Actor = _SYSTEM,
) -> Suppression:
    """Hold back mails to a (normalised) address. A lasting reason replaces one that would run out."""
    row, created = Suppression.objects.select_for_update().get_or_create(
        organization_id=organization_id,
        address_sha256=address_sha256(address),
        scope=scope,
        released_at=None,
        defaults={
            "address": address,
            "reason": reason,
            "source": source[:200],
            "created_at": now,
            "expires_at": expires_at,
        },
    )
    if not created and row.expires_at is not None and (expires_at is None or expires_at > row.expires_at):
        row.reason, row.source, row.expires_at = reason, source[:200], expires_at
        row.save(update_fields=["reason", "source", "expires_at"])
    if created:
        audit.record("suppression.add", by=by, organization_id=organization_id, on=row, after={"reason": str(reason)})
    return row


@transaction.atomic
def release(row: Suppression, *, by: audit.Actor, now: datetime, reason: str) -> Suppression:
    """Send to the address again. The reason stands in the audit log.

    Raises:
        Refused: `not_suppressed` when it is released already; `no_reason`.
    """
    reason = " ".join(reason.split())[:LONGEST_REASON]
    if not reason:
        raise Refused(_("Say why mails may be sent to this address again."), code="no_reason", field="reason")
    changed = Suppression.objects.filter(pk=row.pk, released_at=None).update(
        released_at=now, released_by=by.audit_label[:200]
    )
    if not changed:
        raise Refused(_("This address is not held back any more."), code="not_suppressed")
    audit.record(
        "suppression.release",
        by=by,
        organization_id=row.organization_id,
        on=row,
        before={"reason": row.reason},
        after={"released_because": reason},
    )
    row.refresh_from_db()
    return row


def release_run_out(*, now: datetime) -> int:
    """Mark suppressions past their end as released; returns how many."""
    return Suppression.objects.run_out(now).update(released_at=now, released_by=_("its end came"))


def bounces_softly_often(message: Message) -> bool:
    """Whether 3 of the last 5 mails to this message's address were not taken, since it was last released."""
    sent = Message.objects.filter(
        organization_id=message.organization_id, to_address=message.to_address, state__in=_SETTLED
    )
    released = Suppression.objects.filter(
        organization_id=message.organization_id, address_sha256=address_sha256(message.to_address)
    ).exclude(released_at=None)
    if (last := released.order_by("-released_at").first()) is not None:
        sent = sent.filter(created_at__gt=last.released_at)
    classes = sent.order_by("-id").values_list("bounce_class", flat=True)[:SOFT_WINDOW]
    return list(classes).count(BounceClass.SOFT) >= SOFT_LIMIT


_SETTLED = (MessageState.ACCEPTED, MessageState.DELIVERED, MessageState.BOUNCED, MessageState.COMPLAINED)
