"""What customers does when others announce something."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import transaction

from apps.accounts.models import Membership
from apps.core.outbox import announce
from apps.customers import actions
from apps.customers.models import ConsentEntry, Customer
from apps.messaging.events import Unsubscribed


@pytest.mark.parametrize(("purpose", "withdrawn"), [("survey", {"survey"}), ("other", {"survey", "marketing"})])
def test_unsubscribed_means_no(
    customer: Customer, member: Membership, deliver_events: Callable[[], int], purpose: str, withdrawn: set[str]
) -> None:
    said = {"channel": "email", "method": "counter", "by": member, "now": customer.created_at}
    actions.record_consent(customer, purpose="marketing", **said)
    with transaction.atomic():
        announce(
            Unsubscribed(
                organization_id=customer.organization_id,
                message_id=1,
                reference="",
                address="ADA@example.com",
                purpose=purpose,
            )
        )
    deliver_events()
    for asked in ("survey", "marketing"):
        assert ConsentEntry.objects.is_given(customer, asked, "email") is (asked not in withdrawn)
    last = ConsentEntry.objects.current(customer, "survey", "email")
    assert last is not None
    assert (last.method, last.by_label) == ("unsubscribe", "customer")
