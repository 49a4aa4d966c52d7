"""The fields that customers itself knows: the record, its names, tags, consent, visits, and the organisation's own."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.db.models import Count, Exists, IntegerField, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from django.db.models.lookups import Exact, GreaterThanOrEqual, LessThanOrEqual
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import Membership, Organization
from apps.customers import normalise, search
from apps.customers.models import (
    Branch,
    Channel,
    ConsentAction,
    ConsentEntry,
    Customer,
    CustomerKind,
    CustomerTag,
    CustomField,
    FieldKind,
    Identifier,
    IdentifierKind,
    PreferredChannel,
    Purpose,
    SearchTerm,
    Tag,
    Visit,
)
from apps.customers.rules.fields import Compare, Field, Kind, register, register_source

MOST_LOOKED_UP = 2000


def _heads_of(rows: QuerySet[Any]) -> Q:
    """The customers to whom these rows belong: the record itself, or the head into which it was merged."""
    own = rows.values_list("customer")
    lent = rows.filter(customer__merged_into__isnull=False).values_list("customer__merged_into")
    if own[: MOST_LOOKED_UP + 1].count() > MOST_LOOKED_UP:
        # So many are met soon where the list is read from its top; to look each of them up would take longer.
        return Q(pk__in=own) | Q(pk__in=lent)
    return Q(pk__in=own.union(lent, all=True))


def _with(rows: QuerySet[Any], compare: Compare) -> Q:
    """Those who have such a row; for a negative operator those who have none."""
    return ~_heads_of(rows) if compare.is_negative else _heads_of(rows)


def _found(compare: Compare, text: str) -> Q:
    """A wider condition that an index serves: a word of the text stands in a search term of the customer.

    Only for rare words: those of a common one are found soonest by reading the list itself, the newest first.
    """
    words = [word for word in normalise.value_terms(text)[1:] or normalise.value_terms(text) if len(word) > 2]
    if not words or compare.operator not in ("is", "contains", "begins"):
        return Q()
    word = max(words, key=len)
    if not search.is_rare(word):
        return Q()
    terms = SearchTerm.objects.owned_by(compare.organization)
    return Q(pk__in=terms.filter(term__contains=word).values("customer"))


def _name(compare: Compare) -> Q:
    return compare("name", empty="") & _found(compare, str(compare.value or ""))


def _email(compare: Compare) -> Q:
    if compare.operator in ("empty", "filled"):
        return compare("email", empty="")
    return _identified(compare, "email", IdentifierKind.EMAIL, str(compare.value).lower())


def _phone(compare: Compare) -> Q:
    if compare.operator in ("empty", "filled"):
        return compare("mobile", empty="")
    digits = "".join(sign for sign in str(compare.value) if sign.isdigit() or sign == "+")
    return _identified(compare, "mobile", IdentifierKind.PHONE, digits or str(compare.value))


def _identified(compare: Compare, column: str, kind: str, value: str) -> Q:
    """The record's own column, or one of the further addresses or numbers."""
    lookup = {"contains": "contains", "begins": "startswith"}.get(compare.operator, "exact")
    known = Identifier.objects.owned_by(compare.organization).live().filter(kind=kind)
    own = Customer.objects.owned_by(compare.organization).filter(**{f"{column}__{lookup}": value})
    lent = known.filter(**{f"value__{lookup}": value}).values_list(Coalesce("customer__merged_into", "customer"))
    if lookup == "exact":
        # Each half has its index.
        fits = Q(pk__in=own.values_list("pk").union(lent, all=True))
        return ~fits if compare.is_negative else fits
    further = known.filter(customer=OuterRef("pk"), **{f"value__{lookup}": value})
    return (Q(**{f"{column}__{lookup}": value}) | Q(Exists(further))) & _found(compare, value)


