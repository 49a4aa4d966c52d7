"""Who asks is one SELECT, and every revocation counts at once."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from allauth.usersessions.models import UserSession
from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import path
from django.utils import timezone, translation

from apps.accounts.guards import MemberRequest, public, requires
from apps.accounts.models import Membership, Organization, Session
from apps.accounts.permissions import Can, Role
from apps.accounts.sessions import ORGANIZATION_KEY, SessionStore
from tests.conftest import make_member

SignedIn = Callable[[Membership], Client]


@requires(Can.USE_APP)
def closed(request: MemberRequest) -> HttpResponse:
    zone = timezone.get_current_timezone_name()
    words = [request.user, request.member.role, request.organization, zone, translation.get_language()]
    return HttpResponse(" | ".join(map(str, words)))


@public("a test page")
def opened(request: HttpRequest) -> HttpResponse:
    return HttpResponse("open")


urlpatterns = [path("closed/", closed), path("open/", opened), path("in/", opened, name="account_login")]
pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]


def queries_of(client: Client, address: str) -> tuple[HttpResponse, list[str]]:
    with CaptureQueriesContext(
        connection,
    ) as captured:
        response = client.get(address)
    return response, [query["sql"] for query in captured.captured_queries]


def test_a_signed_in_page_asks_once(member: Membership, client_of: SignedIn) -> None:
    response, queries = queries_of(client_of(member), "/closed/")
    assert response.content.decode() == "Agent | agent | Harbour Opticians | Europe/Berlin | en"
    assert len(queries) == 1, queries


def test_nobody_pays_on_a_public_page(member: Membership, client_of: SignedIn) -> None:
    assert queries_of(Client(), "/open/")[1] == []
    assert queries_of(client_of(member), "/open/")[1] == [], "a session cookie alone costs nothing"


def test_stranger_is_sent_to_sign_in_without_a_query() -> None:
    response, queries = queries_of(Client(), "/closed/")
    assert response.status_code == 302
    assert queries == []


def test_own_language_and_time_zone_win(member: Membership, client_of: SignedIn) -> None:
    member.user.language, member.user.time_zone = "de", "Asia/Tokyo"
    member.user.save()
    response, queries = queries_of(client_of(member), "/closed/")
    assert b"Asia/Tokyo | de" in response.content
    assert len(queries) == 1
    assert timezone.get_current_timezone_name() == "UTC", "the thread is left as it was"


def test_role_change_counts_at_once(member: Membership, client_of: SignedIn) -> None:
    client = client_of(member)
    Membership.objects.filter(pk=member.pk).update(role=Role.VENDOR)
    assert client.get("/closed/").status_code == 403


def test_deactivated_person_is_out_at_once(member: Membership, client_of: SignedIn) -> None:
    client = client_of(member)
    type(member.user).objects.update(is_active=False)
    assert client.get("/closed/").status_code == 302


def test_deactivated_membership_is_out_at_once(member: Membership, client_of: SignedIn) -> None:
    client = client_of(member)
    Membership.objects.update(is_active=False)
    assert client.get("/closed/").status_code == 403


def test_falls_back_to_another_organisation(
    member: Membership, other_organization: Organization, client_of: SignedIn
) -> None:
    client = client_of(member)
    Membership.objects.create(organization=other_organization, user=member.user, role=Role.VIEWER)
    Membership.objects.filter(pk=member.pk).update(is_active=False)
    assert b"viewer | Stranger Ltd" in client.get("/closed/").content


def test_chosen_organisation_is_remembered(
    member: Membership, other_organization: Organization, client_of: SignedIn
) -> None:
    Membership.objects.create(organization=other_organization, user=member.user, role=Role.VIEWER)
    client = client_of(member)
    session = client.session
    session[ORGANIZATION_KEY] = other_organization.pk
    session.save()
    response, queries = queries_of(client, "/closed/")
    assert b"viewer | Stranger Ltd" in response.content
    assert len(queries) == 1


def test_a_strangers_organisation_cannot_be_chosen(
    member: Membership, other_organization: Organization, client_of: SignedIn
) -> None:
    client = client_of(member)
    session = client.session
    session[ORGANIZATION_KEY] = other_organization.pk
    session.save()
    assert b"agent | Harbour Opticians" in client.get("/closed/").content


def test_new_password_signs_out(member: Membership, client_of: SignedIn) -> None:
    client = client_of(member)
    member.user.set_password("another horse battery")
    member.user.save()
    assert client.get("/closed/").status_code == 302


def test_revoked_and_expired_sessions_are_signed_out(member: Membership, client_of: SignedIn) -> None:
    first, second = client_of(member), client_of(member)
    SessionStore().delete(first.session.session_key)
    assert first.get("/closed/").status_code == 302
    Session.objects.update(expire_date=timezone.now())
    assert second.get("/closed/").status_code == 302
    SessionStore.clear_expired()
    assert not Session.objects.exists()


def test_row_of_one_person_with_data_of_another_is_believed_for_neither(
    member: Membership, viewer: Membership, client_of: SignedIn
) -> None:
    client = client_of(member)
    Session.objects.update(user=viewer.user, membership=viewer)
    assert b"agent" in client.get("/closed/").content, "the signed data count, the columns only save a query"


def test_forged_session_data_is_nobody(member: Membership, client_of: SignedIn) -> None:
    client = client_of(member)
    Session.objects.update(session_data="e30:1abc:forged")
    assert client.get("/closed/").status_code == 302


def test_person_without_membership_gets_403(member: Membership, client_of: SignedIn) -> None:
    member.delete()
    make_member(member.organization, Role.VIEWER)
    assert client_of(member).get("/closed/").status_code == 403


def test_session_list_knows_our_sessions(member: Membership, client_of: SignedIn) -> None:
    client = client_of(member)
    listed = UserSession.objects.create(user=member.user, ip="127.0.0.1", session_key=client.session.session_key)
    assert not listed.purge()
    listed.end()
    assert client.get("/closed/").status_code == 302
    assert not isinstance(member.user, AnonymousUser)
