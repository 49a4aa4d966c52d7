"""From what was told of an order to the rows as they will stand: everything that can be wrong is found here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db.models import Model
from django.utils.translation import gettext as _

from apps.accounts.models import Organization
from apps.commerce.actions.drafts import LineDraft, OrderDraft
from apps.commerce.actions.upserting import Prepared, amount, key_of
from apps.commerce.models import OrderChannel, OrderStatus, Product
from apps.core.refused import Refused
from apps.customers.actions import privacy
from apps.customers.models import Branch, Customer, Identifier, IdentifierKind

MOST_LINES = 5000


@dataclass(frozen=True)
class Known:
    """What the drafts speak of and the organisation has: looked up at once for all of them."""

    customers: set[int] = field(default_factory=set)
    references: dict[tuple[str, str], int] = field(default_factory=dict)
    # References of customers who were erased: the order is kept, whose it was is not said again.
    erased: set[tuple[str, str]] = field(default_factory=set)
    branches: set[int] = field(default_factory=set)
    products: set[int] = field(default_factory=set)
    articles: dict[tuple[str, str], int] = field(default_factory=dict)


def look_up(drafts: Sequence[OrderDraft], organization: Organization) -> Known:
    """The customers, branches and products of these drafts that are the organisation's."""
    lines = [(draft, line) for draft in drafts for line in draft.lines]
    references = {draft.customer_reference for draft in drafts if draft.customer_reference}
    names = {line.product_external_id for _draft, line in lines if line.product_external_id}
    sources = {draft.source.strip() for draft in drafts}
    seen = Identifier.objects.owned_by(organization).live().order_by("-id")
    seen = seen.filter(kind=IdentifierKind.EXTERNAL, system__in=sources, value__in=references)
    articles = Product.objects.owned_by(organization).filter(source__in=sources, external_id__in=names)
    return Known(
        customers=_mine(Customer, organization, (draft.customer_id for draft in drafts)),
        references={(system, value): pk for system, value, pk in seen.values_list("system", "value", "customer")},
        erased=_erased(drafts, organization),
        branches=_mine(Branch, organization, (draft.branch_id for draft in drafts)),
        products=_mine(Product, organization, (line.product_id for _draft, line in lines)),
        articles={(source, name): pk for source, name, pk in articles.values_list("source", "external_id", "pk")},
    )


def _erased(drafts: Sequence[OrderDraft], organization: Organization) -> set[tuple[str, str]]:
    places = {_place(draft) for draft in drafts if draft.customer_reference.strip()}
    kind = IdentifierKind.EXTERNAL.value
    gone = privacy.is_erased(organization.pk, [(kind, reference, system) for system, reference in places])
    return {(system, reference) for _kind, reference, system in gone}


def _place(draft: OrderDraft) -> tuple[str, str]:
    return draft.source.strip(), draft.customer_reference.strip()


def prepare(draft: OrderDraft, known: Known, organization: Organization) -> Prepared | Refused:
    """The order as it will stand, with the values of its lines; or why it cannot."""
    try:
        source, external_id = key_of(draft.source, draft.external_id)
        lines = [_line(line, number, draft, known) for number, line in enumerate(draft.lines, start=1)]
        _once(lines)
        return Prepared(source, external_id, _order(draft, external_id, lines, known, organization), lines)
    except Refused as refused:
        return refused


def check_status(status: str) -> None:
    """Raises Refused (`bad_status`)."""
    if status not in OrderStatus.values:
        raise Refused(_("There is no such status."), code="bad_status", field="status")


def customer_of(draft: OrderDraft, known: Known) -> int | None:
    """The record; None for an order without a customer. Raises Refused (`no_such_customer`)."""
    if draft.customer_id is not None:
        if draft.customer_id not in known.customers:
            raise Refused(_("There is no such customer."), code="no_such_customer", field="customer_id")
        return draft.customer_id
    return known.references.get(_place(draft))


