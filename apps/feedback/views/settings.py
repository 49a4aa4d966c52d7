"""How the organisation asks, with a look at what customers will see."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.clickjacking import xframe_options_sameorigin

from apps.accounts.guards import MemberRequest, requires
from apps.accounts.permissions import Can
from apps.core.middleware import policy
from apps.core.pages import render_page, requested_fragment
from apps.feedback import actions, queries
from apps.feedback.forms import AnswerForm, SurveySettingsForm
from apps.feedback.models import SurveySettings
from apps.feedback.views.public import known_language, languages


@requires(Can.MANAGE_SURVEYS)
def survey_settings(request: MemberRequest) -> HttpResponse:
    """Words, expiry, reminders."""
    row = queries.settings_of(request.organization)
    form = SurveySettingsForm(request.POST or None, initial=SurveySettingsForm.initial_of(row))
    if form.is_valid() and (
        form.apply(actions.save_settings, request.organization, form.choices(), by=request.member) is not None
    ):
        messages.success(request, _("Saved. The next surveys use it."))
        return redirect("feedback:survey_settings")
    return render_page(request, "feedback/settings.html", {"form": form}, status=form.answer_status)


@xframe_options_sameorigin
@requires(Can.MANAGE_SURVEYS)
def survey_preview(request: MemberRequest) -> HttpResponse:
    """The customers' page in the frame beside the form: with the words that were typed, else with the saved ones.

    While somebody types, the frame is asked for anew, so that no key leaves a step in the browser's history.
    """
    row = queries.settings_of(request.organization)
    form = SurveySettingsForm(request.POST or SurveySettingsForm.initial_of(row))
    form.full_clean()
    language = known_language(request.GET.get("lang", "")) or request.organization.language
    with translation.override(language):
        context = {
            "organization": request.organization,
            "words": SurveySettings(wording=form.wording()).words(language),
            "branch": None,
            "form": AnswerForm(),
            "languages": languages(language),
            "is_preview": True,
        }
        page = render_to_string("feedback/survey.html", context)
    if requested_fragment(request, ["preview"]):
        return render_page(request, "feedback/settings.html", {"preview": page}, fragments=["preview"])
    response = HttpResponse(page)
    header = policy(request.csp_nonce)  # type: ignore[attr-defined]
    response["Content-Security-Policy"] = header.replace("frame-ancestors 'none'", "frame-ancestors 'self'")
    return response
