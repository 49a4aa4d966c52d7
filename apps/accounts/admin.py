"""Back office of accounts."""

from __future__ import annotations

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.forms import AdminUserCreationForm
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import ApiKey, Invitation, Membership, Organization, Session, User
from apps.core.admin import ReadOnlyAdmin


@admin.register(Organization)
class OrganizationAdmin(admin.ModelAdmin):
    """Organisations."""

    list_display = ["name", "slug", "time_zone", "currency", "language", "created_at"]
    list_filter = ["language", "currency"]
    search_fields = ["name", "slug", "sender_email"]
    readonly_fields = ["created_at"]
    # Everybody may see it, so it goes through the settings page, which draws it anew.
    exclude = ["logo"]


class NewUserForm(AdminUserCreationForm):
    """A user by e-mail."""

    class Meta(AdminUserCreationForm.Meta):
        model = User
        fields = ("email", "name")
        field_classes = {}


@admin.register(User)
class PersonAdmin(UserAdmin):
    """People who sign in."""

    add_form = NewUserForm
    list_display = ["email", "name", "is_active", "is_staff", "last_login"]
    list_filter = ["is_active", "is_staff", "is_superuser"]
    search_fields = ["email", "name"]
    ordering = ["email"]
    readonly_fields = ["last_login", "joined_at"]
    fieldsets = [
        (None, {"fields": ["email", "password", "name", "language", "time_zone"]}),
        (_("Rights"), {"fields": ["is_active", "is_staff", "is_superuser", "groups", "user_permissions"]}),
        (_("Times"), {"fields": ["last_login", "joined_at"]}),
    ]
    add_fieldsets = [(None, {"fields": ["email", "name", "usable_password", "password1", "password2"]})]


@admin.register(Membership)
class MembershipAdmin(admin.ModelAdmin):
    """Who works where, as what."""

    list_display = ["user", "organization", "role", "is_active", "created_at"]
    list_filter = ["role", "is_active"]
    list_select_related = ["user", "organization"]
    search_fields = ["user__email", "user__name", "organization__name"]
    autocomplete_fields = ["user"]
    readonly_fields = ["organization", "created_at"]

    def has_add_permission(self, request: object) -> bool:
        """People join by invitation."""
        return False


@admin.register(Invitation)
class InvitationAdmin(ReadOnlyAdmin):
    """Letters; they are sent and taken back on the team page."""

    list_display = ["email", "organization", "role", "created_at", "expires_at", "accepted_at", "revoked_at"]
    list_filter = ["role", ("accepted_at", admin.EmptyFieldListFilter), ("revoked_at", admin.EmptyFieldListFilter)]
    list_select_related = ["organization"]
    search_fields = ["email", "organization__name"]
    exclude = ["secret_sha256"]


@admin.register(ApiKey)
class ApiKeyAdmin(ReadOnlyAdmin):
    """Keys; they are made and revoked on their settings page."""

    list_display = ["name", "shown_prefix", "organization", "created_at", "last_used_at", "expires_at", "revoked_at"]
    list_filter = [("revoked_at", admin.EmptyFieldListFilter)]
    list_select_related = ["organization"]
    search_fields = ["name", "shown_prefix", "organization__name"]
    exclude = ["secret_sha256"]


@admin.register(Session)
class SessionAdmin(ReadOnlyAdmin):
    """Sign-in sessions: whose, until when. Deleting one signs that browser out."""

    list_display = ["user", "membership", "expire_date"]
    list_select_related = ["user", "membership__user"]
    search_fields = ["user__email", "user__name"]
    fields = ["user", "membership", "expire_date"]

    def has_delete_permission(self, request: object, obj: object = None) -> bool:
        """By those who administer users."""
        return bool(request.user.has_perm("accounts.delete_session"))  # type: ignore[attr-defined]
