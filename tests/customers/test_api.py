"""The API of customers: what an integrator sends, and what every kind of wrong body gets."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from django.test import Client

from apps.accounts.models import ApiKey, Membership, Organization
from apps.accounts.models.api_key import digest, new_secret
from apps.customers import actions
from apps.customers.actions import BranchDetails, StaffDetails
from apps.customers.models import Branch, ConsentEntry, Customer, Visit
from tests.customers.conftest import ANSWER, NASTY, Capture, get, post

BODY = {
    "name": "Ada Lovelace",
    "email": "Ada@example.com",
    "mobile": "0151 23456789",
    "email_consent": True,
    "purpose_of_visit": "Eye test",
    "branch_name": "Old Town",
    "staff_name": "Jo",
}


@pytest.fixture
def survey_rule() -> Iterator[None]:
    before = actions.SURVEY_TRIGGER._decide
    actions.SURVEY_TRIGGER.register(lambda visit: ConsentEntry.objects.is_given(visit.customer, "survey", "email"))
    yield
    actions.SURVEY_TRIGGER._decide = before


def test_capture_answers_id_message_and_whether_a_survey_follows(api: Client, survey_rule: None) -> None:
    answer = post(api, "customers/", BODY)
    customer = Customer.objects.get()
    assert answer == {"id": customer.pk, "message": "Visit recorded. A survey goes out.", "survey_triggered": True}
    visit = Visit.objects.select_related("branch", "staff_member").get()
    assert (str(visit.branch), str(visit.staff_member), visit.source) == ("Old Town", "Jo", "api")
    answer = post(api, "customers/", {"name": "Ben", "email": "ben@example.com"})
    assert answer["survey_triggered"] is False


def test_no_survey_where_nobody_registered_a_rule(api: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(actions.SURVEY_TRIGGER, "_decide", None)
    assert post(api, "customers/", BODY)["survey_triggered"] is False


def test_same_key_is_one_visit(api: Client) -> None:
    first = post(api, "customers/", BODY, **{"Idempotency-Key": "shop-1"})
    assert post(api, "customers/", BODY, **{"Idempotency-Key": "shop-1"}) == first
    assert Visit.objects.count() == 1


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "x" * 201}, "name"),
        ({"name": ["Ada"]}, "name"),
        ({"name": {"first": "Ada"}}, "name"),
        ({"name": None}, "name"),
        ({"name": "Ada\x00"}, "name"),
        ({"email": "ada@"}, "email"),
        ({"email": "x" * 300}, "email"),
        ({"email": 7}, "email"),
        ({"email": "ada@example.com\nBcc: x@example.com"}, "email"),
        ({"mobile": "12"}, "mobile"),
        ({"mobile": "1" * 41}, "mobile"),
        ({"mobile": "call me"}, "mobile"),
        ({"email": "", "mobile": "", "email_consent": False}, "email"),
        ({"email": "", "email_consent": True}, "email"),
        ({"email_consent": "perhaps"}, "email_consent"),
        ({"purpose_of_visit": "x" * 201}, "purpose_of_visit"),
        ({"branch_id": "one"}, "branch_id"),
        ({"branch_id": -1}, "branch_id"),
        ({"branch_id": 10**30}, "branch_id"),
        ({"branch_name": "x" * 101}, "branch_name"),
        ({"staff_name": "x" * 101}, "staff_name"),
    ],
)
def test_wrong_bodies_are_a_400_with_the_field(api: Client, change: ANSWER, field: str) -> None:
    problem = post(api, "customers/", BODY | change, status=400)
    assert list(problem["errors"]) == [field]
    assert not Customer.objects.exists()
    assert not Branch.objects.exists(), "nothing half made"


@pytest.mark.parametrize("body", [[], "Ada", 7, None, [BODY]])
def test_bodies_that_are_no_objects(api: Client, body: object) -> None:
    post(api, "customers/", body, status=400)


@pytest.mark.parametrize("text", NASTY)
def test_nasty_text_is_stored_as_text(api: Client, text: str) -> None:
    pk = post(api, "customers/", BODY | {"name": text, "purpose_of_visit": text, "branch_name": text})["id"]
    stored = get(api, f"customers/{pk}/")["name"]
    assert "\n" not in stored
    assert stored


def test_unknown_branch_id_is_refused(api: Client) -> None:
    problem = post(api, "customers/", BODY | {"branch_id": 10**9}, status=409)
    assert problem["code"] == "no_such_branch"


def test_patch_changes_only_what_was_sent(api: Client, customer: Customer) -> None:
    response = api.patch(
        f"/api/v1/customers/{customer.pk}/",
        {"name": "Ada King"},
        content_type="application/json",
        headers={"If-Match": "*"},
    )
    assert response.json()["name"] == "Ada King"
    assert response.json()["mobile"] == "+4915123456789"
    for body in ({"mobile": "x"}, {"time_zone": "Mars/Base"}, {"preferred_channel": "pigeon"}, {"name": ""}):
        bad = api.patch(
            f"/api/v1/customers/{customer.pk}/", body, content_type="application/json", headers={"If-Match": "*"}
        )
        assert bad.status_code == 400, body


def test_consents_and_timeline(api: Client, customer: Customer) -> None:
    path = f"customers/{customer.pk}/consents/"
    entry = post(api, path, {"purpose": "survey", "channel": "email", "action": "withdrawn", "reason": "called"})
    assert entry["method"] == "api"
    assert [row["action"] for row in get(api, path)["results"]] == ["withdrawn", "given"]
    post(api, path, {"purpose": "survey", "channel": "pigeon", "action": "given"}, status=400)
    kinds = [row["kind"] for row in get(api, f"customers/{customer.pk}/timeline/")["results"]]
    assert kinds[0] == "consent"
    assert get(api, f"customers/{customer.pk}/timeline/?domain=feedback")["results"] == []
    get(api, f"customers/{customer.pk}/timeline/?domain=gossip", status=400)


def test_branches_staff_and_visits(api: Client, customer: Customer) -> None:
    branch = post(api, "branches/", {"name": "Pier", "country": "de", "time_zone": "Europe/Berlin"})
    assert branch["country"] == "DE"
    post(api, "branches/", {"name": "PIER"}, status=409)
    post(api, "branches/", {"name": "Moon", "time_zone": "Moon/Base"}, status=400)
    person = post(api, "staff/", {"name": "Jo", "branch_id": branch["id"]})
    assert person["branch_id"] == branch["id"]
    visit = post(api, "visits/", {"customer_id": customer.pk, "branch_id": branch["id"], "staff_name": "jo"})
    assert visit["staff_member_id"] == person["id"]
    assert [row["id"] for row in get(api, f"visits/?branch_id={branch['id']}")["results"]] == [visit["id"]]
    for moment in (
        "2126-01-01T00:00:00Z",
        "0001-01-01T00:00:00",
        "0001-01-01T00:00:00+14:00",
        "soon",
        "9999-12-31T23:59Z",
    ):
        body = {"customer_id": customer.pk, "visited_at": moment}
        assert "visited_at" in post(api, "visits/", body, status=400)["errors"], moment
    closed = api.patch(f"/api/v1/branches/{branch['id']}/", {"is_active": False}, content_type="application/json")
    assert closed.json() == branch | {"is_active": False}
    assert post(api, "visits/", {"customer_id": customer.pk, "branch_name": "pier"}, status=409)["code"] == (
        "branch_closed"
    )


def test_another_organization_s_ids_do_not_exist(
    api: Client, capture: Capture, customer: Customer, stranger: Membership, client_of: Callable[[Membership], Client]
) -> None:
    theirs = client_of(stranger)
    branch = actions.create_branch(BranchDetails("X"), organization=customer.organization, by=stranger)
    for path in ("", "timeline/", "consents/"):
        get(theirs, f"customers/{customer.pk}/{path}", status=404)
    get(theirs, f"branches/{branch.pk}/", status=404)
    for path in ("customers/", "branches/", "staff/", "visits/", f"visits/?customer_id={customer.pk}"):
        assert get(theirs, path)["results"] == []
    post(theirs, "visits/", {"customer_id": customer.pk}, status=404)
    post(theirs, "staff/", {"name": "Jo", "branch_id": branch.pk}, status=404)
    post(theirs, "customers/", BODY | {"branch_id": branch.pk}, status=409)
    consent = {"purpose": "survey", "channel": "email", "action": "given"}
    post(theirs, f"customers/{customer.pk}/consents/", consent, status=404)
    patched = theirs.patch(
        f"/api/v1/customers/{customer.pk}/", {"name": "Eve"}, content_type="application/json", headers={"If-Match": "*"}
    )
    assert patched.status_code == 404


def test_who_may(client_of: Callable[[Membership], Client], viewer: Membership, customer: Customer) -> None:
    looking = client_of(viewer)
    get(looking, f"customers/{customer.pk}/")
    post(looking, "customers/", BODY, status=403)
    post(looking, "branches/", {"name": "X"}, status=403)
    assert Client().get("/api/v1/customers/").status_code == 401


def test_staff_details_name_an_account(organization: Organization, manager: Membership) -> None:
    person = actions.create_staff_member(
        StaffDetails("Jo", user_id=manager.user_id), organization=organization, by=manager
    )
    assert person.user == manager.user


def test_machine_with_the_scope(organization: Organization) -> None:
    secret = new_secret()
    key = ApiKey(organization=organization, name="Till", shown_prefix=secret[:8], secret_sha256=digest(secret))
    key.scopes = ["visits.record"]
    key.save()
    till = Client(headers={"Authorization": f"Bearer {secret}"})
    pk = post(till, "customers/", BODY)["id"]
    assert Visit.objects.get().created_by is None
    assert ConsentEntry.objects.get(customer=pk).by_label.startswith("API key Till")
    get(till, f"customers/{pk}/", status=403)
    get(till, "customers/", status=403)
