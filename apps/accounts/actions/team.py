"""Who works in an organisation, and as what. An organisation never loses its last administrator."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts import queries
from apps.accounts.actions import change
from apps.accounts.events import MemberDeactivated, MemberJoined, MemberReactivated, RoleChanged
from apps.accounts.models import Membership, Organization, Session, User
from apps.accounts.permissions import ROLES, Caller, Role
from apps.core import audit
from apps.core.audit import Actor
from apps.core.outbox import announce
from apps.core.refused import Refused


@transaction.atomic
def add_member(organization: Organization, user: User, *, role: str, by: Actor) -> Membership:
    """Make the person a member, or let a former member in again. Raises Refused for somebody who is one."""
    member, is_new = Membership.objects.select_for_update().get_or_create(
        organization=organization, user=user, defaults={"role": role}
    )
    if not is_new:
        if member.is_active:
            raise already_member()
        member.role, member.is_active = role, True
        member.save(update_fields=["role", "is_active"])
    audit.record("member.joined", by=by, organization_id=organization.pk, on=member, after={"role": role})
    announce(MemberJoined(organization_id=organization.pk, member_id=member.pk, user_id=user.pk))
    return member


@transaction.atomic
def change_role(member: Membership, *, role: str, by: Caller) -> Membership:
    """Give the member another role. Raises Refused for the last administrator, and for a role beyond one's own."""
    refuse_role_beyond_own(role, by=by)
    member = _locked(member)
    before = member.role
    if before == role:
        return member
    if member.is_active and before == Role.ADMIN:
        _refuse_last_admin(member)
    change.write(member, {"role": role}, by=by, action="member.role_changed", organization_id=member.organization_id)
    announce(RoleChanged(organization_id=member.organization_id, member_id=member.pk, before=before, after=role))
    return member


@transaction.atomic
def deactivate_member(member: Membership, *, by: Caller) -> Membership:
    """Let the member in no longer, from the next request on and with every token.

    Raises Refused for the last administrator.
    """
    member = _locked(member)
    if not member.is_active:
        return member
    refuse_role_beyond_own(member.role, by=by)
    if member.role == Role.ADMIN:
        _refuse_last_admin(member)
    change.write(
        member, {"is_active": False}, by=by, action="member.deactivated", organization_id=member.organization_id
    )
    if queries.working_membership_id(member.user_id, None) is None:
        Session.objects.filter(user=member.user_id).delete()
    announce(MemberDeactivated(organization_id=member.organization_id, member_id=member.pk, user_id=member.user_id))
    return member


@transaction.atomic
def reactivate_member(member: Membership, *, by: Caller) -> Membership:
    """Let a former member in again, in the old role."""
    member = _locked(member)
    if member.is_active:
        return member
    refuse_role_beyond_own(member.role, by=by)
    change.write(
        member, {"is_active": True}, by=by, action="member.reactivated", organization_id=member.organization_id
    )
    announce(MemberReactivated(organization_id=member.organization_id, member_id=member.pk, user_id=member.user_id))
    return member


@transaction.atomic
def update_member(
    member: Membership, *, by: Caller, role: str | None = None, is_active: bool | None = None
) -> Membership:
    """Several changes in one: all of them or, when one is refused, none."""
    if role is not None:
        member = change_role(member, role=role, by=by)
    if is_active is not None:
        member = reactivate_member(member, by=by) if is_active else deactivate_member(member, by=by)
    return member


def refuse_role_beyond_own(role: str, *, by: Caller) -> None:
    """Raises Refused when the role may do what the giver may not: nobody lifts anybody above themselves."""
    if not all(by.can(permission) for permission in ROLES[Role(role)]):
        raise Refused(_("This role may do more than you may."), code="role_beyond_own", field="role")


def already_member() -> Refused:
    """The words for somebody who works here already."""
    return Refused(_("This person is a member already."), code="already_member", field="email")


def _locked(member: Membership) -> Membership:
    # The administrators are locked too, in one order: two who remove each other at once take turns, and the
    # second finds itself the last.
    in_organization = Membership.objects.owned_by(member.organization_id)
    list(in_organization.admins().select_for_update().order_by("pk").values_list("pk"))
    return in_organization.select_for_update().get(pk=member.pk)


def _refuse_last_admin(member: Membership) -> None:
    if not queries.other_active_admins(member):
        raise Refused(
            _("This is the last administrator. Make somebody else one first."), code="last_admin", field="role"
        )
