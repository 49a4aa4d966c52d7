"""Erasure: everything goes, in steps that survive a kill, and nobody comes back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import File
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from apps.accounts.models import Membership, Organization
from apps.core import files, personal_data
from apps.core.models import AuditEntry, OutboxEvent, StoredFile
from apps.core.personal_data import Fate
from apps.core.refused import Refused
from apps.customers import actions
from apps.customers.actions import CustomerDetails, privacy
from apps.customers.actions.privacy import work
from apps.customers.models import (
    Customer,
    ErasedIdentity,
    Identifier,
    Note,
    PrivacyKind,
    PrivacyRequest,
    PrivacyState,
    SearchTerm,
    TimelineEntry,
    Visit,
)
from apps.feedback import actions as feedback
from apps.feedback.answers import Answer
from apps.feedback.models import Response, SurveyRequest
from apps.forms import tokens
from apps.forms.models import OneTimeLink
from apps.lake import actions as lake
from apps.lake.models import LakeFile
from apps.messaging.models import Message, Suppression

pytestmark = pytest.mark.django_db


@pytest.fixture
def lake_folder(tmp_path: Path, settings: Any) -> Path:
    settings.LAKE_AZURE_CONNECTION_STRING = settings.LAKE_AZURE_ACCOUNT_URL = ""
    settings.LAKE_FOLDER = tmp_path / "lake"
    return tmp_path / "lake"


@pytest.fixture
def known(
    customer: Customer, member: Membership, now: datetime, lake_folder: Path, deliver_events: Callable[[], int]
) -> Customer:
    """Ada with a visit, a survey that she answered, its file in the lake, a note with a file, and a second record."""
    visit = Visit.objects.get(customer=customer)
    request = feedback.request_survey(customer, visit=visit, by=member, now=now)
    feedback.write_mail(request, now=now)
    feedback.answer(tokens.write(request.link), Answer(2, "Ada waited an hour", ""), language="en", now=now)
    feedback.analyse(Response.objects.get(request=request), now=now)
    deliver_events()
    while lake.upload_next(now=timezone.now()):
        pass
    second = Customer.objects.create(
        organization=customer.organization, name="A. Lovelace", mobile="+4915187654321", merged_into=customer
    )
    Identifier.objects.create(
        organization=customer.organization,
        customer=second,
        kind="external",
        system="shopify",
        value="4711",
        source="import",
        first_seen_at=now,
    )
    note = Note.objects.create(
        organization=customer.organization, customer=customer, text="Ada likes tea", by_label="x", created_at=now
    )
    note.files.add(
        files.accept(
            File(BytesIO(b"%PDF-1.4\n%%EOF\n"), name="ada.pdf"),
            organization_id=customer.organization_id,
            by=member,
            now=now,
        )
    )
    return customer


@pytest.fixture
def bystander(capture: Callable[..., Any], member: Membership, now: datetime) -> Customer:
    """Somebody else of the same organisation, whose data stays."""
    customer: Customer = capture("Bob Noyce", email="bob@example.com", has_email_consent=True).customer
    request = feedback.request_survey(customer, by=member, now=now)
    feedback.write_mail(request, now=now)
    return customer


def ask(customer: Customer, by: Membership, now: datetime, kind: str = PrivacyKind.ERASURE) -> PrivacyRequest:
    request = privacy.open_request(customer, kind=kind, by=by, now=now, note="Ada rang us")
    return privacy.carry_out(request, by=by, now=now)


def every_text(organization: Organization) -> str:
    """Everything that the database says, in every column of every table."""
    tables = connection.introspection.table_names()
    said = []
    with connection.cursor() as cursor:
        for table in tables:
            cursor.execute(f'SELECT * FROM "{table}"')
            said += [str(row) for row in cursor.fetchall()]
    return "\n".join(said)


def test_everything_of_the_customer_is_gone(
    known: Customer,
    bystander: Customer,
    manager: Membership,
    now: datetime,
    lake_folder: Path,
    deliver_events: Callable[[], int],
) -> None:
    deliver_events()
    assert len(list(lake_folder.rglob("*.json"))) == 1
    stored = StoredFile.objects.get().content.path
    request = ask(known, manager, now)

    assert work.work_next(now=now)

    request.refresh_from_db()
    assert request.state == PrivacyState.DONE
    assert [customer.pk for customer in Customer.objects.all()] == [bystander.pk]
    assert not SearchTerm.objects.filter(term__startswith="love").exists()
    assert TimelineEntry.objects.exclude(customer=bystander).count() == 0
    assert Response.objects.count() == LakeFile.objects.count() == StoredFile.objects.count() == 0
    assert Message.objects.count() == 1
    assert SurveyRequest.objects.filter(customer=bystander).count() == OneTimeLink.objects.count() > 0
    assert not list(lake_folder.rglob("*.json"))
    assert not Path(stored).exists()
    deliver_events()
    OutboxEvent.objects.exclude(delivered_at=None).delete()
    said = every_text(known.organization)
    for trace in ("ada@example.com", "Lovelace", "waited an hour", "15123456789", "15187654321", "likes tea", "Ada"):
        assert trace not in said, trace
    assert "bob@example.com" in said


def test_the_certificate_counts_and_names_nobody(known: Customer, manager: Membership, now: datetime) -> None:
    request = ask(known, manager, now)
    work.work_next(now=now)
    request.refresh_from_db()

    rows = {line["rows_of"]: line["rows"] for line in request.certificate["erased"]}
    assert rows["customers.Customer"] == 2
    assert rows["lake.LakeFile"] == rows["feedback.Response"] == rows["messaging.Message"] == 1
    assert rows["core.StoredFile"] == 1
    assert len(request.certificate["identifiers_remembered_as_keyed_hashes"]) == ErasedIdentity.objects.count() == 4
    assert request.certificate["begun_by"] == manager.audit_label
    assert all(line["reason"] for line in request.certificate["kept"] + request.certificate["anonymised"])
    assert "ada" not in str(request.certificate).lower()
    assert len(request.certificate["sha256"]) == 64
    assert (request.note, request.details, request.customer) == ("", {}, None)


class Killed(BaseException):
    """Nobody catches it, as nobody catches kill -9."""


STEPS = [f"{part.key}:{holding.label}" for part in personal_data.parts() for holding in part.holdings]


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("step", STEPS)
def test_killed_at_any_step_it_goes_on(
    known: Customer,
    manager: Membership,
    now: datetime,
    lake_folder: Path,
    step: str,
    moment: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    request = ask(known, manager, now)
    mark = work._mark
    killed = []

    def mark_and_die(row: PrivacyRequest, name: str, number: int, at: datetime) -> None:
        if moment == "after":
            mark(row, name, number, at)
        if name == step and not killed:
            killed.append(name)
            raise Killed
        if moment == "before":
            mark(row, name, number, at)

    monkeypatch.setattr(work, "_mark", mark_and_die)
    with pytest.raises(Killed):
        work.work_next(now=now)
    assert not work.work_next(now=now), "somebody may still be at work"

    assert work.work_next(now=now + work.LEASE)
    request.refresh_from_db()
    rows = {line["rows_of"]: line["rows"] for line in request.certificate["erased"]}
    assert request.state == PrivacyState.DONE
    assert rows["customers.Customer"] == 2
    assert rows["lake.LakeFile"] == rows["feedback.SurveyRequest"] == rows["core.StoredFile"] == 1
    assert not Customer.objects.exists() and not list(lake_folder.rglob("*.json"))
    assert OutboxEvent.objects.filter(name="customers.CustomerErased").count() == 1


def test_what_was_written_meanwhile_goes_too(
    known: Customer, manager: Membership, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = ask(known, manager, now)
    last = work._last_step
    written = []

    def write_then(*args: Any) -> bool:
        if not written:
            written.append(
                Visit.objects.create(organization=known.organization, customer=known, visited_at=now, source="import")
            )
        return last(*args)

    monkeypatch.setattr(work, "_last_step", write_then)
    work.work_next(now=now)
    request.refresh_from_db()
    rows = {line["rows_of"]: line["rows"] for line in request.certificate["erased"]}
    assert rows["customers.Visit"] == 2
    assert not Visit.objects.exists()


def test_a_lake_that_is_away_is_tried_again(
    known: Customer, manager: Membership, now: datetime, lake_folder: Path
) -> None:
    LakeFile.objects.update(state="waiting", content=b"{}", lease_until=now + timedelta(minutes=4))
    request = ask(known, manager, now)

    assert work.work_next(now=now)
    request.refresh_from_db()
    assert (request.state, request.last_error) == (PrivacyState.WORKING, "Unavailable")
    assert Customer.objects.count() == 2
    assert not work.work_next(now=now + timedelta(minutes=3))

    assert work.work_next(now=now + timedelta(minutes=5))
    request.refresh_from_db()
    assert request.state == PrivacyState.DONE
    assert not list(lake_folder.rglob("*.json"))


def test_two_persons(
    known: Customer, organization: Organization, manager: Membership, admin_member: Membership, now: datetime
) -> None:
    privacy.change_settings(organization, deadline_days=30, export_days=7, needs_second_person=True, by=manager)
    request = ask(known, manager, now)
    assert request.state == PrivacyState.WAITS
    assert not work.work_next(now=now)

    with pytest.raises(Refused) as refused:
        privacy.approve(request, by=manager, now=now)
    assert refused.value.code == "same_person"

    privacy.approve(request, by=admin_member, now=now)
    work.work_next(now=now)
    request.refresh_from_db()
    assert request.certificate["approved_by"] == admin_member.audit_label


def test_who_asked_for_another_ones_request_does_not_approve_it(
    known: Customer, organization: Organization, manager: Membership, admin_member: Membership, now: datetime
) -> None:
    privacy.change_settings(organization, deadline_days=30, export_days=7, needs_second_person=True, by=manager)
    request = privacy.open_request(known, kind=PrivacyKind.ERASURE, by=manager, now=now)
    privacy.carry_out(request, by=admin_member, now=now)

    with pytest.raises(Refused) as refused:
        privacy.approve(request, by=admin_member, now=now)
    assert refused.value.code == "same_person"


def test_the_audit_log_says_who_and_when_but_no_names(known: Customer, manager: Membership, now: datetime) -> None:
    actions.update_customer(known, CustomerDetails("Ada King", "ada@example.com"), by=manager, now=now)
    lines = AuditEntry.objects.filter(object_type="customers.customer", object_id=str(known.pk))
    before = list(lines.order_by("id").values_list("id", "actor_label", "action", "request_id"))
    assert any("King" in str(line.after) for line in lines)
    ask(known, manager, now)
    work.work_next(now=now)

    after = list(lines.order_by("id").values_list("id", "actor_label", "action", "request_id"))
    assert after[: len(before)] == before
    assert {(line.object_label, str(line.before), str(line.after)) for line in lines.all()} == {("", "{}", "{}")}


@pytest.mark.parametrize("change", [{"action": "x"}, {"actor_label": "x"}, {"object_id": "7"}, {"object_label": "x"}])
def test_the_audit_log_can_only_be_emptied(known: Customer, change: dict[str, str]) -> None:
    empty = {"object_label": "", "before": {}, "after": {}}
    with pytest.raises(DatabaseError), transaction.atomic():
        AuditEntry.objects.filter(object_id=str(known.pk)).update(**{**empty, **change})


def test_a_suppression_outlives_its_address(known: Customer, manager: Membership, now: datetime) -> None:
    ask(known, manager, now)
    work.work_next(now=now)

    row = Suppression.objects.get()
    assert (row.address, row.released_at) == ("", None)


def test_whatever_stays_says_why() -> None:
    held = [holding for part in personal_data.parts() for holding in part.holdings if holding.fate != Fate.ERASED]
    assert held and all(str(holding.reason) for holding in held)
    with pytest.raises(ValueError):
        personal_data.Holding(model=Visit, rows=lambda _: Visit.objects.none(), fate=Fate.KEPT)
