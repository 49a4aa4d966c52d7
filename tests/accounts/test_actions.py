"""Joining, roles, keys, profile: what may happen, what is refused, what is written down."""

from __future__ import annotations

import io
import re
from datetime import datetime, timedelta

import pytest
from django.core import mail
from django.utils import timezone
from PIL import Image

from apps.accounts import actions, queries
from apps.accounts.actions import OrganizationDetails
from apps.accounts.models import ApiKey, Invitation, Membership, Organization, Session, User
from apps.accounts.permissions import LABELS, Can, Role
from apps.core.audit import System
from apps.core.models import AuditEntry, OutboxEvent
from apps.core.refused import Refused
from tests.conftest import make_member

pytestmark = pytest.mark.django_db
NOW = timezone.now()


def audited() -> list[str]:
    return list(AuditEntry.objects.order_by("id").values_list("action", flat=True))


def announced() -> list[str]:
    return list(OutboxEvent.objects.order_by("id").values_list("name", flat=True))


def secret_in(message: mail.EmailMessage) -> str:
    found = re.search(r"/invitations/([^/\s]+)/", str(message.body))
    assert found
    return found[1]


def invited(by: Membership, email: str = "new@example.com", role: str = Role.AGENT, now: datetime = NOW) -> Invitation:
    return actions.invite(by.organization, email=email, role=role, by=by, now=now)


def test_every_permission_has_a_label() -> None:
    assert set(LABELS) == set(Can)


# Joining


def test_invitation_reaches_its_reader(admin_member: Membership) -> None:
    invitation = invited(admin_member, " New@Example.com ")
    letter = mail.outbox[0]
    assert letter.to == ["new@example.com"]
    assert invitation.expires_at == NOW + timedelta(days=7)
    secret = secret_in(letter)
    assert secret not in str(vars(invitation)), "only a hash is stored"
    assert queries.find_invitation(secret) == invitation
    assert secret in str(letter.alternatives[0].content)
    assert audited() == ["invitation.sent"]


def test_second_invitation_replaces_the_first(admin_member: Membership) -> None:
    first = invited(admin_member)
    again = invited(admin_member, role=Role.VIEWER, now=NOW + timedelta(days=9))
    assert again.pk == first.pk
    assert again.role == Role.VIEWER
    assert queries.find_invitation(secret_in(mail.outbox[0])) is None, "the old link stops working"
    assert queries.find_invitation(secret_in(mail.outbox[1])) == again
    assert audited() == ["invitation.sent", "invitation.sent_again"]


def test_member_is_not_invited_again(admin_member: Membership, member: Membership) -> None:
    with pytest.raises(Refused, match="member already"):
        invited(admin_member, member.user.email)
    assert not mail.outbox


def test_newcomer_joins_with_an_account(admin_member: Membership) -> None:
    joined = actions.accept_as_newcomer(invited(admin_member), name="Nora", password="harbour lamps 9", now=NOW)
    assert joined.user.check_password("harbour lamps 9")
    assert (joined.role, joined.organization) == (Role.AGENT, admin_member.organization)
    assert "accounts.MemberJoined" in announced()
    with pytest.raises(Refused) as refusal:
        actions.accept_as_newcomer(Invitation.objects.get(), name="Nora", password="harbour lamps 9", now=NOW)
    assert refusal.value.code == "invitation_used"


def test_weak_password_makes_nobody(admin_member: Membership) -> None:
    invitation = invited(admin_member)
    with pytest.raises(Refused) as refusal:
        actions.accept_as_newcomer(invitation, name="Nora", password="password12", now=NOW)
    assert (refusal.value.code, refusal.value.field) == ("weak_password", "password")
    assert not User.objects.filter(email="new@example.com").exists()


def test_person_of_another_organisation_joins_as_themselves(admin_member: Membership, stranger: Membership) -> None:
    invitation = invited(admin_member, stranger.user.email)
    with pytest.raises(Refused, match="Sign in first"):
        actions.accept_as_newcomer(invitation, name="X", password="harbour lamps 9", now=NOW)
    joined = actions.accept_invitation(invitation, user=stranger.user, now=NOW)
    assert joined.organization == admin_member.organization
    assert stranger.user.memberships.count() == 2


def test_invitation_is_for_nobody_else(admin_member: Membership, stranger: Membership) -> None:
    with pytest.raises(Refused) as refusal:
        actions.accept_invitation(invited(admin_member), user=stranger.user, now=NOW)
    assert refusal.value.code == "invitation_for_other"


