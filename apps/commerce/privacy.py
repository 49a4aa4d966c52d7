"""What commerce holds of a customer: what they bought. Bookkeeping keeps the sums; the name goes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db import models
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from apps.commerce.models import Order, OrderLine, Payment, Refund
from apps.core import personal_data
from apps.core.personal_data import Fate, Holding, Part, Subject

BOOKKEEPING = _("Orders are kept for bookkeeping, without the customer (GDPR article 17 (3) b).")


def orders_of(subject: Subject) -> QuerySet[Order]:
    """What they ordered, while it is known that it was them."""
    return Order.objects.owned_by(subject.organization_id).of_customer(subject.customer_ids)


def _references(subject: Subject) -> Iterator[str]:
    return (f"{Order._meta.label_lower}:{pk}" for pk in orders_of(subject).values_list("pk", flat=True))


def _of_order(model: type[models.Model]) -> Any:
    def rows(subject: Subject) -> QuerySet[Any]:
        return model._default_manager.filter(
            organization_id=subject.organization_id, order__customer__in=subject.customer_ids
        )

    return rows


PART = Part(
    key="commerce",
    label=_("Orders"),
    order=30,
    references=_references,
    holdings=(
        # They say whose they are only through their order.
        *(
            Holding(model=model, rows=_of_order(model), fate=Fate.KEPT, reason=BOOKKEEPING, is_portable=True)
            for model in (OrderLine, Payment)
        ),
        Holding(
            model=Refund,
            rows=_of_order(Refund),
            fate=Fate.ANONYMISED,
            reason=BOOKKEEPING,
            blank={"reason": ""},
            is_portable=True,
        ),
        Holding(
            model=Order,
            rows=orders_of,
            fate=Fate.ANONYMISED,
            reason=BOOKKEEPING,
            blank={"customer": None, "customer_reference": ""},
            is_portable=True,
        ),
    ),
)

personal_data.register(PART)
