"""A question on its way to a customer."""

from __future__ import annotations

from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.core.models import OrganizationOwned, OwnedQuerySet
from apps.core.status import StatusChoices
from apps.customers.models import Branch, Customer, StaffMember, Visit
from apps.forms.models import LinkState, OneTimeLink

REFERENCE = "feedback.surveyrequest:"


class Delivery(StatusChoices):
    """How far the last mail of a request came."""

    QUEUED = "queued", "neutral", "clock", _("Queued")
    DELAYED = "delayed", "warn", "clock", _("Delayed")
    UNKNOWN = "unknown", "warn", "help", _("Not known whether it arrived")
    SENT = "sent", "info", "mail-fast", _("Sent")
    DELIVERED = "delivered", "good", "circle-check", _("Delivered")
    FAILED = "failed", "bad", "alert-circle", _("Not delivered")


class RequestState(StatusChoices):
    """What has become of a request, in one word."""

    WAITING = "waiting", "info", "clock", _("Waiting for an answer")
    DELAYED = "delayed", "warn", "clock", _("Mail delayed")
    UNKNOWN = "unknown", "warn", "help", _("Not known whether the mail arrived")
    UNDELIVERED = "undelivered", "bad", "alert-circle", _("Mail not delivered")
    ANSWERED = "answered", "good", "circle-check", _("Answered")
    EXPIRED = "expired", "neutral", "clock", _("Expired")
    REVOKED = "revoked", "neutral", "ban", _("Revoked")


# What a mail in trouble makes of a request that can still be answered.
TROUBLES = {
    Delivery.DELAYED: RequestState.DELAYED,
    Delivery.UNKNOWN: RequestState.UNKNOWN,
    Delivery.FAILED: RequestState.UNDELIVERED,
}


class SurveyRequestQuerySet(OwnedQuerySet["SurveyRequest"]):
    """Questions about requests."""

    def live(self, now: datetime) -> Self:
        """Requests that can still be answered."""
        return self.filter(link__used_at=None, link__revoked_at=None, link__expires_at__gt=now)

    def in_state(self, state: str, now: datetime) -> Self:
        """Requests in this `RequestState`; the same words as `SurveyRequest.state`."""
        if state == RequestState.ANSWERED:
            return self.exclude(link__used_at=None)
        if state == RequestState.REVOKED:
            return self.filter(link__used_at=None).exclude(link__revoked_at=None)
        if state == RequestState.EXPIRED:
            return self.filter(link__used_at=None, link__revoked_at=None, link__expires_at__lte=now)
        live = self.live(now)
        in_trouble = {of: delivery for delivery, of in TROUBLES.items()}
        if state in in_trouble:
            return live.filter(delivery=in_trouble[RequestState(state)])
        return live.exclude(delivery__in=TROUBLES)

    def mail_due(self, now: datetime) -> Self:
        """Requests whose mail is to be written."""
        return self.filter(mail_due_at__lte=now)

    def reminder_due(self, now: datetime) -> Self:
        """Requests whose time for a reminder has come; whether one is still wanted is checked one by one."""
        return self.filter(next_reminder_at__lte=now)


class SurveyRequest(OrganizationOwned):
    """One customer asked about one visit. Branch and staff are kept as they were then, for the lists."""

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="+", db_index=False)
    visit = models.OneToOneField(Visit, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    branch = models.ForeignKey(
        Branch, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    staff_member = models.ForeignKey(
        StaffMember, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    link = models.OneToOneField(OneTimeLink, on_delete=models.RESTRICT, related_name="+", verbose_name=_("link"))
    language = models.CharField(_("language"), max_length=10)
    purpose = models.CharField(_("purpose of visit"), max_length=200, blank=True)
    recipient = models.EmailField(_("sent to"))
    requested_at = models.DateTimeField(_("asked"))
    delivery = models.CharField(_("delivery"), max_length=10, choices=Delivery.choices, default=Delivery.QUEUED)
    # When set, a mail with the link is to be written; a worker clears it with the mail's row.
    mail_due_at = models.DateTimeField(_("mail due"), null=True, blank=True)
    mails_written = models.PositiveSmallIntegerField(_("mails"), default=0)
    reminders_sent = models.PositiveSmallIntegerField(_("reminders sent"), default=0)
    next_reminder_at = models.DateTimeField(_("next reminder"), null=True, blank=True)

    objects = SurveyRequestQuerySet.as_manager()

    class Meta:
        verbose_name = _("survey request")
        verbose_name_plural = _("survey requests")
        constraints = [models.CheckConstraint(condition=Q(reminders_sent__lte=2), name="two_reminders_at_most")]
        indexes = [
            models.Index(fields=["organization", "-requested_at", "-id"], name="request_newest"),
            models.Index(fields=["organization", "branch", "-requested_at", "-id"], name="request_of_branch"),
            models.Index(fields=["customer", "-requested_at", "-id"], name="request_of_customer"),
            models.Index(
                fields=["organization", "delivery", "-requested_at", "-id"],
                name="request_in_trouble",
                condition=Q(delivery__in=["delayed", "failed", "unknown"]),
            ),
            models.Index(
                fields=["next_reminder_at"], name="request_reminder_due", condition=Q(next_reminder_at__isnull=False)
            ),
            models.Index(fields=["mail_due_at"], name="request_mail_due", condition=Q(mail_due_at__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"#{self.pk}"

    @property
    def reference(self) -> str:
        """What its mails are filed under in messaging."""
        return f"{REFERENCE}{self.pk}"

    @property
    def delivery_choice(self) -> Delivery:
        """The delivery with its word, tone and icon."""
        return Delivery(self.delivery)

    def state(self, now: datetime) -> RequestState:
        """What has become of it. Needs the link loaded."""
        link = self.link.state(now)
        if link is not LinkState.LIVE:
            return {
                LinkState.USED: RequestState.ANSWERED,
                LinkState.REVOKED: RequestState.REVOKED,
                LinkState.EXPIRED: RequestState.EXPIRED,
            }[link]
        return TROUBLES.get(self.delivery_choice, RequestState.WAITING)
