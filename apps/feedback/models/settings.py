"""How an organisation asks: its words, how long a link works, whether it reminds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils import translation
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.core.models import OrganizationOwned, OwnedQuerySet

LONGEST_EXPIRY_HOURS = 168


@dataclass(frozen=True)
class Wording:
    """What the survey page says in one language."""

    question: str
    intro: str
    thanks: str

    @classmethod
    def default(cls, language: str) -> Wording:
        """Our own words in this language."""
        with translation.override(language):
            return cls(
                question=gettext("How was your visit?"),
                intro=gettext("Your answer takes less than a minute and helps us to get better."),
                thanks=gettext("Your answer has reached us. It helps us to get better."),
            )


class SurveySettings(OrganizationOwned):
    """One row per organisation; without a row the defaults count (`queries.settings_of`)."""

    # {"en": {"question": "…", "intro": "…", "thanks": "…"}}; what is missing or empty is said in our own words.
    wording = models.JSONField(_("wording"), default=dict, blank=True)
    expiry_hours = models.PositiveSmallIntegerField(
        _("a link works for (hours)"),
        default=48,
        validators=[MinValueValidator(1), MaxValueValidator(LONGEST_EXPIRY_HOURS)],
    )
    are_reminders_on = models.BooleanField(_("remind people who have not answered"), default=True)
    remind_after_hours = models.PositiveSmallIntegerField(
        _("hours before each reminder"),
        default=24,
        validators=[MinValueValidator(1), MaxValueValidator(LONGEST_EXPIRY_HOURS)],
    )
    max_reminders = models.PositiveSmallIntegerField(
        _("reminders at most"), default=1, validators=[MinValueValidator(1), MaxValueValidator(2)]
    )

    objects = OwnedQuerySet["SurveySettings"].as_manager()

    class Meta:
        verbose_name = _("survey settings")
        verbose_name_plural = _("survey settings")
        constraints = [
            models.UniqueConstraint(fields=["organization"], name="survey_settings_once"),
            models.CheckConstraint(
                condition=Q(expiry_hours__gte=1, expiry_hours__lte=LONGEST_EXPIRY_HOURS), name="survey_expiry_hours"
            ),
            models.CheckConstraint(condition=Q(max_reminders__lte=2), name="survey_two_reminders_at_most"),
        ]

    def __str__(self) -> str:
        return gettext("Survey settings")

    @property
    def expiry(self) -> timedelta:
        """How long a link works."""
        return timedelta(hours=self.expiry_hours)

    @property
    def reminder_pause(self) -> timedelta:
        """How long to wait before each reminder."""
        return timedelta(hours=self.remind_after_hours)

    def words(self, language: str) -> Wording:
        """What the page says in this language."""
        default = Wording.default(language)
        own = self.wording.get(language, {})
        return Wording(
            question=own.get("question") or default.question,
            intro=own.get("intro") or default.intro,
            thanks=own.get("thanks") or default.thanks,
        )
