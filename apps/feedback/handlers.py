"""What follows in feedback from what happened elsewhere, and here."""

from __future__ import annotations

from typing import TypeVar

from django.db.models import Model
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.core import audit, waker
from apps.core.outbox import subscribe
from apps.core.refused import Refused
from apps.customers import actions as customers
from apps.customers.events import ConsentChanged, VisitRecorded
from apps.customers.models import Channel, Domain, Purpose, Visit
from apps.feedback import actions
from apps.feedback.actions.analysis import ANALYSE_TASK
from apps.feedback.events import ResponseAnalysed, ResponseSubmitted, SurveyRequested
from apps.feedback.models import Delivery, Response, SurveyRequest
from apps.feedback.models.request import REFERENCE
from apps.messaging.events import (
    MessageAccepted,
    MessageBounced,
    MessageComplained,
    MessageDelayed,
    MessageDelivered,
    MessageFailed,
    MessageUnknown,
)

M = TypeVar("M", bound=Model)


@subscribe(VisitRecorded)
def ask_about_visit(event: VisitRecorded) -> None:
    """A visit of somebody who agreed to surveys is followed by one."""
    visit = Visit.objects.owned_by(event.organization_id).select_related("customer").filter(pk=event.visit_id).first()
    if visit is None or not event.has_email_consent:
        return
    try:
        actions.request_survey(visit.customer, visit=visit, by=audit.System("visit"), now=timezone.now())
    except Refused:
        # Withdrawn, without an address or suppressed: there is nobody to ask, and the customer's page says why.
        return


@subscribe(ConsentChanged)
def stop_after_withdrawal(event: ConsentChanged) -> None:
    """Who withdraws gets no reminder."""
    if event.purpose == Purpose.SURVEY and event.channel == Channel.EMAIL and not event.is_given:
        actions.stop_mails(event.customer_id)


@subscribe(SurveyRequested)
def tell_timeline_of_request(event: SurveyRequested) -> None:
    """The customer's timeline shows that they were asked."""
    request = _existing(SurveyRequest, event.request_id)
    if request is not None:
        with translation.override(request.organization.language):
            customers.add_to_timeline(
                organization_id=event.organization_id,
                customer_id=event.customer_id,
                at=request.requested_at,
                domain=Domain.FEEDBACK,
                kind="survey_requested",
                title=_("Survey sent"),
                body=request.recipient,
                source_event=f"{event.name}:{event.request_id}",
                reference=reverse("feedback:request_detail", args=[request.pk]),
            )


@subscribe(ResponseSubmitted)
def tell_timeline_of_response(event: ResponseSubmitted) -> None:
    """The customer's timeline shows what they answered."""
    response = _existing(Response, event.response_id)
    if response is not None:
        with translation.override(response.organization.language):
            title = ngettext("Answered with %(stars)d star", "Answered with %(stars)d stars", response.stars)
            customers.add_to_timeline(
                organization_id=event.organization_id,
                customer_id=event.customer_id,
                at=response.submitted_at,
                domain=Domain.FEEDBACK,
                kind="response",
                title=title % {"stars": response.stars},
                body=response.comment,
                data={"stars": response.stars, "response_id": response.pk},
                source_event=f"{event.name}:{event.response_id}",
                reference=reverse("feedback:response_detail", args=[response.pk]),
            )


@subscribe(ResponseSubmitted)
def have_it_analysed(event: ResponseSubmitted) -> None:
    """Reading mood and gist may take seconds: a task of its own."""
    waker.wake(ANALYSE_TASK)


@subscribe(ResponseAnalysed)
def hand_to_lake(event: ResponseAnalysed) -> None:
    """The answer's file goes to the data lake."""
    response = _existing(Response, event.response_id)
    if response is not None:
        actions.store_in_lake(response, now=timezone.now())


@subscribe(MessageAccepted)
def note_sent(event: MessageAccepted) -> None:
    """The list of requests shows how far the mail is."""
    _note(event.reference, Delivery.SENT)


@subscribe(MessageDelivered)
def note_delivered(event: MessageDelivered) -> None:
    """The mail arrived."""
    _note(event.reference, Delivery.DELIVERED)


@subscribe(MessageDelayed)
def note_delayed(event: MessageDelayed) -> None:
    """No provider took it yet."""
    _note(event.reference, Delivery.DELAYED)


@subscribe(MessageUnknown)
def note_unknown(event: MessageUnknown) -> None:
    """Nobody knows whether the mail left; a person may send it again."""
    _note(event.reference, Delivery.UNKNOWN)


@subscribe(MessageBounced)
def note_bounced(event: MessageBounced) -> None:
    """The mail came back."""
    _note(event.reference, Delivery.FAILED)


@subscribe(MessageFailed)
def note_failed(event: MessageFailed) -> None:
    """The mail was given up."""
    _note(event.reference, Delivery.FAILED)


@subscribe(MessageComplained)
def stop_after_complaint(event: MessageComplained) -> None:
    """Who calls a mail spam gets no reminder."""
    request = _existing(SurveyRequest, _number(event.reference))
    if request is not None:
        actions.stop_mails(request.customer_id)


def _note(reference: str, delivery: Delivery) -> None:
    number = _number(reference)
    if number is not None:
        actions.note_delivery(number, delivery)


def _number(reference: str) -> int | None:
    """The request's id in the reference of one of its mails; None for other people's mails."""
    number = reference.removeprefix(REFERENCE)
    return int(number) if reference.startswith(REFERENCE) and number.isdecimal() else None


def _existing(model: type[M], pk: int | None) -> M | None:
    """The row with its organisation, unless it was deleted meanwhile."""
    return model._default_manager.select_related("organization").filter(pk=pk).first()
