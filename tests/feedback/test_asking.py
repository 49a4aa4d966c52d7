"""Asking, reminding, sending again, taking back; and what deliveries and withdrawals change."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import Membership, Organization
from apps.core.models import OutboxEvent
from apps.core.refused import Refused
from apps.customers import actions as customers
from apps.customers.models import Channel, Customer, Purpose, TimelineEntry, Visit
from apps.feedback import actions
from apps.feedback.answers import Answer
from apps.feedback.models import Delivery, RequestState, Response, SurveyRequest
from apps.messaging.actions import outcome
from apps.messaging.actions.outcome import News
from apps.messaging.address import address_sha256
from apps.messaging.models import Message, MessageState, Suppression
from apps.messaging.models.suppression import SuppressionReason, SuppressionScope


def consent(customer: Customer, member: Membership, now: datetime) -> None:
    customers.record_consent(
        customer, purpose=Purpose.SURVEY, channel=Channel.EMAIL, method="counter", by=member, now=now
    )


@pytest.fixture
def agreed(customer: Customer, member: Membership, now: datetime) -> Customer:
    consent(customer, member, now)
    return customer


@pytest.fixture
def asked(agreed: Customer, visit: Visit, member: Membership, now: datetime) -> SurveyRequest:
    request = actions.request_survey(agreed, visit=visit, by=member, now=now)
    assert actions.write_next_mail(now=now)
    return fresh(request)


def fresh(request: SurveyRequest) -> SurveyRequest:
    return SurveyRequest.objects.select_related("link", "customer", "organization").get(pk=request.pk)


def links() -> list[str]:
    return [re.findall(r"/s/[\w.-]+/", mail.text)[0] for mail in Message.objects.order_by("id")]


def refusal(customer: Customer, by: Membership, now: datetime) -> str:
    with pytest.raises(Refused) as caught:
        actions.request_survey(customer, by=by, now=now)
    return caught.value.code


def test_mail_carries_the_link_that_answers(asked: SurveyRequest, now: datetime) -> None:
    mail = Message.objects.get()
    assert mail.to_address == "ada@example.com"
    assert "Ada" in mail.text
    assert "Harbour Street" in mail.subject
    assert mail.headers["List-Unsubscribe"]
    path = links()[0]
    assert path in mail.html
    actions.answer(path.split("/")[2], Answer(5, "", ""), language=None, now=now)
    assert Response.objects.get().request == asked
    assert fresh(asked).state(now) == RequestState.ANSWERED


def test_nobody_is_asked_without_consent_address_or_against_a_suppression(
    customer: Customer, member: Membership, now: datetime, organization: Organization
) -> None:
    assert refusal(customer, member, now) == "no_consent"
    consent(customer, member, now)
    Suppression.objects.create(
        organization=organization,
        address=customer.email,
        address_sha256=address_sha256(customer.email),
        scope=SuppressionScope.ALL,
        reason=SuppressionReason.HARD_BOUNCE,
        created_at=now,
    )
    assert refusal(customer, member, now) == "suppressed"
    Customer.objects.update(email="")
    assert refusal(customer, member, now) == "no_address"
    assert not SurveyRequest.objects.exists()


def test_one_request_for_one_visit(asked: SurveyRequest, visit: Visit, member: Membership, now: datetime) -> None:
    assert actions.request_survey(asked.customer, visit=visit, by=member, now=now) == asked
    assert SurveyRequest.objects.count() == 1


def test_reminders_carry_the_same_link_and_end(asked: SurveyRequest, now: datetime, member: Membership) -> None:
    actions.save_settings(asked.organization, actions.SurveyChoices({}, 168, True, 10, 2), by=member)
    SurveyRequest.objects.update(next_reminder_at=now + timedelta(hours=10))
    moments = [now + timedelta(hours=hours) for hours in (9, 10, 15, 20, 30, 40)]
    for moment in moments:
        while actions.remind_next(now=moment):
            pass
        while actions.write_next_mail(now=moment):
            pass
    assert len(set(links())) == 1
    assert Message.objects.count() == 3, "the mail and two reminders"
    assert fresh(asked).reminders_sent == 2


@pytest.mark.parametrize("ending", ["answer", "revoke", "withdraw", "failed", "switched off"])
def test_no_reminder_after(
    ending: str, asked: SurveyRequest, now: datetime, member: Membership, deliver_events
) -> None:
    if ending == "answer":
        actions.answer(links()[0].split("/")[2], Answer(5, "", ""), language=None, now=now)
    elif ending == "revoke":
        actions.revoke(asked, by=member, now=now)
    elif ending == "withdraw":
        customers.withdraw_consent(
            asked.customer, purpose=Purpose.SURVEY, channel=Channel.EMAIL, method="counter", by=member, now=now
        )
        deliver_events()
        assert fresh(asked).next_reminder_at is None
    elif ending == "failed":
        actions.note_delivery(asked.pk, Delivery.FAILED)
    else:
        actions.save_settings(asked.organization, actions.SurveyChoices({}, 48, False, 24, 1), by=member)
    while actions.remind_next(now=now + timedelta(hours=25)):
        pass
    assert not actions.write_next_mail(now=now + timedelta(hours=25))
    assert Message.objects.count() == 1


def test_no_reminder_that_would_come_after_the_expiry(agreed: Customer, member: Membership, now: datetime) -> None:
    actions.save_settings(agreed.organization, actions.SurveyChoices({}, 24, True, 24, 1), by=member)
    assert actions.request_survey(agreed, by=member, now=now).next_reminder_at is None


def test_killed_while_writing_a_mail_sends_it_once(asked: SurveyRequest, now: datetime) -> None:
    # As if the worker had died between handing the mail over and noting it.
    SurveyRequest.objects.update(mail_due_at=now, mails_written=0)
    assert actions.write_next_mail(now=now)
    assert Message.objects.count() == 1


def test_mail_is_not_written_after_a_withdrawal(agreed: Customer, member: Membership, now: datetime) -> None:
    actions.request_survey(agreed, by=member, now=now)
    customers.withdraw_consent(
        agreed, purpose=Purpose.SURVEY, channel=Channel.EMAIL, method="counter", by=member, now=now
    )
    while actions.write_next_mail(now=now):
        pass
    assert not Message.objects.exists()


def test_resend_keeps_a_living_link_and_replaces_a_dead_one(
    asked: SurveyRequest, now: datetime, member: Membership
) -> None:
    actions.resend(asked, by=member, now=now)
    actions.write_next_mail(now=now)
    actions.revoke(fresh(asked), by=member, now=now)
    actions.resend(asked, by=member, now=now)
    actions.write_next_mail(now=now)
    first, second, third = links()
    assert first == second != third
    with pytest.raises(Refused) as caught:
        actions.answer(first.split("/")[2], Answer(5, "", ""), language=None, now=now)
    assert caught.value.code == "link_revoked"
    actions.answer(third.split("/")[2], Answer(5, "", ""), language=None, now=now)
    with pytest.raises(Refused) as caught:
        actions.resend(asked, by=member, now=now)
    assert caught.value.code == "already_answered"


def test_delivery_never_goes_back(asked: SurveyRequest) -> None:
    for news, stands in [
        (Delivery.DELAYED, Delivery.DELAYED),
        (Delivery.UNKNOWN, Delivery.UNKNOWN),
        (Delivery.SENT, Delivery.SENT),
        (Delivery.UNKNOWN, Delivery.SENT),
        (Delivery.DELIVERED, Delivery.DELIVERED),
        (Delivery.SENT, Delivery.DELIVERED),
        (Delivery.FAILED, Delivery.FAILED),
    ]:
        actions.note_delivery(asked.pk, news)
        assert fresh(asked).delivery == stands


def test_mail_of_unknown_fate_is_shown_and_can_be_sent_again(
    asked: SurveyRequest, member: Membership, now: datetime, deliver_events, client_of
) -> None:
    message = Message.objects.get()
    outcome.record(message.pk, News(state=MessageState.UNKNOWN, at=now, detail="time-out after the body"), now=now)
    deliver_events()
    assert fresh(asked).state(now) == RequestState.UNKNOWN
    for state in RequestState:
        shows = asked in SurveyRequest.objects.in_state(state, now)
        assert shows == (state == RequestState.UNKNOWN)
    client = client_of(member)
    address = f"{reverse('feedback:request_list')}?state=unknown"
    assert b"Not known whether the mail arrived" in client.get(address).content.split(b'id="rows"')[1]
    home = client.get(reverse("console:home")).content.decode()
    assert "1 survey may not have arrived" in home
    assert address in home
    client.post(reverse("feedback:request_resend", args=[asked.pk]))
    assert fresh(asked).state(now) == RequestState.WAITING
    assert actions.write_next_mail(now=timezone.now())
    assert Message.objects.count() == 2


def test_visit_with_consent_leads_to_the_timeline_once(
    organization: Organization, manager: Membership, now: datetime, deliver_events
) -> None:
    draft = customers.VisitDraft(name="Grace Hopper", email="grace@example.com", has_email_consent=True)
    visit = customers.capture_visit(draft, organization=organization, by=manager, now=now)
    assert customers.SURVEY_TRIGGER.follows(visit)
    deliver_events()
    OutboxEvent.objects.update(delivered_at=None, next_attempt_at=now)
    deliver_events()
    request = SurveyRequest.objects.get()
    assert request.visit == visit
    assert actions.write_next_mail(now=timezone.now())
    actions.answer(links()[0].split("/")[2], Answer(2, "Too slow", ""), language=None, now=timezone.now())
    deliver_events()
    kinds = list(TimelineEntry.objects.filter(domain="feedback").order_by("id").values_list("kind", flat=True))
    assert kinds == ["survey_requested", "response"]
    assert TimelineEntry.objects.get(kind="response").body == "Too slow"


def test_settings_are_checked(organization: Organization, manager: Membership) -> None:
    for choices in [
        actions.SurveyChoices({}, 0, True, 24, 1),
        actions.SurveyChoices({}, 169, True, 24, 1),
        actions.SurveyChoices({}, 48, True, 24, 3),
    ]:
        with pytest.raises(ValidationError):
            actions.save_settings(organization, choices, by=manager)