@pytest.mark.parametrize(("later", "works"), [(timedelta(days=7, seconds=-1), True), (timedelta(days=7), False)])
def test_invitation_runs_out(admin_member: Membership, later: timedelta, works: bool) -> None:
    invitation = invited(admin_member)
    if works:
        actions.refuse_dead(invitation, now=NOW + later)
        return
    with pytest.raises(Refused) as refusal:
        actions.refuse_dead(invitation, now=NOW + later)
    assert refusal.value.code == "invitation_expired"


def test_revoked_invitation_opens_nothing(admin_member: Membership) -> None:
    invitation = actions.revoke_invitation(invited(admin_member), by=admin_member, now=NOW)
    with pytest.raises(Refused) as refusal:
        actions.accept_as_newcomer(invitation, name="N", password="harbour lamps 9", now=NOW)
    assert refusal.value.code == "invitation_revoked"
    actions.revoke_invitation(invitation, by=admin_member, now=NOW)
    assert audited().count("invitation.revoked") == 1


def test_accepted_invitation_cannot_be_taken_back(admin_member: Membership) -> None:
    invitation = invited(admin_member)
    actions.accept_as_newcomer(invitation, name="N", password="harbour lamps 9", now=NOW)
    with pytest.raises(Refused):
        actions.revoke_invitation(invitation, by=admin_member, now=NOW)


# Roles


def test_role_changes_and_is_written_down(admin_member: Membership, member: Membership) -> None:
    actions.change_role(member, role=Role.MANAGER, by=admin_member)
    entry = AuditEntry.objects.get(action="member.role_changed")
    assert (entry.before, entry.after) == ({"role": "agent"}, {"role": "manager"})
    assert announced() == ["accounts.RoleChanged"]
    actions.change_role(member, role=Role.MANAGER, by=admin_member)
    assert announced() == ["accounts.RoleChanged"], "the same role again is no change"


def test_last_admin_stays(admin_member: Membership, member: Membership) -> None:
    for attempt in (
        lambda: actions.change_role(admin_member, role=Role.AGENT, by=admin_member),
        lambda: actions.deactivate_member(admin_member, by=admin_member),
        lambda: actions.update_member(admin_member, role=Role.VIEWER, is_active=False, by=admin_member),
    ):
        with pytest.raises(Refused) as refusal:
            attempt()
        assert refusal.value.code == "last_admin"
    admin_member.refresh_from_db()
    assert (admin_member.role, admin_member.is_active) == (Role.ADMIN, True)


def test_inactive_and_foreign_admins_do_not_count(admin_member: Membership, stranger: Membership) -> None:
    other = make_member(admin_member.organization, Role.ADMIN, "second@harbour.example")
    actions.deactivate_member(other, by=admin_member)
    with pytest.raises(Refused):
        actions.deactivate_member(admin_member, by=admin_member)
    actions.reactivate_member(other, by=admin_member)
    actions.deactivate_member(admin_member, by=other)
    assert announced()[-1] == "accounts.MemberDeactivated"


def test_nobody_gives_more_than_they_have(organization: Organization, manager: Membership, member: Membership) -> None:
    key = ApiKey(organization=organization, name="till", scopes=[Can.MANAGE_TEAM.value])
    for giver in (manager, key):
        with pytest.raises(Refused) as refusal:
            actions.change_role(member, role=Role.ADMIN, by=giver)
        assert refusal.value.code == "role_beyond_own"
        with pytest.raises(Refused):
            actions.invite(organization, email="x@example.com", role=Role.ADMIN, by=giver, now=NOW)


def test_deactivation_ends_the_sessions_of_who_works_nowhere_else(
    admin_member: Membership, member: Membership, other_organization: Organization
) -> None:
    session = Session.objects.create(session_key="a" * 32, user=member.user, expire_date=NOW + timedelta(days=1))
    elsewhere = Membership.objects.create(organization=other_organization, user=member.user)
    actions.deactivate_member(member, by=admin_member)
    assert Session.objects.filter(pk=session.pk).exists(), "they still work elsewhere"
    actions.reactivate_member(member, by=admin_member)
    elsewhere.delete()
    actions.deactivate_member(member, by=admin_member)
    assert not Session.objects.filter(pk=session.pk).exists()


