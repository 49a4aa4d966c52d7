"""Customers and visits from files."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from apps.accounts.models import Organization
from apps.customers.actions.identity import resolve
from apps.customers.identity import EMAIL, EXTERNAL, PHONE, Seen
from apps.customers.import_people import IMPORTER, LABEL, PLAIN, Person, keep, write_words
from apps.customers.models import CustomerKind, CustomField, FieldKind, Identifier
from apps.imports import target
from apps.imports.target import Chunk, Field, Finished, Kind, Outcome

# Each row becomes an object here, so fewer of them are in hand at once.
BLOCK_BYTES = 2 * 1024 * 1024


def store_customers(chunk: Chunk) -> Outcome:
    """A chunk of the customers' file."""
    people = []
    for row in chunk.frame.iter_rows(named=True):
        names = [
            Seen(EXTERNAL, row["external_id"] or "", chunk.source),
            Seen(EXTERNAL, row["person_id"] or "", f"{chunk.source}.person"),
            Seen(EMAIL, row["email"] or ""),
            Seen(PHONE, row["mobile"] or ""),
        ]
        values = {key: row[key] for key in PLAIN}
        parts = " ".join(filter(None, (row["first_name"], row["last_name"])))
        values["name"] = values["name"] or parts or None
        custom = {key.removeprefix("custom."): _plain(row[key]) for key in row if key.startswith("custom.")}
        people.append(Person(row["row"], [name for name in names if name.value], values, custom, row["since"]))
    kept = keep(people, organization=chunk.organization, run_id=chunk.run_id, now=chunk.now)
    outcome = Outcome(
        created=len(kept.created),
        updated=len(kept.former),
        withheld=len(kept.withheld),
        rejected=kept.rejected,
        former=kept.former,
    )
    outcome.note_made(LABEL, kept.made)
    known = outcome.created + outcome.updated + outcome.withheld + len(outcome.rejected)
    outcome.unchanged = chunk.frame.height - known
    return outcome


def _plain(value: Any) -> Any:
    """As a JSON column keeps it."""
    if value is None or isinstance(value, bool | int | str):
        return value
    return value.isoformat() if hasattr(value, "isoformat") else float(value)


def own_fields(organization: Organization) -> tuple[Field, ...]:
    """The organisation's own fields of customers."""
    kinds = {FieldKind.NUMBER: Kind.DECIMAL, FieldKind.DATE: Kind.DATE, FieldKind.BOOLEAN: Kind.BOOLEAN}
    fields = []
    for each in CustomField.objects.owned_by(organization).active().order_by("position", "id"):
        kind = kinds.get(FieldKind(each.kind), Kind.CHOICE if each.choices else Kind.TEXT)
        choices = {str(choice): str(choice) for choice in each.choices} if kind == Kind.CHOICE else {}
        fields.append(Field(f"custom.{each.key}", each.label, kind, max_length=500, choices=choices, places=4))
    return tuple(fields)


def part(finished: Finished) -> None:
    """Before an import is taken back: what it said of who is who is no longer said, so what it joined parts again."""
    names = Identifier.objects.owned_by(finished.organization).filter(source=f"import:{finished.run_id}")
    touched = set(names.values_list("customer_id", flat=True))
    names.delete()
    resolve(finished.organization.pk, touched, by=IMPORTER, now=finished.now)


def tidy(finished: Finished) -> None:
    """After it: the words by which the changed customers are found."""
    write_words(finished.changed.get(LABEL, []))


BELONGINGS = (
    "customers.Customer",
    "customers.Identifier",
    "customers.SearchTerm",
    "customers.IdentityChange",
    "customers.DuplicateSuggestion",
    "customers.TimelineEntry",
)

CUSTOMERS = target.Target(
    key="customers",
    label=_("Customers"),
    help=_("People and companies, known again by their number, e-mail address or phone number."),
    order=10,
    fields=(
        Field(
            "external_id",
            _("Customer number"),
            max_length=200,
            synonyms=("id", "customer id", "customerid", "customer number", "kundennummer", "kunden id",
                      "numéro client", "número de cliente", "user id", "account"),
        ),
        Field("person_id", _("Number of the person"), max_length=200, synonyms=("customer unique id",)),
        Field("name", _("Name"), synonyms=("full name", "customer name", "kunde", "nom", "nombre", "cliente", "firma")),
        Field("first_name", _("First name"), synonyms=("vorname", "prénom", "given name", "firstname")),
        Field("last_name", _("Last name"), synonyms=("nachname", "surname", "family name", "lastname", "apellido")),
        Field(
            "email",
            _("E-mail"),
            Kind.EMAIL,
            synonyms=("e mail", "mail", "email address", "e mail adresse", "correo", "courriel"),
        ),
        Field(
            "mobile",
            _("Mobile"),
            Kind.PHONE,
            synonyms=("phone", "telephone", "telefon", "handy", "mobil", "phone number", "mobile number", "téléphone"),
        ),
        Field("kind", _("Kind"), Kind.CHOICE, choices={"company": CustomerKind.COMPANY, "firma": CustomerKind.COMPANY,
              "organisation": CustomerKind.COMPANY, "person": CustomerKind.PERSON, "privat": CustomerKind.PERSON}),
        Field("language", _("Language"), max_length=10, synonyms=("sprache", "locale", "langue", "idioma")),
        Field("time_zone", _("Time zone"), max_length=64, synonyms=("timezone", "zeitzone")),
        Field("since", _("Customer since"), Kind.DATETIME,
              synonyms=("created at", "signup date", "registered", "seit")),
    ),
    natural_key=("external_id", "person_id", "email", "mobile"),
    needs_one_of=("external_id", "person_id", "email", "mobile"),
    store=store_customers,
    block_bytes=BLOCK_BYTES,
    own_fields=own_fields,
    belongings=BELONGINGS,
    before_undo=part,
    after_undo=tidy,
)  # fmt: skip
