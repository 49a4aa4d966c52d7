"""What customers itself holds of a customer: the record and everything that hangs on it. It is erased last."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.db import models
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from apps.core import files, personal_data
from apps.core.models import AuditEntry, StoredFile
from apps.core.personal_data import Fate, Holding, Part, Subject
from apps.customers.models import (
    ConsentEntry,
    Customer,
    CustomerTag,
    DuplicateSuggestion,
    Identifier,
    IdentityChange,
    Note,
    PrivacyRequest,
    SavedSearch,
    SearchTerm,
    TimelineEntry,
    Visit,
)

REFERENCE = "customers.customer:"
STAFF = frozenset({"owner", "by", "created_by", "staff_member"})


def _of_customer(model: type[models.Model]) -> Any:
    """The rows of a model that name the customer."""

    def rows(subject: Subject) -> QuerySet[Any]:
        return model._default_manager.filter(
            organization_id=subject.organization_id, customer_id__in=subject.customer_ids
        )

    return rows


def records_of(subject: Subject) -> QuerySet[Customer]:
    """The records themselves."""
    return Customer.objects.filter(organization_id=subject.organization_id, pk__in=subject.customer_ids)


def _pairs_of(model: type[models.Model]) -> Any:
    """The rows of a model that name two records, one of them the customer's."""

    def rows(subject: Subject) -> QuerySet[Any]:
        either = Q(customer_id__in=subject.customer_ids) | Q(other_id__in=subject.customer_ids)
        return model._default_manager.filter(either, organization_id=subject.organization_id)

    return rows


def _requests_of(subject: Subject) -> QuerySet[PrivacyRequest]:
    wordy = ~Q(note="") | ~Q(details={})
    return PrivacyRequest.objects.owned_by(subject.organization_id).filter(wordy, customer__in=subject.customer_ids)


def _files_of(subject: Subject) -> QuerySet[StoredFile]:
    """Files filed under the customer, and attachments of their notes; among them earlier exports."""
    attached = Note.files.through.objects.filter(note__customer__in=subject.customer_ids).values("storedfile")
    filed = Q(reference__in=subject.references) | Q(pk__in=attached)
    return StoredFile.objects.owned_by(subject.organization_id).filter(filed)


def _remove_files(stored: QuerySet[Any], _subject: Subject, _now: datetime) -> int:
    number = 0
    for file in stored:
        files.remove(file)
        number += 1
    return number


def _content(stored: StoredFile, _subject: Subject) -> Iterator[tuple[str, bytes]]:
    if PrivacyRequest.objects.filter(export=stored).exists():
        # An earlier copy: all of it is in this one.
        return
    with stored.content.open("rb") as content:
        yield stored.name, content.read()


def _audit_of(subject: Subject) -> QuerySet[AuditEntry]:
    ids = [str(pk) for pk in subject.customer_ids]
    lines = AuditEntry.objects.owned_by(subject.organization_id)
    return lines.filter(object_type=Customer._meta.label_lower, object_id__in=ids)


def _references(subject: Subject) -> Iterator[str]:
    return (f"{REFERENCE}{pk}" for pk in subject.customer_ids)


def _searches_of(subject: Subject) -> QuerySet[SavedSearch]:
    """Kept searches for this very person, by address, number or full name; they find nobody any more."""
    # One word is anybody's name.
    words = {name.casefold() for name in subject.names if " " in name}
    words |= subject.emails | subject.phones
    searches = SavedSearch.objects.owned_by(subject.organization_id)
    kept = searches.values_list("pk", "name", "rule")
    said = {pk: f"{name} {json.dumps(rule, ensure_ascii=False)}".casefold() for pk, name, rule in kept}
    return searches.filter(pk__in=[pk for pk, text in said.items() if any(word in text for word in words)])


FILES = Part(
    key="files",
    label=_("Files"),
    order=80,
    holdings=(
        Holding(
            model=StoredFile,
            rows=_files_of,
            hidden=frozenset({"content", "thumbnail", "finding", "scan_attempts", "uploaded_by", "permission"}),
            erase=_remove_files,
            content=_content,
        ),
    ),
)

PART = Part(
    key="customers",
    label=_("Record"),
    order=100,
    references=_references,
    holdings=(
        Holding(model=SearchTerm, rows=_of_customer(SearchTerm), is_exported=False),
        Holding(model=TimelineEntry, rows=_of_customer(TimelineEntry), hidden=frozenset({"source_event", "data"})),
        Holding(model=Note, rows=_of_customer(Note), hidden=STAFF),
        Holding(model=CustomerTag, rows=_of_customer(CustomerTag)),
        Holding(model=Visit, rows=_of_customer(Visit), hidden=STAFF | {"form_key"}, is_portable=True),
        Holding(model=ConsentEntry, rows=_of_customer(ConsentEntry), is_portable=True),
        Holding(model=Identifier, rows=_of_customer(Identifier), hidden=frozenset({"evidence"}), is_portable=True),
        Holding(model=IdentityChange, rows=_pairs_of(IdentityChange), hidden=frozenset({"other", "evidence"})),
        Holding(model=DuplicateSuggestion, rows=_pairs_of(DuplicateSuggestion), is_exported=False),
        Holding(model=SavedSearch, rows=_searches_of, is_exported=False),
        Holding(
            model=PrivacyRequest,
            rows=_requests_of,
            fate=Fate.ANONYMISED,
            reason=_("That a request was made and answered in time has to be shown (GDPR article 5 (2))."),
            blank={"note": "", "details": {}},
            hidden=frozenset(
                {"export", "steps", "details", "record_ids", "certificate", "attempts", "next_attempt_at", "last_error"}
            ),
        ),
        Holding(
            model=AuditEntry,
            rows=_audit_of,
            fate=Fate.KEPT,
            reason=_(
                "Who did what and when has to be shown (GDPR article 5 (2)). Names, addresses and values are emptied."
            ),
            is_exported=False,
        ),
        Holding(
            model=Customer,
            rows=records_of,
            hidden=STAFF | {"own", "version", "merged_into"},
            is_portable=True,
        ),
    ),
)

personal_data.register(FILES)
personal_data.register(PART)
