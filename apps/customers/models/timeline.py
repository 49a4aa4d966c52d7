"""Everything that happened with a customer, over all domains."""

from __future__ import annotations

from typing import Any, Self

from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.core.models import OrganizationOwned, OwnedQuerySet
from apps.core.status import StatusChoices


class Domain(StatusChoices):
    """Which part of the product tells of it; each domain that comes adds itself here."""

    CUSTOMERS = "customers", "neutral", "user", _("Visits and record")
    FEEDBACK = "feedback", "warn", "star", _("Feedback")
    COMMERCE = "commerce", "good", "shopping-cart", _("Orders")
    TRACKING = "tracking", "info", "activity", _("Website and product")


# Our own kinds of entries; those of others carry their domain's icon.
ICONS = {"visit": "clipboard-check", "consent": "shield-check", "created": "user-plus", "updated": "pencil"}


class TimelineQuerySet(OwnedQuerySet["TimelineEntry"]):
    """Questions about the timeline."""

    def of_domain(self, domain: str) -> Self:
        """Only what this domain told; every domain when it is empty."""
        return self.filter(domain=domain) if domain else self


class TimelineEntry(OrganizationOwned):
    """One thing that happened. Written once by `actions.add_to_timeline`; the database refuses to change it."""

    customer = models.ForeignKey(
        "customers.Customer", on_delete=models.CASCADE, related_name="timeline", db_index=False
    )
    at = models.DateTimeField(_("when"))
    domain = models.CharField(_("domain"), max_length=20, choices=Domain.choices)
    kind = models.CharField(_("kind"), max_length=50)
    title = models.CharField(_("title"), max_length=200)
    body = models.TextField(_("text"), blank=True)
    data = models.JSONField(_("details"), default=dict, blank=True)
    reference = models.CharField(_("address of the record"), max_length=200, blank=True)
    source_event = models.CharField(max_length=150, editable=False)

    objects = TimelineQuerySet.as_manager()

    class Meta:
        verbose_name = _("timeline entry")
        verbose_name_plural = _("timeline")
        constraints = [models.UniqueConstraint(fields=["organization", "source_event"], name="timeline_event_once")]
        indexes = [
            models.Index(fields=["customer", "-at", "-id"], name="timeline_newest"),
            models.Index(fields=["customer", "domain", "-at", "-id"], name="timeline_of_domain"),
        ]

    def __str__(self) -> str:
        return self.title

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Insert only; raises TypeError for a change."""
        if not self._state.adding:
            raise TypeError("An entry of the timeline cannot be changed.")
        super().save(*args, **kwargs)

    @property
    def icon(self) -> str:
        """Its mark on the timeline."""
        return ICONS.get(self.kind, Domain(self.domain).icon)

    @property
    def tone(self) -> str:
        """The tone of its mark."""
        return Domain(self.domain).tone
