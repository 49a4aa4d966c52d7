"""Adding to the consent ledger."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import Max
from django.utils import translation
from django.utils.translation import gettext as _

from apps.accounts.models import Organization
from apps.core import audit, request_context
from apps.core.audit import Actor
from apps.core.outbox import announce
from apps.core.refused import Refused
from apps.customers.actions import history
from apps.customers.events import ConsentChanged
from apps.customers.models import (
    Channel,
    ConsentAction,
    ConsentEntry,
    Customer,
    Identifier,
    IdentifierKind,
    Notice,
    Purpose,
)
from apps.customers.models.consent import text_hash


def current_notice(organization: Organization, purpose: str, language: str, *, now: datetime) -> Notice:
    """The words to show beside the tick box; the first time, the product's own words become version 1."""
    language = language or organization.language
    notice = Notice.objects.owned_by(organization).latest_for(purpose, language)
    if notice is not None:
        return notice
    text = _standard_text(organization, purpose, language)
    return Notice.objects.get_or_create(
        organization=organization,
        purpose=purpose,
        language=language,
        version=1,
        defaults={"text": text, "sha256": text_hash(text), "created_at": now},
    )[0]


@transaction.atomic
def publish_notice(
    organization: Organization, *, purpose: str, language: str, text: str, by: Actor, now: datetime
) -> Notice:
    """Show other words from now on; what customers saw before stays as it was. Raises Refused (`text_missing`)."""
    text = text.strip()
    if not text:
        raise Refused(_("Write what the customer agrees to."), code="text_missing", field="text")
    Organization.objects.select_for_update(no_key=True).get(pk=organization.pk)
    notices = Notice.objects.owned_by(organization).filter(purpose=purpose, language=language)
    last = notices.order_by("-version").first()
    if last is not None and last.text == text:
        return last
    notice = Notice.objects.create(
        organization=organization,
        purpose=purpose,
        language=language,
        version=(notices.aggregate(last=Max("version"))["last"] or 0) + 1,
        text=text,
        sha256=text_hash(text),
        created_at=now,
    )
    audit.record("notice.published", by=by, organization_id=organization.pk, on=notice, after={"text": text})
    return notice


@transaction.atomic
def record_consent(
    customer: Customer,
    *,
    purpose: str,
    channel: str,
    method: str,
    by: Actor,
    now: datetime,
    notice: Notice | None = None,
    reason: str = "",
) -> ConsentEntry:
    """Write down that the customer agreed. Raises Refused (`no_address`) where they could not be reached that way.

    The same yes to the same words again adds no line.
    """
    # The one record that speaks for the customer; what others say is read with it.
    customer = Customer.objects.select_for_update().get(pk=customer.head_id)
    if not _address(customer, channel):
        field = "email" if channel == Channel.EMAIL else "mobile"
        raise Refused(
            _("Enter the e-mail address to which this consent belongs.")
            if channel == Channel.EMAIL
            else _("Enter the number to which this consent belongs."),
            code="no_address",
            field=field,
        )
    last = ConsentEntry.objects.current(customer, purpose, channel)
    if last is not None and last.is_given and last.notice_id == (notice.pk if notice else None):
        return last
    return _add(customer, ConsentAction.GIVEN, purpose, channel, method, by, now, notice, reason)


@transaction.atomic
def withdraw_consent(
    customer: Customer, *, purpose: str, channel: str, method: str, by: Actor, now: datetime, reason: str = ""
) -> ConsentEntry:
    """Write down that the customer said no. A no is always written, unless the last word already was one."""
    # The one record that speaks for the customer; what others say is read with it.
    customer = Customer.objects.select_for_update().get(pk=customer.head_id)
    last = ConsentEntry.objects.current(customer, purpose, channel)
    if last is not None and not last.is_given:
        return last
    return _add(customer, ConsentAction.WITHDRAWN, purpose, channel, method, by, now, None, reason)


@transaction.atomic
def withdraw_consent_by_address(
    organization_id: int, email: str, *, purposes: list[str], method: str, by: Actor, now: datetime
) -> None:
    """Withdraw for whoever has this e-mail address; nothing happens when nobody has it."""
    address = email.strip().lower()
    records = Customer.objects.owned_by(organization_id)
    seen = Identifier.objects.owned_by(organization_id).live().named(IdentifierKind.EMAIL, address)
    found = {customer.head_id for customer in records.filter(email=address)}
    found |= {identifier.customer.head_id for identifier in seen.select_related("customer")}
    for customer in records.filter(pk__in=found).order_by("pk"):
        for purpose in purposes:
            withdraw_consent(customer, purpose=purpose, channel=Channel.EMAIL, method=method, by=by, now=now)


def _add(
    customer: Customer,
    action: ConsentAction,
    purpose: str,
    channel: str,
    method: str,
    by: Actor,
    now: datetime,
    notice: Notice | None,
    reason: str,
) -> ConsentEntry:
    entry = ConsentEntry.objects.create(
        organization_id=customer.organization_id,
        customer=customer,
        purpose=purpose,
        channel=channel,
        action=action,
        notice=notice,
        method=method,
        reason=reason[:300],
        recorded_at=now,
        by_label=by.audit_label[:200],
        ip=request_context.current().ip,
    )
    # The list row shows the consent.
    customer.save(update_fields=customer.touch(now))
    audit.record(
        f"consent.{action.value}",
        by=by,
        organization_id=customer.organization_id,
        on=customer,
        after={"purpose": purpose, "channel": channel, "method": method, "reason": reason},
    )
    history.tell_consent(entry, by=by)
    announce(
        ConsentChanged(
            organization_id=customer.organization_id,
            customer_id=customer.pk,
            entry_id=entry.pk,
            purpose=purpose,
            channel=channel,
            is_given=entry.is_given,
        )
    )
    return entry


def _address(customer: Customer, channel: str) -> str:
    return customer.email if channel == Channel.EMAIL else customer.mobile


def _standard_text(organization: Organization, purpose: str, language: str) -> str:
    with translation.override(language):
        if purpose == Purpose.SURVEY:
            words = _(
                "I agree that %(organization)s sends me a short survey about my visit by e-mail. "
                "I can withdraw this at any time through the link in every e-mail."
            )
        elif purpose == Purpose.ANALYTICS:
            words = _(
                "I agree that %(organization)s uses what I do on its website and in its products for its statistics. "
                "I can withdraw this at any time through the link in every e-mail."
            )
        elif purpose == Purpose.PROFILING:
            words = _(
                "I agree that %(organization)s works out scores and predictions from my data, for example which offers "
                "suit me. I can withdraw this at any time through the link in every e-mail."
            )
        else:
            words = _(
                "I agree that %(organization)s sends me offers and news. "
                "I can withdraw this at any time through the link in every e-mail."
            )
        return words % {"organization": organization.name}
