"""What goes in and out of the API of own fields, tags, notes, contacts, kept searches and upsert."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from apps.accounts.models.organization import validate_time_zone
from apps.customers.actions.bulk import MOST_ITEMS
from apps.customers.api.serializers import ROW_ID
from apps.customers.models import (
    CustomerKind,
    CustomField,
    FieldKind,
    Identifier,
    Note,
    PreferredChannel,
    SavedSearch,
    Tag,
)


class UpsertSerializer(serializers.Serializer[Any]):
    """A customer as another system knows them; what is left out stays as it is."""

    name = serializers.CharField(max_length=200, required=False)
    email = serializers.CharField(max_length=254, required=False, allow_blank=True)
    mobile = serializers.CharField(max_length=40, required=False, allow_blank=True)
    language = serializers.CharField(max_length=10, required=False, allow_blank=True)
    time_zone = serializers.CharField(max_length=64, required=False, allow_blank=True, validators=[validate_time_zone])
    preferred_channel = serializers.ChoiceField(PreferredChannel.choices, required=False, allow_blank=True)
    kind = serializers.ChoiceField(CustomerKind.choices, required=False)
    custom = serializers.DictField(
        required=False, help_text="Own fields by key; null takes a value away, a key that is left out stays."
    )
    tags = serializers.ListField(
        child=serializers.CharField(max_length=50), required=False, max_length=50, help_text="All tags, by name."
    )


class UpsertItemSerializer(UpsertSerializer):
    """One customer of many, with the id by which the system knows them."""

    system = serializers.CharField(max_length=50)
    external_id = serializers.CharField(max_length=254)


class BulkSerializer(serializers.Serializer[Any]):
    """Many customers at once."""

    items = serializers.ListField(child=serializers.DictField(), min_length=1, max_length=MOST_ITEMS)


class CustomerBulkAnswerSerializer(serializers.Serializer[Any]):
    """What became of each item, in the order in which they came."""

    results = serializers.ListField(
        child=serializers.DictField(),
        help_text="`{status: created | updated | unchanged, id}` or `{status: rejected, code, detail, field}`.",
    )


class FieldSerializer(serializers.ModelSerializer[CustomField]):
    """A field of the organisation's own."""

    kind = serializers.ChoiceField(FieldKind.choices)
    choices = serializers.ListField(child=serializers.CharField(max_length=100), required=False)

    class Meta:
        model = CustomField
        fields = ("id", "key", "label", "kind", "choices", "is_searchable", "is_archived", "position")
        validators: list[Any] = []


class TagSerializer(serializers.ModelSerializer[Tag]):
    """A tag."""

    class Meta:
        model = Tag
        fields = ("id", "name")


class TagNameSerializer(serializers.Serializer[Any]):
    """A tag by its name, in any case."""

    name = serializers.CharField(max_length=50)


class NoteSerializer(serializers.ModelSerializer[Note]):
    """A note about a customer."""

    class Meta:
        model = Note
        fields = ("id", "customer_id", "text", "by_label", "is_pinned", "created_at", "edited_at")
        read_only_fields = ("id", "customer_id", "by_label", "created_at", "edited_at")


class NotePatchSerializer(serializers.Serializer[Any]):
    """What to change of a note."""

    text = serializers.CharField(max_length=10_000, required=False)
    is_pinned = serializers.BooleanField(required=False)


class ContactSerializer(serializers.ModelSerializer[Identifier]):
    """An address or number of a customer."""

    kind = serializers.ChoiceField(["email", "phone"])
    is_primary = serializers.SerializerMethodField()

    class Meta:
        model = Identifier
        fields = ("id", "kind", "value", "is_primary", "source", "first_seen_at")
        read_only_fields = ("id", "source", "first_seen_at")

    def get_is_primary(self, contact: Identifier) -> bool:
        """Whether it stands in the record."""
        customer = self.context["customer"]
        return contact.value in (customer.email, customer.mobile)


class NewContactSerializer(serializers.Serializer[Any]):
    """A further address or number, or one that becomes the primary."""

    kind = serializers.ChoiceField(["email", "phone"])
    value = serializers.CharField(max_length=254)
    is_primary = serializers.BooleanField(default=False)


class SearchSerializer(serializers.ModelSerializer[SavedSearch]):
    """A kept search."""

    rule = serializers.JSONField(help_text="A rule: see the documentation of customers.")
    is_shared = serializers.BooleanField(default=False)

    class Meta:
        model = SavedSearch
        fields = ("id", "name", "rule", "is_shared", "created_at", "updated_at")
        read_only_fields = ("id", "created_at", "updated_at")
        validators: list[Any] = []


class AskSerializer(serializers.Serializer[Any]):
    """A rule to be asked."""

    rule = serializers.JSONField()


class OwnerSerializer(serializers.Serializer[Any]):
    """Who looks after a customer."""

    owner_id = serializers.IntegerField(allow_null=True, **ROW_ID)
