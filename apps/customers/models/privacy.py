"""What customers ask about their data, and who must not come back."""

from __future__ import annotations

import calendar
from datetime import date, datetime, time, timedelta, tzinfo
from typing import Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import Membership
from apps.core.fields import EncryptedTextField
from apps.core.models import OrganizationOwned, OwnedQuerySet, StoredFile
from apps.core.status import StatusChoices
from apps.customers.models.key_field import KeyField


class PrivacyKind(models.TextChoices):
    """Which right the customer uses (GDPR articles 15 to 21)."""

    ACCESS = "access", _("Access: a copy of everything")
    RECTIFICATION = "rectification", _("Rectification: correct the record")
    PORTABILITY = "portability", _("Portability: their data in a machine's format")
    OBJECTION = "objection", _("Objection: stop using the data for a purpose")
    RESTRICTION = "restriction", _("Restriction: keep the data, do not use it")
    ERASURE = "erasure", _("Erasure: forget the customer")


class PrivacyState(StatusChoices):
    """How far the answer is."""

    OPEN = "open", "warn", "clock", _("Open")
    WAITS = "waits", "info", "users", _("Waits for a second person")
    WORKING = "working", "info", "loader-2", _("Being carried out")
    DONE = "done", "good", "circle-check", _("Answered")
    REFUSED = "refused", "neutral", "ban", _("Refused")


# GDPR article 12 (3): one month, and up to two more where a request is complex.
MONTHS_TO_ANSWER = 1
MOST_MORE_MONTHS = 2


def due_after(received_at: datetime, zone: tzinfo, *, months: int = 0, days: int = 0) -> datetime:
    """The last second of the day on which a period of calendar months or days ends.

    As Regulation (EEC) 1182/71 article 3 counts: the day of receipt is left out, a month ends on the day of the same
    number or on the last of a shorter month.
    """
    day = received_at.astimezone(zone).date()
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    last = calendar.monthrange(year, month + 1)[1]
    end = date(year, month + 1, min(day.day, last)) + timedelta(days=days)
    return datetime.combine(end, time(23, 59, 59), tzinfo=zone)


class PrivacyRequestQuerySet(OwnedQuerySet["PrivacyRequest"]):
    """Questions about requests."""

    def open(self) -> Self:
        """Requests whose clock runs."""
        return self.exclude(state__in=(PrivacyState.DONE, PrivacyState.REFUSED))

    def overdue(self, now: datetime) -> Self:
        """Open requests whose answer is late."""
        return self.open().filter(due_at__lt=now)

    def due_to_work(self, now: datetime) -> Self:
        """Requests that a worker has to carry on: neither backing off nor in living hands."""
        return self.filter(state=PrivacyState.WORKING, next_attempt_at__lte=now)

    def export_run_out(self, now: datetime) -> Self:
        """Answered with a file that nobody may download any more."""
        return self.exclude(export=None).filter(export_expires_at__lte=now)


