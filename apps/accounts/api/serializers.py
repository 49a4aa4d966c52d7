"""What goes in and out: people, invitations, keys."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from apps.accounts import places
from apps.accounts.models import ApiKey, Invitation, Membership
from apps.accounts.permissions import Can, Role


class OrganizationSerializer(serializers.Serializer[Any]):
    """The organisation for which the caller works."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    time_zone = serializers.CharField()
    currency = serializers.CharField()


class MeSerializer(serializers.Serializer[Membership]):
    """Oneself, with what one may do here."""

    id = serializers.IntegerField(source="user_id")
    email = serializers.EmailField(source="user.email")
    name = serializers.CharField(source="user.name")
    language = serializers.CharField(source="user.language", help_text=_("Empty: the organisation's."))
    time_zone = serializers.CharField(source="user.time_zone", help_text=_("Empty: the organisation's."))
    role = serializers.ChoiceField(choices=Role.choices)
    permissions = serializers.SerializerMethodField()
    organization = OrganizationSerializer()

    def get_permissions(self, member: Membership) -> list[str]:
        """The names of what the role may do."""
        return [permission.value for permission in Can if member.can(permission)]


class MeChangeSerializer(serializers.Serializer[Any]):
    """What one changes about oneself; what is left out stays."""

    name = serializers.CharField(max_length=150, required=False)
    language = serializers.ChoiceField(choices=places.languages(), required=False, allow_blank=True)
    time_zone = serializers.ChoiceField(choices=places.time_zones(), required=False, allow_blank=True)


class MemberSerializer(serializers.Serializer[Membership]):
    """A member of the organisation; `id` is the person's."""

    id = serializers.IntegerField(source="user_id")
    email = serializers.EmailField(source="user.email")
    name = serializers.CharField(source="user.name")
    role = serializers.ChoiceField(choices=Role.choices)
    is_active = serializers.BooleanField()
    created_at = serializers.DateTimeField()


class MemberChangeSerializer(serializers.Serializer[Any]):
    """Another role, or whether the member may work here; what is left out stays."""

    role = serializers.ChoiceField(choices=Role.choices, required=False)
    is_active = serializers.BooleanField(required=False)


class InviteSerializer(serializers.Serializer[Any]):
    """Whom to invite, as what."""

    email = serializers.EmailField()
    role = serializers.ChoiceField(choices=Role.choices)


class InvitationSerializer(serializers.ModelSerializer[Invitation]):
    """An invitation that is on its way. Its secret is only in the mail."""

    class Meta:
        model = Invitation
        fields = ["id", "email", "role", "created_at", "expires_at"]


class ApiKeySerializer(serializers.ModelSerializer[ApiKey]):
    """A key without its secret."""

    scopes = serializers.ListField(child=serializers.CharField())

    class Meta:
        model = ApiKey
        fields = ["id", "name", "shown_prefix", "scopes", "created_at", "last_used_at", "expires_at", "revoked_at"]


class ApiKeyCreateSerializer(serializers.Serializer[Any]):
    """What a new key is called and may do."""

    name = serializers.CharField(max_length=100)
    scopes = serializers.ListField(child=serializers.ChoiceField(choices=[scope.value for scope in Can]))
    expires_at = serializers.DateTimeField(required=False, allow_null=True)


class NewApiKeySerializer(ApiKeySerializer):
    """A key in the moment in which it is made: the only time that the secret is shown."""

    secret = serializers.CharField()

    class Meta(ApiKeySerializer.Meta):
        fields = [*ApiKeySerializer.Meta.fields, "secret"]