def _tags(compare: Compare) -> Q:
    tagged = CustomerTag.objects.owned_by(compare.organization)
    if compare.operator in ("has", "has_not"):
        tags = Tag.objects.owned_by(compare.organization).filter(name_key=normalise.name_key(compare.value))
        tagged = tagged.filter(tag__in=tags)
    return _with(tagged, compare)


def _system(compare: Compare) -> Q:
    known = Identifier.objects.owned_by(compare.organization).live().filter(kind=IdentifierKind.EXTERNAL)
    if compare.operator in ("has", "has_not"):
        known = known.filter(system=compare.value.lower())
    return _with(known, compare)


def _external_id(compare: Compare) -> Q:
    known = Identifier.objects.owned_by(compare.organization).live().filter(kind=IdentifierKind.EXTERNAL)
    return _heads_of(known.filter(value=compare.value))


def _visits(compare: Compare) -> Q:
    def number(column: str) -> Coalesce:
        visits = Visit.objects.filter(**{column: OuterRef("pk")}).order_by().values(column)
        return Coalesce(Subquery(visits.annotate(n=Count("pk")).values("n"), output_field=IntegerField()), 0)

    lookup = {"is": Exact, "at_least": GreaterThanOrEqual, "at_most": LessThanOrEqual}[compare.operator]
    return Q(lookup(number("customer") + number("customer__merged_into"), compare.value))


def _consent(purpose: str, channel: str) -> Field:
    def build(compare: Compare) -> Q:
        last = ConsentEntry.objects.filter(customer=OuterRef("pk"), purpose=purpose, channel=channel)
        # Nothing said means no.
        word = Coalesce(Subquery(last.newest_first().values("action")[:1]), Value(""))
        said_yes = Q(Exact(word, Value(ConsentAction.GIVEN)))
        return said_yes if compare.value else ~said_yes

    label = format_lazy("{}: {}, {}", _("Consent"), Purpose(purpose).label, Channel(channel).label)
    return Field(f"consent:{purpose}:{channel}", label, Kind.BOOLEAN, build, group=_("Consent"))


def _people(organization: Organization) -> Iterable[tuple[str, str]]:
    members = Membership.objects.filter(organization=organization).select_related("user").order_by("user__name")
    return [(str(member.pk), str(member.user)) for member in members]


def _branches(organization: Organization) -> Iterable[tuple[str, str]]:
    branches = Branch.objects.owned_by(organization).order_by("name")
    return [(str(pk), name) for pk, name in branches.values_list("pk", "name")]


def _systems(organization: Organization) -> Iterable[tuple[str, str]]:
    known = Identifier.objects.owned_by(organization).filter(kind=IdentifierKind.EXTERNAL)
    return [(system, system) for system in known.order_by("system").values_list("system", flat=True).distinct()]


KINDS = {
    FieldKind.TEXT: Kind.TEXT,
    FieldKind.NUMBER: Kind.NUMBER,
    FieldKind.DATE: Kind.DATE,
    FieldKind.BOOLEAN: Kind.BOOLEAN,
    FieldKind.CHOICE: Kind.CHOICE,
}


def own_fields(organization: Organization) -> list[Field]:
    """The organisation's own fields as `custom:key`."""
    return [
        _own_field(field) for field in CustomField.objects.owned_by(organization).active().order_by("position", "id")
    ]


