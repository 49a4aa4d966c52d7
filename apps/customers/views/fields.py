"""Settings of the record: the organisation's own fields, and its tags."""

from __future__ import annotations

from django.contrib import messages
from django.db.models import Count
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from apps.accounts.guards import MemberRequest, requires
from apps.accounts.permissions import Can
from apps.core.components import Column, Crumb
from apps.core.pages import render_page
from apps.customers.actions import fields, tags
from apps.customers.models import CustomField, Tag
from apps.customers.record_forms import FieldForm, TagForm

MOST_TAGS = 500


@requires(Can.MANAGE_FIELDS)
def field_list(request: MemberRequest) -> HttpResponse:
    """Every field, archived ones last."""
    found = CustomField.objects.owned_by(request.organization).order_by("is_archived", "position", "id")
    columns = [Column(_("Name")), Column(_("Type")), Column(_("Key")), Column(_("Found by search"))]
    return render_page(request, "customers/field_list.html", {"fields": found, "columns": columns})


@requires(Can.MANAGE_FIELDS)
def field_new(request: MemberRequest) -> HttpResponse:
    """Define a field."""
    form = FieldForm(request.POST or None)
    if (
        form.is_valid()
        and form.apply(fields.create_field, form.details(), organization=request.organization, by=request.member)
        is not None
    ):
        return redirect("customers:field_list")
    context = {"form": form, "page_title": _("New field"), "crumbs": _crumbs(_("New field"))}
    return render_page(request, "customers/field_edit.html", context, status=form.answer_status)


@requires(Can.MANAGE_FIELDS)
def field_edit(request: MemberRequest, pk: int) -> HttpResponse:
    """Change label, choices and place; with `archive` or `bring_back`, whether it is shown."""
    field = get_object_or_404(CustomField.objects.owned_by(request.organization), pk=pk)
    form = FieldForm(request.POST or None, field=field)
    is_archived = {"archive": True, "bring_back": False}.get(request.POST.get("state", ""))
    if (
        form.is_valid()
        and form.apply(fields.update_field, field, form.details(), by=request.member, is_archived=is_archived)
        is not None
    ):
        messages.info(request, _("The field is saved."))
        return redirect("customers:field_list")
    context = {"form": form, "field": field, "page_title": field.label, "crumbs": _crumbs(field.label)}
    return render_page(request, "customers/field_edit.html", context, status=form.answer_status)


@requires(Can.MANAGE_FIELDS)
def tag_list(request: MemberRequest) -> HttpResponse:
    """Every tag and how many carry it."""
    found = Tag.objects.owned_by(request.organization).annotate(number=Count("tagged")).order_by("name_key")
    columns = [Column(_("Tag")), Column(_("Customers"), align="end")]
    return render_page(request, "customers/tag_list.html", {"tags": found[:MOST_TAGS], "columns": columns})


@requires(Can.MANAGE_FIELDS)
def tag_edit(request: MemberRequest, pk: int) -> HttpResponse:
    """Rename a tag; the name of another one makes the two one."""
    tag = get_object_or_404(Tag.objects.owned_by(request.organization), pk=pk)
    form = TagForm(request.POST or None, initial={"tag": tag.name})
    if form.is_valid() and form.apply(tags.rename_tag, tag, form.cleaned_data["tag"], by=request.member) is not None:
        return redirect("customers:tag_list")
    crumbs = [Crumb(_("Tags"), reverse("customers:tag_list")), Crumb(tag.name)]
    context = {"form": form, "tag": tag, "page_title": tag.name, "crumbs": crumbs}
    return render_page(request, "customers/tag_edit.html", context, status=form.answer_status)


@require_POST
@requires(Can.MANAGE_FIELDS)
def tag_delete(request: MemberRequest, pk: int) -> HttpResponse:
    """Take a tag off everybody, and away."""
    tags.delete_tag(get_object_or_404(Tag.objects.owned_by(request.organization), pk=pk), by=request.member)
    messages.info(request, _("The tag is gone."))
    return redirect("customers:tag_list")


def _crumbs(label: str) -> list[Crumb]:
    return [Crumb(_("Fields of customers"), reverse("customers:field_list")), Crumb(label)]
