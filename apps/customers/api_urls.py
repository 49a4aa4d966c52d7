"""API routes of customers, under /api/v1/."""

from __future__ import annotations

from django.urls import URLPattern, path

from apps.customers.api import branches, customers, identity, privacy, record, settings

urlpatterns: list[URLPattern] = [
    path("customers/", customers.CustomerList.as_view(), name="api_customer_list"),
    path("customers/<int:pk>/", customers.CustomerDetail.as_view(), name="api_customer_detail"),
    path("customers/<int:pk>/timeline/", customers.CustomerTimeline.as_view(), name="api_customer_timeline"),
    path("customers/<int:pk>/consents/", customers.CustomerConsents.as_view(), name="api_customer_consents"),
    path("customers/<int:pk>/records/", identity.CustomerRecords.as_view(), name="api_customer_records"),
    path("customers/<int:pk>/identity-log/", identity.CustomerIdentityLog.as_view(), name="api_identity_log"),
    path("customers/<int:pk>/merge/", identity.CustomerMerge.as_view(), name="api_customer_merge"),
    path("customers/<int:pk>/split/", identity.CustomerSplit.as_view(), name="api_customer_split"),
    path("duplicates/", identity.DuplicateList.as_view(), name="api_duplicate_list"),
    path("duplicates/<int:pk>/merge/", identity.DuplicateMerge.as_view(), name="api_duplicate_merge"),
    path("duplicates/<int:pk>/reject/", identity.DuplicateReject.as_view(), name="api_duplicate_reject"),
    path("identifiers/<int:pk>/take-back/", identity.IdentifierTakeBack.as_view(), name="api_identifier_take_back"),
    path("identifiers/<int:pk>/give-back/", identity.IdentifierGiveBack.as_view(), name="api_identifier_give_back"),
    path("privacy-requests/", privacy.PrivacyRequestList.as_view(), name="api_privacy_list"),
    path("privacy-requests/<int:pk>/", privacy.PrivacyRequestDetail.as_view(), name="api_privacy_detail"),
    path("privacy-requests/<int:pk>/preview/", privacy.PrivacyRequestPreview.as_view(), name="api_privacy_preview"),
    path("privacy-requests/<int:pk>/carry-out/", privacy.PrivacyRequestCarryOut.as_view(), name="api_privacy_carry"),
    path(
        "customers/by-external/<str:system>/<str:external_id>/",
        record.CustomerByExternal.as_view(),
        name="api_customer_by_external",
    ),
    path("customers/bulk/", record.CustomerBulk.as_view(), name="api_customer_bulk"),
    path("customers/search/", settings.SearchResults.as_view(), name="api_customer_search"),
    path("customers/<int:pk>/tags/", record.CustomerTags.as_view(), name="api_customer_tags"),
    path("customers/<int:pk>/tags/<path:name>/", record.CustomerTag.as_view(), name="api_customer_tag"),
    path("customers/<int:pk>/contacts/", record.CustomerContacts.as_view(), name="api_customer_contacts"),
    path("customers/<int:pk>/notes/", record.CustomerNotes.as_view(), name="api_customer_notes"),
    path("contacts/<int:pk>/", record.CustomerContact.as_view(), name="api_contact_detail"),
    path("notes/<int:pk>/", record.NoteDetail.as_view(), name="api_note_detail"),
    path("customer-fields/", settings.FieldList.as_view(), name="api_field_list"),
    path("customer-fields/<int:pk>/", settings.FieldDetail.as_view(), name="api_field_detail"),
    path("tags/", settings.TagList.as_view(), name="api_tag_list"),
    path("tags/<int:pk>/", settings.TagDetail.as_view(), name="api_tag_detail"),
    path("saved-searches/", settings.SearchList.as_view(), name="api_search_list"),
    path("saved-searches/<int:pk>/", settings.SearchDetail.as_view(), name="api_search_detail"),
    path("branches/", branches.BranchList.as_view(), name="api_branch_list"),
    path("branches/<int:pk>/", branches.BranchDetail.as_view(), name="api_branch_detail"),
    path("staff/", branches.StaffList.as_view(), name="api_staff_list"),
    path("visits/", branches.VisitList.as_view(), name="api_visit_list"),
]