def test_former_member_comes_back_in_the_new_role(admin_member: Membership, member: Membership) -> None:
    actions.deactivate_member(member, by=admin_member)
    back = actions.accept_invitation(invited(admin_member, member.user.email, Role.VIEWER), user=member.user, now=NOW)
    assert (back.pk, back.role, back.is_active) == (member.pk, Role.VIEWER, True)


# Keys


def test_key_works_until_it_is_revoked(admin_member: Membership) -> None:
    key, secret = actions.create_api_key(
        admin_member.organization, name="Till", scopes=[Can.RECORD_VISITS], by=admin_member, now=NOW
    )
    assert secret.startswith("cck_")
    assert secret not in str(vars(key))
    assert key.can(Can.RECORD_VISITS) and not key.can(Can.EXPORT_RESPONSES)
    assert secret not in str(list(AuditEntry.objects.values()))
    assert key in ApiKey.objects.live(NOW)
    actions.revoke_api_key(key, by=admin_member, now=NOW)
    actions.revoke_api_key(key, by=admin_member, now=NOW)
    assert key not in ApiKey.objects.live(NOW)
    assert announced() == ["accounts.ApiKeyRevoked"]


@pytest.mark.parametrize(
    ("scopes", "expires_at", "code"),
    [
        ([], None, "no_scopes"),
        ([Can.MANAGE_TEAM], None, "scope_beyond_own"),
        ([Can.VIEW_CUSTOMERS], NOW, "expires_in_past"),
    ],
)
def test_key_is_refused(manager: Membership, scopes: list[str], expires_at: datetime | None, code: str) -> None:
    with pytest.raises(Refused) as refusal:
        actions.create_api_key(
            manager.organization, name="Till", scopes=scopes, by=manager, now=NOW, expires_at=expires_at
        )
    assert refusal.value.code == code


# Organisation and profile


def test_two_organisations_of_one_name() -> None:
    details = OrganizationDetails(name="Zoë & Söhne")
    made = [actions.create_organization(details, by=System()) for _ in range(3)]
    assert len({organization.slug for organization in made}) == 3
    assert actions.create_organization(OrganizationDetails(name="北京"), by=System()).slug == "organization"


def logo_of(size: tuple[int, int], kind: str = "PNG") -> io.BytesIO:
    file = io.BytesIO()
    Image.new("RGB", size, "red").save(file, kind)
    file.seek(0)
    return file


def test_logo_is_drawn_anew(organization: Organization, admin_member: Membership) -> None:
    upload = logo_of((1200, 600), "JPEG")
    upload.seek(0, io.SEEK_END)
    upload.write(b"<script>alert(1)</script>")
    upload.seek(0)
    saved = actions.update_organization(
        organization, OrganizationDetails(name="H"), brand_colour="#ABCDEF", logo=upload, by=admin_member
    )
    with saved.logo.open("rb") as file:
        content = file.read()
    assert b"script" not in content
    assert Image.open(io.BytesIO(content)).size == (512, 256)
    assert saved.brand_colour == "#abcdef"
    gone = actions.update_organization(
        saved, OrganizationDetails(name="H"), brand_colour="#abcdef", remove_logo=True, by=admin_member
    )
    assert not gone.logo


@pytest.mark.parametrize("content", [b"", b"no picture", b"<svg onload=alert(1)>", b"\x89PNG\r\n\x1a\n" + b"\0" * 40])
def test_what_is_no_picture_is_refused(organization: Organization, admin_member: Membership, content: bytes) -> None:
    with pytest.raises(Refused) as refusal:
        actions.update_organization(
            organization,
            OrganizationDetails(name="H"),
            brand_colour="#abcdef",
            logo=io.BytesIO(content),
            by=admin_member,
        )
    assert refusal.value.field == "logo"


def test_only_what_changed_is_written_down(member: Membership) -> None:
    actions.update_profile(member.user, name="Agent", language="de", time_zone="", by=member)
    entry = AuditEntry.objects.get(action="profile.updated")
    assert (entry.before, entry.after) == ({"language": ""}, {"language": "de"})
    actions.update_profile(member.user, name="Agent", language="de", time_zone="", by=member)
    assert audited() == ["profile.updated"]


def test_sender(organization: Organization, admin_member: Membership) -> None:
    actions.update_sender(organization, name="Harbour", email="hello@harbour.example", by=admin_member)
    organization.refresh_from_db()
    assert (organization.sender_name, organization.sender_email) == ("Harbour", "hello@harbour.example")
