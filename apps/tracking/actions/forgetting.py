"""Erased customers do not come back by an event: what is sent about them afterwards is taken away again."""

from __future__ import annotations

from django.db.models.fields.json import KT

from apps.customers.actions import privacy
from apps.customers.identity import Seen, key_of
from apps.customers.models import ErasedIdentity, IdentifierKind
from apps.customers.subject import Identity
from apps.tracking.models.event import USER, EventQuerySet

# Where the specification has the traits of the person: `identify` at the top, every other call in its context.
ADDRESSES = ("body__traits__email", "body__context__traits__email")


def forget_erased(organization_id: int, events: EventQuerySet) -> int:
    """Delete those of these events that are about erased customers; returns how many there were.

    Everything of an erased user id goes. A device may be anybody's: of its events only those with an erased address.
    """
    if not ErasedIdentity.objects.owned_by(organization_id).exists():
        return 0
    events = events.order_by()
    users = events.filter(person__startswith=USER).values_list("person", flat=True).distinct()
    known = {person: found for person in users if (found := _identity(IdentifierKind.USER_ID, person[len(USER) :]))}
    named: list[tuple[int, str, Identity]] = []
    for place in ADDRESSES:
        for pk, person, address in (
            events.annotate(address=KT(place)).filter(address__isnull=False).values_list("pk", "person", "address")
        ):
            if found := _identity(IdentifierKind.EMAIL, address):
                named.append((pk, person, found))
    erased = privacy.is_erased(organization_id, [*known.values(), *(found for _pk, _person, found in named)])
    if not erased:
        return 0
    persons = {person for person, found in known.items() if found in erased}
    persons |= {person for _pk, person, found in named if found in erased and person.startswith(USER)}
    ids = [pk for pk, _person, found in named if found in erased]
    return events.of_persons(sorted(persons)).delete()[0] + events.filter(pk__in=ids).delete()[0]


def _identity(kind: IdentifierKind, value: str) -> Identity | None:
    key = key_of(Seen(kind.value, value))
    return (key.kind, key.value, key.system) if key else None
