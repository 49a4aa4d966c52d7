"""Back office of customers. What has rules is changed on the pages; here it can be looked into."""

from __future__ import annotations

from django.contrib import admin

from apps.core.admin import ReadOnlyAdmin
from apps.customers.models import (
    Branch,
    ConsentEntry,
    Customer,
    CustomerTag,
    CustomField,
    DuplicateSuggestion,
    DuplicateSweep,
    ErasedIdentity,
    Identifier,
    IdentityChange,
    Note,
    Notice,
    PrivacyRequest,
    PrivacySettings,
    SearchTerm,
    StaffMember,
    Tag,
    TimelineEntry,
    Visit,
)


@admin.register(Customer)
class CustomerAdmin(ReadOnlyAdmin):
    """Customers."""

    list_display = ["id", "name", "email", "mobile", "organization", "last_visited_at", "created_at"]
    list_filter = ["organization", "preferred_channel"]
    search_fields = ["=id", "name", "=email", "=mobile"]
    show_full_result_count = False


@admin.register(Branch)
class BranchAdmin(ReadOnlyAdmin):
    """Branches."""

    list_display = ["id", "name", "organization", "time_zone", "country", "is_active"]
    list_filter = ["organization", "is_active"]
    search_fields = ["name"]


@admin.register(StaffMember)
class StaffMemberAdmin(ReadOnlyAdmin):
    """Staff."""

    list_display = ["id", "name", "branch", "user", "organization", "is_active"]
    list_filter = ["organization", "is_active"]
    list_select_related = ["branch", "user", "organization"]
    search_fields = ["name"]


@admin.register(Visit)
class VisitAdmin(ReadOnlyAdmin):
    """Visits."""

    list_display = ["id", "customer", "branch", "staff_member", "purpose", "visited_at", "source"]
    list_filter = ["organization", "source"]
    list_select_related = ["customer", "branch", "staff_member"]
    search_fields = ["=id", "=customer__email", "purpose"]
    show_full_result_count = False


@admin.register(Notice)
class NoticeAdmin(ReadOnlyAdmin):
    """The words beside the tick boxes."""

    list_display = ["id", "organization", "purpose", "language", "version", "created_at", "sha256"]
    list_filter = ["organization", "purpose", "language"]


@admin.register(ConsentEntry)
class ConsentEntryAdmin(ReadOnlyAdmin):
    """The consent ledger."""

    list_display = ["id", "customer", "purpose", "channel", "action", "method", "recorded_at", "by_label"]
    list_filter = ["organization", "purpose", "channel", "action", "method"]
    list_select_related = ["customer"]
    search_fields = ["=customer__id", "=customer__email"]
    show_full_result_count = False


@admin.register(TimelineEntry)
class TimelineEntryAdmin(ReadOnlyAdmin):
    """The timeline."""

    list_display = ["id", "customer", "at", "domain", "kind", "title"]
    list_filter = ["organization", "domain"]
    list_select_related = ["customer"]
    search_fields = ["=customer__id", "=customer__email", "=source_event"]
    show_full_result_count = False


@admin.register(SearchTerm)
class SearchTermAdmin(ReadOnlyAdmin):
    """By what customers are found."""

    list_display = ["id", "term", "customer", "organization"]
    list_select_related = ["customer", "organization"]
    search_fields = ["=term"]
    show_full_result_count = False


@admin.register(Identifier)
class IdentifierAdmin(ReadOnlyAdmin):
    """By what records are known."""

    list_display = ["id", "kind", "system", "value", "customer", "source", "first_seen_at", "revoked_at"]
    list_filter = ["organization", "kind"]
    list_select_related = ["customer"]
    search_fields = ["=value", "=customer__id"]
    show_full_result_count = False


@admin.register(IdentityChange)
class IdentityChangeAdmin(ReadOnlyAdmin):
    """The log of merges and splits."""

    list_display = ["id", "at", "action", "customer", "other", "rule", "by_label"]
    list_filter = ["organization", "action", "rule"]
    list_select_related = ["customer", "other"]
    search_fields = ["=customer__id", "=other__id"]
    show_full_result_count = False


@admin.register(DuplicateSuggestion)
class DuplicateSuggestionAdmin(ReadOnlyAdmin):
    """Suspected duplicates."""

    list_display = ["id", "customer", "other", "reason", "score", "state", "created_at", "decided_by_label"]
    list_filter = ["organization", "state", "reason"]
    list_select_related = ["customer", "other"]
    search_fields = ["=customer__id", "=other__id"]
    show_full_result_count = False


@admin.register(DuplicateSweep)
class DuplicateSweepAdmin(ReadOnlyAdmin):
    """How far the search for duplicates has come."""

    list_display = ["id", "organization", "position"]


@admin.register(CustomField)
class CustomFieldAdmin(ReadOnlyAdmin):
    """The organisations' own fields."""

    list_display = ["id", "key", "label", "kind", "organization", "is_searchable", "is_archived"]
    list_filter = ["organization", "kind", "is_archived"]
    search_fields = ["key", "label"]


@admin.register(Tag)
class TagAdmin(ReadOnlyAdmin):
    """The words that staff put on customers."""

    list_display = ["id", "name", "organization"]
    list_filter = ["organization"]
    search_fields = ["name"]


@admin.register(CustomerTag)
class CustomerTagAdmin(ReadOnlyAdmin):
    """Who carries which tag."""

    list_display = ["id", "customer", "tag", "organization"]
    list_filter = ["organization"]
    list_select_related = ["customer", "tag", "organization"]
    search_fields = ["=customer__id", "tag__name"]
    show_full_result_count = False


@admin.register(Note)
class NoteAdmin(ReadOnlyAdmin):
    """Notes about customers, those that were deleted among them."""

    list_display = ["id", "customer", "by_label", "created_at", "edited_at", "deleted_at", "is_pinned"]
    list_filter = ["organization", "is_pinned"]
    list_select_related = ["customer"]
    search_fields = ["=customer__id", "by_label"]
    show_full_result_count = False


@admin.register(PrivacyRequest)
class PrivacyRequestAdmin(ReadOnlyAdmin):
    """Privacy requests; they are carried out on their pages."""

    list_display = ["id", "kind", "state", "organization", "customer_number", "received_at", "due_at", "completed_at"]
    list_filter = ["organization", "kind", "state"]
    search_fields = ["=id", "=customer_number"]
    exclude = ["export"]


@admin.register(ErasedIdentity)
class ErasedIdentityAdmin(ReadOnlyAdmin):
    """Keyed hashes of who was erased."""

    list_display = ["id", "hash", "organization", "erased_at", "request"]
    list_filter = ["organization"]
    list_select_related = ["organization", "request"]
    search_fields = ["=hash"]
    show_full_result_count = False


@admin.register(PrivacySettings)
class PrivacySettingsAdmin(ReadOnlyAdmin):
    """How organisations answer privacy requests; without the key of the hashes."""

    list_display = ["id", "organization", "deadline_days", "export_days", "needs_second_person"]
    exclude = ["salt"]
