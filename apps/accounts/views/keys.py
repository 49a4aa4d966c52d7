"""Settings of API keys."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from apps.accounts import actions, forms
from apps.accounts.guards import MemberRequest, requires
from apps.accounts.models import ApiKey
from apps.accounts.permissions import Can
from apps.core.components import Column
from apps.core.keyset import Keyset
from apps.core.pages import render_page
from apps.core.refused import Refused

KEYS = Keyset("-id")


@requires(Can.MANAGE_API_KEYS)
def api_keys(request: MemberRequest) -> HttpResponse:
    """The keys, the form that makes one, and, this once, the secret of a new one."""
    form = forms.ApiKeyForm(request.POST or None, maker=request.member)
    secret = ""
    if form.is_valid() and (
        made := form.apply(
            actions.create_api_key,
            request.organization,
            name=form.cleaned_data["name"],
            scopes=form.cleaned_data["scopes"],
            expires_at=form.expires_at(),
            by=request.member,
            now=timezone.now(),
        )
    ):
        # Shown in the answer to this very POST: a redirect would have to keep the secret somewhere.
        secret, form = made[1], forms.ApiKeyForm(maker=request.member)
    try:
        page = KEYS.page(ApiKey.objects.owned_by(request.organization), cursor=request.GET.get("cursor", ""))
    except Refused:
        return redirect("accounts:api_keys")
    context = {
        "page_title": _("API keys"),
        "form": form,
        "secret": secret,
        "now": timezone.now(),
        "page": page,
        "newer_url": f"?cursor={page.previous_cursor}" if page.previous_cursor else "",
        "older_url": f"?cursor={page.next_cursor}" if page.next_cursor else "",
        "columns": [
            Column(_("Name")),
            Column(_("May")),
            Column(_("Last used")),
            Column(_("State")),
            Column(_("Action"), align="end", is_label_hidden=True),
        ],
    }
    response = render_page(request, "accounts/api_keys.html", context, fragments=["keys"], status=form.answer_status)
    if secret:
        response["Cache-Control"] = "no-store"
    return response


@require_POST
@requires(Can.MANAGE_API_KEYS)
def api_key_revoke(request: MemberRequest, pk: int) -> HttpResponse:
    """Stop a key."""
    key = get_object_or_404(ApiKey.objects.owned_by(request.organization), pk=pk)
    actions.revoke_api_key(key, by=request.member, now=timezone.now())
    messages.success(request, _("The key “%(name)s” no longer works.") % {"name": key.name})
    return redirect("accounts:api_keys")
