"""What customers agreed to: a ledger to which lines are only added."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, Self

from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.core.models import OrganizationOwned, OwnedQuerySet
from apps.core.status import StatusChoices

if TYPE_CHECKING:
    from apps.customers.models.customer import Customer


class Purpose(models.TextChoices):
    """What the customer's data may be used for."""

    SURVEY = "survey", _("Surveys")
    MARKETING = "marketing", _("Offers and news")
    ANALYTICS = "analytics", _("Statistics of use")
    PROFILING = "profiling", _("Scores and predictions")


class Channel(models.TextChoices):
    """How the customer may be reached for it."""

    EMAIL = "email", _("E-mail")
    SMS = "sms", _("SMS")
    WHATSAPP = "whatsapp", _("WhatsApp")
    PHONE = "phone", _("Phone")


class ConsentAction(StatusChoices):
    """What the customer said. Nothing said means no."""

    GIVEN = "given", "good", "circle-check", _("Given")
    WITHDRAWN = "withdrawn", "bad", "circle-x", _("Withdrawn")


class ConsentMethod(models.TextChoices):
    """By what way they said it."""

    COUNTER = "counter", _("Told staff")
    API = "api", _("Another system")
    UNSUBSCRIBE = "unsubscribe", _("Unsubscribed from an e-mail")
    FORM = "form", _("Filled in a form")
    PREFERENCES = "preferences", _("Their preference page")
    IMPORT = "import", _("Import")
    EVENT = "event", _("Website or product")


def text_hash(text: str) -> str:
    """SHA-256 of a notice's text: what proves which words were shown."""
    return hashlib.sha256(text.encode()).hexdigest()


class NoticeQuerySet(OwnedQuerySet["Notice"]):
    """Questions about notices."""

    def latest_for(self, purpose: str, language: str) -> Notice | None:
        """The words that are shown today."""
        return self.filter(purpose=purpose, language=language).order_by("-version").first()


class Notice(OrganizationOwned):
    """The words that stand beside the tick box. Other words are a new version; a version never changes."""

    purpose = models.CharField(_("purpose"), max_length=20, choices=Purpose.choices)
    language = models.CharField(_("language"), max_length=10)
    version = models.PositiveIntegerField(_("version"))
    text = models.TextField(_("text"), max_length=4000)
    sha256 = models.CharField(max_length=64, editable=False)
    created_at = models.DateTimeField(_("in use since"))

    objects = NoticeQuerySet.as_manager()

    class Meta:
        verbose_name = _("consent notice")
        verbose_name_plural = _("consent notices")
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "purpose", "language", "version"], name="notice_version_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_purpose_display()} v{self.version} ({self.language})"


class ConsentQuerySet(OwnedQuerySet["ConsentEntry"]):
    """Questions about the ledger."""

    def newest_first(self) -> Self:
        """The last line first."""
        return self.order_by("-id")

    def of_customer(self, customer: Customer) -> Self:
        """The lines of every record of this customer."""
        return self.filter(customer__in=customer.member_ids)

    def current(self, customer: Customer, purpose: str, channel: str) -> ConsentEntry | None:
        """The last line about this purpose and channel, of whichever record; None: nothing was said, which means no."""
        return self.of_customer(customer).filter(purpose=purpose, channel=channel).newest_first().first()

    def is_given(self, customer: Customer, purpose: str, channel: str) -> bool:
        """Whether the last word was yes."""
        entry = self.current(customer, purpose, channel)
        return entry is not None and entry.action == ConsentAction.GIVEN


class ConsentEntry(OrganizationOwned):
    """One thing that a customer said. The database refuses to change a line."""

    customer = models.ForeignKey(
        "customers.Customer", on_delete=models.CASCADE, related_name="consent_entries", db_index=False
    )
    purpose = models.CharField(_("purpose"), max_length=20, choices=Purpose.choices)
    channel = models.CharField(_("channel"), max_length=10, choices=Channel.choices)
    action = models.CharField(_("said"), max_length=10, choices=ConsentAction.choices)
    notice = models.ForeignKey(Notice, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    method = models.CharField(_("how"), max_length=20, choices=ConsentMethod.choices)
    reason = models.CharField(_("reason"), max_length=300, blank=True)
    recorded_at = models.DateTimeField(_("when"))
    by_label = models.CharField(_("recorded by"), max_length=200)
    ip = models.GenericIPAddressField(_("address"), null=True, blank=True)

    objects = ConsentQuerySet.as_manager()

    class Meta:
        verbose_name = _("consent entry")
        verbose_name_plural = _("consent ledger")
        indexes = [models.Index(fields=["customer", "purpose", "channel", "-id"], name="consent_last_word")]

    def __str__(self) -> str:
        return f"{self.get_purpose_display()}, {self.get_channel_display()}: {self.get_action_display()}"

    @property
    def is_given(self) -> bool:
        """Whether this line says yes."""
        return self.action == ConsentAction.GIVEN

    @property
    def said(self) -> ConsentAction:
        """The word, with its tone and icon."""
        return ConsentAction(self.action)

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Insert only; raises TypeError for a change."""
        if not self._state.adding:
            raise TypeError("A consent entry cannot be changed.")
        super().save(*args, **kwargs)
