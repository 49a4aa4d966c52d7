"""What the customer's page shows above and beside its timeline: head, own fields, contacts, people, notes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from apps.accounts.models import Membership
from apps.accounts.permissions import Can
from apps.customers.actions import contacts
from apps.customers.models import Customer, CustomerKind, CustomerTag, CustomField, FieldKind, Note, Tag
from apps.customers.panels import Panel

MOST_PEOPLE = 20
MOST_NOTES = 20
MOST_SUGGESTED = 50


@dataclass(frozen=True)
class Head:
    """The strip below the name."""

    customer: Customer
    tags: list[CustomerTag]
    suggested: list[str]
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
class ShownNote:
    """A note and what this member may do with it."""

    note: Note
    files: list[Any]
    may_change: bool


def head_of(customer: Customer, member: Membership) -> Head:
    """Tags, owner and company."""
    carried = CustomerTag.objects.filter(customer__in=customer.member_ids).select_related("tag")
    may_edit = member.can(Can.EDIT_CUSTOMERS)
    known: dict[int, CustomerTag] = {}
    for each in carried.order_by("tag__name_key", "id"):
        known.setdefault(each.tag_id, each)
    suggested = []
    if may_edit:
        others = Tag.objects.owned_by(customer.organization_id).exclude(pk__in=known).order_by("name_key")
        suggested = list(others.values_list("name", flat=True)[:MOST_SUGGESTED])
    return Head(customer, list(known.values()), suggested, may_edit)


def values_of(customer: Customer) -> list[Value]:
    """The organisation's own fields that are in use, with what is known."""
    own = CustomField.objects.owned_by(customer.organization_id).active().order_by("position", "id")
    return [Value(field.label, field.kind, customer.custom.get(field.key)) for field in own]


def contacts_of(customer: Customer) -> list[Contact]:
    """Addresses and numbers, the primary ones first."""
    primary = {customer.email, customer.mobile}
    found = [Contact(each.pk, each.kind, each.value, each.value in primary) for each in contacts.contacts_of(customer)]
    return sorted(found, key=lambda each: (each.kind, not each.is_primary))


def notes_of(customer: Customer, member: Membership) -> list[ShownNote]:
    """The newest notes, pinned ones first."""
    found = Note.objects.standing().filter(customer__in=customer.member_ids).prefetch_related("files")
    manages = member.can(Can.MANAGE_FIELDS)
    return [
        ShownNote(note, list(note.files.all()), note.by_id == member.pk or manages)
        for note in found.order_by("-is_pinned", "-created_at", "-id")[:MOST_NOTES]
    ]


def details_panel(customer: Customer, member: Membership) -> Panel | None:
    """Own fields, further contacts, and the people of a company."""
    people = list(customer.people.heads().order_by("name", "id")[: MOST_PEOPLE + 1])
    values = values_of(customer)
    further = [each for each in contacts_of(customer) if not each.is_primary]
    may_edit = member.can(Can.EDIT_CUSTOMERS)
    if not (people or values or further or may_edit):
        return None
    context = {
        "customer": customer,
        "values": values,
        "further": further,
        "people": people[:MOST_PEOPLE],
        "has_more_people": len(people) > MOST_PEOPLE,
        "is_company": customer.kind == CustomerKind.COMPANY,
        "may_edit": may_edit,
    }
    return Panel("customers/_details_panel.html", context)
