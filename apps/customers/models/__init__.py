"""The one customer record: who they are, where they were, what they agreed to, what happened."""

from apps.customers.models.branch import Branch, StaffMember
from apps.customers.models.consent import Channel, ConsentAction, ConsentEntry, ConsentMethod, Notice, Purpose
from apps.customers.models.customer import Customer, CustomerKind, PreferredChannel
from apps.customers.models.extra import CustomerTag, CustomField, FieldKind, Note, Tag
from apps.customers.models.identifier import (
    DuplicateSuggestion,
    DuplicateSweep,
    Identifier,
    IdentifierKind,
    IdentityAction,
    IdentityChange,
    SuggestionReason,
    SuggestionState,
)
from apps.customers.models.privacy import ErasedIdentity, PrivacyKind, PrivacyRequest, PrivacySettings, PrivacyState
from apps.customers.models.saved_search import SavedSearch, SearchSubscription
from apps.customers.models.search_term import SearchTerm
from apps.customers.models.timeline import Domain, TimelineEntry
from apps.customers.models.visit import Visit, VisitSource

__all__ = [
    "Branch",
    "Channel",
    "ConsentAction",
    "ConsentEntry",
    "ConsentMethod",
    "CustomField",
    "Customer",
    "CustomerKind",
    "CustomerTag",
    "Domain",
    "DuplicateSuggestion",
    "DuplicateSweep",
    "ErasedIdentity",
    "FieldKind",
    "Identifier",
    "IdentifierKind",
    "IdentityAction",
    "IdentityChange",
    "Note",
    "Notice",
    "PreferredChannel",
    "PrivacyKind",
    "PrivacyRequest",
    "PrivacySettings",
    "PrivacyState",
    "Purpose",
    "SavedSearch",
    "SearchSubscription",
    "SearchTerm",
    "StaffMember",
    "SuggestionReason",
    "SuggestionState",
    "Tag",
    "TimelineEntry",
    "Visit",
    "VisitSource",
]
