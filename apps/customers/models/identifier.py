"""By what a record is known, and which records are the same customer."""

from __future__ import annotations

from typing import Any, Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.core.models import OrganizationOwned, OwnedQuerySet
from apps.core.status import StatusChoices
from apps.customers.models.key_field import KeyField


class IdentifierKind(models.TextChoices):
    """What kind of name it is. `EXTERNAL` is another system's id; the system is the identifier's `system`."""

    USER_ID = "user_id", _("User id")
    EMAIL = "email", _("E-mail")
    PHONE = "phone", _("Phone")
    EXTERNAL = "external", _("Id in another system")
    ANONYMOUS_ID = "anonymous_id", _("Device")
    MANUAL = "manual", _("Joined by a person")


class IdentifierQuerySet(OwnedQuerySet["Identifier"]):
    """Questions about identifiers."""

    def live(self) -> Self:
        """Those that nobody took back."""
        return self.filter(revoked_at=None)

    def named(self, kind: str, value: str, system: str = "") -> Self:
        """Every record that was seen with this normalised value."""
        return self.filter(kind=kind, system=system, value=value)


class Identifier(OrganizationOwned):
    """One record was seen with one normalised value.

    Two records with a live identifier of the same kind, system and value are the same customer, unless the rules of
    `customers.identity` hold that back for review. A row is never deleted while the record lives: whoever takes a wrong
    one back sets `revoked_at`, and the same import does not bring it back.
    """

    customer = models.ForeignKey(
        "customers.Customer", on_delete=models.CASCADE, related_name="identifiers", db_index=False
    )
    kind = models.CharField(_("kind"), max_length=20, choices=IdentifierKind.choices)
    system = KeyField(_("system"), max_length=50, blank=True)
    value = KeyField(_("value"), max_length=254)
    source = models.CharField(_("seen in"), max_length=100)
    evidence = models.JSONField(_("evidence"), default=dict, blank=True)
    first_seen_at = models.DateTimeField(_("first seen"))
    revoked_at = models.DateTimeField(_("taken back"), null=True, blank=True)

    objects = IdentifierQuerySet.as_manager()

    class Meta:
        verbose_name = _("identifier")
        verbose_name_plural = _("identifiers")
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "kind", "system", "value", "customer"], name="identifier_once_per_record"
            )
        ]
        indexes = [models.Index(fields=["customer", "kind", "value"], name="identifier_of_customer")]

    def __str__(self) -> str:
        return f"{self.system or self.kind}: {self.value}"


class IdentityAction(StatusChoices):
    """What was decided about who is who."""

    MERGED = "merged", "good", "git-merge", _("Merged")
    SPLIT = "split", "warn", "arrows-split", _("Split")
    HELD = "held", "warn", "clock", _("Held for review")
    REVOKED = "revoked", "neutral", "link-off", _("Identifier taken back")
    RESTORED = "restored", "neutral", "link", _("Identifier given back")
    REJECTED = "rejected", "neutral", "x", _("Not the same person")


class IdentityChange(OrganizationOwned):
    """One line of the log of merges and splits. The database refuses to change a line."""

    at = models.DateTimeField(_("when"))
    action = models.CharField(_("what"), max_length=10, choices=IdentityAction.choices)
    customer = models.ForeignKey(
        "customers.Customer", on_delete=models.CASCADE, related_name="identity_changes", db_index=False
    )
    other = models.ForeignKey(
        "customers.Customer", on_delete=models.CASCADE, null=True, blank=True, related_name="+", db_index=False
    )
    rule = models.CharField(_("rule"), max_length=50)
    evidence = models.JSONField(_("evidence"), default=dict, blank=True)
    by_label = models.CharField(_("by"), max_length=200)

    objects = OwnedQuerySet.as_manager()

    class Meta:
        verbose_name = _("identity change")
        verbose_name_plural = _("identity log")
        indexes = [
            models.Index(fields=["customer", "-id"], name="identity_log_of_customer"),
            models.Index(fields=["other", "-id"], name="identity_log_of_other", condition=Q(other__isnull=False)),
            models.Index(fields=["organization", "-id"], name="identity_log_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.get_action_display()}: {self.customer_id}, {self.other_id}"

    @property
    def said(self) -> IdentityAction:
        """What was decided, with its tone and icon."""
        return IdentityAction(self.action)

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Insert only; raises TypeError for a change."""
        if not self._state.adding:
            raise TypeError("A line of the identity log cannot be changed.")
        super().save(*args, **kwargs)


class SuggestionState(StatusChoices):
    """What became of a suspicion."""

    OPEN = "open", "warn", "help", _("Waits for a decision")
    MERGED = "merged", "good", "git-merge", _("Merged")
    REJECTED = "rejected", "neutral", "x", _("Not the same person")
    OBSOLETE = "obsolete", "neutral", "circle", _("No longer in question")


class SuggestionReason(models.TextChoices):
    """Why two records stand in the queue."""

    SIMILAR = "similar", _("They look alike")
    HELD = "held", _("A rule would merge them, but a limit holds it back")


class DuplicateSuggestion(OrganizationOwned):
    """Two records that may be one customer: a person decides. `customer` is the older of the two."""

    customer = models.ForeignKey("customers.Customer", on_delete=models.CASCADE, related_name="+", db_index=False)
    other = models.ForeignKey("customers.Customer", on_delete=models.CASCADE, related_name="+")
    reason = models.CharField(_("why"), max_length=10, choices=SuggestionReason.choices)
    score = models.FloatField(_("score"), help_text=_("0 to 1."))
    evidence = models.JSONField(_("evidence"), default=dict, blank=True)
    state = models.CharField(_("state"), max_length=10, choices=SuggestionState.choices, default=SuggestionState.OPEN)
    created_at = models.DateTimeField(_("noticed"))
    decided_at = models.DateTimeField(_("decided"), null=True, blank=True)
    decided_by_label = models.CharField(_("decided by"), max_length=200, blank=True)

    objects = OwnedQuerySet.as_manager()

    class Meta:
        verbose_name = _("suspected duplicate")
        verbose_name_plural = _("suspected duplicates")
        constraints = [models.UniqueConstraint(fields=["customer", "other"], name="duplicate_pair_once")]
        indexes = [models.Index(fields=["organization", "state", "-score", "-id"], name="duplicate_queue")]

    def __str__(self) -> str:
        return f"{self.customer_id} = {self.other_id}? {self.score:.2f}"


class DuplicateSweep(OrganizationOwned):
    """How far the search for similar customers has come: records up to this id were looked at."""

    position = models.BigIntegerField(default=0)

    objects = OwnedQuerySet.as_manager()

    class Meta:
        verbose_name = _("search for duplicates")
        verbose_name_plural = _("searches for duplicates")
        constraints = [models.UniqueConstraint(fields=["organization"], name="duplicate_sweep_once")]

    def __str__(self) -> str:
        return f"{self.organization_id}: {self.position}"
