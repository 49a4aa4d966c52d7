"""What the customer's page shows above and beside its timeline: head, own fields, contacts, people, notes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Prefetch

from apps.accounts.models import Membership
from apps.accounts.permissions import Can
from apps.core.keyset import Keyset
from apps.core.models import OwnedQuerySet, StoredFile
from apps.customers import normalise
from apps.customers.actions import contacts
from apps.customers.models import (
    Customer,
    CustomerKind,
    CustomerTag,
    CustomField,
    FieldKind,
    Identifier,
    IdentifierKind,
    Note,
    Tag,
)

NOTES = Keyset("-is_pinned", "-created_at", "-id")
MOST_PEOPLE = 20
NOTES_PER_PAGE = 4
MOST_SUGGESTED = 20


@dataclass(frozen=True)
class Head:
    """The strip below the name."""

    customer: Customer
    tags: list[CustomerTag]
    may_edit: bool


@dataclass(frozen=True)
class Value:
    """One of the organisation's own fields with its value, as it is printed."""

    label: str
    kind: str
    value: Any

    @property
    def is_yes_or_no(self) -> bool:
        """Whether a word stands for the value."""
        return self.kind == FieldKind.BOOLEAN


@dataclass(frozen=True)
class Contact:
    """An address or a number, and whether it is the primary one."""

    id: int
    kind: str
    value: str
    is_primary: bool


@dataclass(frozen=True)
class Details:
    """What is known besides the record's own columns. `references`: ids in other systems."""

    values: list[Value]
    further: list[Contact]
    references: list[Identifier]
    people: list[Customer]
    has_more_people: bool


@dataclass(frozen=True)
class ShownNote:
    """A note, whom it told, and what this member may do with it."""

    note: Note
    files: list[StoredFile]
    told: list[Membership]
    may_change: bool


@dataclass(frozen=True)
class Notes:
    """One page of notes; the cursors are empty at either end."""

    shown: list[ShownNote]
    newer: str
    older: str


def head_of(customer: Customer, member: Membership) -> Head:
    """Tags, owner and company."""
    known: dict[int, CustomerTag] = {}
    for each in _carried(customer).select_related("tag").order_by("tag__name_key", "id"):
        known.setdefault(each.tag_id, each)
    return Head(customer, list(known.values()), member.can(Can.EDIT_CUSTOMERS))


def tag_suggestions(customer: Customer, typed: str) -> list[str]:
    """Tags that begin like this and that the customer does not carry."""
    known = Tag.objects.owned_by(customer.organization_id).filter(name_key__startswith=normalise.name_key(typed))
    others = known.exclude(pk__in=_carried(customer).values("tag")).order_by("name_key")
    return list(others.values_list("name", flat=True)[:MOST_SUGGESTED])


def _carried(customer: Customer) -> OwnedQuerySet[CustomerTag]:
    return CustomerTag.objects.filter(customer__in=customer.member_ids)


def values_of(customer: Customer) -> list[Value]:
    """The organisation's own fields that are in use, with what is known."""
    own = CustomField.objects.owned_by(customer.organization_id).active().order_by("position", "id")
    return [Value(field.label, field.kind, customer.custom.get(field.key)) for field in own]


def contacts_of(customer: Customer) -> list[Contact]:
    """Addresses and numbers, the primary ones first."""
    return _contacts(customer, contacts.contacts_of(customer))


def details_of(customer: Customer) -> Details:
    """Own fields, further contacts, ids in other systems, and the people of a company."""
    names = contacts.names_of(customer)
    reached = _contacts(customer, (each for each in names if each.kind != IdentifierKind.EXTERNAL))
    people = _people(customer)
    return Details(
        values=values_of(customer),
        further=[each for each in reached if not each.is_primary],
        references=[each for each in names if each.kind == IdentifierKind.EXTERNAL],
        people=people[:MOST_PEOPLE],
        has_more_people=len(people) > MOST_PEOPLE,
    )


def notes_of(customer: Customer, member: Membership, cursor: str = "") -> Notes:
    """One page of notes, pinned ones first, then the newest. Raises Refused (`bad_cursor`)."""
    standing = Note.objects.standing().filter(customer__in=customer.member_ids)
    told = Prefetch("mentioned", Membership.objects.select_related("user"))
    page = NOTES.page(standing.prefetch_related("files", told), cursor=cursor, size=NOTES_PER_PAGE)
    manages = member.can(Can.MANAGE_FIELDS)
    shown = [
        ShownNote(
            note,
            files=list(note.files.all()),
            told=[each for each in note.mentioned.all() if each.pk != note.by_id],
            may_change=note.by_id == member.pk or manages,
        )
        for note in page.rows
    ]
    return Notes(shown, page.previous_cursor or "", page.next_cursor or "")


def _contacts(customer: Customer, names: Iterable[Identifier]) -> list[Contact]:
    primary = {customer.email, customer.mobile}
    found = [Contact(each.pk, each.kind, each.value, each.value in primary) for each in names]
    return sorted(found, key=lambda each: (each.kind, not each.is_primary))


def _people(customer: Customer) -> list[Customer]:
    """One more than is shown. Only a company has people; of a customer in several records each may be one."""
    records = [customer, *(customer.members.all() if customer.own is not None else ())]
    if all(each.kind != CustomerKind.COMPANY for each in records):
        return []
    people = Customer.objects.owned_by(customer.organization_id).heads().filter(company__in=customer.member_ids)
    return list(people.order_by("name", "id")[: MOST_PEOPLE + 1])
