"""Who is who: the queue of suspected duplicates, merging by hand, the records of a customer and what proves them."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from apps.accounts.guards import MemberRequest, requires
from apps.accounts.models import Membership
from apps.accounts.permissions import Can
from apps.core.components import Crumb
from apps.core.pages import render_page
from apps.core.refused import Refused
from apps.customers import actions, evidence, search
from apps.customers.identity_forms import MergeForm, SplitForm
from apps.customers.models import Customer, DuplicateSuggestion, Identifier
from apps.customers.panels import Panel
from apps.customers.views.customer_page import crumbs_of, customer_of

PAIRS_PER_PAGE = 10


@requires(Can.MERGE_CUSTOMERS)
def duplicate_list(request: MemberRequest) -> HttpResponse:
    """The pairs that wait for a decision, the surest first; `?customer=` shows those of one customer."""
    customer = _numbered(request, request.GET.get("customer", ""))
    waiting = evidence.open_for(customer) if customer else evidence.queue(request.organization)
    try:
        page = evidence.QUEUE.page(waiting, cursor=request.GET.get("cursor", ""), size=PAIRS_PER_PAGE)
    except Refused:
        return redirect("customers:duplicate_list")
    start = f"?customer={customer.pk}&" if customer else "?"
    context = {
        "customer": customer,
        "pairs": [evidence.pair_of(suggestion) for suggestion in page.rows],
        "waiting": evidence.waiting_count(request.organization),
        "newer_url": f"{start}cursor={page.previous_cursor}" if page.previous_cursor else "",
        "older_url": f"{start}cursor={page.next_cursor}" if page.next_cursor else "",
        "crumbs": [Crumb(_("Customers"), reverse("customers:customer_list")), Crumb(_("Duplicates"))],
    }
    return render_page(request, "customers/duplicate_list.html", context, fragments=["pairs"])


@require_POST
@requires(Can.MERGE_CUSTOMERS)
def duplicate_merge(request: MemberRequest, pk: int) -> HttpResponse:
    """The two are one."""
    suggestion = get_object_or_404(DuplicateSuggestion.objects.owned_by(request.organization), pk=pk)
    try:
        head = actions.accept_duplicate(suggestion, by=request.member, now=timezone.now())
        messages.info(request, _("%(name)s is one customer now. Records and evidence can part them.") % {"name": head})
    except Refused as refused:
        messages.warning(request, refused.message)
    return redirect("customers:duplicate_list")


@require_POST
@requires(Can.MERGE_CUSTOMERS)
def duplicate_reject(request: MemberRequest, pk: int) -> HttpResponse:
    """The two are not the same; nobody is asked again."""
    suggestion = get_object_or_404(DuplicateSuggestion.objects.owned_by(request.organization), pk=pk)
    try:
        actions.reject_duplicate(suggestion, by=request.member, now=timezone.now())
        messages.info(request, _("They stay two customers. Nobody is asked again."))
    except Refused as refused:
        messages.warning(request, refused.message)
    return redirect("customers:duplicate_list")


@requires(Can.VIEW_CUSTOMERS)
def identity_detail(request: MemberRequest, pk: int) -> HttpResponse:
    """The records of a customer, what proves that they are one, and the log of what was decided."""
    customer = customer_of(request, pk)
    if customer.pk != pk:
        return redirect("customers:identity_detail", customer.pk)
    return _identity_page(request, customer, None)


@require_POST
@requires(Can.MERGE_CUSTOMERS)
def identity_split(request: MemberRequest, pk: int) -> HttpResponse:
    """Some of the records are somebody else."""
    customer = customer_of(request, pk)
    form = SplitForm(request.POST, records=evidence.records_of(customer))
    if form.is_valid():
        said = {"reason": form.cleaned_data["reason"], "by": request.member, "now": timezone.now()}
        head = form.apply(actions.split, form.chosen(), **said)
        if head is not None:
            messages.info(request, _("The records are split off, and everything is as it was before."))
            return redirect("customers:identity_detail", head.pk)
    return _identity_page(request, customer, form)


@require_POST
@requires(Can.MERGE_CUSTOMERS)
def identifier_switch(request: MemberRequest, pk: int) -> HttpResponse:
    """Take an identifier back, or let one that was taken back count again."""
    identifier = get_object_or_404(
        Identifier.objects.owned_by(request.organization).select_related("customer__organization"), pk=pk
    )
    verb = actions.take_back if identifier.revoked_at is None else actions.give_back
    try:
        head = verb(identifier, by=request.member, now=timezone.now())
    except Refused as refused:
        messages.warning(request, refused.message)
        return redirect("customers:identity_detail", identifier.customer_id)
    return redirect("customers:identity_detail", head.pk)


@requires(Can.MERGE_CUSTOMERS)
def identity_merge(request: MemberRequest, pk: int) -> HttpResponse:
    """Look for the same customer, compare, merge."""
    customer = customer_of(request, pk)
    form = MergeForm(request.POST or None, initial={"other": request.GET.get("other", "")})
    other = _other(request, form, customer)
    if other is not None and form.is_valid():
        said = {"reason": form.cleaned_data["reason"], "by": request.member, "now": timezone.now()}
        head = form.apply(actions.merge, customer, other, **said)
        if head is not None:
            messages.info(request, _("%(name)s is one customer now.") % {"name": head})
            return redirect("customers:customer_detail", head.pk)
    text = request.GET.get("q", "")
    context = {
        "customer": customer,
        "form": form,
        "pair": evidence.side_by_side(customer, other) if other else None,
        "text": text,
        "hits": [hit for hit in search.find(request.organization, text) if hit.id != customer.pk] if text else [],
        "crumbs": crumbs_of(customer, _("Merge")),
    }
    return render_page(request, "customers/identity_merge.html", context, status=form.answer_status)


def identity_panel(customer: Customer, member: Membership) -> Panel:
    """What the customer's page shows of its records."""
    may_merge = member.can(Can.MERGE_CUSTOMERS)
    surest = evidence.open_for(customer).order_by(*evidence.QUEUE.ordering)[:3] if may_merge else []
    context = {
        "customer": customer,
        "number": len(customer.member_ids),
        "waiting": [evidence.pair_of(suggestion) for suggestion in surest],
        "may_merge": may_merge,
    }
    return Panel("customers/_identity_panel.html", context)


def _identity_page(request: MemberRequest, customer: Customer, form: SplitForm | None) -> HttpResponse:
    records = evidence.records_of(customer)
    may_merge = request.member.can(Can.MERGE_CUSTOMERS)
    context = {
        "customer": customer,
        "records": records,
        "log": evidence.log_of(customer).order_by("-id")[:50],
        "form": (form or SplitForm(records=records)) if may_merge and len(records) > 1 else None,
        "may_merge": may_merge,
        "crumbs": crumbs_of(customer, _("Records and evidence")),
    }
    return render_page(
        request, "customers/identity_detail.html", context, status=form.answer_status if form is not None else 200
    )


def _other(request: MemberRequest, form: MergeForm, customer: Customer) -> Customer | None:
    found = _numbered(request, str(form["other"].value() or ""))
    return found if found != customer else None


def _numbered(request: MemberRequest, number: str) -> Customer | None:
    """The customer to whom the record of this number belongs."""
    if not number.isascii() or not number.isdecimal() or len(number) > 18:
        return None
    found = Customer.objects.owned_by(request.organization).filter(pk=int(number)).first()
    return found if found is None or found.merged_into_id is None else actions.head_of(found)
