"""Orders in the search from anywhere: by the beginning of their number."""

from __future__ import annotations

from django.urls import reverse
from django.utils.translation import gettext as _

from apps.accounts.models import Membership
from apps.accounts.permissions import Can
from apps.commerce import queries
from apps.commerce.money import money
from apps.core.search import MOST_HITS, Hit


def hits_for(member: Membership, text: str) -> list[Hit]:
    """The orders whose number begins like this; `#1001` is 1001 as well."""
    if not member.can(Can.VIEW_ORDERS) or not text.isprintable():
        return []
    found = queries.by_number(member.organization, text, MOST_HITS)
    if not found and text.startswith("#"):
        found = queries.by_number(member.organization, text.removeprefix("#"), MOST_HITS) if len(text) > 1 else []
    return [
        Hit(
            _("Order %(number)s") % {"number": order.number},
            " · ".join(filter(None, [str(order.customer or ""), money(order.total, order.currency)])),
            reverse("commerce:order_detail", args=[order.pk]),
            "shopping-cart",
        )
        for order in found
    ]
