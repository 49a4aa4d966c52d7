"""What goes in and out of the API of customers."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from apps.accounts.models.organization import validate_time_zone
from apps.customers.models import (
    Branch,
    Channel,
    ConsentAction,
    ConsentEntry,
    Customer,
    CustomerKind,
    Domain,
    Identifier,
    IdentifierKind,
    PreferredChannel,
    Purpose,
    StaffMember,
    Tag,
    TimelineEntry,
    Visit,
)

# What fits the column: a longer number must be a 400, not an error of the database.
ROW_ID: dict[str, Any] = {"min_value": 1, "max_value": 2**63 - 1}


class MomentField(serializers.DateTimeField):
    """A datetime; one at the very end of the calendar is a field error, where DRF itself would fall over."""

    def enforce_timezone(self, value: datetime) -> datetime:
        try:
            return super().enforce_timezone(value)
        except OverflowError:
            self.fail("overflow")


class CaptureSerializer(serializers.Serializer[Any]):
    """A visit with everything that is known of the customer."""

    name = serializers.CharField(max_length=200)
    email = serializers.CharField(max_length=254, required=False, allow_blank=True, default="")
    mobile = serializers.CharField(
        max_length=40,
        required=False,
        allow_blank=True,
        default="",
        help_text="Any notation; without a country it is read as one of the branch's or organisation's country.",
    )
    email_consent = serializers.BooleanField(
        default=False, help_text="True: the customer agreed to surveys by e-mail. False changes nothing."
    )
    has_come_back = serializers.BooleanField(
        default=False,
        help_text=(
            "True: an erased customer came back by themselves and wants to be one again. Without it a visit with an "
            "erased customer's address is refused with 409 and the code `erased`."
        ),
    )
    purpose_of_visit = serializers.CharField(max_length=200, required=False, allow_blank=True, default="")
    branch_id = serializers.IntegerField(required=False, allow_null=True, default=None, **ROW_ID)
    branch_name = serializers.CharField(
        max_length=100, required=False, allow_blank=True, default="", help_text="Looked up in any case, else made."
    )
    staff_name = serializers.CharField(
        max_length=100, required=False, allow_blank=True, default="", help_text="Looked up in any case, else made."
    )


class CapturedSerializer(serializers.Serializer[Any]):
    """What came of it."""

    id = serializers.IntegerField(help_text="The customer.")
    message = serializers.CharField()
    survey_triggered = serializers.BooleanField(help_text="Whether a survey goes out for this visit.")


class ReferenceSerializer(serializers.Serializer[Any]):
    """What another system calls the customer."""

    system = serializers.CharField()
    external_id = serializers.CharField(source="value")


class CustomerRowSerializer(serializers.ModelSerializer[Customer]):
    """A customer in the list."""

    last_branch = serializers.CharField(source="last_branch.name", default=None, allow_null=True, read_only=True)
    survey_consent = serializers.BooleanField(
        source="says_yes", help_text="Whether surveys by e-mail are agreed to.", read_only=True
    )

    class Meta:
        model = Customer
        fields = (
            "id",
            "name",
            "email",
            "mobile",
            "language",
            "time_zone",
            "preferred_channel",
            "last_visited_at",
            "last_branch_id",
            "last_branch",
            "survey_consent",
            "created_at",
            "updated_at",
        )


class CustomerSerializer(serializers.ModelSerializer[Customer]):
    """The whole record."""

    last_branch = serializers.CharField(source="last_branch.name", default=None, allow_null=True, read_only=True)
    external_references = serializers.SerializerMethodField()
    merged_into = serializers.SerializerMethodField(
        help_text="Set when the record that was asked for was merged into this one, whose id it is."
    )

    tags = serializers.SerializerMethodField()

    class Meta:
        model = Customer
        fields = (
            "id",
            "name",
            "email",
            "mobile",
            "language",
            "time_zone",
            "preferred_channel",
            "last_visited_at",
            "last_branch_id",
            "last_branch",
            "kind",
            "owner_id",
            "company_id",
            "custom",
            "tags",
            "external_references",
            "merged_into",
            "created_at",
            "updated_at",
        )
        read_only_fields = fields

    @extend_schema_field(serializers.IntegerField(allow_null=True))
    def get_merged_into(self, customer: Customer) -> int | None:
        """The head, where a merged record was asked for."""
        merged_into: int | None = self.context.get("merged_into")
        return merged_into

    @extend_schema_field(ReferenceSerializer(many=True))
    def get_external_references(self, customer: Customer) -> list[Any]:
        """What other systems call the customer."""
        known = Identifier.objects.live().filter(customer__in=customer.member_ids, kind=IdentifierKind.EXTERNAL)
        return list(ReferenceSerializer(known, many=True).data)

    def get_tags(self, customer: Customer) -> list[str]:
        """The names of the tags, in the order of the alphabet."""
        carried = Tag.objects.filter(tagged__customer__in=customer.member_ids).distinct().order_by("name_key")
        return list(carried.values_list("name", flat=True))


class CustomerPatchSerializer(serializers.Serializer[Any]):
    """Fields to change; those that are left out stay."""

    name = serializers.CharField(max_length=200, required=False)
    email = serializers.CharField(max_length=254, required=False, allow_blank=True)
    mobile = serializers.CharField(max_length=40, required=False, allow_blank=True)
    language = serializers.CharField(max_length=10, required=False, allow_blank=True)
    time_zone = serializers.CharField(max_length=64, required=False, allow_blank=True, validators=[validate_time_zone])
    preferred_channel = serializers.ChoiceField(PreferredChannel.choices, required=False, allow_blank=True)
    kind = serializers.ChoiceField(CustomerKind.choices, required=False)
    owner_id = serializers.IntegerField(required=False, allow_null=True, **ROW_ID)
    company_id = serializers.IntegerField(required=False, allow_null=True, **ROW_ID)
    custom = serializers.DictField(
        required=False, help_text="Own fields by key; null takes a value away, a key that is left out stays."
    )
    tags = serializers.ListField(
        child=serializers.CharField(max_length=50), required=False, max_length=50, help_text="All tags, by name."
    )


class ConsentEntrySerializer(serializers.ModelSerializer[ConsentEntry]):
    """One line of the ledger."""

    class Meta:
        model = ConsentEntry
        fields = ("id", "purpose", "channel", "action", "method", "reason", "notice_id", "recorded_at", "by_label")


class ConsentSerializer(serializers.Serializer[Any]):
    """What the customer said."""

    purpose = serializers.ChoiceField(Purpose.choices)
    channel = serializers.ChoiceField(Channel.choices)
    action = serializers.ChoiceField(ConsentAction.choices)
    reason = serializers.CharField(max_length=300, required=False, allow_blank=True, default="")


class TimelineEntrySerializer(serializers.ModelSerializer[TimelineEntry]):
    """One thing that happened."""

    class Meta:
        model = TimelineEntry
        fields = ("id", "at", "domain", "kind", "title", "body", "data", "reference")


class TimelineFilterSerializer(serializers.Serializer[Any]):
    """What narrows the timeline."""

    domain = serializers.ChoiceField(Domain.choices, required=False, allow_blank=True, default="")


class BranchSerializer(serializers.ModelSerializer[Branch]):
    """A branch."""

    time_zone = serializers.CharField(max_length=64, required=False, allow_blank=True, validators=[validate_time_zone])
    country = serializers.RegexField(r"^[A-Za-z]{2}\Z", required=False, allow_blank=True)

    class Meta:
        model = Branch
        fields = ("id", "name", "time_zone", "country", "is_active")


class StaffMemberSerializer(serializers.ModelSerializer[StaffMember]):
    """Somebody who serves customers."""

    branch_id = serializers.IntegerField(required=False, allow_null=True, **ROW_ID)

    class Meta:
        model = StaffMember
        fields = ("id", "name", "branch_id", "is_active")


class VisitSerializer(serializers.ModelSerializer[Visit]):
    """A visit."""

    purpose_of_visit = serializers.CharField(source="purpose", read_only=True)

    class Meta:
        model = Visit
        fields = ("id", "customer_id", "branch_id", "staff_member_id", "purpose_of_visit", "visited_at", "source")


class VisitDraftSerializer(serializers.Serializer[Any]):
    """A visit of a customer who is known."""

    customer_id = serializers.IntegerField(**ROW_ID)
    purpose_of_visit = serializers.CharField(max_length=200, required=False, allow_blank=True, default="")
    branch_id = serializers.IntegerField(required=False, allow_null=True, default=None, **ROW_ID)
    branch_name = serializers.CharField(max_length=100, required=False, allow_blank=True, default="")
    staff_name = serializers.CharField(max_length=100, required=False, allow_blank=True, default="")
    visited_at = MomentField(required=False, default=None, help_text="Empty: now.")


class CustomerFilterSerializer(serializers.Serializer[Any]):
    """What narrows the list of customers."""

    q = serializers.CharField(
        required=False, default="", max_length=200, help_text="Beginnings of name, e-mail or number."
    )
    branch_id = serializers.IntegerField(
        required=False, default=None, **ROW_ID, help_text="The branch of the last visit."
    )
    survey_consent = serializers.ChoiceField(["yes", "no"], required=False, default="")
    since = serializers.DateField(required=False, default=None, help_text="Customers since this day.")
    until = serializers.DateField(required=False, default=None, help_text="Customers until this day, included.")


class VisitFilterSerializer(serializers.Serializer[Any]):
    """What narrows the list of visits."""

    customer_id = serializers.IntegerField(required=False, default=None, **ROW_ID)
    branch_id = serializers.IntegerField(required=False, default=None, **ROW_ID)