def _order(
    draft: OrderDraft, external_id: str, lines: list[dict[str, Any]], known: Known, organization: Organization
) -> dict[str, Any]:
    check_status(draft.status)
    if draft.channel not in OrderChannel.values:
        raise Refused(_("There is no such channel."), code="bad_channel", field="channel")
    if draft.branch_id is not None and draft.branch_id not in known.branches:
        raise Refused(_("There is no such branch."), code="no_such_branch", field="branch_id")
    currency = draft.currency or organization.currency
    if not (len(currency) == 3 and currency.isascii() and currency.isupper()):
        raise Refused(_("Three capital letters."), code="bad_currency", field="currency")
    names = ("discount_total", "shipping_total", "tax_total")
    sums = {name: amount(getattr(draft, name), 4, name) for name in names}
    subtotal = sum((line["line_total"] for line in lines), Decimal(0))
    total = draft.total
    if total is None:
        total = subtotal - sums["discount_total"] + sums["shipping_total"] + sums["tax_total"]
    customer_id = customer_of(draft, known)
    return {
        # An order whose customer nobody knows keeps the one that a person gave it.
        **({} if customer_id is None else {"customer_id": customer_id}),
        "customer_reference": ""
        if _place(draft) in known.erased
        else _short(draft.customer_reference, "customer_reference"),
        "number": _short(draft.number, "number") or external_id,
        "status": draft.status,
        "placed_at": draft.placed_at,
        "branch_id": draft.branch_id,
        "channel": draft.channel,
        "currency": currency,
        "subtotal": amount(subtotal, 4, "lines"),
        **sums,
        "total": amount(total, 4, "total"),
        "item_count": amount(sum((line["quantity"] for line in lines), Decimal(0)), 3, "lines"),
        "line_count": len(lines),
        "is_test": draft.is_test,
        "cancelled_at": draft.placed_at if draft.status == OrderStatus.CANCELLED else None,
    }


def _line(line: LineDraft, place: int, draft: OrderDraft, known: Known) -> dict[str, Any]:
    product_id = line.product_id
    if product_id is not None and product_id not in known.products:
        raise Refused(_("There is no such product."), code="no_such_product", field="lines")
    if product_id is None:
        # A product that nobody knows yet: the line stands, with the id as its description.
        product_id = known.articles.get((draft.source.strip(), line.product_external_id.strip()))
    quantity, unit_price = amount(line.quantity, 3, "lines"), amount(line.unit_price, 4, "lines")
    discount = amount(line.discount, 4, "lines")
    computed = (quantity * unit_price - discount).quantize(Decimal("0.0001"))
    number = line.line_number if line.line_number is not None else place
    if not 0 <= number < 2**31:
        raise Refused(_("This line number is too large."), code="bad_line_number", field="lines")
    return {
        "line_number": number,
        "product_id": product_id,
        "description": (line.description or ("" if product_id else line.product_external_id)).strip()[:300],
        "quantity": quantity,
        "unit_price": unit_price,
        "discount": discount,
        "line_total": amount(computed if line.line_total is None else line.line_total, 4, "lines"),
        "occurred_at": line.occurred_at or draft.placed_at,
    }


def _once(lines: list[dict[str, Any]]) -> None:
    if len(lines) > MOST_LINES:
        raise Refused(_("At most %(most)d lines.") % {"most": MOST_LINES}, code="too_many_lines", field="lines")
    if len({line["line_number"] for line in lines}) < len(lines):
        raise Refused(_("Two lines have the same number."), code="line_twice", field="lines")


def _short(text: str, name: str) -> str:
    text = text.strip()
    if len(text) > 100 or not text.isprintable():
        raise Refused(_("At most 100 printable characters."), code="bad_text", field=name)
    return text


def _mine(model: type[Model], organization: Organization, ids: Iterable[int | None]) -> set[int]:
    wanted = {pk for pk in ids if pk is not None}
    if not wanted:
        return set()
    return set(model._default_manager.filter(organization=organization, pk__in=wanted).values_list("pk", flat=True))
