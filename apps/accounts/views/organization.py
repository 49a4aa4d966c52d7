"""Settings of the organisation: what it says of itself, and its sender."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from apps.accounts import actions, forms
from apps.accounts.guards import MemberRequest, requires
from apps.accounts.models import Organization
from apps.accounts.permissions import Can
from apps.core.access import public
from apps.core.pages import render_page

# Mails keep the address for years; the picture behind it changes rarely, and then the pages name another version.
PUBLIC_LOGO_KEPT_SECONDS = 24 * 3600

SHOWN = ["name", "time_zone", "currency", "language", "country", "brand_colour"]


@requires(Can.MANAGE_ORGANIZATION)
def organization(request: MemberRequest) -> HttpResponse:
    """Name, place, money, looks."""
    shown = request.organization
    form = forms.OrganizationForm(
        request.POST or None,
        request.FILES or None,
        initial={name: getattr(shown, name) for name in SHOWN},
    )
    if (
        form.is_valid()
        and form.apply(
            actions.update_organization,
            shown,
            form.details(),
            brand_colour=form.cleaned_data["brand_colour"],
            logo=form.cleaned_data["logo"],
            remove_logo=form.cleaned_data["remove_logo"],
            by=request.member,
        )
        is not None
    ):
        messages.success(request, _("The organisation is saved."))
        return redirect("accounts:organization")
    context = {"page_title": _("Organisation"), "form": form}
    return render_page(request, "accounts/organization.html", context, status=form.answer_status)


@requires(Can.USE_APP)
def logo(request: MemberRequest) -> HttpResponse:
    """The organisation's logo: always a PNG that we drew ourselves."""
    response = _picture(request.organization)
    response["Cache-Control"] = "private, max-age=300"
    return response


@public("Mails and survey pages show it to people who cannot sign in; the signed address names one organisation.")
@require_safe
def public_logo(request: HttpRequest, token: str) -> HttpResponse:
    """The logo for customers: the one picture of the file store that is public."""
    pk = Organization.pk_of_logo(token)
    if pk is None:
        raise Http404
    response = _picture(get_object_or_404(Organization, pk=pk))
    response["Cache-Control"] = f"public, max-age={PUBLIC_LOGO_KEPT_SECONDS}"
    return response


def _picture(organization: Organization) -> HttpResponse:
    if not organization.logo:
        raise Http404
    try:
        with organization.logo.open("rb") as file:
            content = file.read()
    except FileNotFoundError as missing:
        raise Http404 from missing
    response = HttpResponse(content, content_type="image/png")
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    # Mail programs in the browser show it on pages of other sites.
    response["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response


@requires(Can.MANAGE_ORGANIZATION)
def sender(request: MemberRequest) -> HttpResponse:
    """Name and address under which customers get mail."""
    shown = request.organization
    form = forms.SenderForm(
        request.POST or None, initial={"name": shown.sender_name or shown.name, "email": shown.sender_email}
    )
    if form.is_valid() and form.apply(actions.update_sender, shown, by=request.member, **form.cleaned_data) is not None:
        messages.success(request, _("The sender is saved."))
        return redirect("accounts:sender")
    context = {"page_title": _("Sender"), "form": form}
    return render_page(request, "accounts/sender.html", context, status=form.answer_status)
