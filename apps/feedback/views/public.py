"""What customers see: the survey behind a link. No cookies, no session, no sign-in; the link is the credential.

Opening never uses a link up: mail scanners open every link before the person does. Only POST stores an answer.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.translation.trans_real import get_supported_language_variant, parse_accept_lang_header
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from apps.accounts.guards import public
from apps.accounts.models import Organization
from apps.core import errors, ratelimit
from apps.core.middleware import client_ip
from apps.feedback import actions, answers, queries
from apps.feedback.forms import AnswerForm
from apps.feedback.metrics import REDEMPTIONS
from apps.forms import actions as link_actions
from apps.forms.refusals import REFUSALS, ExpiredLink, InvalidLink, RevokedLink, UsedLink
from apps.forms.secrecy import HEADERS


def private(view: Callable[[HttpRequest, str], HttpResponse]) -> Callable[[HttpRequest, str], HttpResponse]:
    """Put the headers of a secret address on every answer."""

    @wraps(view)
    def wrapped(request: HttpRequest, token: str) -> HttpResponse:
        response = view(request, token)
        for name, value in HEADERS.items():
            response[name] = value
        return response

    return wrapped


@csrf_exempt
@public("Customers answer by their link, without signing in.")
@require_http_methods(["GET", "HEAD", "POST"])
@private
def survey(request: HttpRequest, token: str) -> HttpResponse:
    """GET shows the survey, POST stores the answer."""
    asked = asked_language(request)
    with translation.override(asked or settings.LANGUAGE_CODE):
        if request.method == "POST":
            return _store(request, token, asked)
        return _show(request, token, asked)


def _show(request: HttpRequest, token: str, asked: str | None) -> HttpResponse:
    now = timezone.now()
    try:
        survey = queries.open_survey(token, now=now)
    except REFUSALS as refusal:
        return refused(refusal)
    if request.method == "GET":
        link_actions.note_opening(survey.request.link, user_agent=request.headers.get("User-Agent", ""), now=now)
    form = AnswerForm(initial={"form_key": secrets.token_urlsafe(16)})
    return _form_page(request, survey, form, asked)


def _store(request: HttpRequest, token: str, asked: str | None) -> HttpResponse:
    now = timezone.now()
    try:
        ratelimit.check("survey_ip", client_ip(request) or "")
        ratelimit.check("survey_token", token)
    except ratelimit.TooMany as refusal:
        REDEMPTIONS.labels("too_many").inc()
        return errors.too_many(request, refusal.retry_after)
    data = request.POST
    try:
        content = answers.check(data.get("stars"), data.get("comment"), data.get("form_key"))
        answered = actions.answer(token, content, language=asked, now=now)
    except answers.InvalidAnswer:
        REDEMPTIONS.labels("invalid_answer").inc()
        return _show_again(request, token, asked)
    except REFUSALS as refusal:
        REDEMPTIONS.labels(refusal.code).inc()
        return refused(refusal)
    REDEMPTIONS.labels("repeated" if answered.is_repeat else "stored").inc()
    return HttpResponse(
        thank_you(answered.organization_id, known_language(answered.language) or settings.LANGUAGE_CODE)
    )


def _show_again(request: HttpRequest, token: str, asked: str | None) -> HttpResponse:
    """The form with what was typed, unless the link has died meanwhile."""
    try:
        survey = queries.open_survey(token, now=timezone.now())
    except REFUSALS as refusal:
        return refused(refusal)
    return _form_page(request, survey, AnswerForm(request.POST), asked, status=422)


def _form_page(
    request: HttpRequest, survey: queries.OpenSurvey, form: AnswerForm, asked: str | None, status: int = 200
) -> HttpResponse:
    language = asked or known_language(survey.request.language) or translation.get_language()
    with translation.override(language):
        context = {
            "organization": survey.request.organization,
            "words": survey.settings.words(language),
            "branch": survey.request.branch,
            "form": form,
            "languages": languages(language),
        }
        return HttpResponse(render_to_string("feedback/survey.html", context), status=status)


def refused(refusal: InvalidLink | ExpiredLink | RevokedLink | UsedLink) -> HttpResponse:
    """The friendly page for a link that opens nothing: 404 when there is none, else 410."""
    status = 404 if isinstance(refusal, InvalidLink) else 410
    return HttpResponse(render_to_string("feedback/link_refused.html", {"code": refusal.code}), status=status)


_thanks: dict[tuple[int, str], tuple[float, str]] = {}
THANKS_SECONDS = 30


def thank_you(organization_id: int, language: str) -> str:
    """The thank-you page, kept in the process for half a minute: an answer then costs one statement and nothing else.

    So new words of the organisation appear on this page up to half a minute later.
    """
    key = (organization_id, language)
    until, page = _thanks.get(key, (0.0, ""))
    if until < time.monotonic():
        organization = Organization.objects.get(pk=organization_id)
        words = queries.settings_of(organization).words(language)
        with translation.override(language):
            page = render_to_string("feedback/thanks.html", {"organization": organization, "words": words})
        if len(_thanks) > 1000:
            _thanks.clear()
        _thanks[key] = (time.monotonic() + THANKS_SECONDS, page)
    return page


def asked_language(request: HttpRequest) -> str | None:
    """The language of the address (`?lang=de`), else the first one of the browser's that we have."""
    chosen = known_language(request.GET.get("lang", ""))
    if chosen:
        return chosen
    for code, _quality in parse_accept_lang_header(request.headers.get("Accept-Language", "")):
        if code != "*" and (known := known_language(code)):
            return known
    return None


def known_language(code: str) -> str | None:
    """The language of ours that serves this one (`de` for `de-AT`), or None."""
    try:
        return get_supported_language_variant(code) if code else None
    except LookupError:
        return None


def languages(current: str) -> list[Mapping[str, Any]]:
    """The links to the other languages, each named in itself."""
    return [
        {"code": code, "name": translation.get_language_info(code)["name_local"].capitalize()}
        for code, _name in settings.LANGUAGES
        if code != current
    ]
