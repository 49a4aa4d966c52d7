"""One message: send it again."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from apps.accounts.guards import MemberRequest, requires
from apps.accounts.permissions import Can
from apps.core.refused import Refused
from apps.messaging import actions
from apps.messaging.models import Message


@require_POST
@requires(Can.SEND_SURVEYS)
def message_resend(request: MemberRequest, pk: int) -> HttpResponse:
    """Send a message again whose fate is unknown or bad, and go back to the page with its history."""
    message = get_object_or_404(Message.objects.owned_by(request.organization), pk=pk)
    try:
        actions.resend(message, by=request.member, now=timezone.now())
        messages.info(request, _("The message is on its way again."))
    except Refused as refused:
        messages.warning(request, refused.message)
    back = request.POST.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(back, {request.get_host()}, require_https=request.is_secure())
    return redirect(back if is_ours else "/")
