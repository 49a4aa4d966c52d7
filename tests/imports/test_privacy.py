"""What files hold of a customer: found however it is written, shown on request, gone after an erasure, and not back."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from apps.accounts.models import Membership, Organization
from apps.customers.actions import privacy
from apps.customers.models import Customer, Identifier, PrivacyRequest, PrivacyState
from apps.imports import actions
from apps.imports.models import ImportChange, ImportChunk, ImportRun, RunState, folder
from tests.imports.conftest import Bring

pytestmark = pytest.mark.django_db
HEAD = "id,name,email,mobile\n"
ADA = "4711,Ada Lovelace,ada@example.com,+49 151 23456789\n"
BOB = "4712,Bob Noyce,bob@example.com,\n"


@pytest.fixture(autouse=True)
def own_folder(settings: Any, tmp_path: Path) -> None:
    """Only this test's files."""
    settings.VAR_DIR = tmp_path


def answered(kind: str, customer: Customer, by: Membership) -> PrivacyRequest:
    now = timezone.now()
    request = privacy.carry_out(privacy.open_request(customer, kind=kind, by=by, now=now), by=by, now=now)
    assert privacy.work_next(now=timezone.now())
    request.refresh_from_db()
    return request


def every_file() -> str:
    return "\n".join(path.read_text("utf-8-sig") for path in folder().rglob("*") if path.is_file())


@pytest.mark.parametrize(
    "row",
    [
        "x,Ada Lovelace,no address,\n",
        "x,,ADA@EXAMPLE.COM,not a number\n",
        "x,Someone,no address,0151/234 567 89\n",
        "x,Someone,no address,0049 151 23456789\n",
        "Lovelace,Ada,no address,\n",
        "4711,Someone,no address,\n",
    ],
)
def test_rejected_rows_go_and_those_of_others_stay(bring: Bring, manager: Membership, row: str) -> None:
    bring("customers", HEAD + ADA)
    ada = Customer.objects.get()
    second = bring("customers", f"{HEAD}{row}9,Carla,no address either,\n", source="file")
    assert second.rejected == 2 and second.error_file is not None

    assert answered("erasure", ada, manager).state == PrivacyState.DONE
    second.refresh_from_db()
    assert second.error_file is not None
    left = second.error_file.read_text("utf-8-sig").splitlines()
    assert len(left) == 2 and left[0].startswith("id,name,email") and "Carla" in left[1]
    assert "Ada" not in every_file() and "4711" not in every_file()


def test_the_file_of_nobody_else_stays(bring: Bring, manager: Membership) -> None:
    mine, other = bring("customers", HEAD + ADA), bring("customers", HEAD + BOB)
    answered("erasure", Customer.objects.get(name="Ada Lovelace"), manager)
    assert not mine.file.exists()
    assert other.file.read_text() == HEAD + BOB


def test_former_values_and_rejected_values_go(bring: Bring, manager: Membership) -> None:
    bring("customers", HEAD + ADA + BOB)
    bring("customers", HEAD + ADA.replace("Ada L", "Augusta L") + BOB.replace("Bob", "Robert"))
    third = bring("customers", HEAD + ADA + ADA.replace("Ada", "Another"))
    assert third.rejected == 1
    assert ImportChange.objects.count() == 3
    request = answered("erasure", Customer.objects.get(name="Ada Lovelace"), manager)

    [left] = ImportChange.objects.all()
    assert left.before["name"] == "Bob Noyce"
    assert "4711" not in str(list(ImportChunk.objects.values_list("rejected", flat=True)))
    rows = {line["rows_of"]: line["rows"] for line in request.certificate["erased"]}
    assert (rows["imports.ImportRun"], rows["imports.ImportChange"]) == (3, 2)


def test_a_file_that_waits_is_called_off(bring: Bring, organization: Organization, manager: Membership) -> None:
    now = timezone.now()
    bring("customers", HEAD + ADA)
    waiting = actions.upload([(HEAD + ADA + BOB).encode()], "again.csv", organization=organization, by=manager, now=now)
    answered("erasure", Customer.objects.get(), manager)
    waiting.refresh_from_db()
    assert (waiting.state, waiting.error_code, waiting.path) == (RunState.CANCELLED, "erased", "")
    assert "Ada" not in every_file()


def test_a_file_in_a_workers_hands_is_waited_for(bring: Bring, manager: Membership) -> None:
    run = bring("customers", HEAD + ADA)
    ImportRun.objects.filter(pk=run.pk).update(work="import")
    request = answered("erasure", Customer.objects.get(), manager)
    assert (request.state, request.last_error) == (PrivacyState.WORKING, "InHand")
    assert run.file.exists()

    ImportRun.objects.filter(pk=run.pk).update(work="")
    assert request.next_attempt_at is not None
    privacy.work_next(now=request.next_attempt_at)
    request.refresh_from_db()
    assert request.state == PrivacyState.DONE and not run.file.exists()


def test_a_copy_holds_their_rows_and_nobody_elses(bring: Bring, manager: Membership) -> None:
    bring("customers", HEAD + ADA + BOB, name="shop.csv")
    request = answered("access", Customer.objects.get(name="Ada Lovelace"), manager)
    assert request.export is not None
    with request.export.content.open("rb") as content:
        bundle = zipfile.ZipFile(io.BytesIO(content.read()))
    [name] = [name for name in bundle.namelist() if name.endswith("shop.csv.csv")]
    text = bundle.read(name).decode()
    assert "ada@example.com" in text and "bob@example.com" not in text and "'+49" in text


def test_imported_again_they_stay_erased_and_the_import_says_how_many(bring: Bring, manager: Membership) -> None:
    bring("customers", HEAD + ADA + BOB)
    answered("erasure", Customer.objects.get(name="Ada Lovelace"), manager)
    again = bring("customers", HEAD + ADA + BOB)
    assert (again.withheld, again.unchanged, again.created) == (1, 1, 0)
    assert [customer.name for customer in Customer.objects.all()] == ["Bob Noyce"]


def test_a_customer_whom_we_have_does_not_take_over_what_belonged_to_the_erased(
    bring: Bring, manager: Membership
) -> None:
    bring("customers", "customer id,name,email\n1,Ada Lovelace,ada@example.com\n2,Bob Noyce,bob@example.com\n")
    answered("erasure", Customer.objects.get(name="Ada Lovelace"), manager)
    bring("customers", "customer id,name,email\n2,Robert Noyce,ada@example.com\n")
    bob = Customer.objects.get()
    assert (bob.name, bob.email) == ("Robert Noyce", "bob@example.com")
    assert not Identifier.objects.filter(value="ada@example.com").exists()
