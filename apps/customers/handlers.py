"""What customers does when others announce something."""

from __future__ import annotations

from django.utils import timezone

from apps.core.audit import System
from apps.core.outbox import subscribe
from apps.customers import actions, tasks
from apps.customers.events import CustomerUpdated
from apps.customers.models import ConsentMethod, Purpose
from apps.messaging.events import Unsubscribed


@subscribe(Unsubscribed)
def withdraw_consent_of_unsubscribed(event: Unsubscribed) -> None:
    """Whoever unsubscribed no longer agrees; an unknown purpose means all of them."""
    purposes = [event.purpose] if event.purpose in Purpose.values else list(Purpose.values)
    actions.withdraw_consent_by_address(
        event.organization_id,
        event.address,
        purposes=purposes,
        method=ConsentMethod.UNSUBSCRIBE,
        by=System("customer"),
        now=timezone.now(),
    )


@subscribe(CustomerUpdated)
def compare_changed_customer(event: CustomerUpdated) -> None:
    """A new name or number may show that somebody is known already."""
    if set(event.fields) & {"name", "email", "mobile"}:
        tasks.suspect_duplicates_of.delay(event.organization_id, event.customer_id)
