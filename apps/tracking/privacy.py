"""What tracking holds of a customer: what they did on websites and in products."""

from __future__ import annotations

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from apps.core import personal_data
from apps.core.personal_data import Holding, Part, Subject
from apps.customers.models import Identifier
from apps.tracking.models import ChangedDay, Event, QuarantinedEvent, Todo
from apps.tracking.queries import MARKS


def persons_of(subject: Subject) -> dict[str, str]:
    """The names of senders (`Event.person`) that are this customer's alone → the sender's id.

    A device that serves others too, the tablet in the shop, is nobody's: its events stay.
    """
    live = Identifier.objects.owned_by(subject.organization_id).live().filter(kind__in=MARKS)
    own = set(live.filter(customer__in=subject.customer_ids).values_list("kind", "value"))
    values = {value for _kind, value in own}
    others = live.exclude(customer__in=subject.customer_ids).filter(value__in=values)
    return {MARKS[kind] + value: value for kind, value in own - set(others.values_list("kind", "value"))}


def events_of(subject: Subject) -> QuerySet[Event]:
    """Everything that was sent under one of their names."""
    return Event.objects.owned_by(subject.organization_id).of_persons(sorted(persons_of(subject)))


def _quarantined_of(subject: Subject) -> QuerySet[QuarantinedEvent]:
    ids = sorted(set(persons_of(subject).values()))
    named = Q(body__userId__in=ids) | Q(body__anonymousId__in=ids) if ids else Q(pk=None)
    if subject.emails:
        named |= Q(body__traits__email__in=sorted(subject.emails))
    return QuarantinedEvent.objects.owned_by(subject.organization_id).filter(named)


def _todos_of(subject: Subject) -> QuerySet[Todo]:
    ids = sorted(set(persons_of(subject).values()))
    named = Q(data__user_id__in=ids) | Q(data__anonymous_id__in=ids) if ids else Q(pk=None)
    if subject.emails:
        named |= Q(data__email__in=sorted(subject.emails))
    return Todo.objects.owned_by(subject.organization_id).filter(named)


def _days_of(subject: Subject) -> QuerySet[ChangedDay]:
    either = Q(customer__in=subject.customer_ids) | Q(person__in=sorted(persons_of(subject)))
    return ChangedDay.objects.owned_by(subject.organization_id).filter(either)


PART = Part(
    key="tracking",
    label=_("Websites and products"),
    order=30,
    holdings=(
        Holding(model=Todo, rows=_todos_of, is_exported=False),
        Holding(model=ChangedDay, rows=_days_of, is_exported=False),
        Holding(model=QuarantinedEvent, rows=_quarantined_of, hidden=frozenset({"fingerprint", "decided_by_label"})),
        Holding(model=Event, rows=events_of, hidden=frozenset({"violations", "is_late"}), is_portable=True),
    ),
)

personal_data.register(PART)
