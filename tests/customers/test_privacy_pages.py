"""The queue, one request from its opening to its answer, copies, the settings; who may and who may not."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import Membership, Organization
from apps.console.queries import needs
from apps.core.models import AuditEntry, StoredFile
from apps.core.refused import Refused
from apps.customers import actions, ledger
from apps.customers.actions import CustomerDetails, VisitDraft, privacy
from apps.customers.actions.privacy import work
from apps.customers.models import (
    Customer,
    ErasedIdentity,
    PrivacyKind,
    PrivacyRequest,
    PrivacySettings,
    PrivacyState,
)
from apps.customers.models.privacy import due_after
from apps.feedback import actions as feedback
from apps.messaging import actions as messaging
from apps.messaging.models import Message, Suppression

pytestmark = pytest.mark.django_db
SignIn = Callable[[Membership], Client]
SURE = {"confirmed": "on"}


@pytest.fixture
def browser(client_of: SignIn, manager: Membership) -> Client:
    return client_of(manager)


def opened(customer: Customer, by: Membership, kind: str = PrivacyKind.ERASURE, **fields: object) -> PrivacyRequest:
    return privacy.open_request(customer, kind=kind, by=by, now=timezone.now(), **fields)  # type: ignore[arg-type]


def page(name: str, *args: int) -> str:
    return reverse(f"customers:{name}", args=args)


def test_from_the_customers_page_to_the_certificate(browser: Client, customer: Customer) -> None:
    shown = browser.get(page("customer_detail", customer.pk), {"panels": "all"}).content.decode()
    assert page("privacy_new", customer.pk) in shown
    form = {"kind": "erasure", "received_on": timezone.localdate().isoformat(), "note": "by letter"}
    answer = browser.post(page("privacy_new", customer.pk), form)
    row = PrivacyRequest.objects.get()
    assert answer["Location"] == page("privacy_detail", row.pk)
    assert row.due_at == due_after(row.received_at, row.organization.zone, months=1)

    preview = browser.get(page("privacy_detail", row.pk)).content.decode()
    assert "What an erasure would do" in preview and "Who did what and when has to be shown" in preview
    unsure = browser.post(page("privacy_carry_out", row.pk), {})
    assert unsure.status_code == 422 and PrivacyRequest.objects.get().state == PrivacyState.OPEN

    browser.post(page("privacy_carry_out", row.pk), SURE)
    working = browser.get(page("privacy_detail", row.pk), headers={"HX-Request": "true", "HX-Target": "progress"})
    assert 'hx-trigger="every 3s"' in working.content.decode()
    assert privacy.work_next(now=timezone.now())

    certificate = browser.get(page("privacy_certificate", row.pk))
    assert "customers" in certificate.content.decode().lower() and "Ada" not in certificate.content.decode()
    data = json.loads(browser.get(page("privacy_certificate", row.pk) + "?format=json").content)
    assert data["sha256"] in certificate.content.decode()
    done = browser.get(page("privacy_detail", row.pk)).content.decode()
    assert "This request is answered." in done and "every 3s" not in done
    assert browser.get(page("customer_detail", customer.pk)).status_code == 404


def test_overdue_comes_first_and_home_says_so(
    browser: Client, customer: Customer, capture: Callable[..., object], manager: Membership, viewer: Membership
) -> None:
    now = timezone.now()
    fresh = opened(customer, manager)
    late = opened(customer, manager, PrivacyKind.ACCESS, received_at=now - timedelta(days=40))
    text = browser.get(page("privacy_list")).content.decode()

    assert text.index(page("privacy_detail", late.pk)) < text.index(page("privacy_detail", fresh.pk))
    assert text.count("Overdue") == 1
    assert [need.text for need in needs(manager, now=now) if "privacy" in need.text] == ["1 privacy request is overdue"]
    assert not [need for need in needs(viewer, now=now) if "privacy" in need.text]


def test_a_copy_holds_everything_and_expires(
    browser: Client, customer: Customer, manager: Membership, member: Membership, client_of: SignIn, now: datetime
) -> None:
    feedback.write_mail(feedback.request_survey(customer, by=member, now=now), now=now)
    row = privacy.carry_out(opened(customer, manager, PrivacyKind.ACCESS), by=manager, now=timezone.now())
    assert privacy.work_next(now=timezone.now())

    answer = browser.get(page("privacy_download", row.pk))
    bundle = zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content)))  # type: ignore[attr-defined]
    names = set(bundle.namelist())
    assert {"index.html", "customers.json", "messaging.json", "feedback.json"} <= names
    record = json.loads(bundle.read("customers.json"))
    assert record["customer"][0]["email"] == "ada@example.com"
    assert record["consententry"][0]["notice"].startswith("I agree that")
    assert json.loads(bundle.read("messaging.json"))["message"][0]["to_address"] == "ada@example.com"
    readable = bundle.read("index.html").decode()
    assert "ada@example.com" in readable and "<script" not in readable
    everything = b"".join(bundle.read(name) for name in names).decode()
    assert member.user.email not in everything and manager.user.email not in everything
    assert AuditEntry.objects.filter(action="privacy.downloaded", object_id=str(row.pk)).exists()

    stored = StoredFile.objects.get()
    assert client_of(member).get(f"/files/{stored.pk}/").status_code == 403
    assert client_of(member).get(page("privacy_download", row.pk)).status_code == 403
    PrivacyRequest.objects.update(export_expires_at=timezone.now())
    assert browser.get(page("privacy_download", row.pk)).status_code == 404
    assert privacy.forget_exports(now=timezone.now()) == 1
    assert not StoredFile.objects.exists()
    assert not stored.content.storage.exists(stored.content.name)


def test_portability_is_for_machines(customer: Customer, manager: Membership) -> None:
    Customer.objects.filter(pk=customer.pk).update(name="=1+1")
    row = privacy.carry_out(opened(customer, manager, PrivacyKind.PORTABILITY), by=manager, now=timezone.now())
    privacy.work_next(now=timezone.now())
    row.refresh_from_db()
    assert row.export is not None
    with row.export.content.open("rb") as content:
        bundle = zipfile.ZipFile(io.BytesIO(content.read()))
    assert "messaging.json" not in bundle.namelist()
    assert json.loads(bundle.read("customers.json"))["customer"][0]["name"] == "=1+1"
    [line] = csv.DictReader(io.StringIO(bundle.read("customers-customer.csv").decode()))
    assert line["name"] == "'=1+1"


def test_rectification_shows_before_and_after(browser: Client, customer: Customer, manager: Membership) -> None:
    row = opened(customer, manager, PrivacyKind.RECTIFICATION)
    details = CustomerDetails("Ada King", "ada@example.com", customer.mobile)
    actions.update_customer(customer, details, by=manager, now=timezone.now())
    text = browser.get(page("privacy_detail", row.pk)).content.decode()
    assert "<del>Ada Lovelace</del> <ins>Ada King</ins>" in text
    assert page("customer_edit", customer.pk) in text

    browser.post(page("privacy_carry_out", row.pk), SURE)
    row.refresh_from_db()
    assert (row.state, row.details["after"]["name"]) == (PrivacyState.DONE, "Ada King")


def test_an_objection_withdraws_consent(browser: Client, customer: Customer, manager: Membership) -> None:
    with pytest.raises(Refused) as refused:
        opened(customer, manager, PrivacyKind.OBJECTION)
    assert refused.value.code == "purposes_missing"
    row = opened(customer, manager, PrivacyKind.OBJECTION, purposes=["survey"])
    browser.post(page("privacy_carry_out", row.pk), SURE)

    said = ledger.states(customer)
    assert {place for place, line in said.items() if not line.is_given} == {
        ("survey", channel) for channel in ("email", "sms", "whatsapp", "phone")
    }


def test_a_restriction_stops_everything_until_it_is_lifted(
    browser: Client, customer: Customer, organization: Organization, manager: Membership
) -> None:
    now = timezone.now()
    row = opened(customer, manager, PrivacyKind.RESTRICTION)
    browser.post(page("privacy_carry_out", row.pk), SURE)
    customer.refresh_from_db()

    with pytest.raises(Refused) as refused:
        feedback.request_survey(customer, by=manager, now=now)
    assert refused.value.code == "restricted"
    draft = messaging.Draft(kind="x", to_address="ada@example.com", subject="x", text="x")
    with pytest.raises(Refused) as refused:
        messaging.send(draft, organization=organization, now=now)
    assert refused.value.code == "suppressed"
    assert "This customer is restricted" in browser.get(page("customer_detail", customer.pk)).content.decode()

    browser.post(page("restriction_lift", customer.pk))
    customer.refresh_from_db()
    assert not customer.is_restricted
    assert not Suppression.objects.active(now + timedelta(minutes=1)).exists()
    assert messaging.send(draft, organization=organization, now=now).pk
    feedback.request_survey(customer, by=manager, now=now)


def test_a_bounce_holds_longer_than_a_restriction(
    customer: Customer, organization: Organization, manager: Membership
) -> None:
    now = timezone.now()
    messaging.suppress("ada@example.com", organization_id=organization.pk, reason="hard_bounce", now=now)  # type: ignore[arg-type]
    privacy.restrict(customer, by=manager, now=now)
    privacy.lift_restriction(customer, by=manager, now=now)
    assert Suppression.objects.active(now).get().reason == "hard_bounce"


def test_refusing_needs_a_reason(browser: Client, customer: Customer, manager: Membership) -> None:
    row = opened(customer, manager)
    assert browser.post(page("privacy_refuse", row.pk), {"reason": ""}).status_code == 422
    browser.post(page("privacy_refuse", row.pk), {"reason": "Not from them"})
    row.refresh_from_db()
    assert (row.state, row.details["refusal"]) == (PrivacyState.REFUSED, "Not from them")
    assert browser.post(page("privacy_carry_out", row.pk), SURE).status_code == 422


def test_two_persons_on_the_pages(
    browser: Client, client_of: SignIn, customer: Customer, manager: Membership, admin_member: Membership
) -> None:
    browser.post(page("privacy_settings"), {"deadline_days": 10, "export_days": 3, "needs_second_person": "on"})
    assert PrivacySettings.objects.get().deadline_days == 10
    row = opened(customer, manager)
    browser.post(page("privacy_carry_out", row.pk), SURE)
    own = browser.post(page("privacy_approve", row.pk), SURE)
    assert own.status_code == 422 and "Somebody else has to confirm it" in own.content.decode()

    client_of(admin_member).post(page("privacy_approve", row.pk), SURE)
    row.refresh_from_db()
    assert (row.state, row.approved_by) == (PrivacyState.WORKING, admin_member)


@pytest.mark.parametrize("days", [-2, 400])
def test_a_request_came_in_the_last_year(customer: Customer, manager: Membership, days: int) -> None:
    with pytest.raises(Refused) as refused:
        opened(customer, manager, received_at=timezone.now() - timedelta(days=days))
    assert refused.value.code == "bad_date"


def test_the_same_request_twice_is_one(customer: Customer, manager: Membership) -> None:
    opened(customer, manager)
    with pytest.raises(Refused) as refused:
        opened(customer, manager)
    assert refused.value.code == "already_asked"


ROUTES = [
    "privacy_detail",
    "privacy_carry_out",
    "privacy_approve",
    "privacy_extend",
    "privacy_refuse",
    "privacy_download",
]


@pytest.mark.parametrize("name", [*ROUTES, "privacy_certificate"])
def test_strangers_and_others(
    client_of: SignIn, stranger: Membership, member: Membership, customer: Customer, manager: Membership, name: str
) -> None:
    row = opened(customer, manager)
    method = "get" if name in ("privacy_detail", "privacy_download", "privacy_certificate") else "post"
    assert getattr(client_of(stranger), method)(page(name, row.pk)).status_code == 404
    assert getattr(client_of(member), method)(page(name, row.pk)).status_code == 403


def test_strangers_open_nothing(client_of: SignIn, stranger: Membership, customer: Customer) -> None:
    browser = client_of(stranger)
    form = {"kind": "erasure", "received_on": timezone.localdate().isoformat()}
    assert browser.post(page("privacy_new", customer.pk), form).status_code == 404
    assert browser.post(page("restriction_lift", customer.pk)).status_code == 404
    assert browser.get(page("consent_history", customer.pk)).status_code == 404


def test_the_consent_history_shows_the_words(browser: Client, customer: Customer) -> None:
    text = browser.get(page("consent_history", customer.pk)).content.decode()
    assert "I agree that Harbour Opticians sends me a short survey" in text
    notice = ledger.history(customer)[0].notice
    assert notice is not None and notice.sha256 in text


def erase(customer: Customer, by: Membership) -> None:
    privacy.carry_out(opened(customer, by), by=by, now=timezone.now())
    assert privacy.work_next(now=timezone.now())


def test_erased_customers_do_not_come_back_by_a_visit(
    browser: Client, customer: Customer, organization: Organization, manager: Membership, member: Membership
) -> None:
    erase(customer, manager)
    draft = VisitDraft("Ada Lovelace", email="ADA@example.com", source="api")
    with pytest.raises(Refused) as refused:
        actions.capture_visit(draft, organization=organization, by=member, now=timezone.now())
    assert (refused.value.code, refused.value.field) == ("erased", "has_come_back")
    with pytest.raises(Refused) as refused:
        actions.capture_visit(
            VisitDraft("Ada", mobile="0151 23456789"), organization=organization, by=member, now=timezone.now()
        )
    assert refused.value.code == "erased"
    assert not Customer.objects.exists()

    key = "x" * 20
    form = {"name": "Ada", "email": "ada@example.com", "purpose": "Eye test", "form_key": key}
    asked = browser.post(reverse("customers:visit_new"), form)
    assert asked.status_code == 422 and "They came back by themselves" in asked.content.decode()
    done = browser.post(reverse("customers:visit_new"), {**form, "has_come_back": "on"})
    assert done.status_code == 302
    back = Customer.objects.get()
    assert not ledger.states(back)
    assert AuditEntry.objects.get(action="privacy.came_back").after == {}
    assert not Suppression.objects.active(timezone.now()).exists()


def test_a_relative_with_the_same_number_is_somebody_else(
    customer: Customer, organization: Organization, manager: Membership, member: Membership
) -> None:
    erase(customer, manager)
    draft = VisitDraft("Byron", email="byron@example.com", mobile="0151 23456789")
    assert actions.capture_visit(draft, organization=organization, by=member, now=timezone.now()).customer_id
    assert ErasedIdentity.objects.count() == 2


def test_no_record_takes_an_erased_address(
    customer: Customer, capture: Callable[..., object], organization: Organization, manager: Membership
) -> None:
    erase(customer, manager)
    capture("Bob", email="bob@example.com")
    bob = Customer.objects.get()
    with pytest.raises(Refused) as refused:
        actions.update_customer(bob, CustomerDetails("Bob", "ada@example.com"), by=manager, now=timezone.now())
    assert refused.value.code == "erased"


def test_mails_on_their_way_go_with_the_customer(
    customer: Customer, member: Membership, manager: Membership, now: datetime
) -> None:
    feedback.write_mail(feedback.request_survey(customer, by=member, now=now), now=now)
    assert Message.objects.filter(state="queued").exists()
    erase(customer, manager)
    assert not Message.objects.exists()


def test_a_copy_whose_worker_was_killed_is_written_once_more_and_lies_there_once(
    customer: Customer, manager: Membership, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = privacy.carry_out(opened(customer, manager, PrivacyKind.ACCESS), by=manager, now=timezone.now())
    done = work._done

    def killed(*_args: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(work, "_done", killed)
    with pytest.raises(KeyboardInterrupt):
        privacy.work_next(now=timezone.now())
    assert StoredFile.objects.count() == 1
    monkeypatch.setattr(work, "_done", done)
    assert privacy.work_next(now=timezone.now() + work.LEASE)
    row.refresh_from_db()
    assert StoredFile.objects.get() == row.export

    again = privacy.carry_out(opened(customer, manager, PrivacyKind.ACCESS), by=manager, now=timezone.now())
    assert privacy.work_next(now=timezone.now())
    again.refresh_from_db()
    assert again.export is not None and again.export != row.export
    with again.export.content.open("rb") as content:
        names = zipfile.ZipFile(io.BytesIO(content.read())).namelist()
    assert not [name for name in names if name.endswith(".zip")], "no copy in a copy"
