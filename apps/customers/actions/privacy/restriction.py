"""Keeping the data of a customer without using it (GDPR article 18)."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from apps.core import audit
from apps.core.audit import Actor
from apps.core.refused import Refused
from apps.customers.models import Customer
from apps.customers.subject import subject_of
from apps.messaging import actions as messaging
from apps.messaging.address import normalised
from apps.messaging.models import Suppression, SuppressionReason

SOURCE = "restriction"


@transaction.atomic
def restrict(customer: Customer, *, by: Actor, now: datetime) -> None:
    """No surveys, no mails, not in exports, from now on; nothing happens when it is so already."""
    records = list(Customer.objects.select_for_update().filter(pk__in=customer.member_ids, is_restricted=False))
    for record in records:
        record.is_restricted = True
        record.save(update_fields=["is_restricted", *record.touch(now)])
    for address in _addresses(customer):
        messaging.suppress(
            address,
            organization_id=customer.organization_id,
            reason=SuppressionReason.MANUAL,
            source=SOURCE,
            now=now,
            by=by,
        )
    if records:
        audit.record("privacy.restricted", by=by, organization_id=customer.organization_id, on=customer)


@transaction.atomic
def lift_restriction(customer: Customer, *, by: Actor, now: datetime) -> None:
    """Use the data again. Raises Refused (`not_restricted`)."""
    records = list(Customer.objects.select_for_update().filter(pk__in=customer.member_ids, is_restricted=True))
    if not records:
        raise Refused(_("This customer is not restricted."), code="not_restricted")
    for record in records:
        record.is_restricted = False
        record.save(update_fields=["is_restricted", *record.touch(now)])
    held = Suppression.objects.owned_by(customer.organization_id).active(now).filter(source=SOURCE)
    for address in _addresses(customer):
        for row in held.against(address, is_transactional=True):
            messaging.release(row, by=by, now=now, reason=_("The restriction was lifted."))
    audit.record("privacy.restriction_lifted", by=by, organization_id=customer.organization_id, on=customer)


def _addresses(customer: Customer) -> list[str]:
    emails = subject_of(customer.organization_id, customer.member_ids).emails
    return sorted({normalised(email) for email in emails} - {""})
