"""An answer, and what we read in it."""

from __future__ import annotations

from datetime import UTC
from typing import Self

from django.core.validators import MaxLengthValidator, MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.core.models import OrganizationOwned, OwnedQuerySet
from apps.core.status import StatusChoices
from apps.customers.models import Branch, Customer, StaffMember
from apps.feedback.models.request import SurveyRequest
from apps.lake.models import LakeFile

LONGEST_COMMENT = 500


class SentimentLabel(StatusChoices):
    """How the customer felt."""

    POSITIVE = "positive", "good", "mood-smile", _("Positive")
    NEUTRAL = "neutral", "neutral", "mood-neutral", _("Neutral")
    NEGATIVE = "negative", "bad", "mood-sad", _("Negative")


class ResponseQuerySet(OwnedQuerySet["Response"]):
    """Questions about responses."""

    def unanalysed(self) -> Self:
        """Responses whose mood nobody has read yet."""
        return self.filter(analysed_at=None)

    def not_in_lake(self) -> Self:
        """Analysed responses that have no file yet."""
        return self.filter(analysed_at__isnull=False, lake_file=None)


class Response(OrganizationOwned):
    """One answer to one request. What the customer said never changes; what we read in it is added later.

    The columns that the analysis fills have defaults in the database, because an answer arrives by one SQL statement
    (`actions/answering.py`) that names only what the customer said.
    """

    request = models.OneToOneField(SurveyRequest, on_delete=models.CASCADE, related_name="response")
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="+", db_index=False)
    branch = models.ForeignKey(
        Branch, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    staff_member = models.ForeignKey(
        StaffMember, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    stars = models.PositiveSmallIntegerField(_("stars"), validators=[MinValueValidator(1), MaxValueValidator(5)])
    comment = models.TextField(_("comment"), blank=True, validators=[MaxLengthValidator(LONGEST_COMMENT)])
    language = models.CharField(_("language"), max_length=10)
    submitted_at = models.DateTimeField(_("answered"))
    form_key = models.CharField(max_length=64, blank=True, editable=False)

    sentiment = models.CharField(
        _("sentiment"), max_length=10, choices=SentimentLabel.choices, blank=True, default="", db_default=""
    )
    sentiment_score = models.FloatField(_("score"), null=True, blank=True)
    text_score = models.FloatField(_("score of the text alone"), null=True, blank=True)
    is_contradiction = models.BooleanField(_("stars and text disagree"), default=False, db_default=False)
    # [["friendly", 0.6], …] the strongest first
    sentiment_words = models.JSONField(_("words that drove it"), null=True, blank=True)
    # {"engine": …, "model": …, "prompt_version": …, "reason": …}
    sentiment_by = models.JSONField(_("sentiment read by"), null=True, blank=True)
    summary = models.CharField(_("summary"), max_length=200, blank=True, default="", db_default="")
    summary_by = models.JSONField(_("summary written by"), null=True, blank=True)
    analysed_at = models.DateTimeField(_("analysed"), null=True, blank=True)
    lake_file = models.ForeignKey(
        LakeFile, on_delete=models.SET_NULL, null=True, blank=True, related_name="+", db_index=False
    )

    objects = ResponseQuerySet.as_manager()

    class Meta:
        verbose_name = _("response")
        verbose_name_plural = _("responses")
        constraints = [
            models.CheckConstraint(condition=Q(stars__gte=1, stars__lte=5), name="response_one_to_five_stars")
        ]
        # Each list filter has an index that is led by the organisation and ends in the list's order.
        indexes = [
            models.Index(fields=["organization", "-submitted_at", "-id"], name="response_newest"),
            models.Index(fields=["organization", "branch", "-submitted_at", "-id"], name="response_of_branch"),
            models.Index(fields=["organization", "staff_member", "-submitted_at", "-id"], name="response_of_staff"),
            models.Index(fields=["organization", "stars", "-submitted_at", "-id"], name="response_of_stars"),
            models.Index(fields=["organization", "sentiment", "-submitted_at", "-id"], name="response_of_mood"),
            models.Index(
                fields=["organization", "-submitted_at", "-id"],
                name="response_contradicting",
                condition=Q(is_contradiction=True),
            ),
            models.Index(fields=["customer", "-submitted_at", "-id"], name="response_of_customer"),
            models.Index(fields=["id"], name="response_unanalysed", condition=Q(analysed_at__isnull=True)),
            models.Index(
                fields=["id"],
                name="response_not_in_lake",
                condition=Q(analysed_at__isnull=False, lake_file__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.pk}"

    @property
    def sentiment_choice(self) -> SentimentLabel | None:
        """The mood with its word, tone and icon; None until it was read."""
        return SentimentLabel(self.sentiment) if self.sentiment else None

    @property
    def lake_path(self) -> str:
        """Where its file stands in the lake: made of what never changes, so that it is always the same file."""
        at = self.submitted_at.astimezone(UTC)
        return f"feedback/{at:%Y/%m/%d}/feedback_{self.customer_id}_{at:%Y%m%dT%H%M%S%fZ}.json"
