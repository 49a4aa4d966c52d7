"""Who the customer is, in the words in which every app is asked for their data."""

from __future__ import annotations

from collections.abc import Iterable

from apps.core import personal_data
from apps.core.personal_data import Subject
from apps.customers.models import Customer, Identifier, IdentifierKind
from apps.customers.models.identifier import IdentifierQuerySet

# Kind, normalised value, system: the same three words as in `Identifier`.
Identity = tuple[str, str, str]
# Kinds of identifiers that another system gave.
NUMBERS = (IdentifierKind.EXTERNAL, IdentifierKind.USER_ID)
# What a correction is compared by.
RECTIFIABLE = ("name", "email", "mobile", "language", "time_zone", "preferred_channel")


def subject_of(organization_id: int, record_ids: Iterable[int], *, references: Iterable[str] = ()) -> Subject:
    """The subject of these records; `references` that were known before its rows went are added."""
    ids = tuple(sorted(set(record_ids)))
    emails, phones, names, numbers = set[str](), set[str](), set[str](), set[str]()
    # Not `owned_by`: who is being erased is asked for until the end.
    for record in Customer.objects.filter(organization_id=organization_id, pk__in=ids):
        own = record.own or {}
        emails |= {record.email, str(own.get("email") or "")}
        phones |= {record.mobile, str(own.get("mobile") or "")}
        names |= {record.name, str(own.get("name") or "")}
    # A value that was taken back is somebody else's: it is no reason to erase their mails.
    for kind, value in _identifiers(organization_id, ids).live().values_list("kind", "value"):
        {IdentifierKind.EMAIL: emails, IdentifierKind.PHONE: phones, **dict.fromkeys(NUMBERS, numbers)}.get(
            IdentifierKind(kind), set()
        ).add(value)
    bare = Subject(
        organization_id=organization_id,
        customer_ids=ids,
        emails=frozenset(emails - {""}),
        phones=frozenset(phones - {""}),
        names=frozenset(names - {""}),
        numbers=frozenset(numbers - {""}),
    )
    filed = personal_data.references_of(bare) | set(references)
    return Subject(**{**vars(bare), "references": frozenset(filed)})


def identities_of(subject: Subject) -> set[Identity]:
    """Every identifier under which the customer could come back."""
    known = _identifiers(subject.organization_id, subject.customer_ids).live()
    found: set[Identity] = set(known.values_list("kind", "value", "system"))
    found |= {(IdentifierKind.EMAIL.value, email, "") for email in subject.emails}
    found |= {(IdentifierKind.PHONE.value, phone, "") for phone in subject.phones}
    return found


def _identifiers(organization_id: int, ids: Iterable[int]) -> IdentifierQuerySet:
    return Identifier.objects.owned_by(organization_id).filter(customer__in=list(ids))


def values_of(customer: Customer) -> dict[str, str]:
    """What a correction can change, as it stands."""
    return {name: str(getattr(customer, name)) for name in RECTIFIABLE}
