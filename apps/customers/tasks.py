"""Background work of customers."""

from __future__ import annotations

import time

from celery import shared_task
from django.utils import timezone

from apps.accounts.models import Organization
from apps.core import waker
from apps.core.audit import System
from apps.core.locks import advisory_lock
from apps.customers.actions import identity, privacy, saved_searches

# Well under the task's time limit: whatever is left is a new task's.
STINT_SECONDS = 60


@shared_task(name=privacy.WORK_TASK)
def carry_out_privacy_requests() -> None:
    """Write copies and carry out erasures until none is due; started by the waker and, for leftovers, by beat."""
    end = time.monotonic() + STINT_SECONDS
    while privacy.work_next(now=timezone.now()):
        if time.monotonic() > end:
            waker.wake(privacy.WORK_TASK)
            return


@shared_task(name="customers.forget_privacy_exports")
def forget_privacy_exports() -> None:
    """Delete the copies whose time is over."""
    privacy.forget_exports(now=timezone.now())


@shared_task(name="customers.resolve_recent")
def resolve_recent() -> None:
    """Join what an import and the counter stored in the same moment without seeing each other."""
    identity.resolve_recent(by=System(), now=timezone.now())


@shared_task(name="customers.resolve_shared")
def resolve_shared() -> None:
    """Look at every shared identifier of every organisation: what the rules say today is what the records show."""
    for organization_id in Organization.objects.order_by("pk").values_list("pk", flat=True):
        identity.resolve_shared(organization_id, by=System(), now=timezone.now())


@shared_task(name="customers.suspect_duplicates")
def suspect_duplicates() -> None:
    """Compare customers that were not looked at yet with those who resemble them; goes on where it stopped."""
    end = time.monotonic() + STINT_SECONDS
    with advisory_lock("customers.suspect_duplicates") as alone:
        if not alone:
            return
        for organization_id in Organization.objects.order_by("pk").values_list("pk", flat=True):
            while time.monotonic() < end and identity.suspect_next(organization_id, now=timezone.now()):
                pass


@shared_task(name="customers.suspect_duplicates_of")
def suspect_duplicates_of(organization_id: int, customer_id: int) -> None:
    """Compare one customer who changed."""
    identity.suspect(organization_id, [customer_id], now=timezone.now())


@shared_task(name="customers.tell_search_subscribers")
def tell_search_subscribers() -> None:
    """Tell members by mail who newly fits the searches to which they subscribed."""
    end = time.monotonic() + STINT_SECONDS
    while time.monotonic() < end and saved_searches.tell_next_subscriber(now=timezone.now()):
        pass
