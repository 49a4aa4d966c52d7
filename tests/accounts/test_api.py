"""The API of people and keys, and the tokens with which people come."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone

from apps.accounts import actions
from apps.accounts.models import ApiKey, Invitation, Membership
from apps.accounts.permissions import Can

SignedIn = Callable[[Membership], Client]
pytestmark = pytest.mark.django_db
LOGIN = "/_allauth/app/v1/auth/login"
PASSWORD = "correct horse battery"


def sign_in(member: Membership) -> dict[str, Any]:
    response = Client().post(LOGIN, {"email": member.user.email, "password": PASSWORD}, "application/json")
    assert response.status_code == 200, response.content
    return dict(response.json()["meta"])


def with_token(token: str) -> Client:
    return Client(headers={"Authorization": f"Bearer {token}"})


def with_key(member: Membership, *scopes: Can) -> Client:
    _key, secret = actions.create_api_key(
        member.organization, name="Till", scopes=scopes, by=member, now=timezone.now()
    )
    return with_token(secret)


def patch(client: Client, address: str, data: dict[str, Any]) -> Any:
    return client.patch(address, data, "application/json")


def post(client: Client, address: str, data: dict[str, Any]) -> Any:
    return client.post(address, data, "application/json")


# Tokens


def test_token_opens_the_api(member: Membership) -> None:
    answer = with_token(sign_in(member)["access_token"]).get("/api/v1/users/me/")
    assert answer.status_code == 200
    body = answer.json()
    assert (body["email"], body["role"], body["organization"]["name"]) == (
        member.user.email,
        "agent",
        "Harbour Opticians",
    )
    assert "visits.record" in body["permissions"] and "team.manage" not in body["permissions"]


def test_refresh_token_works_once(member: Membership) -> None:
    first = sign_in(member)
    address = "/_allauth/app/v1/tokens/refresh"
    second = post(Client(), address, {"refresh_token": first["refresh_token"]})
    assert second.status_code == 200
    renewed = second.json()["data"]
    assert renewed["refresh_token"] != first["refresh_token"]
    assert with_token(renewed["access_token"]).get("/api/v1/users/me/").status_code == 200
    assert post(Client(), address, {"refresh_token": first["refresh_token"]}).status_code == 400


def test_sign_out_kills_the_token(member: Membership) -> None:
    meta = sign_in(member)
    client = Client(headers={"X-Session-Token": meta["session_token"]})
    assert client.delete("/_allauth/app/v1/auth/session").status_code == 401, "signed out"
    dead = with_token(meta["access_token"]).get("/api/v1/users/me/")
    assert dead.status_code == 401
    assert dead["Content-Type"] == "application/problem+json"


def test_deactivation_kills_the_token(admin_member: Membership, member: Membership) -> None:
    token = sign_in(member)["access_token"]
    actions.deactivate_member(member, by=admin_member)
    assert with_token(token).get("/api/v1/users/me/").status_code == 401


def test_switched_off_person_and_new_password_kill_the_token(member: Membership) -> None:
    first = sign_in(member)["access_token"]
    member.user.set_password("another horse battery")
    member.user.save()
    assert with_token(first).get("/api/v1/users/me/").status_code == 401
    member.user.is_active = False
    member.user.save()
    assert with_token(first).get("/api/v1/users/me/").status_code == 401


def test_garbage_is_nobody() -> None:
    for token in ("x", "a.b.c", "cck_unknown"):
        assert with_token(token).get("/api/v1/users/me/").status_code == 401
    assert Client().get("/api/v1/users/me/").status_code == 401


def test_chosen_organisation_must_be_ones_own(member: Membership, stranger: Membership) -> None:
    token = sign_in(member)["access_token"]
    headers = {"Authorization": f"Bearer {token}", "X-Organization": str(stranger.organization_id)}
    answer = Client(headers=headers).get("/api/v1/users/me/").json()
    assert answer["organization"]["id"] == member.organization_id


def test_addresses_are_not_changed_by_oneself(member: Membership) -> None:
    meta = sign_in(member)
    client = Client(headers={"X-Session-Token": meta["session_token"]})
    assert post(client, "/_allauth/app/v1/account/email", {"email": "x@example.com"}).status_code == 404
    assert (
        post(
            Client(), "/_allauth/app/v1/auth/signup", {"email": "x@example.com", "password": "harbour lamps 9"}
        ).status_code
        == 403
    )


# People


def test_me_is_changed(member: Membership, client_of: SignedIn) -> None:
    client = client_of(member)
    assert patch(client, "/api/v1/users/me/", {"time_zone": "Asia/Tokyo"}).json()["time_zone"] == "Asia/Tokyo"
    assert patch(client, "/api/v1/users/me/", {"time_zone": "Mars/Base"}).status_code == 400
    member.user.refresh_from_db()
    assert (member.user.name, member.user.time_zone) == ("Agent", "Asia/Tokyo")


def test_a_key_is_nobody(admin_member: Membership) -> None:
    assert with_key(admin_member, Can.USE_APP).get("/api/v1/users/me/").status_code == 403


def test_team_is_listed_for_those_who_may(
    manager: Membership, viewer: Membership, stranger: Membership, client_of: SignedIn
) -> None:
    body = client_of(manager).get("/api/v1/users/").json()
    assert {row["email"] for row in body["results"]} == {manager.user.email, viewer.user.email}
    assert client_of(viewer).get("/api/v1/users/").status_code == 403


def test_member_is_changed(admin_member: Membership, member: Membership, client_of: SignedIn) -> None:
    client = client_of(admin_member)
    address = f"/api/v1/users/{member.user_id}/"
    assert patch(client, address, {"role": "manager"}).json()["role"] == "manager"
    assert patch(client, address, {"is_active": False}).json()["is_active"] is False
    assert patch(client, address, {"role": "king"}).status_code == 400
    last = patch(client, f"/api/v1/users/{admin_member.user_id}/", {"is_active": False})
    assert (last.status_code, last.json()["code"]) == (409, "last_admin")


def test_strangers_and_the_powerless_change_nobody(
    stranger: Membership, manager: Membership, member: Membership, client_of: SignedIn
) -> None:
    address = f"/api/v1/users/{member.user_id}/"
    assert patch(client_of(stranger), address, {"role": "viewer"}).status_code == 404
    assert patch(client_of(manager), address, {"role": "viewer"}).status_code == 403


def test_invitation(admin_member: Membership, client_of: SignedIn) -> None:
    client = client_of(admin_member)
    made = post(client, "/api/v1/users/invitations/", {"email": "new@example.com", "role": "agent"})
    assert made.status_code == 201
    assert "secret" not in str(made.json())
    assert len(mail.outbox) == 1
    assert post(client, "/api/v1/users/invitations/", {"email": "nobody", "role": "agent"}).status_code == 400
    assert Invitation.objects.count() == 1


def test_a_key_lifts_nobody_above_itself(admin_member: Membership) -> None:
    client = with_key(admin_member, Can.MANAGE_TEAM)
    refused = post(client, "/api/v1/users/invitations/", {"email": "new@example.com", "role": "admin"})
    assert (refused.status_code, refused.json()["code"]) == (409, "role_beyond_own")


# Keys


def test_key_is_made_used_and_revoked(admin_member: Membership, client_of: SignedIn) -> None:
    admin = client_of(admin_member)
    made = post(admin, "/api/v1/api-keys/", {"name": "Till", "scopes": ["team.view"]})
    assert made.status_code == 201
    machine = with_token(made.json()["secret"])
    assert machine.get("/api/v1/users/").status_code == 200
    assert machine.get("/api/v1/api-keys/").status_code == 403
    listed = admin.get("/api/v1/api-keys/").json()["results"][0]
    assert "secret" not in listed and listed["name"] == "Till"
    address = f"/api/v1/api-keys/{listed['id']}/"
    assert machine.delete(address).status_code == 403
    assert admin.delete(address).status_code == 204
    assert machine.get("/api/v1/users/").status_code == 401


def test_key_cannot_be_made_stronger_than_its_maker(admin_member: Membership) -> None:
    client = with_key(admin_member, Can.MANAGE_API_KEYS)
    refused = post(client, "/api/v1/api-keys/", {"name": "Robot", "scopes": ["team.manage"]})
    assert (refused.status_code, refused.json()["code"]) == (409, "scope_beyond_own")


def test_keys_of_strangers(stranger: Membership, admin_member: Membership, client_of: SignedIn) -> None:
    with_key(admin_member, Can.USE_APP)
    client = client_of(stranger)
    assert client.get("/api/v1/api-keys/").json()["results"] == []
    assert client.delete(f"/api/v1/api-keys/{ApiKey.objects.get().pk}/").status_code == 404


def test_strangers_knock_so_often_and_no_more(db: None) -> None:
    answers = [Client().get("/api/v1/users/me/") for _ in range(62)]
    assert {answer.status_code for answer in answers[:60]} == {401}
    assert answers[-1].status_code == 429
    assert int(answers[-1]["Retry-After"]) >= 1


def test_wrong_keys_are_counted_too(db: None) -> None:
    answers = [with_token("cck_wrong").get("/api/v1/users/me/") for _ in range(62)]
    assert answers[0].status_code == 401
    assert answers[-1].status_code == 429


def test_method_that_a_view_does_not_know(admin_member: Membership) -> None:
    client = with_token(sign_in(admin_member)["access_token"])
    answer = client.delete("/api/v1/users/me/")
    assert answer.status_code == 405
    assert answer.json()["code"] == "method_not_allowed"
