"""Products and their categories."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _

from apps.accounts.guards import MemberRequest, requires
from apps.accounts.permissions import Can
from apps.commerce import queries
from apps.commerce.forms import ProductFilterForm
from apps.commerce.models import Product
from apps.commerce.views.listing import chips, from_the_start, with_cursor
from apps.core.components import Column, Crumb
from apps.core.pages import render_page
from apps.core.refused import Refused


@requires(Can.VIEW_ORDERS)
def product_list(request: MemberRequest) -> HttpResponse:
    """All products by name; search and filters live in the address."""
    form = ProductFilterForm(request.GET, organization=request.organization)
    found = queries.products(request.organization, form.filters()).select_related("category")
    try:
        page = queries.BY_NAME.page(found, cursor=request.GET.get("cursor", ""))
    except Refused:
        return from_the_start(request)
    context = {
        "form": form,
        "columns": [
            Column(_("Product")),
            Column(_("Article number")),
            Column(_("Category")),
            Column(_("Price"), align="end"),
            Column(_("On sale")),
        ],
        "products": page.rows,
        "chips": chips(form, {}),
        "newer_url": with_cursor(request, page.previous_cursor),
        "older_url": with_cursor(request, page.next_cursor),
    }
    return render_page(request, "commerce/product_list.html", context, fragments=["rows"])


@requires(Can.VIEW_ORDERS)
def product_detail(request: MemberRequest, pk: int) -> HttpResponse:
    """One product, how it sold, and its last orders."""
    found = Product.objects.owned_by(request.organization).select_related("category")
    product = get_object_or_404(found, pk=pk)
    latest = product.lines.select_related("order", "order__customer").order_by("-occurred_at", "-id")[:10]
    context = {
        "product": product,
        "sold": queries.sold(product),
        "lines": latest,
        "columns": [
            Column(_("Order")),
            Column(_("Customer")),
            Column(_("Quantity"), align="end"),
            Column(_("Total"), align="end"),
            Column(_("When")),
        ],
        "orders_url": f"{reverse('commerce:order_list')}?product={product.pk}",
        "page_title": product.name,
        "crumbs": [Crumb(_("Products"), reverse("commerce:product_list")), Crumb(product.name)],
    }
    return render_page(request, "commerce/product_detail.html", context)


@requires(Can.VIEW_ORDERS)
def category_tree(request: MemberRequest) -> HttpResponse:
    """The categories as they stand below one another."""
    context = {"branches": queries.tree(request.organization)}
    return render_page(request, "commerce/category_tree.html", context)
