"""Orders: the list, its export, one order, calling it off."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.accounts.guards import MemberRequest, requires
from apps.accounts.permissions import Can
from apps.commerce import actions, queries
from apps.commerce.forms import CancelForm, OrderFilterForm
from apps.commerce.models import Order, Product
from apps.commerce.models.order import OrderQuerySet
from apps.commerce.views.listing import chips, csv_answer, from_the_start, with_cursor, without_cursor
from apps.core import ratelimit
from apps.core.components import Column, Crumb
from apps.core.errors import too_many
from apps.core.pages import render_page
from apps.core.refused import Refused
from apps.customers.models import Customer

COLUMNS = [
    "number", "placed_at", "status", "customer", "channel", "currency", "subtotal", "discount_total",
    "shipping_total", "tax_total", "total", "paid_total", "refunded_total", "items", "source", "external_id",
]  # fmt: skip


@requires(Can.VIEW_ORDERS)
def order_list(request: MemberRequest) -> HttpResponse:
    """All orders, newest first; filters live in the address."""
    form = OrderFilterForm(request.GET)
    found = queries.orders(request.organization, form.filters()).select_related("customer")
    try:
        page = queries.NEWEST.page(found, cursor=request.GET.get("cursor", ""))
    except Refused:
        return from_the_start(request)
    context = {
        "form": form,
        "columns": [
            Column(_("Order")),
            Column(_("Customer")),
            Column(_("Status")),
            Column(_("Items"), align="end"),
            Column(_("Total"), align="end"),
            Column(_("Placed")),
        ],
        "orders": page.rows,
        "chips": chips(form, _names(request, form)),
        "newer_url": with_cursor(request, page.previous_cursor),
        "older_url": with_cursor(request, page.next_cursor),
        "export_url": f"{reverse('commerce:order_export')}?{without_cursor(request)}",
    }
    return render_page(request, "commerce/order_list.html", context, fragments=["rows"])


@requires(Can.VIEW_ORDERS)
def order_export(request: MemberRequest) -> HttpResponseBase:
    """The list with its filters as CSV."""
    try:
        ratelimit.check("export", f"user:{request.user.pk}")
    except ratelimit.TooMany as refusal:
        return too_many(request, refusal.retry_after)
    found = queries.orders(request.organization, OrderFilterForm(request.GET).filters())
    found = found.select_related("customer").order_by("-placed_at", "-id")
    return csv_answer(f"orders-{timezone.localdate():%Y-%m-%d}.csv", COLUMNS, _cells(found))


@requires(Can.VIEW_ORDERS)
def order_detail(request: MemberRequest, pk: int) -> HttpResponse:
    """One order: lines, sums, payments, refunds."""
    order = _order(request, pk)
    context = {
        "order": order,
        "lines": order.lines.select_related("product").order_by("line_number"),
        "columns": [
            Column(_("What")),
            Column(_("Quantity"), align="end"),
            Column(_("Unit price"), align="end"),
            Column(_("Discount"), align="end"),
            Column(_("Total"), align="end"),
        ],
        "payments": order.payments.order_by("id"),
        "refunds": order.refunds.order_by("id"),
        "may_cancel": request.member.can(Can.EDIT_ORDERS) and not order.is_cancelled,
        "may_see_customer": request.member.can(Can.VIEW_CUSTOMERS),
        "page_title": _("Order %(number)s") % {"number": order.number},
        "crumbs": [Crumb(_("Orders"), reverse("commerce:order_list")), Crumb(order.number)],
    }
    return render_page(request, "commerce/order_detail.html", context)


@requires(Can.EDIT_ORDERS)
def order_cancel(request: MemberRequest, pk: int) -> HttpResponse:
    """Call it off, with the reason."""
    order = _order(request, pk)
    form, done = CancelForm(request.POST or None), None
    if form.is_valid():
        reason = form.cleaned_data["reason"]
        done = form.apply(actions.cancel_order, order, by=request.member, now=timezone.now(), reason=reason)
    if done is not None:
        messages.info(request, _("The order is cancelled."))
        return redirect("commerce:order_detail", pk)
    context = {
        "form": form,
        "order": order,
        "crumbs": [
            Crumb(_("Orders"), reverse("commerce:order_list")),
            Crumb(order.number, reverse("commerce:order_detail", args=[order.pk])),
            Crumb(_("Cancel")),
        ],
    }
    return render_page(request, "commerce/order_cancel.html", context, status=form.answer_status)


def _order(request: MemberRequest, pk: int) -> Order:
    return get_object_or_404(Order.objects.owned_by(request.organization).select_related("customer", "branch"), pk=pk)


def _names(request: MemberRequest, form: OrderFilterForm) -> dict[str, str]:
    """How the chips call the customer and the product of the filter."""
    names = {}
    asked: tuple[tuple[str, Any], ...] = (("customer", Customer), ("product", Product))
    for name, model in asked:
        if pk := form.cleaned_data.get(name):
            row = model.objects.owned_by(request.organization).filter(pk=pk).first()
            names[name] = str(row) if row else _("unknown")
    return names


def _cells(found: OrderQuerySet) -> Iterator[list[Any]]:
    for order in found.iterator(chunk_size=500):
        yield [
            order.number,
            order.placed_at.isoformat(),
            order.status,
            order.customer.name if order.customer else "",
            order.channel,
            order.currency,
            order.subtotal,
            order.discount_total,
            order.shipping_total,
            order.tax_total,
            order.total,
            order.paid_total,
            order.refunded_total,
            order.item_count,
            order.source,
            order.external_id,
        ]
