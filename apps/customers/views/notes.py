"""Notes on a customer's page."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from apps.accounts.guards import MemberRequest, requires
from apps.accounts.permissions import Can
from apps.core.pages import render_page
from apps.core.refused import Refused
from apps.customers.actions import notes
from apps.customers.models import Customer, Note
from apps.customers.record_forms import NoteForm
from apps.customers.views.customer_page import crumbs_of, customer_of, notes_part


@require_POST
@requires(Can.EDIT_CUSTOMERS)
def note_new(request: MemberRequest, pk: int) -> HttpResponse:
    """Write a note; files go with it. Answers with the notes, or leads back to the page; what was typed is kept."""
    customer = customer_of(request, pk)
    form = NoteForm(request.POST)
    note = None
    if form.is_valid():
        text, files = form.cleaned_data["text"], request.FILES.getlist("files")
        note = form.apply(notes.write_note, customer, text, by=request.member, now=timezone.now(), uploads=files)
    if request.headers.get("HX-Request") == "true":
        context = notes_part(request, customer) | {"note_form": form if note is None else None}
        return render_page(request, "customers/_notes.html", context, status=form.answer_status)
    if note is None:
        return _form_page(request, form, customer)
    return redirect(f"{reverse('customers:customer_detail', args=[customer.pk])}#note-{note.pk}")


@requires(Can.EDIT_CUSTOMERS)
def note_edit(request: MemberRequest, pk: int) -> HttpResponse:
    """Change one's own note."""
    note = _note(request, pk)
    form = NoteForm(request.POST or None, initial={"text": note.text})
    if (
        form.is_valid()
        and form.apply(notes.edit_note, note, form.cleaned_data["text"], by=request.member, now=timezone.now())
        is not None
    ):
        return _back(note)
    return _form_page(request, form, note.customer)


@require_POST
@requires(Can.EDIT_CUSTOMERS)
def note_delete(request: MemberRequest, pk: int) -> HttpResponse:
    """Take one's own note away."""
    note = _note(request, pk)
    try:
        notes.delete_note(note, by=request.member, now=timezone.now())
    except Refused as refused:
        messages.error(request, refused.message)
    return _back(note)


@require_POST
@requires(Can.EDIT_CUSTOMERS)
def note_pin(request: MemberRequest, pk: int) -> HttpResponse:
    """Let a note stand above the others, or no longer."""
    note = _note(request, pk)
    notes.pin_note(note, is_pinned=not note.is_pinned, by=request.member)
    return _back(note)


def _note(request: MemberRequest, pk: int) -> Note:
    standing = Note.objects.owned_by(request.organization).standing().select_related("customer")
    return get_object_or_404(standing, pk=pk)


def _form_page(request: MemberRequest, form: NoteForm, customer: Customer) -> HttpResponse:
    context = {"form": form, "customer": customer, "page_title": _("Note"), "crumbs": crumbs_of(customer, _("Note"))}
    return render_page(request, "customers/record_form.html", context, status=form.answer_status)


def _back(note: Note) -> HttpResponse:
    return redirect(f"{reverse('customers:customer_detail', args=[note.customer_id])}#notes")
