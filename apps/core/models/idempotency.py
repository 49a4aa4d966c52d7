"""Answers to POSTs that a program may repeat without harm."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Self

from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.core.models.owned import OrganizationOwned, OwnedQuerySet

KEPT = timedelta(hours=24)


class IdempotencyQuerySet(OwnedQuerySet["IdempotencyRecord"]):
    """Questions about keys."""

    def expired(self, now: datetime) -> Self:
        """Older than 24 hours: their callers may use the key anew."""
        return self.filter(created_at__lt=now - KEPT)


class IdempotencyRecord(OrganizationOwned):
    """One `Idempotency-Key` of one caller: what was asked and, once it is done, what was answered.

    `status` 0: the first attempt is still running, or died; after `leased_until` the next attempt takes over.
    """

    caller = models.CharField(_("caller"), max_length=64)
    key = models.CharField(_("key"), max_length=255)
    request_line = models.CharField(_("request"), max_length=300)
    body_sha256 = models.CharField(max_length=64)
    leased_until = models.DateTimeField()
    status = models.PositiveSmallIntegerField(_("status"), default=0)
    answer = models.TextField(_("answer"), blank=True)
    answer_headers = models.JSONField(default=dict)
    created_at = models.DateTimeField(_("created"))

    objects = IdempotencyQuerySet.as_manager()

    class Meta:
        verbose_name = _("idempotency key")
        verbose_name_plural = _("idempotency keys")
        constraints = [models.UniqueConstraint(fields=["organization", "caller", "key"], name="idempotency_key_once")]
        indexes = [models.Index(fields=["created_at"], name="idempotency_oldest")]

    def __str__(self) -> str:
        return f"{self.request_line} {self.key}"

    @property
    def is_answered(self) -> bool:
        """Whether there is an answer to repeat."""
        return self.status != 0
