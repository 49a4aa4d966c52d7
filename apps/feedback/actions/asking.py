"""Asking a customer: request, remind, resend, revoke.

Writing a mail may wait for a language model, so an action only notes that a mail is due; `write_due_mails` writes it in
a worker, outside of any transaction, and hands it to messaging together with clearing the note.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from apps.core import audit, waker
from apps.core.outbox import announce
from apps.core.refused import Refused
from apps.customers.models import Channel, ConsentEntry, Customer, Purpose, Visit
from apps.feedback import queries
from apps.feedback.events import SurveyRequested
from apps.feedback.models import Delivery, SurveyRequest, SurveySettings
from apps.forms import actions as link_actions
from apps.forms import tokens
from apps.forms.models import LinkPurpose, LinkState
from apps.intelligence import actions as intelligence
from apps.intelligence.answers import SurveyEmailBrief, WrittenEmail
from apps.messaging import actions as messaging
from apps.messaging.compose import render_email
from apps.messaging.models import Message, Suppression

WRITE_TASK = "feedback.write_survey_mails"
LANGUAGES = ("en", "de")
# Who writes a mail keeps the others away from it for so long; longer than the language model may take.
LEASE = timedelta(minutes=5)


def may_be_asked(customer: Customer) -> bool:
    """Whether the customer agreed to surveys by e-mail, has an address, and their data may be used."""
    return (
        bool(customer.email)
        and not customer.is_restricted
        and ConsentEntry.objects.is_given(customer, Purpose.SURVEY, Channel.EMAIL)
    )


@transaction.atomic
def request_survey(customer: Customer, *, by: audit.Actor, now: datetime, visit: Visit | None = None) -> SurveyRequest:
    """Ask the customer about a visit, or in general; the mail leaves soon after the commit.

    One visit is asked about once: a second call gives the first request.
    Raises Refused: `restricted`, `no_consent`, `no_address`, `suppressed`.
    """
    customer = Customer.objects.locked().get(pk=customer.head_id)
    if visit is not None and (known := SurveyRequest.objects.filter(visit=visit).first()):
        return known
    _refuse_unreachable(customer, now)
    about = visit or Visit.objects.filter(customer__in=customer.member_ids).order_by("-visited_at", "-id").first()
    survey_settings = queries.settings_of(customer.organization)
    link = link_actions.issue(
        organization=customer.organization,
        purpose=LinkPurpose.SURVEY,
        expires_at=now + survey_settings.expiry,
        now=now,
    )
    language = customer.language[:2] if customer.language[:2] in LANGUAGES else customer.organization.language[:2]
    request = SurveyRequest.objects.create(
        organization=customer.organization,
        customer=customer,
        visit=visit,
        branch_id=about.branch_id if about else None,
        staff_member_id=about.staff_member_id if about else None,
        purpose=about.purpose if about else "",
        link=link,
        language=language if language in LANGUAGES else LANGUAGES[0],
        recipient=customer.email,
        requested_at=now,
        mail_due_at=now,
        next_reminder_at=_next_reminder(survey_settings, 0, now, link.expires_at),
    )
    audit.record("survey.requested", by=by, organization_id=customer.organization_id, on=request)
    announce(SurveyRequested(organization_id=customer.organization_id, request_id=request.pk, customer_id=customer.pk))
    transaction.on_commit(wake)
    return request


@transaction.atomic
def resend(request: SurveyRequest, *, by: audit.Actor, now: datetime) -> SurveyRequest:
    """Send the mail once more: with the same link while it works, else with a new one.

    Raises Refused: `already_answered`, `restricted`, `no_consent`, `no_address`, `suppressed`.
    """
    request = _locked(request)
    state = request.link.state(now)
    if state is LinkState.USED:
        raise Refused(_("The customer has answered already."), code="already_answered")
    _refuse_unreachable(request.customer, now)
    survey_settings = queries.settings_of(request.organization)
    if state is not LinkState.LIVE:
        request.link = link_actions.issue(
            organization=request.organization,
            purpose=LinkPurpose.SURVEY,
            expires_at=now + survey_settings.expiry,
            now=now,
        )
        request.next_reminder_at = _next_reminder(survey_settings, request.reminders_sent, now, request.link.expires_at)
    request.recipient, request.delivery, request.mail_due_at = request.customer.email, Delivery.QUEUED, now
    request.save(update_fields=["link", "next_reminder_at", "recipient", "delivery", "mail_due_at"])
    audit.record("survey.resent", by=by, organization_id=request.organization_id, on=request)
    transaction.on_commit(wake)
    return request


@transaction.atomic
def revoke(request: SurveyRequest, *, by: audit.Actor, now: datetime) -> SurveyRequest:
    """Take the link back; nothing more is sent. Raises Refused (`already_used`)."""
    request = _locked(request)
    request.link = link_actions.revoke(request.link, by=by, now=now)
    request.next_reminder_at = request.mail_due_at = None
    request.save(update_fields=["next_reminder_at", "mail_due_at"])
    return request


def stop_mails(customer_id: int) -> None:
    """The customer wants no more survey mails: none that is due is written, nobody reminds."""
    record = Customer.objects.filter(pk=customer_id).first()
    if record is None:
        return
    waiting = SurveyRequest.objects.filter(customer__in=record.member_ids).exclude(
        next_reminder_at=None, mail_due_at=None
    )
    waiting.update(next_reminder_at=None, mail_due_at=None)


@transaction.atomic
def remind_next(*, now: datetime) -> bool:
    """Deal with one request whose reminder is due; False when there is none.

    A reminder carries the same link. It is left out after an answer, a withdrawal, a revocation, the expiry, a mail
    that did not arrive, and after the second one.
    """
    due = (
        SurveyRequest.objects.reminder_due(now)
        .order_by("next_reminder_at")
        .select_for_update(
            skip_locked=transaction.get_connection().features.has_select_for_update_skip_locked, of=("self",)
        )
    )
    request = due.select_related("link", "organization", "customer").first()
    if request is None:
        return False
    survey_settings = queries.settings_of(request.organization)
    request.next_reminder_at = None
    if _wants_reminder(request, survey_settings, now):
        request.reminders_sent += 1
        request.mail_due_at, request.delivery = now, Delivery.QUEUED
        request.next_reminder_at = _next_reminder(survey_settings, request.reminders_sent, now, request.link.expires_at)
        transaction.on_commit(wake)
    request.save(update_fields=["next_reminder_at", "reminders_sent", "mail_due_at", "delivery"])
    return True


def write_next_mail(*, now: datetime) -> bool:
    """Write one mail that is due and hand it to messaging; False when there is none.

    Killed half-way, the mail is written again after the lease; messaging knows it by its key and sends it once.
    """
    request = _claim_mail(now)
    if request is None:
        return False
    write_mail(request, now=now)
    return True


def write_mail(request: SurveyRequest, *, now: datetime) -> Message | None:
    """Write the mail of a request that the caller has claimed, and hand it to messaging.

    None when there is no mail to write (any more): the link is dead, the consent withdrawn, the address suppressed.
    """
    if request.link.state(now) is not LinkState.LIVE or not may_be_asked(request.customer):
        SurveyRequest.objects.filter(pk=request.pk).update(mail_due_at=None)
        return None
    written = intelligence.write_survey_email(
        SurveyEmailBrief(
            first_name=request.customer.first_name,
            purpose=request.purpose,
            branch_name=request.branch.name if request.branch else request.organization.name,
            language=request.language,
        ),
        organization=request.organization,
        now=now,
    )
    with transaction.atomic():
        try:
            message = messaging.send(_draft(request, written), organization=request.organization, now=now)
        except Refused:
            # The address was suppressed since the request: the list shows it, a person decides.
            SurveyRequest.objects.filter(pk=request.pk).update(
                mail_due_at=None, next_reminder_at=None, delivery=Delivery.FAILED
            )
            return None
        SurveyRequest.objects.filter(pk=request.pk, mails_written=request.mails_written).update(
            mail_due_at=None, mails_written=request.mails_written + 1
        )
    return message


def note_delivery(request_id: int, delivery: Delivery) -> None:
    """Keep how far the mail came. What is certain stays: news come in any order, and some say less than we know."""
    certain = {
        Delivery.SENT: [Delivery.DELIVERED, Delivery.FAILED],
        Delivery.DELAYED: [Delivery.DELIVERED, Delivery.FAILED],
        Delivery.UNKNOWN: [Delivery.SENT, Delivery.DELIVERED, Delivery.FAILED],
    }
    rows = SurveyRequest.objects.filter(pk=request_id).exclude(delivery__in=certain.get(delivery, []))
    rows.update(delivery=delivery)


def wake() -> None:
    """Ask for due mails to be written soon."""
    waker.wake(WRITE_TASK)


def survey_url(request: SurveyRequest) -> str:
    """The address that the customer gets."""
    return f"{settings.BASE_URL}{reverse('feedback:survey', args=[tokens.write(request.link)])}"


def _draft(request: SurveyRequest, written: WrittenEmail) -> messaging.Draft:
    context = {
        "mail": written,
        "is_reminder": request.reminders_sent > 0,
        "url": survey_url(request),
        "expires_at": request.link.expires_at.astimezone(request.organization.zone),
    }
    mail = render_email("feedback/email/survey", context, request.organization, request.language, unsubscribe=True)
    return messaging.Draft(
        kind="survey",
        to_address=request.recipient,
        to_name=request.customer.name,
        subject=mail.subject,
        text=mail.text,
        html=mail.html,
        reference=request.reference,
        idempotency_key=f"{request.reference}:{request.mails_written}",
        unsubscribe=True,
        purpose=Purpose.SURVEY,
    )


@transaction.atomic
def _claim_mail(now: datetime) -> SurveyRequest | None:
    due = (
        SurveyRequest.objects.mail_due(now)
        .order_by("mail_due_at")
        .select_for_update(
            skip_locked=transaction.get_connection().features.has_select_for_update_skip_locked, of=("self",)
        )
    )
    request = due.select_related("link", "organization", "customer", "branch").first()
    if request is not None:
        SurveyRequest.objects.filter(pk=request.pk).update(mail_due_at=now + LEASE)
    return request


def _locked(request: SurveyRequest) -> SurveyRequest:
    return (
        SurveyRequest.objects.select_for_update(of=("self",))
        .select_related("link", "organization", "customer")
        .get(pk=request.pk)
    )


def _refuse_unreachable(customer: Customer, now: datetime) -> None:
    if customer.is_restricted:
        raise Refused(_("The customer's data is restricted: it is kept and not used."), code="restricted")
    if not ConsentEntry.objects.is_given(customer, Purpose.SURVEY, Channel.EMAIL):
        raise Refused(_("The customer has not agreed to surveys by e-mail."), code="no_consent")
    if not customer.email:
        raise Refused(_("The customer has no e-mail address."), code="no_address")
    held_back = Suppression.objects.owned_by(customer.organization_id).active(now)
    if held_back.against(customer.email, is_transactional=True).exists():
        raise Refused(_("Mails to this address do not arrive, so none are sent."), code="suppressed")


def _wants_reminder(request: SurveyRequest, survey_settings: SurveySettings, now: datetime) -> bool:
    return (
        survey_settings.are_reminders_on
        and request.reminders_sent < survey_settings.max_reminders
        and request.delivery != Delivery.FAILED
        and request.link.state(now) is LinkState.LIVE
        and may_be_asked(request.customer)
    )


def _next_reminder(survey_settings: SurveySettings, sent: int, now: datetime, expires_at: datetime) -> datetime | None:
    at = now + survey_settings.reminder_pause
    is_wanted = survey_settings.are_reminders_on and sent < survey_settings.max_reminders and at < expires_at
    return at if is_wanted else None
