"""Reads about people and organisations."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from allauth.usersessions.models import UserSession

from apps.accounts import user_agent
from apps.accounts.models import Invitation, Membership, Organization, Session, User
from apps.accounts.models.invitation import digest
from apps.accounts.permissions import ROLES, Can, Role


def is_set_up() -> bool:
    """Whether anybody works here yet; if not, the set-up wizard is open."""
    return Organization.objects.exists()


def working_membership(user: User, organization_id: int | None) -> Membership | None:
    """The membership with which the person works: the chosen organisation's, else the oldest."""
    memberships = Membership.objects.active().filter(user=user).select_related("organization").order_by("id")
    member = None
    if organization_id is not None:
        member = memberships.filter(organization_id=organization_id).first()
    member = member or memberships.first()
    if member is not None:
        member.user = user
    return member


def working_membership_id(user_id: int, organization_id: int | None) -> int | None:
    """The same, for whoever needs only the id."""
    of_person = Membership.objects.active().filter(user_id=user_id).order_by("id")
    ids = dict(of_person.values_list("organization_id", "id"))
    if organization_id in ids:
        return ids[organization_id]
    return next(iter(ids.values()), None)


def other_active_admins(member: Membership) -> bool:
    """Whether somebody else could still administer the member's organisation."""
    admins = Membership.objects.owned_by(member.organization_id).active().admins()
    return admins.exclude(pk=member.pk).exists()


def organizations_of(user: User) -> list[Membership]:
    """Every membership with which the person may work, by the organisation's name."""
    return list(
        Membership.objects.active().filter(user=user).select_related("organization").order_by("organization__name")
    )


def find_invitation(secret: str) -> Invitation | None:
    """The letter whose link carries this secret."""
    return Invitation.objects.select_related("organization").filter(secret_sha256=digest(secret)).first()


def account_exists(email: str) -> bool:
    """Whether somebody signs in with this address."""
    return User.objects.filter(email=email).exists()


@dataclass(frozen=True)
class SignedIn:
    """One browser in which the person is signed in."""

    pk: int
    where: str
    ip: str
    since: datetime
    is_current: bool


def sessions_of(user: User, *, current_key: str | None, now: datetime) -> list[SignedIn]:
    """Every living session of the person, newest first."""
    living = Session.objects.filter(user=user, expire_date__gt=now).values("session_key")
    rows = UserSession.objects.filter(user=user, session_key__in=living).order_by("-created_at")
    return [
        SignedIn(row.pk, user_agent.describe(row.user_agent), row.ip, row.created_at, row.session_key == current_key)
        for row in rows
    ]


@dataclass(frozen=True)
class Permit:
    """One line of the table of roles: a permission, and for each role whether it holds it."""

    label: str
    held: list[bool]


def role_table() -> list[Permit]:
    """Permissions × roles, in the order of `Can` and `Role`."""
    return [Permit(permission.label, [permission in ROLES[role] for role in Role]) for permission in Can]