class PrivacyRequest(OrganizationOwned):
    """One request. It outlives the customer: after an erasure it holds no name, only the certificate."""

    kind = models.CharField(_("right"), max_length=15, choices=PrivacyKind.choices)
    state = models.CharField(_("state"), max_length=10, choices=PrivacyState.choices, default=PrivacyState.OPEN)
    customer = models.ForeignKey(
        "customers.Customer", on_delete=models.SET_NULL, null=True, blank=True, related_name="privacy_requests"
    )
    customer_number = models.BigIntegerField(_("customer's number"), help_text=_("Kept when the record is gone."))
    received_at = models.DateTimeField(_("received"))
    due_at = models.DateTimeField(_("answer due"))
    extended_at = models.DateTimeField(_("deadline extended"), null=True, blank=True)
    details = models.JSONField(_("details"), default=dict, blank=True)
    note = models.CharField(_("note"), max_length=1000, blank=True)
    # The records that were the customer when the work began: they are still known when the rows are gone.
    record_ids = models.JSONField(default=list, blank=True, editable=False)
    # What is done, so that the work goes on after a kill: {"customers:customers.Visit": {"at": "…", "rows": 3}}.
    steps = models.JSONField(_("steps"), default=dict, blank=True)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    next_attempt_at = models.DateTimeField(_("next attempt"), null=True, blank=True)
    last_error = models.CharField(_("last error"), max_length=500, blank=True)
    opened_by = models.ForeignKey(Membership, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    opened_by_label = models.CharField(_("opened by"), max_length=200)
    approved_by = models.ForeignKey(Membership, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    approved_by_label = models.CharField(_("approved by"), max_length=200, blank=True)
    completed_at = models.DateTimeField(_("answered"), null=True, blank=True)
    certificate = models.JSONField(_("certificate"), default=dict, blank=True)
    export = models.ForeignKey(StoredFile, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    export_expires_at = models.DateTimeField(_("can be downloaded until"), null=True, blank=True)

    objects = PrivacyRequestQuerySet.as_manager()

    class Meta:
        verbose_name = _("privacy request")
        verbose_name_plural = _("privacy requests")
        indexes = [
            models.Index(fields=["organization", "-received_at", "-id"], name="privacy_newest"),
            models.Index(
                fields=["organization", "due_at"], name="privacy_due", condition=~Q(state__in=["done", "refused"])
            ),
            models.Index(fields=["next_attempt_at"], name="privacy_in_work", condition=Q(state="working")),
            models.Index(fields=["export_expires_at"], name="privacy_export_end", condition=Q(export__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} #{self.pk}"

    @property
    def state_choice(self) -> PrivacyState:
        """The state with its word, tone and icon."""
        return PrivacyState(self.state)

    @property
    def is_open(self) -> bool:
        """Whether the clock runs."""
        return self.state not in (PrivacyState.DONE, PrivacyState.REFUSED)

    @property
    def whose(self) -> str:
        """The customer's name, and only the number of one who is gone or going."""
        if self.customer is None or self.customer.is_being_erased:
            return str(self.customer_number)
        return str(self.customer)

    def can_be_extended(self, now: datetime, zone: tzinfo) -> bool:
        """Whether there is still time to tell the customer that the answer takes longer; that is possible once."""
        told_until = due_after(self.received_at, zone, months=MONTHS_TO_ANSWER)
        return self.is_open and self.extended_at is None and now <= told_until

    def is_overdue(self, now: datetime) -> bool:
        """Whether the answer is late."""
        return self.is_open and self.due_at < now


class ErasedIdentity(OrganizationOwned):
    """A salted hash of an identifier that was erased: who carries it does not come back by import, event or sync."""

    hash = KeyField(max_length=64)
    erased_at = models.DateTimeField(_("erased"))
    request = models.ForeignKey(PrivacyRequest, on_delete=models.SET_NULL, null=True, related_name="+")

    objects = OwnedQuerySet.as_manager()

    class Meta:
        verbose_name = _("erased identity")
        verbose_name_plural = _("erased identities")
        constraints = [models.UniqueConstraint(fields=["organization", "hash"], name="erased_identity_once")]

    def __str__(self) -> str:
        return self.hash[:12]


class PrivacySettings(OrganizationOwned):
    """How an organisation answers: the deadline, the second pair of eyes, the salt."""

    deadline_days = models.PositiveSmallIntegerField(
        _("days to answer"), null=True, blank=True, help_text=_("Empty: one calendar month.")
    )
    needs_second_person = models.BooleanField(_("a second person confirms an erasure"), default=False)
    export_days = models.PositiveSmallIntegerField(_("days for which an export can be downloaded"), default=7)
    # Without it nobody can try out which numbers and addresses the hashes of erased customers stand for.
    salt = EncryptedTextField(blank=True, default="")

    objects = OwnedQuerySet.as_manager()

    class Meta:
        verbose_name = _("privacy settings")
        verbose_name_plural = _("privacy settings")
        constraints = [models.UniqueConstraint(fields=["organization"], name="privacy_settings_once")]

    def __str__(self) -> str:
        return str(self.organization_id)
