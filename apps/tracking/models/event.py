"""The events themselves, their keys, and the days that they changed afterwards."""

from __future__ import annotations

from typing import Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.core.models import OrganizationOwned, OwnedQuerySet
from apps.core.status import StatusChoices
from apps.tracking.models.source import Source

LONGEST_MESSAGE_ID = 100
LONGEST_ID = 200
LONGEST_NAME = 200
USER, DEVICE = "u:", "a:"


class CallType(StatusChoices):
    """The calls of the Segment specification."""

    TRACK = "track", "info", "activity", _("Event")
    IDENTIFY = "identify", "good", "fingerprint", _("Identification")
    PAGE = "page", "neutral", "file-text", _("Page view")
    SCREEN = "screen", "neutral", "device-mobile", _("Screen view")
    GROUP = "group", "neutral", "users-group", _("Group")
    ALIAS = "alias", "neutral", "link", _("Alias")


class EventQuerySet(OwnedQuerySet["Event"]):
    """Questions about events."""

    def of_persons(self, persons: list[str]) -> Self:
        """Those sent under one of these names (`Event.person`)."""
        return self.filter(person__in=persons)

    def with_violations(self) -> Self:
        """Accepted although they do not fit the tracking plan."""
        return self.filter(violations__isnull=False)

    def real(self) -> Self:
        """Of people: neither robots nor test users."""
        return self.filter(is_bot=False, is_test=False)


class Event(OrganizationOwned):
    """One call of a sender, kept as it came.

    On PostgreSQL the table is partitioned by month of `received_at`; its key is (id, received_at) there. Unique is the
    `EventKey`, for ever and over all partitions.

    `person` is who it was for the sender: `u:` and the user id, or `a:` and the anonymous id. It is never rewritten;
    who that is for us says `customers.Identifier`. `timestamp` is when it happened by our clock, `body` has what the
    sender's clock said.
    """

    # No constraints in the database for these two: they were looked up with the write key, and rows of sources and
    # organisations are never deleted but by Django's own cascade.
    organization = models.ForeignKey(
        "accounts.Organization",
        on_delete=models.CASCADE,
        related_name="+",
        db_index=False,
        db_constraint=False,
        editable=False,
    )
    source = models.ForeignKey(
        Source,
        on_delete=models.CASCADE,
        related_name="+",
        db_index=False,
        db_constraint=False,
        verbose_name=_("source"),
    )
    received_at = models.DateTimeField(_("received"))
    timestamp = models.DateTimeField(_("happened"))
    type = models.CharField(_("call"), max_length=10, choices=CallType.choices)
    name = models.CharField(_("event"), max_length=LONGEST_NAME, blank=True)
    message_id = models.CharField(_("message id"), max_length=LONGEST_MESSAGE_ID)
    person = models.CharField(_("person"), max_length=LONGEST_ID + 2)
    is_bot = models.BooleanField(_("robot"), default=False)
    is_test = models.BooleanField(_("test user"), default=False)
    is_late = models.BooleanField(_("late"), default=False)
    is_clamped = models.BooleanField(_("from the future"), default=False)
    violations = models.JSONField(_("violations"), null=True, blank=True)
    body = models.JSONField(_("content"))

    objects = EventQuerySet.as_manager()

    class Meta:
        verbose_name = _("behaviour event")
        verbose_name_plural = _("behaviour events")
        indexes = [
            models.Index(fields=["organization", "-received_at", "-id"], name="event_newest"),
            models.Index(fields=["organization", "source", "-received_at", "-id"], name="event_of_source"),
            models.Index(fields=["organization", "person", "-received_at", "-id"], name="event_of_person"),
            models.Index(
                fields=["organization", "-received_at", "-id"],
                name="event_violations",
                condition=Q(violations__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.name or str(self.call.label)

    @property
    def call(self) -> CallType:
        """The type, with its icon."""
        return CallType(self.type)

    @property
    def is_user(self) -> bool:
        """Whether the sender knew who it was."""
        return self.person.startswith(USER)

    @property
    def person_id(self) -> str:
        """The sender's name of the person without our mark."""
        return self.person[2:]


class EventKey(OrganizationOwned):
    """That a message id of a source was stored once, and with which content. Outlives the event.

    Both are the first 128 bits of a SHA-256: of the message id, and of the content without `sentAt` and `receivedAt`.
    """

    pk = models.CompositePrimaryKey("organization_id", "source_id", "message_key")
    organization = models.ForeignKey(
        "accounts.Organization",
        on_delete=models.CASCADE,
        related_name="+",
        db_index=False,
        db_constraint=False,
        editable=False,
    )
    source = models.ForeignKey(Source, on_delete=models.CASCADE, related_name="+", db_index=False, db_constraint=False)
    message_key = models.UUIDField()
    fingerprint = models.UUIDField()
    received_at = models.DateTimeField(_("received"))

    objects = OwnedQuerySet.as_manager()

    class Meta:
        verbose_name = _("event key")
        verbose_name_plural = _("event keys")

    def __str__(self) -> str:
        return str(self.message_key)


class ChangedDay(OrganizationOwned):
    """A day (UTC) that was over and got another event of this person. Whoever computes days takes the rows away."""

    day = models.DateField(_("day"))
    person = models.CharField(_("person"), max_length=LONGEST_ID + 2)
    customer = models.ForeignKey(
        "customers.Customer", on_delete=models.CASCADE, null=True, blank=True, related_name="+", db_index=False
    )
    changed_at = models.DateTimeField(_("changed"))
    is_announced = models.BooleanField(default=False)

    objects = OwnedQuerySet.as_manager()

    class Meta:
        verbose_name = _("changed day")
        verbose_name_plural = _("changed days")
        constraints = [models.UniqueConstraint(fields=["organization", "day", "person"], name="changed_day_once")]
        indexes = [
            models.Index(fields=["id"], name="changed_day_unannounced", condition=Q(is_announced=False)),
            models.Index(fields=["customer"], name="changed_day_customer", condition=Q(customer__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.person}"
