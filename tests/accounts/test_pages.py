"""The pages of accounts: whole, as fragment, for strangers, without permission."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from allauth.usersessions.models import UserSession
from django.core import mail
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from apps.accounts import actions
from apps.accounts.models import ApiKey, Invitation, Membership, Organization, User
from apps.accounts.permissions import Can, Role
from apps.core import audit
from tests.accounts.test_actions import logo_of, secret_in

SignedIn = Callable[[Membership], Client]
pytestmark = pytest.mark.django_db

PAGES = {
    "/profile/": Role.VIEWER,
    "/organizations/": Role.VIEWER,
    "/settings/organization/": Role.ADMIN,
    "/settings/sender/": Role.ADMIN,
    "/settings/team/": Role.MANAGER,
    "/settings/roles/": Role.MANAGER,
    "/settings/api-keys/": Role.ADMIN,
    "/settings/audit-log/": Role.ADMIN,
}


@pytest.fixture
def people(admin_member: Membership, manager: Membership, viewer: Membership) -> dict[str, Membership]:
    return {Role.ADMIN: admin_member, Role.MANAGER: manager, Role.VIEWER: viewer}


@pytest.fixture
def letter(admin_member: Membership) -> Invitation:
    return actions.invite(
        admin_member.organization, email="new@example.com", role=Role.AGENT, by=admin_member, now=timezone.now()
    )


@pytest.fixture
def key(admin_member: Membership) -> ApiKey:
    return actions.create_api_key(
        admin_member.organization, name="Lamp-7", scopes=[Can.USE_APP], by=admin_member, now=timezone.now()
    )[0]


@pytest.mark.parametrize(("address", "least"), PAGES.items())
def test_page_opens_for_its_role_and_not_below(
    people: dict[str, Membership], client_of: SignedIn, address: str, least: str
) -> None:
    order = [Role.VIEWER, Role.MANAGER, Role.ADMIN]
    for role in order:
        response = client_of(people[role]).get(address)
        assert response.status_code == (200 if order.index(role) >= order.index(least) else 403)
        if response.status_code == 200:
            assert b"<h1>" in response.content and b"</html>" in response.content
    assert Client().get(address).headers["Location"].startswith("/accounts/login/")


@pytest.mark.parametrize(
    ("address", "fragment"),
    [("/settings/team/", "members"), ("/settings/api-keys/", "keys"), ("/settings/audit-log/", "entries")],
)
def test_fragment_comes_alone(admin_member: Membership, client_of: SignedIn, address: str, fragment: str) -> None:
    response = client_of(admin_member).get(address, headers={"HX-Request": "true", "HX-Target": fragment})
    content = response.content.decode().strip()
    assert content.startswith(f'<div id="{fragment}"')
    assert "<html" not in content


def test_a_stranger_finds_nothing(
    stranger: Membership, member: Membership, letter: Invitation, key: ApiKey, client_of: SignedIn
) -> None:
    client = client_of(stranger)
    session = UserSession.objects.create(user=member.user, ip="127.0.0.1", session_key="x" * 32)
    assert client.get(f"/settings/team/{member.pk}/").status_code == 404
    for address in [
        f"/settings/team/{member.pk}/deactivate/",
        f"/settings/team/{member.pk}/reactivate/",
        f"/settings/invitations/{letter.pk}/resend/",
        f"/settings/invitations/{letter.pk}/revoke/",
        f"/settings/api-keys/{key.pk}/revoke/",
        f"/profile/sessions/{session.pk}/end/",
        f"/organizations/{member.organization_id}/switch/",
    ]:
        assert client.post(address).status_code == 404, address
    for address in ["/settings/team/", "/settings/api-keys/", "/settings/audit-log/"]:
        content = client.get(address).content
        assert b"new@example.com" not in content and b"Lamp-7" not in content


def test_changes_need_permission(
    manager: Membership, member: Membership, letter: Invitation, client_of: SignedIn
) -> None:
    client = client_of(manager)
    assert client.post(f"/settings/team/{member.pk}/", {"role": "admin"}).status_code == 403
    assert client.post(f"/settings/team/{member.pk}/deactivate/").status_code == 403
    assert client.post(f"/settings/invitations/{letter.pk}/revoke/").status_code == 403
    client.post("/settings/team/", {"email": "x@example.com", "role": "agent"})
    assert not Invitation.objects.filter(email="x@example.com").exists(), "seeing the team is not inviting"


def test_profile_keeps_what_was_typed(member: Membership, client_of: SignedIn) -> None:
    client = client_of(member)
    refused = client.post("/profile/", {"name": "N" * 151, "language": "de", "time_zone": "Mars/Base"})
    assert refused.status_code == 422
    assert b"N" * 151 in refused.content
    assert client.post("/profile/", {"name": "Nora", "language": "de", "time_zone": "Asia/Tokyo"}).status_code == 302
    member.user.refresh_from_db()
    assert (member.user.name, member.user.language, member.user.time_zone) == ("Nora", "de", "Asia/Tokyo")


def test_ending_another_session_signs_that_browser_out(member: Membership, client_of: SignedIn) -> None:
    here, there = client_of(member), client_of(member)
    for browser in (here, there):
        UserSession.objects.create(
            user=member.user,
            ip="127.0.0.1",
            session_key=browser.session.session_key,
            user_agent="Mozilla/5.0 (Windows NT 10.0) Firefox/140.0",
        )
    page = here.get("/profile/").content.decode()
    assert page.count("Firefox on Windows") == 2
    addresses = re.findall(r"/profile/sessions/\d+/end/", page)
    assert len(addresses) == 1, "this browser is not among those that can be ended"
    assert here.post(addresses[0]).status_code == 302
    assert there.get("/profile/").status_code == 302
    assert here.get("/profile/").status_code == 200


def test_switching_organisations(member: Membership, other_organization: Organization, client_of: SignedIn) -> None:
    Membership.objects.create(organization=other_organization, user=member.user, role=Role.VIEWER)
    client = client_of(member)
    assert b"Work here" in client.get("/organizations/").content
    assert client.post(f"/organizations/{other_organization.pk}/switch/").status_code == 302
    assert client.get("/profile/").wsgi_request.organization == other_organization  # type: ignore[attr-defined]
    assert client.get(f"/organizations/{other_organization.pk}/switch/").status_code == 405


def test_organisation_is_saved_with_its_logo(admin_member: Membership, client_of: SignedIn) -> None:
    client = client_of(admin_member)
    typed = {
        "name": "Harbour",
        "time_zone": "Europe/Paris",
        "currency": "CHF",
        "language": "de",
        "country": "ch",
        "brand_colour": "#123456",
    }
    assert client.get("/settings/organization/logo/").status_code == 404
    logo = SimpleUploadedFile("logo.png", logo_of((40, 40)).read())
    assert client.post("/settings/organization/", {**typed, "logo": logo}).status_code == 302
    organization = Organization.objects.get(pk=admin_member.organization_id)
    assert (organization.currency, organization.country, organization.time_zone) == ("CHF", "CH", "Europe/Paris")
    served = client.get("/settings/organization/logo/")
    assert served["Content-Type"] == "image/png"
    assert served.content.startswith(b"\x89PNG")
    bad = client.post("/settings/organization/", {**typed, "logo": SimpleUploadedFile("logo.png", b"<svg/>")})
    assert bad.status_code == 422
    assert b"not a picture" in bad.content


def test_sender_refuses_line_breaks(admin_member: Membership, client_of: SignedIn) -> None:
    client = client_of(admin_member)
    client.post("/settings/sender/", {"name": "Harbour\r\nBcc: x@y.z", "email": "hello@harbour.example"})
    admin_member.organization.refresh_from_db()
    assert "\n" not in admin_member.organization.sender_name
    assert client.post("/settings/sender/", {"name": "H", "email": "not an address"}).status_code == 422


def test_team_invites_resends_and_takes_back(admin_member: Membership, client_of: SignedIn) -> None:
    client = client_of(admin_member)
    assert client.post("/settings/team/", {"email": "new@example.com", "role": "agent"}).status_code == 302
    letter = Invitation.objects.get()
    assert b"new@example.com" in client.get("/settings/team/").content
    client.post(f"/settings/invitations/{letter.pk}/resend/")
    assert len(mail.outbox) == 2
    client.post(f"/settings/invitations/{letter.pk}/revoke/")
    assert b"new@example.com" not in client.get("/settings/team/").content.split(b"toast")[0]
    refused = client.post("/settings/team/", {"email": admin_member.user.email, "role": "agent"})
    assert refused.status_code == 422
    assert b"member already" in refused.content


def test_last_admin_is_told_why(admin_member: Membership, client_of: SignedIn) -> None:
    client = client_of(admin_member)
    changed = client.post(f"/settings/team/{admin_member.pk}/", {"role": "agent"})
    assert changed.status_code == 422
    assert b"last administrator" in changed.content
    ended = client.post(f"/settings/team/{admin_member.pk}/deactivate/")
    assert ended.status_code == 409
    assert b"last administrator" in ended.content


def test_member_is_deactivated_and_comes_back(
    admin_member: Membership, member: Membership, client_of: SignedIn
) -> None:
    client, theirs = client_of(admin_member), client_of(member)
    assert client.post(f"/settings/team/{member.pk}/deactivate/").status_code == 302
    assert theirs.get("/profile/").status_code == 302, "signed out at once"
    assert client.post(f"/settings/team/{member.pk}/reactivate/").status_code == 302
    assert client_of(member).get("/profile/").status_code == 200


def test_key_is_shown_once(admin_member: Membership, client_of: SignedIn) -> None:
    client = client_of(admin_member)
    made = client.post("/settings/api-keys/", {"name": "Till", "scopes": ["visits.record"], "last_day": ""})
    found = re.search(r"cck_[\w-]{40,}", made.content.decode())
    assert found
    assert made["Cache-Control"] == "no-store"
    again = client.get("/settings/api-keys/").content.decode()
    assert found[0] not in again and "Till" in again
    assert client.post("/settings/api-keys/", {"name": "", "scopes": []}).status_code == 422
    client.post(f"/settings/api-keys/{ApiKey.objects.get().pk}/revoke/")
    assert b"Revoked" in client.get("/settings/api-keys/").content


def test_audit_log_is_filtered_and_paged(admin_member: Membership, client_of: SignedIn) -> None:
    for number in range(55):
        audit.record(
            "lamp.lit", by=admin_member, organization_id=admin_member.organization_id, after={"number": number}
        )
    client = client_of(admin_member)
    page = client.get("/settings/audit-log/?action=lamp").content.decode()
    assert page.count("<code>lamp.lit</code>") == 50
    older = re.search(r'rel="next" href="([^"]+)"', page)
    assert older
    second = client.get("/settings/audit-log/" + older[1].replace("&amp;", "&")).content.decode()
    assert second.count("<code>lamp.lit</code>") == 5
    assert "<ins>0</ins>" in second
    for nothing in ("person=nobody", "action=sign_in+failed", "record=x", "until=2001-01-01", "since=2999-01-01"):
        assert b"Nothing fits" in client.get(f"/settings/audit-log/?{nothing}").content, nothing
    for ignored in ["until=9999-12-31", "since=0001-01-01"]:
        assert b"Nothing fits" not in client.get(f"/settings/audit-log/?{ignored}").content, ignored


@pytest.mark.parametrize("address", ["/settings/team/", "/settings/api-keys/", "/settings/audit-log/"])
def test_a_broken_page_address_leads_to_the_first(admin_member: Membership, client_of: SignedIn, address: str) -> None:
    assert client_of(admin_member).get(f"{address}?cursor=broken").headers["Location"] == address


# The page behind an invitation's link


def link_of(letter: Invitation) -> str:
    return f"/invitations/{secret_in(mail.outbox[-1])}/"


def test_newcomer_joins_and_is_signed_in(letter: Invitation) -> None:
    client = Client()
    address = link_of(letter)
    page = client.get(address)
    assert page.status_code == 200
    assert (page["Referrer-Policy"], page["Cache-Control"]) == ("same-origin", "no-store")
    weak = client.post(address, {"name": "Nora", "password": "1234567890"})
    assert weak.status_code == 422
    assert b'value="Nora"' in weak.content
    assert client.post(address, {"name": "Nora", "password": "harbour lamps 9"}).headers["Location"] == "/"
    assert client.get("/profile/").status_code == 200
    assert Client().get(address).status_code == 410


def test_existing_person_signs_in_first(letter: Invitation, client_of: SignedIn, stranger: Membership) -> None:
    address = link_of(letter)
    User.objects.filter(pk=stranger.user.pk).update(email="new@example.com")
    assert b"/accounts/login/?next=" in Client().get(address).content
    assert Client().post(address).status_code == 200
    assert not Membership.objects.filter(organization=letter.organization, user=stranger.user).exists()
    assert client_of(stranger).post(address, {"join": "1"}).status_code == 302
    assert Membership.objects.filter(organization=letter.organization, user=stranger.user).exists()


def test_letter_for_somebody_else(letter: Invitation, client_of: SignedIn, stranger: Membership) -> None:
    User.objects.create_user("new@example.com", "harbour lamps 9")
    client = client_of(stranger)
    assert b"Sign out" in client.get(link_of(letter)).content
    assert client.post(link_of(letter), {"join": "1"}).status_code == 422


def test_dead_and_unknown_letters(letter: Invitation) -> None:
    assert Client().get("/invitations/unknown/").status_code == 404
    Invitation.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    dead = Client().get(link_of(letter))
    assert dead.status_code == 410
    assert b"too old" in dead.content
