"""What an organisation adds to the record: fields of its own, tags, notes."""

from __future__ import annotations

from typing import Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import Membership
from apps.core.models import OrganizationOwned, OwnedQuerySet, StoredFile
from apps.customers.models.key_field import KeyField


class FieldKind(models.TextChoices):
    """Of what type the values of a field are."""

    TEXT = "text", _("Text")
    NUMBER = "number", _("Number")
    DATE = "date", _("Date")
    BOOLEAN = "boolean", _("Yes or no")
    CHOICE = "choice", _("One of a list")


class CustomFieldQuerySet(OwnedQuerySet["CustomField"]):
    """Questions about fields."""

    def active(self) -> Self:
        """Fields that are shown and filled; an archived one keeps its values."""
        return self.filter(is_archived=False)


class CustomField(OrganizationOwned):
    """A field of the organisation's own. Values stand in `Customer.custom[key]`, typed as the kind says."""

    key = KeyField(_("key"), max_length=50, help_text=_("How imports and the API name it; never changes."))
    label = models.CharField(_("label"), max_length=100)
    kind = models.CharField(_("type"), max_length=10, choices=FieldKind.choices)
    choices = models.JSONField(_("choices"), default=list, blank=True)
    is_searchable = models.BooleanField(_("found by search"), default=False)
    is_archived = models.BooleanField(_("archived"), default=False)
    position = models.PositiveSmallIntegerField(_("position"), default=0)

    objects = CustomFieldQuerySet.as_manager()

    class Meta:
        verbose_name = _("customer field")
        verbose_name_plural = _("customer fields")
        constraints = [models.UniqueConstraint(fields=["organization", "key"], name="custom_field_key_once")]

    def __str__(self) -> str:
        return self.label


class Tag(OrganizationOwned):
    """A word that staff put on customers."""

    name = models.CharField(_("name"), max_length=50)
    name_key = KeyField(max_length=100, editable=False)

    objects = OwnedQuerySet.as_manager()

    class Meta:
        verbose_name = _("tag")
        verbose_name_plural = _("tags")
        constraints = [models.UniqueConstraint(fields=["organization", "name_key"], name="tag_any_case")]

    def __str__(self) -> str:
        return self.name


class CustomerTag(OrganizationOwned):
    """This customer carries this tag."""

    customer = models.ForeignKey("customers.Customer", on_delete=models.CASCADE, related_name="tagged", db_index=False)
    tag = models.ForeignKey(Tag, on_delete=models.CASCADE, related_name="tagged", db_index=False)

    objects = OwnedQuerySet.as_manager()

    class Meta:
        verbose_name = _("customer's tag")
        verbose_name_plural = _("customers' tags")
        constraints = [models.UniqueConstraint(fields=["customer", "tag"], name="tag_once_per_customer")]
        indexes = [models.Index(fields=["tag", "customer"], name="customers_of_tag")]

    def __str__(self) -> str:
        return f"{self.customer_id}: {self.tag_id}"


class NoteQuerySet(OwnedQuerySet["Note"]):
    """Questions about notes."""

    def standing(self) -> Self:
        """Notes that nobody deleted."""
        return self.filter(deleted_at=None)


class Note(OrganizationOwned):
    """What a member of staff wrote down about a customer, for the team."""

    customer = models.ForeignKey("customers.Customer", on_delete=models.CASCADE, related_name="notes", db_index=False)
    text = models.TextField(_("text"), max_length=10_000)
    by = models.ForeignKey(Membership, on_delete=models.SET_NULL, null=True, related_name="+", verbose_name=_("by"))
    by_label = models.CharField(_("written by"), max_length=200)
    mentioned = models.ManyToManyField(Membership, related_name="+", blank=True, verbose_name=_("mentioned"))
    files = models.ManyToManyField(StoredFile, related_name="+", blank=True, verbose_name=_("attachments"))
    is_pinned = models.BooleanField(_("pinned"), default=False)
    created_at = models.DateTimeField(_("written"))
    edited_at = models.DateTimeField(_("changed"), null=True, blank=True)
    deleted_at = models.DateTimeField(_("deleted"), null=True, blank=True)

    objects = NoteQuerySet.as_manager()

    class Meta:
        verbose_name = _("note")
        verbose_name_plural = _("notes")
        indexes = [
            models.Index(fields=["customer", "-created_at", "-id"], name="note_of_customer"),
            models.Index(fields=["organization", "-id"], name="note_newest", condition=Q(deleted_at=None)),
        ]

    def __str__(self) -> str:
        return self.text[:60]
