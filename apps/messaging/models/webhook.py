"""What providers told us, kept as it came until it is worked through."""

from __future__ import annotations

from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class WebhookDeliveryQuerySet(models.QuerySet["WebhookDelivery"]):
    """Questions about deliveries."""

    def due(self, now: datetime) -> Self:
        """Not worked through, not given up, and not backing off or in a worker's hands."""
        return self.filter(processed_at=None, dead_at=None, next_attempt_at__lte=now)


class WebhookDelivery(models.Model):
    """One verified request of a provider. It has no owner: it may tell of mails of several organisations."""

    provider = models.CharField(_("provider"), max_length=20)
    delivery_id = models.CharField(_("delivery"), max_length=100)
    body = models.TextField(_("content"))
    received_at = models.DateTimeField(_("received"))
    next_attempt_at = models.DateTimeField(_("next attempt"))
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    processed_at = models.DateTimeField(_("worked through"), null=True, blank=True)
    dead_at = models.DateTimeField(_("given up"), null=True, blank=True)
    last_error = models.CharField(_("last error"), max_length=500, blank=True)

    objects = WebhookDeliveryQuerySet.as_manager()

    class Meta:
        verbose_name = _("webhook delivery")
        verbose_name_plural = _("webhook deliveries")
        constraints = [models.UniqueConstraint(fields=["provider", "delivery_id"], name="webhook_delivery_once")]
        indexes = [
            models.Index(
                fields=["next_attempt_at"],
                name="webhook_due",
                condition=Q(processed_at__isnull=True, dead_at__isnull=True),
            ),
            models.Index(fields=["received_at"], name="webhook_oldest"),
        ]

    def __str__(self) -> str:
        return f"{self.provider} {self.delivery_id}"
