"""One mail to one address, and its delivery history."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.core.models import OrganizationOwned, OwnedQuerySet
from apps.core.status import StatusChoices


class MessageState(StatusChoices):
    """What became of a message. `delayed` is never stored in a message: it is a queued one that was tried already."""

    QUEUED = "queued", "neutral", "clock", _("Queued")
    DELAYED = "delayed", "warn", "clock-exclamation", _("Delayed")
    SENDING = "sending", "info", "mail-fast", _("Being sent")
    UNKNOWN = "unknown", "warn", "help", _("Unknown")
    ACCEPTED = "accepted", "info", "mail-check", _("Sent")
    SUPPRESSED = "suppressed", "warn", "ban", _("Not sent")
    FAILED = "failed", "bad", "mail-x", _("Failed")
    DELIVERED = "delivered", "good", "circle-check", _("Delivered")
    BOUNCED = "bounced", "bad", "mail-x", _("Bounced")
    COMPLAINED = "complained", "bad", "flag", _("Marked as spam")

    @property
    def rank(self) -> int:
        """News from providers come in any order: a state only ever gives way to one of a higher rank."""
        return _ORDER.index(self)


_ORDER = list(MessageState)


class BounceClass(models.TextChoices):
    """What a refusal says about the address (RFC 3463 status codes, SES and SendGrid classes)."""

    HARD = "hard", _("the address does not exist")
    SOFT = "soft", _("the mailbox did not take it this time")
    POLICY = "policy", _("refused by the other side's rules")


class MessageQuerySet(OwnedQuerySet["Message"]):
    """Questions about messages."""

    def due(self, now: datetime) -> Self:
        """To be sent now, and in no living worker's hands."""
        return self.filter(Q(lease_until=None) | Q(lease_until__lte=now), state="queued", next_attempt_at__lte=now)

    def abandoned(self, now: datetime) -> Self:
        """Handed to a provider by a worker that never said how it ended."""
        return self.filter(state="sending", lease_until__lte=now)

    def about(self, reference: str) -> Self:
        """The messages of one thing, named as its owner named it."""
        return self.filter(reference=reference)

    def in_outbox(self) -> Self:
        """Mails that nobody got: the browser outbox kept them."""
        return self.filter(provider="outbox")


class Message(OrganizationOwned):
    """A mail to one address. The row exists before anything is sent and is the only thing that sends it."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    kind = models.CharField(_("kind"), max_length=40)
    is_transactional = models.BooleanField(_("transactional"), default=True)
    purpose = models.CharField(_("purpose"), max_length=40, blank=True)
    reference = models.CharField(_("reference"), max_length=100, blank=True)
    idempotency_key = models.CharField(max_length=200, blank=True, editable=False)

    to_address = models.EmailField(_("to"))
    to_name = models.CharField(_("name"), max_length=200, blank=True)
    from_address = models.EmailField(_("from"))
    from_name = models.CharField(_("sender name"), max_length=200, blank=True)
    reply_to = models.EmailField(_("answers go to"), blank=True)
    subject = models.CharField(_("subject"), max_length=500)
    html = models.TextField(_("HTML"), blank=True)
    text = models.TextField(_("text"), blank=True)
    headers = models.JSONField(_("headers"), default=dict)
    # Ours, and the same at every attempt: a receiver can tell a repeated mail, and we can find our row.
    message_id = models.CharField("Message-ID", max_length=320)

    state = models.CharField(_("state"), max_length=12, choices=MessageState.choices, default=MessageState.QUEUED)
    state_at = models.DateTimeField(_("state since"))
    bounce_class = models.CharField(_("kind of bounce"), max_length=10, choices=BounceClass.choices, blank=True)
    provider = models.CharField(_("provider"), max_length=20, blank=True)
    provider_message_id = models.CharField(_("provider's id"), max_length=200, blank=True)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    next_attempt_at = models.DateTimeField(_("next attempt"))
    give_up_at = models.DateTimeField(_("tried until"))
    lease_until = models.DateTimeField(_("in work until"), null=True, blank=True)
    last_error = models.CharField(_("last error"), max_length=500, blank=True)
    created_at = models.DateTimeField(_("created"))
    accepted_at = models.DateTimeField(_("accepted"), null=True, blank=True)
    delivered_at = models.DateTimeField(_("delivered"), null=True, blank=True)
    unsubscribed_at = models.DateTimeField(_("unsubscribed"), null=True, blank=True)

    objects = MessageQuerySet.as_manager()

    class Meta:
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "idempotency_key"],
                name="message_once",
                condition=~Q(idempotency_key=""),
            ),
            models.CheckConstraint(condition=~Q(state="delayed"), name="message_delayed_is_queued"),
        ]
        indexes = [
            models.Index(fields=["organization", "-id"], name="message_newest"),
            models.Index(fields=["organization", "reference", "-id"], name="message_of_reference"),
            models.Index(fields=["organization", "to_address", "-id"], name="message_to_address"),
            models.Index(fields=["provider", "provider_message_id"], name="message_at_provider"),
            models.Index(fields=["next_attempt_at"], name="message_due", condition=Q(state="queued")),
            models.Index(fields=["lease_until"], name="message_in_work", condition=Q(state="sending")),
            models.Index(fields=["organization", "-id"], name="message_in_outbox", condition=Q(provider="outbox")),
        ]

    def __str__(self) -> str:
        return f"{self.subject} → {self.to_address}"

    @property
    def is_delayed(self) -> bool:
        """Whether it waits although it was tried."""
        return self.state == MessageState.QUEUED and self.attempts > 0

    @property
    def state_choice(self) -> MessageState:
        """The state with its word, tone and icon."""
        return MessageState.DELAYED if self.is_delayed else MessageState(self.state)

    @property
    def can_be_resent(self) -> bool:
        """Whether a person may send it again: nobody knows that it arrived, and its content is still here."""
        return self.state in RESENDABLE and bool(self.text or self.html)


RESENDABLE = (MessageState.UNKNOWN, MessageState.FAILED, MessageState.BOUNCED, MessageState.SUPPRESSED)


class MessageEvent(OrganizationOwned):
    """One line of a message's delivery history."""

    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="events", db_index=False)
    state = models.CharField(_("state"), max_length=12, choices=MessageState.choices)
    at = models.DateTimeField(_("when"))
    provider = models.CharField(_("provider"), max_length=20, blank=True)
    code = models.CharField(_("code"), max_length=60, blank=True)
    detail = models.CharField(_("detail"), max_length=500, blank=True)
    # What the provider calls this event. NULL for our own lines: databases let any number of those stand.
    provider_event_id = models.CharField(max_length=200, null=True, blank=True, editable=False)  # noqa: DJ001

    objects = OwnedQuerySet.as_manager()

    class Meta:
        verbose_name = _("delivery event")
        verbose_name_plural = _("delivery events")
        constraints = [models.UniqueConstraint(fields=["provider", "provider_event_id"], name="provider_event_once")]
        indexes = [models.Index(fields=["message", "at", "id"], name="message_history")]

    def __str__(self) -> str:
        return f"{self.get_state_display()} {self.detail}".strip()