def _own_field(field: CustomField) -> Field:
    column = f"custom__{field.key}"

    def build(compare: Compare) -> Q:
        if compare.operator in ("empty", "filled"):
            known = Q(custom__has_key=field.key)
            return ~known if compare.operator == "empty" else known
        if field.kind == FieldKind.DATE:
            return _own_day(field.key, compare)
        if field.kind == FieldKind.NUMBER:
            lookup = {"is": "", "at_least": "__gte", "at_most": "__lte"}[compare.operator]
            return Q(**{f"{column}{lookup}": compare.value})
        if field.kind in (FieldKind.BOOLEAN, FieldKind.CHOICE):
            fits = Q(**{column: compare.value})
            if field.kind == FieldKind.BOOLEAN and compare.value is False:
                # Nobody ticked it.
                return fits | ~Q(custom__has_key=field.key)
        else:
            lookup = {"contains": "icontains", "begins": "istartswith"}.get(compare.operator, "iexact")
            fits = Q(**{f"{column}__{lookup}": compare.value})
        return ~fits | ~Q(custom__has_key=field.key) if compare.is_negative else fits

    choices = (
        (lambda _organization: [(each, each) for each in field.choices]) if field.kind == FieldKind.CHOICE else None
    )
    return Field(
        f"custom:{field.key}", field.label, KINDS[FieldKind(field.kind)], build, group=_("Own fields"), choices=choices
    )


def _own_day(key: str, compare: Compare) -> Q:
    """Days are stored as `2026-03-29`, so their order is that of the text."""
    first, last = compare.days()
    column = f"custom__{key}"
    if compare.operator == "before":
        return Q(**{f"{column}__lt": first.isoformat()})
    if compare.operator == "after":
        return Q(**{f"{column}__gt": last.isoformat()})
    inside = Q(**{f"{column}__gte": first.isoformat(), f"{column}__lte": last.isoformat()})
    return ~inside | ~Q(custom__has_key=key) if compare.operator == "not_within" else inside


def _languages(_organization: Organization) -> Iterable[tuple[str, str]]:
    return [(code, str(label)) for code, label in settings.LANGUAGES]


def register_all() -> None:
    """Everything that customers itself can be asked for."""
    record = [
        Field("name", _("Name"), Kind.TEXT, _name),
        Field("email", _("E-mail"), Kind.TEXT, _email),
        Field("phone", _("Phone"), Kind.TEXT, _phone, help_text=_("With + and the country.")),
        Field(
            "kind",
            _("Kind"),
            Kind.CHOICE,
            lambda compare: compare("kind"),
            choices=lambda _o: CustomerKind.choices,
            without=("filled", "empty"),
        ),
        Field(
            "language", _("Language"), Kind.CHOICE, lambda compare: compare("language", empty=""), choices=_languages
        ),
        Field(
            "preferred_channel",
            _("Preferred channel"),
            Kind.CHOICE,
            lambda compare: compare("preferred_channel", empty=""),
            choices=lambda _o: [each for each in PreferredChannel.choices if each[0]],
        ),
        Field("owner", _("Looked after by"), Kind.CHOICE, lambda compare: compare("owner_id"), choices=_people),
        Field("company", _("Company"), Kind.TEXT, lambda compare: compare("company__name")),
        Field("tags", _("Tag"), Kind.SET, _tags),
        Field(
            "created",
            _("Customer since"),
            Kind.DATE,
            lambda compare: compare("created_at"),
            without=("filled", "empty"),
        ),
        Field("restricted", _("Restricted"), Kind.BOOLEAN, lambda compare: compare("is_restricted")),
        Field("last_visit", _("Last visit"), Kind.DATE, lambda compare: compare("last_visited_at"), group=_("Visits")),
        Field(
            "branch",
            _("Last branch"),
            Kind.CHOICE,
            lambda compare: compare("last_branch_id"),
            choices=_branches,
            group=_("Visits"),
        ),
        Field("visits", _("Number of visits"), Kind.NUMBER, _visits, group=_("Visits"), without=("filled", "empty")),
        Field("system", _("Known in system"), Kind.SET, _system, choices=_systems, group=_("Other systems")),
        Field(
            "external_id",
            _("Id in another system"),
            Kind.TEXT,
            _external_id,
            group=_("Other systems"),
            without=("is_not", "contains", "begins", "filled", "empty"),
        ),
    ]
    register(*record, *(_consent(purpose, channel) for purpose in Purpose.values for channel in Channel.values))
    register_source(own_fields)
