"""What staff change on a customer's page: own fields, tags, owner and company, contacts."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from apps.accounts.guards import MemberRequest, requires
from apps.accounts.permissions import Can
from apps.core.pages import render_page
from apps.core.refused import Refused
from apps.customers import record_parts
from apps.customers.actions import contacts, fields, record, tags
from apps.customers.models import Customer, CustomerTag, CustomField, Identifier
from apps.customers.record_forms import ContactForm, OwnerForm, TagForm, ValuesForm
from apps.customers.views.customer_page import crumbs_of, customer_of


@requires(Can.EDIT_CUSTOMERS)
def values_edit(request: MemberRequest, pk: int) -> HttpResponse:
    """The organisation's own fields of this customer."""
    customer = customer_of(request, pk)
    own = list(CustomField.objects.owned_by(request.organization).active().order_by("position", "id"))
    form = ValuesForm(request.POST or None, fields=own, customer=customer)
    if (
        form.is_valid()
        and form.apply(fields.set_fields, customer, form.values(), by=request.member, now=timezone.now()) is not None
    ):
        messages.info(request, _("The record is saved."))
        return redirect("customers:customer_detail", pk)
    return _form_page(request, form, customer, _("Own fields"))


@requires(Can.EDIT_CUSTOMERS)
def owner_edit(request: MemberRequest, pk: int) -> HttpResponse:
    """Who looks after the customer, and whether it is a company."""
    customer = customer_of(request, pk)
    initial = {"owner": customer.owner_id, "kind": customer.kind, "company": customer.company or ""}
    form = OwnerForm(request.POST or None, initial=initial, organization=request.organization)
    if form.is_valid():
        data, now = form.cleaned_data, timezone.now()
        if form.apply(
            record.set_relations,
            customer,
            owner=data["owner"],
            kind=data["kind"],
            company=data["company"],
            by=request.member,
            now=now,
        ):
            return redirect("customers:customer_detail", pk)
    return _form_page(request, form, customer, _("Owner and company"))


@require_POST
@requires(Can.EDIT_CUSTOMERS)
def tag_add(request: MemberRequest, pk: int) -> HttpResponse:
    """Put a tag on the customer; answers with the tags, or leads back to the page."""
    customer = customer_of(request, pk)
    form = TagForm(request.POST)
    if form.is_valid():
        form.apply(tags.add_tag, customer, form.cleaned_data["tag"], by=request.member, now=timezone.now())
    return _tags(request, customer, str(form.errors.get("tag", [""])[0]))


@require_POST
@requires(Can.EDIT_CUSTOMERS)
def tag_remove(request: MemberRequest, pk: int) -> HttpResponse:
    """Take a tag off its customer."""
    carried = get_object_or_404(
        CustomerTag.objects.owned_by(request.organization).select_related("customer", "tag"), pk=pk
    )
    customer = customer_of(request, carried.customer.merged_into_id or carried.customer_id)
    tags.remove_tag(customer, carried.tag, by=request.member, now=timezone.now())
    return _tags(request, customer)


def _tags(request: MemberRequest, customer: Customer, error: str = "") -> HttpResponse:
    if request.headers.get("HX-Request") == "true":
        context = {"head": record_parts.head_of(customer, request.member), "tag_error": error}
        return render_page(request, "customers/_tags.html", context, status=422 if error else 200)
    if error:
        messages.error(request, error)
    return redirect("customers:customer_detail", customer.pk)


@requires(Can.EDIT_CUSTOMERS)
def contact_list(request: MemberRequest, pk: int) -> HttpResponse:
    """Addresses and numbers: add one, choose the primary, take one away."""
    customer = customer_of(request, pk)
    form = ContactForm(request.POST or None)
    if form.is_valid():
        data = form.cleaned_data
        if form.apply(
            contacts.add_contact, customer, data["kind"], data["value"], by=request.member, now=timezone.now()
        ):
            return redirect("customers:contact_list", pk)
    context = {
        "form": form,
        "customer": customer,
        "contacts": record_parts.contacts_of(customer),
        "crumbs": crumbs_of(customer, _("Addresses and numbers")),
        "page_title": _("Addresses and numbers"),
    }
    return render_page(request, "customers/contact_list.html", context, status=form.answer_status)


@require_POST
@requires(Can.EDIT_CUSTOMERS)
def contact_primary(request: MemberRequest, pk: int) -> HttpResponse:
    """Let this address or number be the primary one."""
    return _change_contact(request, pk, "primary")


@require_POST
@requires(Can.EDIT_CUSTOMERS)
def contact_remove(request: MemberRequest, pk: int) -> HttpResponse:
    """Note that this address or number is not theirs."""
    return _change_contact(request, pk, "remove")


def _change_contact(request: MemberRequest, pk: int, what: str) -> HttpResponse:
    found = Identifier.objects.owned_by(request.organization).live().select_related("customer")
    contact = get_object_or_404(found, pk=pk)
    customer = customer_of(request, contact.customer.merged_into_id or contact.customer_id)
    verb = contacts.make_primary if what == "primary" else contacts.remove_contact
    try:
        verb(customer, contact, by=request.member, now=timezone.now())
    except Refused as refused:
        messages.error(request, refused.message)
    return redirect("customers:contact_list", customer.pk)


def _form_page(request: MemberRequest, form: object, customer: Customer, title: str) -> HttpResponse:
    context = {"form": form, "customer": customer, "page_title": title, "crumbs": crumbs_of(customer, title)}
    return render_page(request, "customers/record_form.html", context, status=form.answer_status)  # type: ignore[attr-defined]
