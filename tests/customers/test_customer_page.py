"""The page of one customer: what each of its parts shows, and what it costs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from urllib.parse import quote

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.accounts.models import Membership, Organization
from apps.accounts.permissions import Role
from apps.customers import actions
from apps.customers.actions import CustomerDetails, notes, record, tags
from apps.customers.models import Customer, CustomerKind, CustomerTag, Note
from tests.conftest import make_member
from tests.customers.conftest import page

# The whole page, without the panels that follow it.
MOST_STATEMENTS = 12
PDF = b"%PDF-1.4\n%%EOF\n"


def part(client: Client, address: str, name: str, status: int = 200) -> str:
    """One part of the page, as htmx asks for it."""
    return page(client, address, status, **{"HX-Request": "true", "HX-Target": name})


def statements(client: Client, address: str, **headers: str) -> int:
    client.get(address, headers=headers)
    with CaptureQueriesContext(connection) as asked:
        assert client.get(address, headers=headers).status_code == 200
    return len(asked)


@pytest.fixture
def whole(customer: Customer, organization: Organization, manager: Membership, now: datetime) -> Customer:
    """A customer of two records with tags, notes, a file and another address."""
    work = CustomerDetails("Ada at work", "ada@work.example")
    other = actions.create_customer(work, organization=organization, by=manager, now=now)
    for word in ("VIP", "Contact lenses"):
        tags.add_tag(customer, word, by=manager, now=now)
    notes.write_note(other, "Calls after five", by=manager, now=now, uploads=[SimpleUploadedFile("o.pdf", PDF)])
    return actions.merge(customer, other, by=manager, now=now)


def test_the_page_stands_in_a_dozen_statements(office: Client, customer: Customer, whole: Customer) -> None:
    address = f"/customers/{whole.pk}/"
    assert statements(office, address) <= MOST_STATEMENTS
    text = page(office, address)
    for words in ("VIP", "Contact lenses", "Calls after five", "o.pdf", "ada@work.example", "Visit"):
        assert words in text
    assert 'hx-get="?panels=all"' in text
    assert "Records and evidence" not in text, "panels come after the page"
    fragment = {"HX-Request": "true", "HX-Target": "timeline"}
    assert statements(office, address, **fragment) <= 5


def test_panels_follow_or_come_with_the_page(office: Client, whole: Customer) -> None:
    address = f"/customers/{whole.pk}/"
    alone = part(office, f"{address}?panels=all", "panels")
    assert alone.lstrip().startswith('<div id="panels"')
    assert "2 records are this customer" in alone
    assert "hx-trigger" not in alone.split(">", 1)[0], "it does not ask again"
    both = page(office, f"{address}?panels=all")
    assert "2 records are this customer" in both
    assert "<h1" in both


def test_a_part_holds_nothing_of_the_others(office: Client, whole: Customer) -> None:
    address = f"/customers/{whole.pk}/"
    timeline = part(office, address, "timeline")
    assert timeline.lstrip().startswith('<section id="timeline"')
    assert "Calls after five" not in timeline
    written = part(office, address, "notes")
    assert written.lstrip().startswith('<section id="notes"')
    assert "Calls after five" in written
    for name in ("timeline", "notes"):
        wrong = office.get(f"{address}?cursor=x&notes=x", headers={"HX-Request": "true", "HX-Target": name})
        assert wrong["Location"] == address


@pytest.mark.parametrize("typed", ["con", "CON", "Ｃon"])
def test_suggested_are_tags_that_begin_like_this_and_are_not_carried(
    office: Client, customer: Customer, manager: Membership, now: datetime, organization: Organization, typed: str
) -> None:
    for word in ("Contact lenses", "Connoisseur", "VIP", "Second contact"):
        tags.find_or_create_tag(organization, word, by=manager)
    tags.add_tag(customer, "Connoisseur", by=manager, now=now)
    found = part(office, f"/customers/{customer.pk}/?tag={typed}", "suggestions")
    assert found.count("<option") == 1
    assert 'value="Contact lenses"' in found


def test_notes_have_pages_and_pinned_ones_are_on_the_first(
    office: Client, customer: Customer, manager: Membership, now: datetime
) -> None:
    for number in range(12):
        notes.write_note(customer, f"Note {number:02d}", by=manager, now=now + timedelta(minutes=number))
    notes.pin_note(Note.objects.get(text="Note 00"), is_pinned=True, by=manager)
    address = f"/customers/{customer.pk}/"
    seen = []
    for _page in range(3):
        text = part(office, address, "notes")
        seen.append([f"Note {number:02d}" for number in range(12) if f"Note {number:02d}" in text])
        older = text.split('rel="next" href="')[1].split('"')[0] if 'rel="next"' in text else ""
        address = older.replace("&amp;", "&")
    assert [len(each) for each in seen] == [4, 4, 4]
    assert "Note 00" in seen[0]
    assert sorted(note for each in seen for note in each) == [f"Note {number:02d}" for number in range(12)]
    assert not address


def test_a_note_that_was_refused_is_not_lost(office: Client, customer: Customer) -> None:
    said = {"text": "A long story", "files": SimpleUploadedFile("x.exe", b"MZ\x90\x00")}
    plain = office.post(f"/customers/{customer.pk}/notes/", said)
    assert plain.status_code == 422
    assert "A long story" in plain.content.decode()
    said["files"] = SimpleUploadedFile("x.exe", b"MZ\x90\x00")
    fragment = office.post(f"/customers/{customer.pk}/notes/", said, headers={"HX-Request": "true"})
    assert fragment.status_code == 422
    text = fragment.content.decode()
    assert text.lstrip().startswith('<section id="notes"')
    assert "A long story</textarea>" in text
    assert 'role="alert"' in text
    assert not Note.objects.exists()


def test_a_note_answers_with_the_notes_and_says_who_was_told(
    office: Client, customer: Customer, organization: Organization
) -> None:
    colleague = make_member(organization, Role.AGENT, "grace@harbour.example")
    colleague.user.name = "Grace Hopper"
    colleague.user.save()
    answer = office.post(
        f"/customers/{customer.pk}/notes/", {"text": "@grace please call"}, headers={"HX-Request": "true"}
    )
    assert answer.status_code == 200
    text = answer.content.decode()
    assert "Told by mail: Grace Hopper" in text
    assert "</textarea>" in text
    assert "please call</textarea>" not in text


def test_a_company_shows_the_people_of_all_its_records(
    office: Client, organization: Organization, manager: Membership, now: datetime
) -> None:
    def make(name: str, kind: str = CustomerKind.PERSON, company: Customer | None = None) -> Customer:
        made = actions.create_customer(
            CustomerDetails(name, f"{name}@x.example"), organization=organization, by=manager, now=now
        )
        return record.set_company(made, kind=kind, company=company, by=manager, now=now)

    first, second = make("acme", CustomerKind.COMPANY), make("acme-gmbh", CustomerKind.COMPANY)
    make("ada", company=first)
    make("ben", company=second)
    gone = make("chloe", company=second)
    Customer.objects.filter(pk=gone.pk).update(is_being_erased=True)
    head = actions.merge(first, second, by=manager, now=now)
    text = page(office, f"/customers/{head.pk}/")
    assert "ada" in text
    assert "ben" in text
    assert "chloe" not in text, "who is being erased is seen by nobody"


def test_a_tag_of_any_record_is_not_put_on_twice(
    customer: Customer, whole: Customer, manager: Membership, now: datetime
) -> None:
    member = Customer.objects.get(merged_into=whole)
    tags.add_tag(member, "Late payer", by=manager, now=now)
    tags.add_tag(whole, "late PAYER", by=manager, now=now)
    assert CustomerTag.objects.filter(tag__name="Late payer").count() == 1


@pytest.mark.parametrize("name", ["A/B test", "Ｗide", "50 % off", "..", "Ünïcode 😀"])
def test_any_tag_can_be_taken_off_by_api(
    client_of: Callable[[Membership], Client], customer: Customer, manager: Membership, now: datetime, name: str
) -> None:
    tags.add_tag(customer, name, by=manager, now=now)
    answer = client_of(manager).delete(f"/api/v1/customers/{customer.pk}/tags/{quote(name)}/")
    assert answer.status_code == 204
    assert not CustomerTag.objects.exists()


def test_somebody_known_by_nothing_has_a_number_for_a_name(
    office: Client, organization: Organization, now: datetime
) -> None:
    nobody = Customer.objects.create(organization=organization, created_at=now, updated_at=now)
    assert f"No. {nobody.pk}" in page(office, f"/customers/{nobody.pk}/")


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite locks no rows")
def test_a_change_locks_the_customer_alone(customer: Customer) -> None:
    with CaptureQueriesContext(connection) as asked:
        Customer.objects.locked().get(pk=customer.pk)
    assert 'FOR NO KEY UPDATE OF "customers_customer"' in asked[0]["sql"]
