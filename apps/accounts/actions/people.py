"""What a person changes about themselves."""

from __future__ import annotations

from allauth.usersessions.models import UserSession
from django.db import transaction

from apps.accounts.actions import change
from apps.accounts.models import Membership, Session, User
from apps.core import audit, tenancy


@transaction.atomic
def update_profile(user: User, *, name: str, language: str, time_zone: str, by: Membership) -> User:
    """Change name, language and time zone; an empty language or zone means the organisation's."""
    user = User.objects.select_for_update().get(pk=user.pk)
    fields = {"name": name, "language": language, "time_zone": time_zone}
    change.write(user, fields, by=by, action="profile.updated", organization_id=by.organization_id)
    return user


@transaction.atomic
def switch_organization(member: Membership, *, by: Membership) -> Membership:
    """Note that the person works as `member` from now on; the caller's session remembers it."""
    if member.pk != by.pk:
        with tenancy.inside(member.organization_id):
            audit.record("member.switched_organization", by=by, organization_id=member.organization_id, on=member)
    return member


@transaction.atomic
def end_session(listed: UserSession, *, by: Membership) -> None:
    """Sign that browser or program out: its next request comes from a stranger."""
    Session.objects.filter(session_key=listed.session_key).delete()
    after = {"ip": listed.ip, "browser": listed.user_agent}
    audit.record("sign_in.session_ended", by=by, organization_id=by.organization_id, on=by.user, after=after)
    listed.delete()
