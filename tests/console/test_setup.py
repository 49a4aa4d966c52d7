"""The first start: one organisation, one administrator, and then never again."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from django.core import mail
from django.db import connection
from django.test import Client
from django.utils import timezone

from apps.accounts.actions import OrganizationDetails
from apps.accounts.models import Membership, Organization, User
from apps.accounts.permissions import Role
from apps.console import actions
from apps.core.refused import Refused
from apps.customers.models import Branch

ORGANIZATION = {
    "name": "Harbour Opticians",
    "time_zone": "Europe/Berlin",
    "currency": "EUR",
    "language": "en",
    "country": "de",
}
ADMIN = {"name": "Ada", "email": "Ada@Example.com", "password": "harbour lamps 9"}


@pytest.mark.django_db
def test_everybody_is_led_to_the_set_up() -> None:
    assert Client().get("/", follow=True).redirect_chain[-1][0] == "/setup/"
    assert Client().get("/admin/").headers["Location"] == "/setup/"
    assert Client().get("/setup/admin/").headers["Location"] == "/setup/", "the steps have an order"


@pytest.mark.django_db
def test_from_the_first_page_to_home() -> None:
    client = Client()
    assert client.get("/setup/").status_code == 200
    assert client.post("/setup/", ORGANIZATION).headers["Location"] == "/setup/admin/"
    assert not Organization.objects.exists(), "nothing is stored before there is an administrator"
    assert b"Harbour Opticians" in client.get("/setup/").content, "one step back, everything is still there"
    assert client.post("/setup/admin/", ADMIN).headers["Location"] == "/setup/branches/"
    member = Membership.objects.get()
    assert (member.role, member.user.email, member.user.is_superuser) == (Role.ADMIN, "ada@example.com", True)
    assert (member.organization.country, member.organization.time_zone) == ("DE", "Europe/Berlin")

    assert client.get("/setup/branches/").status_code == 200
    answer = client.post("/setup/branches/", {"names": "Harbour Street\r\n\r\n Old  Town \r\nharbour street"})
    assert answer.headers["Location"] == "/setup/sender/"
    assert sorted(Branch.objects.values_list("name", flat=True)) == ["Harbour Street", "Old Town"]
    assert b"ada@example.com" in client.get("/setup/sender/").content
    sender = {"name": "Harbour", "email": "hello@harbour.example"}
    assert client.post("/setup/sender/", sender).headers["Location"] == "/setup/test/"
    assert client.get("/setup/test/").status_code == 200
    assert b"on its way" in client.post("/setup/test/").content
    assert mail.outbox[0].to == ["ada@example.com"]
    assert mail.outbox[0].from_email == '"Harbour" <hello@harbour.example>'
    assert client.post("/setup/finish/").headers["Location"] == "/"
    assert b"Ada" in client.get("/").content

    for step in ("", "admin/", "branches/", "sender/", "test/"):
        assert client.get(f"/setup/{step}").status_code == 404, step
        assert Client().get(f"/setup/{step}").status_code in (302, 404), step
    assert Client().post("/setup/", ORGANIZATION).status_code == 404
    assert Client().get("/accounts/login/").status_code == 200


@pytest.mark.django_db
@pytest.mark.parametrize(
    "wrong", [{"country": "Germany"}, {"time_zone": "Mars/Base"}, {"name": ""}, {"currency": "euro"}]
)
def test_nothing_typed_is_lost(wrong: dict[str, str]) -> None:
    typed = {**ORGANIZATION, **wrong}
    page = Client().post("/setup/", typed)
    assert page.status_code == 422
    assert typed["name"].encode() in page.content
    assert b"field-error" in page.content


@pytest.mark.django_db
def test_weak_password_is_explained_beside_its_field() -> None:
    client = Client()
    client.post("/setup/", ORGANIZATION)
    page = client.post("/setup/admin/", {**ADMIN, "password": "1234567890"})
    assert page.status_code == 422
    assert b'value="Ada"' in page.content and b"id_password_error" in page.content
    assert not Organization.objects.exists() and not User.objects.exists()


@pytest.mark.django_db
def test_the_steps_behind_belong_to_the_administrator_who_began(admin_member: Membership) -> None:
    client = Client()
    client.force_login(admin_member.user, backend="django.contrib.auth.backends.ModelBackend")
    for step in ("branches", "sender", "test"):
        assert client.get(f"/setup/{step}/").status_code == 404


@pytest.mark.django_db
def test_failing_mail_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    client = Client()
    client.post("/setup/", ORGANIZATION)
    client.post("/setup/admin/", ADMIN)

    def refuse(self: object, *_: object, **__: object) -> int:
        raise ConnectionRefusedError("port 25 is closed")

    monkeypatch.setattr("django.core.mail.EmailMessage.send", refuse)
    page = client.post("/setup/test/")
    assert page.status_code == 409
    assert b"port 25 is closed" in page.content


@pytest.mark.django_db
def test_second_set_up_is_refused(organization: Organization) -> None:
    with pytest.raises(Refused) as refusal:
        actions.set_up(OrganizationDetails(name="B"), name="B", email="b@example.com", password="harbour lamps 9")
    assert refusal.value.code == "already_set_up"
    assert User.objects.count() == 0


@pytest.mark.django_db(transaction=True)
def test_parallel_first_posts_make_one_organisation() -> None:
    ready = threading.Barrier(6)
    answers: list[Any] = []

    def post(number: int) -> None:
        client = Client()
        client.post("/setup/", {**ORGANIZATION, "name": f"Organisation {number}"})
        ready.wait()
        answers.append(client.post("/setup/admin/", {**ADMIN, "email": f"ada{number}@example.com"}).status_code)
        connection.close()

    threads = [threading.Thread(target=post, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers.count(302) == 1, answers
    assert set(answers) <= {302, 404, 422}
    assert (Organization.objects.count(), User.objects.count(), Membership.objects.count()) == (1, 1, 1)


@pytest.mark.django_db
@pytest.mark.parametrize("role", [Role.VIEWER, Role.ADMIN])
def test_home_offers_what_the_role_may(organization: Organization, role: str) -> None:
    user = User.objects.create_user("x@example.com", name="Zoë van Dam")
    Membership.objects.create(organization=organization, user=user, role=role)
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    page = client.get("/").content
    assert "Zoë van Dam".encode() in page, "names are never split"
    assert (b"/settings/team/" in page) == (role == Role.ADMIN)
    assert timezone.get_current_timezone_name() == "UTC"
