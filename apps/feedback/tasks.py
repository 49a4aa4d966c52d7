"""Background work of feedback: sweeps over rows that say themselves what is to be done."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from apps.feedback import actions
from apps.feedback.models import Response

BATCH = 100


@shared_task(name="feedback.write_survey_mails")
def write_survey_mails() -> None:
    """Write the mails that are due; woken by a request, and by beat for what was left behind."""
    while actions.write_next_mail(now=timezone.now()):
        pass


@shared_task(name="feedback.send_reminders")
def send_reminders() -> None:
    """Remind people who have not answered."""
    while actions.remind_next(now=timezone.now()):
        pass


@shared_task(name="feedback.analyse_responses")
def analyse_responses() -> None:
    """Read mood and gist of new answers; woken by an answer, and by beat for what was left behind."""
    unread = Response.objects.unanalysed().select_related("organization", "customer", "staff_member").order_by("id")
    while waiting := list(unread[:BATCH]):
        for response in waiting:
            actions.analyse(response, now=timezone.now())


@shared_task(name="feedback.store_responses")
def store_responses() -> None:
    """Hand analysed answers to the lake that have no file there, whatever the reason."""
    for response in Response.objects.not_in_lake().order_by("id")[:BATCH]:
        actions.store_in_lake(response, now=timezone.now())
