"""The consent ledger of one customer, with the words as they were shown."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _

from apps.accounts.guards import MemberRequest, requires
from apps.accounts.permissions import Can
from apps.core.components import Column, Crumb
from apps.core.pages import render_page
from apps.customers import ledger
from apps.customers.models import Customer


@requires(Can.VIEW_CUSTOMERS)
def consent_history(request: MemberRequest, pk: int) -> HttpResponse:
    """Every line, newest first."""
    customer = get_object_or_404(Customer.objects.owned_by(request.organization), pk=pk)
    context = {
        "customer": customer,
        "lines": ledger.history(customer),
        "columns": [Column(_("When")), Column(_("Purpose")), Column(_("Said")), Column(_("How")), Column(_("Words"))],
        "crumbs": [
            Crumb(_("Customers"), reverse("customers:customer_list")),
            Crumb(customer.name, reverse("customers:customer_detail", args=[pk])),
            Crumb(_("Consent history")),
        ],
    }
    return render_page(request, "customers/consent_history.html", context)
