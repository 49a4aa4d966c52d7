"""Bench-local pages, served by the same server with the same middleware: what the product's pages are measured against.

The addresses of the product are all there too; nothing here is ever part of an installation.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template import engines
from django.urls import path
from django.utils import timezone, translation
from rest_framework import serializers

from apps.accounts.guards import MemberRequest, public, requires
from apps.accounts.models import Membership
from apps.accounts.permissions import Can
from apps.core import tenancy
from apps.core.api import KeysetList
from apps.core.components import Column
from apps.core.pages import render_page
from apps.customers import queries
from apps.customers.api.serializers import CustomerRowSerializer
from apps.customers.forms import CustomerFilterForm
from apps.customers.models import Customer
from apps.customers.views import customers
from apps.feedback import queries as feedback
from apps.feedback.forms import ResponseFilterForm
from apps.feedback.models import Response
from config import urls as product
from config.urls import handler400, handler403, handler404, handler500  # noqa: F401

LOOP = '{{% for row in rows %}}{{% include "{}" with row=row only %}}{{% endfor %}}'
CUSTOMER_LOOP = engines["django"].from_string(LOOP.format("customers/_customer_row.html"))
RESPONSE_LOOP = engines["django"].from_string(LOOP.format("feedback/_response_row.html"))


class CustomersByModelSerializer(KeysetList):
    """The JSON list as DRF makes it: same caller, limits, cursor and fields; joined, so no query per row."""

    permission = Can.VIEW_CUSTOMERS
    keyset = queries.NEWEST
    serializer_class = CustomerRowSerializer

    def get_queryset(self) -> QuerySet[Customer]:
        organization = self.request._request.organization
        found = queries.customers(organization, queries.CustomerFilters())
        return found.select_related("last_branch").with_survey_consent()


@requires(Can.VIEW_CUSTOMERS)
def customers_by_template(request: MemberRequest) -> HttpResponse:
    """The HTML list as a template's loop makes it: the same page around it, the same row template, two queries."""
    form = CustomerFilterForm(request.GET, organization=request.organization)
    found = Customer.objects.owned_by(request.organization).select_related("last_branch")
    page = queries.NEWEST.page(found, cursor=request.GET.get("cursor", ""))
    consents = queries._rows([customer.pk for customer in page.rows])
    context = {
        "form": form,
        "columns": [Column("Customer"), Column("Last visit"), Column("Survey by e-mail"), Column("Since")],
        "rows": CUSTOMER_LOOP.render({"rows": [consents[customer.pk] for customer in page.rows]}, request),
        "chips": [],
        "newer_url": "",
        "older_url": f"?cursor={page.next_cursor}",
        "may_record": request.member.can(Can.RECORD_VISITS),
    }
    return render_page(request, "customers/customer_list.html", context, fragments=["rows"])


class ResponseSerializer(serializers.ModelSerializer[Response]):
    """The fields of the JSON list, as DRF writes them."""

    class Meta:
        model = Response
        fields = feedback.JSON_FIELDS


class ResponsesByModelSerializer(KeysetList):
    """The JSON list as DRF makes it: same caller, limits, cursor and fields; no field needs a join."""

    permission = Can.VIEW_RESPONSES
    keyset = feedback.NEWEST
    serializer_class = ResponseSerializer

    def get_queryset(self) -> QuerySet[Response]:
        return feedback.responses(self.request._request.organization, feedback.ResponseFilters())


@requires(Can.VIEW_RESPONSES)
def responses_by_template(request: MemberRequest) -> HttpResponse:
    """The HTML list as a template's loop makes it: the same page around it, the same row template, one joined query."""
    form = ResponseFilterForm(request.GET, organization=request.organization)
    found = Response.objects.owned_by(request.organization).select_related("customer", "branch", "staff_member")
    page = feedback.NEWEST.page(found, cursor=request.GET.get("cursor", ""))
    words = ("Customer", "Stars", "Sentiment", "What they said", "Where", "Answered")
    context = {
        "form": form,
        "columns": [Column(word) for word in words],
        "rows": RESPONSE_LOOP.render({"rows": page.rows}, request),
        "chips": [],
        "newer_url": "",
        "older_url": f"?cursor={page.next_cursor}",
        "export_url": "/responses/export/?",
        "may_export": request.member.can(Can.EXPORT_RESPONSES),
    }
    return render_page(request, "feedback/response_list.html", context, fragments=["rows"])


def hello(request: HttpRequest) -> HttpResponse:
    """A page that costs nothing."""
    return HttpResponse("hello")


def unguarded(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """The same function without a look at session and person: who asks was settled when the first request came."""
    known: list[Membership] = []
    inner = getattr(view, "__wrapped__", view)

    @public("a peer of a measurement")
    def open_page(request: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        if not known:
            known.append(Membership.objects.select_related("user", "organization").get())
        member = known[0]
        request.user, request.member, request.organization = member.user, member, member.organization
        tenancy.enter(member.organization_id)
        timezone.activate(member.user.time_zone or member.organization.time_zone)
        if member.user.language:
            translation.activate(member.user.language)
        return inner(request, *args, **kwargs)

    return open_page


urlpatterns = [
    path("bench/drf/customers/", CustomersByModelSerializer.as_view()),
    path("bench/template/customers/", customers_by_template),
    path("bench/drf/responses/", ResponsesByModelSerializer.as_view()),
    path("bench/template/responses/", responses_by_template),
    path("bench/hello/", requires(Can.USE_APP)(hello)),
    path("bench/hello/open/", unguarded(hello)),
    path("bench/customers/open/", unguarded(customers.customer_list)),
    *product.urlpatterns,
]
