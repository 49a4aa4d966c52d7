"""The text of a link: what is genuine, and what costs nothing to refuse."""

from __future__ import annotations

import base64
import json
from datetime import timedelta

import jwt
import pytest
from django.utils import timezone

from apps.accounts.models import Membership, Organization
from apps.core.models import AuditEntry
from apps.core.refused import Refused
from apps.forms import actions, redemption, tokens
from apps.forms.models import LinkPurpose, LinkState, OneTimeLink, derived_key
from apps.forms.refusals import ExpiredLink, InvalidLink

NOW = timezone.now().replace(microsecond=0)


@pytest.fixture
def link(organization: Organization) -> OneTimeLink:
    return actions.issue(
        organization=organization,
        purpose=LinkPurpose.SURVEY,
        expires_at=NOW + timedelta(hours=48, microseconds=900),
        now=NOW,
    )


def read(token: str, now=NOW) -> tokens.Claim:
    return tokens.read(token, purpose=LinkPurpose.SURVEY, now=now)


def test_genuine_token_leads_to_its_link(link: OneTimeLink, django_assert_num_queries) -> None:
    token = tokens.write(link)
    with django_assert_num_queries(0):
        claim = read(token)
    assert redemption.find(claim) == link
    assert len(token) < 256


def test_database_alone_does_not_give_the_token(link: OneTimeLink) -> None:
    secret = jwt.decode(tokens.write(link), options={"verify_signature": False})["key"]
    stored = json.dumps([str(value) for value in OneTimeLink.objects.values_list()[0]])
    assert len(base64.urlsafe_b64decode(secret + "=")) == 32
    assert secret not in stored


def test_a_jwt_library_reads_the_token(link: OneTimeLink) -> None:
    claims = jwt.decode(tokens.write(link), derived_key("signature"), algorithms=["HS256"])
    assert claims["id"] == link.pk
    assert claims["for"] == "survey"
    assert claims["exp"] == link.expires_at.timestamp()


def test_what_a_jwt_library_writes_is_read(db: None) -> None:
    assert read(forged(id=7)).link_id == 7


def test_only_one_way_of_writing_a_token_counts(link: OneTimeLink) -> None:
    header, claims, signature = tokens.write(link).split(".")
    body = f"{header}.{claims}"
    for odd in (f"{body}.{signature}=", f"{body}=.{signature}", f"{body}.{signature}.x"):
        with pytest.raises(InvalidLink):
            read(odd)


def test_two_links_differ(organization: Organization, link: OneTimeLink) -> None:
    other = actions.issue(organization=organization, purpose=LinkPurpose.SURVEY, expires_at=link.expires_at, now=NOW)
    assert tokens.write(other) != tokens.write(link)


def test_clock_at_the_expiry(link: OneTimeLink) -> None:
    token = tokens.write(link)
    read(token, link.expires_at - timedelta(seconds=1))
    for late in (timedelta(0), timedelta(seconds=1)):
        with pytest.raises(ExpiredLink):
            read(token, link.expires_at + late)


def forged(**claims: object) -> str:
    genuine = {"id": 1, "key": "k", "for": "survey", "exp": int(NOW.timestamp()) + 60}
    return jwt.encode({**genuine, **claims}, derived_key("signature"), "HS256")


def signed(payload: bytes) -> str:
    return jwt.api_jws.encode(payload, derived_key("signature"), "HS256")


@pytest.mark.parametrize(
    "token",
    [
        "",
        "x",
        "a.b.c",
        "é" * 40,
        "a" * 100_000,
        jwt.encode(
            {"id": 1, "key": "k", "for": "survey", "exp": 9_999_999_999}, "another key of thirty-two bytes!", "HS256"
        ),
        jwt.encode({"id": 1, "key": "k", "for": "survey", "exp": 9_999_999_999}, None, "none"),
        lambda: jwt.encode(
            {"id": 1, "key": "k", "for": "survey", "exp": 9_999_999_999}, derived_key("signature") * 2, "HS512"
        ),
        lambda: forged(id="1"),
        lambda: forged(id=True),
        lambda: forged(key=None),
        lambda: forged(exp=None),
        lambda: forged(exp="soon"),
        lambda: forged(**{"for": "invoice"}),
        lambda: forged(aud="x") + "A",
        lambda: signed(b"[1]"),
        lambda: signed(b"\xff"),
        lambda: signed(b"{"),
    ],
)
def test_forged_tokens_cost_no_query(token, db: None, django_assert_num_queries) -> None:
    text = token() if callable(token) else token
    with django_assert_num_queries(0), pytest.raises(InvalidLink):
        read(text)


def test_token_whose_link_is_gone(link: OneTimeLink) -> None:
    token = tokens.write(link)
    link.delete()
    with pytest.raises(InvalidLink):
        redemption.find(read(token))


def test_revoking(link: OneTimeLink, member: Membership) -> None:
    actions.revoke(link, by=member, now=NOW)
    again = actions.revoke(link, by=member, now=NOW + timedelta(hours=1))
    assert again.revoked_at == NOW
    assert again.state(NOW) is LinkState.REVOKED
    assert AuditEntry.objects.filter(action="link.revoked").count() == 1


def test_used_link_cannot_be_revoked(link: OneTimeLink, member: Membership) -> None:
    OneTimeLink.objects.update(used_at=NOW)
    with pytest.raises(Refused) as caught:
        actions.revoke(link, by=member, now=NOW)
    assert caught.value.code == "already_used"


HUMAN = "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Safari/605"


@pytest.mark.parametrize(
    ("agent", "seconds", "is_machine"),
    [(HUMAN, 60, False), (HUMAN, 1, True), ("", 60, True), ("Mozilla/5.0 (compatible; bingbot/2.0)", 60, True)],
)
def test_first_opening_guesses_who(link: OneTimeLink, agent: str, seconds: int, is_machine: bool) -> None:
    actions.note_opening(link, user_agent=agent, now=NOW + timedelta(seconds=seconds))
    link.refresh_from_db()
    assert link.first_opened_at == NOW + timedelta(seconds=seconds)
    assert link.is_opened_by_machine is is_machine


def test_later_openings_write_nothing_but_the_first_person_counts(link: OneTimeLink, django_assert_num_queries) -> None:
    actions.note_opening(link, user_agent="scanner", now=NOW + timedelta(seconds=9))
    link.refresh_from_db()
    with django_assert_num_queries(0):
        actions.note_opening(link, user_agent="scanner", now=NOW + timedelta(minutes=1))
    actions.note_opening(link, user_agent=HUMAN, now=NOW + timedelta(minutes=2))
    link.refresh_from_db()
    assert (link.first_opened_at, link.is_opened_by_machine) == (NOW + timedelta(minutes=2), False)
    with django_assert_num_queries(0):
        actions.note_opening(link, user_agent=HUMAN, now=NOW + timedelta(minutes=3))
