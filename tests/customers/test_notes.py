"""Notes: mentions that reach somebody, files, pins, who may change what; further addresses and numbers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from io import BytesIO

import pytest
from django.core.files.base import File
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from apps.accounts.models import Membership, Organization
from apps.accounts.permissions import Role
from apps.core.refused import Refused
from apps.customers import search
from apps.customers.actions import contacts, notes
from apps.customers.models import Customer, Note
from apps.messaging.models import Message
from tests.conftest import make_member
from tests.customers.conftest import Capture

ClientOf = Callable[[Membership], Client]


@pytest.fixture
def grace(organization: Organization) -> Membership:
    colleague = make_member(organization, Role.AGENT, "grace@harbour.example")
    colleague.user.name = "Grace Hopper"
    colleague.user.save()
    return colleague


@pytest.mark.parametrize("mention", ["@grace", "@Grace", '@"Grace Hopper"', "@grace@harbour.example"])
def test_whoever_is_mentioned_gets_one_mail(
    customer: Customer, member: Membership, grace: Membership, now: datetime, mention: str
) -> None:
    note = notes.write_note(customer, f"Please call, {mention}!", by=member, now=now)
    assert list(note.mentioned.all()) == [grace]
    mail = Message.objects.get(kind="mention")
    assert mail.to_address == "grace@harbour.example"
    assert str(customer) in mail.subject
    notes.edit_note(note, f"Please call today, {mention}!", by=member, now=now)
    assert Message.objects.filter(kind="mention").count() == 1, "told once"


@pytest.mark.parametrize("text", ["grace", "@gracey", "mail@grace.example", "@", '@""', "@\x00"])
def test_nobody_else_is_mentioned(
    customer: Customer, member: Membership, grace: Membership, now: datetime, text: str
) -> None:
    note = notes.write_note(customer, f"x {text}", by=member, now=now)
    assert not note.mentioned.exists()
    assert not Message.objects.filter(kind="mention").exists()


def test_strangers_and_people_without_access_are_not_told(
    customer: Customer, member: Membership, other_organization: Organization, now: datetime
) -> None:
    make_member(other_organization, Role.ADMIN, "eve@stranger.example")
    make_member(customer.organization, Role.VENDOR, "vera@vendor.example")
    notes.write_note(customer, "@eve@stranger.example @vera@vendor.example", by=member, now=now)
    assert not Message.objects.filter(kind="mention").exists()


def test_a_note_has_words_within_bounds(customer: Customer, member: Membership, now: datetime) -> None:
    for text in ("", "  \n", "x" * 10_001):
        with pytest.raises(Refused):
            notes.write_note(customer, text, by=member, now=now)
    assert not Note.objects.exists()


def test_only_the_author_or_a_manager_changes_a_note(
    customer: Customer, member: Membership, grace: Membership, manager: Membership, now: datetime
) -> None:
    note = notes.write_note(customer, "First", by=member, now=now)
    with pytest.raises(Refused):
        notes.edit_note(note, "Second", by=grace, now=now)
    with pytest.raises(Refused):
        notes.delete_note(note, by=grace, now=now)
    edited = notes.edit_note(note, "Second", by=member, now=now + timedelta(minutes=1))
    assert (edited.text, edited.edited_at) == ("Second", now + timedelta(minutes=1))
    assert notes.pin_note(note, is_pinned=True, by=grace).is_pinned
    notes.delete_note(note, by=manager, now=now)
    assert not Note.objects.standing().exists()
    assert Note.objects.get().text == "Second", "kept until the customer is erased"


def test_files_go_with_a_note(customer: Customer, member: Membership, now: datetime) -> None:
    pdf = File(BytesIO(b"%PDF-1.4\n%%EOF\n"), name="order.pdf")
    note = notes.write_note(customer, "See file", by=member, now=now, uploads=[pdf])
    assert [each.name for each in note.files.all()] == ["order.pdf"]
    with pytest.raises(Refused):
        notes.write_note(customer, "Bad", by=member, now=now, uploads=[File(BytesIO(b"MZ\x00"), name="x.exe")])
    assert Note.objects.count() == 1, "nothing half written"


def test_note_pages(client_of: ClientOf, member: Membership, viewer: Membership, customer: Customer) -> None:
    client = client_of(member)
    upload = SimpleUploadedFile("a.pdf", b"%PDF-1.4\n%%EOF\n")
    assert client.post(f"/customers/{customer.pk}/notes/", {"text": "Likes tea", "files": [upload]}).status_code == 302
    assert client.post(f"/customers/{customer.pk}/notes/", {"text": " "}).status_code == 422
    note = Note.objects.get()
    page = client.get(f"/customers/{customer.pk}/").content.decode()
    assert "Likes tea" in page and "a.pdf" in page
    assert client.post(f"/customers/notes/{note.pk}/", {"text": ""}).status_code == 422
    assert client.post(f"/customers/notes/{note.pk}/", {"text": "Likes coffee"}).status_code == 302
    assert client.post(f"/customers/notes/{note.pk}/pin/").status_code == 302
    assert "Pinned" in client.get(f"/customers/{customer.pk}/").content.decode()
    looking = client_of(viewer)
    assert "Likes coffee" in looking.get(f"/customers/{customer.pk}/").content.decode()
    assert looking.post(f"/customers/{customer.pk}/notes/", {"text": "x"}).status_code == 403
    assert client.post(f"/customers/notes/{note.pk}/delete/").status_code == 302
    assert "Likes coffee" not in client.get(f"/customers/{customer.pk}/").content.decode()


def test_a_second_address_becomes_the_primary_and_the_first_one_stays(
    customer: Customer, member: Membership, now: datetime
) -> None:
    customer = contacts.add_contact(customer, "email", "Second@Example.com", by=member, now=now)
    assert customer.email == "ada@example.com"
    second = next(each for each in contacts.contacts_of(customer) if each.value == "second@example.com")
    customer = contacts.make_primary(customer, second, by=member, now=now)
    assert customer.email == "second@example.com"
    assert {each.value for each in contacts.contacts_of(customer) if each.kind == "email"} == {
        "ada@example.com",
        "second@example.com",
    }
    for text in ("second@", "ada@ex"):
        assert [hit.id for hit in search.find(customer.organization_id, text)] == [customer.pk]
    with pytest.raises(Refused, match="primary"):
        contacts.remove_contact(customer, second, by=member, now=now)
    first = next(each for each in contacts.contacts_of(customer) if each.value == "ada@example.com")
    customer = contacts.remove_contact(customer, first, by=member, now=now)
    assert search.find(customer.organization_id, "ada@ex") == []


def test_a_further_number_in_any_notation(customer: Customer, member: Membership, now: datetime) -> None:
    customer = contacts.add_contact(customer, "phone", "030 1234567", by=member, now=now)
    assert "+49301234567" in [each.value for each in contacts.contacts_of(customer)]
    assert [hit.id for hit in search.find(customer.organization_id, "(030) 1234")] == [customer.pk]
    for kind, value in [("phone", "12"), ("email", "nonsense"), ("email", ""), ("fax", "1")]:
        with pytest.raises(Refused):
            contacts.add_contact(customer, kind, value, by=member, now=now)


def test_somebody_else_s_address_is_refused(
    capture: Capture, customer: Customer, member: Membership, now: datetime
) -> None:
    capture("Bob", email="bob@example.com")
    with pytest.raises(Refused) as refused:
        contacts.add_contact(customer, "email", "bob@example.com", by=member, now=now)
    assert refused.value.code == "email_taken"


def test_contact_pages(client_of: ClientOf, member: Membership, customer: Customer) -> None:
    client, url = client_of(member), f"/customers/{customer.pk}/contacts/"
    assert client.post(url, {"kind": "email", "value": "nonsense"}).status_code == 422
    assert client.post(url, {"kind": "email", "value": "two@example.com"}).status_code == 302
    assert "two@example.com" in client.get(url).content.decode()
    assert "two@example.com" in client.get(f"/customers/{customer.pk}/").content.decode()
    two = next(each for each in contacts.contacts_of(customer) if each.value == "two@example.com")
    assert client.post(f"/customers/contacts/{two.pk}/primary/").status_code == 302
    customer.refresh_from_db()
    assert customer.email == "two@example.com"
    one = next(each for each in contacts.contacts_of(customer) if each.value == "ada@example.com")
    assert client.post(f"/customers/contacts/{one.pk}/remove/").status_code == 302
    assert "ada@example.com" not in client.get(url).content.decode()
