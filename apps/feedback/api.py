"""The API of feedback: ask a customer, answer by a link, read the answers."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from django.http import HttpRequest, HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.exceptions import ValidationError
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts.guards import caller_of
from apps.accounts.machine_list import machine_list
from apps.accounts.models import Organization
from apps.accounts.permissions import Can
from apps.core import ratelimit
from apps.core.api import KeysetList, ProblemSerializer, is_plain, page_of, problem
from apps.core.errors import too_many
from apps.core.idempotency import IdempotentMixin
from apps.core.keyset import Page
from apps.core.middleware import client_ip
from apps.core.refused import Refused
from apps.customers.models import Customer
from apps.feedback import actions, answers, queries
from apps.feedback.metrics import REDEMPTIONS
from apps.feedback.models import LONGEST_COMMENT, Delivery, SentimentLabel
from apps.forms.refusals import REFUSALS, InvalidLink
from apps.forms.secrecy import HEADERS

NO_FILTERS = queries.ResponseFilters()


class TriggeredSerializer(serializers.Serializer[Any]):
    """A request that was made."""

    id = serializers.IntegerField(help_text="The survey request.")
    customer_id = serializers.IntegerField()
    state = serializers.ChoiceField(choices=Delivery.choices, help_text="How far its mail is: queued, or delayed.")
    expires_at = serializers.DateTimeField()
    reference = serializers.CharField(help_text="Its mails: /api/v1/messages/?reference=…, once a worker wrote them.")


class SurveySerializer(serializers.Serializer[Any]):
    """What a link asks."""

    organization = serializers.CharField()
    branch = serializers.CharField(allow_blank=True)
    question = serializers.CharField()
    intro = serializers.CharField()
    language = serializers.CharField()
    max_comment_length = serializers.IntegerField()
    expires_at = serializers.DateTimeField()


class AnswerSerializer(serializers.Serializer[Any]):
    """An answer. (For the schema; `answers.check` checks.)"""

    stars = serializers.IntegerField(min_value=1, max_value=5)
    comment = serializers.CharField(max_length=LONGEST_COMMENT, required=False, allow_blank=True)
    form_key = serializers.CharField(
        max_length=answers.LONGEST_FORM_KEY,
        required=False,
        help_text="A random word of yours: the same answer sent again with it is thanked, not refused.",
    )


class ThanksSerializer(serializers.Serializer[Any]):
    """The answer is stored."""

    message = serializers.CharField()


class ResponseRowSerializer(serializers.Serializer[Any]):
    """One answer in the list."""

    id = serializers.IntegerField()
    customer_id = serializers.IntegerField()
    branch_id = serializers.IntegerField(allow_null=True)
    staff_member_id = serializers.IntegerField(allow_null=True)
    stars = serializers.IntegerField()
    comment = serializers.CharField()
    language = serializers.CharField()
    sentiment = serializers.ChoiceField(choices=SentimentLabel.choices, allow_blank=True)
    sentiment_score = serializers.FloatField(allow_null=True)
    is_contradiction = serializers.BooleanField()
    summary = serializers.CharField()
    submitted_at = serializers.DateTimeField()


class ResponseFilterSerializer(serializers.Serializer[Any]):
    """The filters of the list."""

    q = serializers.CharField(required=False, default="", max_length=200, help_text="In comment and customer.")
    branch_id = serializers.IntegerField(required=False, allow_null=True, default=None)
    staff_id = serializers.IntegerField(required=False, allow_null=True, default=None)
    stars = serializers.IntegerField(required=False, allow_null=True, default=None, min_value=1, max_value=5)
    sentiment = serializers.ChoiceField(required=False, default="", choices=SentimentLabel.choices)
    contradiction = serializers.BooleanField(required=False, default=False)
    since = serializers.DateField(required=False, allow_null=True, default=None)
    until = serializers.DateField(required=False, allow_null=True, default=None)


class SurveyTrigger(IdempotentMixin, APIView):
    """Ask a customer."""

    permission = Can.SEND_SURVEYS

    @extend_schema(
        summary="Send a survey",
        description="409 `no_consent`, `no_address` or `suppressed` when the customer cannot be asked. When no mail "
        "provider answers, the mail stays queued and is sent as soon as one does.",
        request=None,
        responses={202: TriggeredSerializer, 409: ProblemSerializer},
    )
    def post(self, request: Request, customer_id: int) -> Response:
        """The mail is written and sent by a worker."""
        organization = request._request.organization  # type: ignore[attr-defined]
        customer = get_object_or_404(Customer.objects.owned_by(organization), pk=customer_id)
        by = caller_of(request)
        assert by is not None
        survey = actions.request_survey(customer, by=by, now=timezone.now())
        answer = {
            "id": survey.pk,
            "customer_id": customer.pk,
            "state": survey.delivery,
            "expires_at": survey.link.expires_at,
            "reference": survey.reference,
        }
        return Response(answer, status=status.HTTP_202_ACCEPTED)


class SurveyByLink(APIView):
    """The survey behind a link; the token is the credential."""

    public_reason = "Customers answer by their link, without signing in."
    authentication_classes = ()
    permission_classes = (AllowAny,)
    throttle_classes = ()

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        """The headers of a secret address."""
        answer = super().finalize_response(request, response, *args, **kwargs)
        for name, value in HEADERS.items():
            answer[name] = value
        return answer

    @extend_schema(
        summary="The survey of a link",
        auth=[],
        responses={200: SurveySerializer, 404: ProblemSerializer, 410: ProblemSerializer},
    )
    def get(self, request: Request, token: str) -> Response:
        """What is asked. Reading uses nothing up."""
        try:
            survey = queries.open_survey(token, now=timezone.now())
        except REFUSALS as refusal:
            return _dead(refusal)
        words = survey.settings.words(survey.request.language)
        answer = {
            "organization": survey.request.organization.name,
            "branch": survey.request.branch.name if survey.request.branch else "",
            "question": words.question,
            "intro": words.intro,
            "language": survey.request.language,
            "max_comment_length": LONGEST_COMMENT,
            "expires_at": survey.request.link.expires_at,
        }
        return Response(answer)

    @extend_schema(
        summary="Answer a survey",
        auth=[],
        request=AnswerSerializer,
        responses={
            201: ThanksSerializer,
            200: ThanksSerializer,
            400: ProblemSerializer,
            404: ProblemSerializer,
            410: ProblemSerializer,
            429: ProblemSerializer,
        },
    )
    def post(self, request: Request, token: str) -> Response | HttpResponse:
        """Store the answer: 201; 200 when the same form came before."""
        try:
            ratelimit.check("survey_ip", client_ip(request._request) or "")
            ratelimit.check("survey_token", token)
        except ratelimit.TooMany as refusal:
            return too_many(request._request, refusal.retry_after)
        data = request.data
        if not isinstance(data, Mapping):
            raise ValidationError({"non_field_errors": [_("Send an object.")]})
        try:
            content = answers.check(data.get("stars"), data.get("comment"), data.get("form_key"))
            answered = actions.answer(token, content, language=None, now=timezone.now())
        except answers.InvalidAnswer as invalid:
            REDEMPTIONS.labels("invalid_answer").inc()
            raise ValidationError({name: [sentence] for name, sentence in invalid.errors.items()}) from invalid
        except REFUSALS as refusal:
            REDEMPTIONS.labels(refusal.code).inc()
            return _dead(refusal)
        REDEMPTIONS.labels("repeated" if answered.is_repeat else "stored").inc()
        code = status.HTTP_200_OK if answered.is_repeat else status.HTTP_201_CREATED
        return Response({"message": _("Thank you")}, status=code)


class ResponseList(KeysetList):
    """The answers, newest first."""

    permission = Can.VIEW_RESPONSES
    keyset = queries.NEWEST
    serializer_class = ResponseRowSerializer

    @extend_schema(
        summary="Responses, newest first",
        parameters=[ResponseFilterSerializer],
        responses=page_of(ResponseRowSerializer),
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> HttpResponseBase:  # type: ignore[override]
        """One page; the database writes the JSON."""
        return self.written_by_database(
            partial(page_of_responses, _organization(request._request), filters=_filters(request.query_params))
        )


def page_of_responses(
    organization: Organization, cursor: str, size: int, filters: queries.ResponseFilters = NO_FILTERS
) -> Page[str]:
    """One page of the answers; without filters a view of its own on the short way."""
    return queries.response_json(organization, filters, cursor=cursor, size=size)


plain_response_list = machine_list(Can.VIEW_RESPONSES)(page_of_responses)


def _filters(params: QueryDict) -> queries.ResponseFilters:
    """What the address asks for. Raises ValidationError."""
    if is_plain(params):
        # Nothing to check.
        return NO_FILTERS
    serializer = ResponseFilterSerializer(data=params)
    serializer.is_valid(raise_exception=True)
    given = serializer.validated_data
    return queries.ResponseFilters(
        text=given["q"],
        branch_id=given["branch_id"],
        staff_id=given["staff_id"],
        stars=given["stars"],
        sentiment=given["sentiment"],
        is_contradiction=given["contradiction"],
        since=given["since"],
        until=given["until"],
    )


def _organization(request: HttpRequest) -> Any:
    return request.organization  # type: ignore[attr-defined]


def _dead(refusal: Refused) -> Response:
    """404 for a link that is none, else 410."""
    code = 404 if isinstance(refusal, InvalidLink) else 410
    return problem(code, refusal.message, refusal.code)
