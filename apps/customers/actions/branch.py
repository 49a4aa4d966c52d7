"""Branches and the people in them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from apps.accounts.models import Organization
from apps.core import audit
from apps.core.audit import Actor
from apps.core.refused import Refused
from apps.customers import normalise
from apps.customers.models import Branch, StaffMember

T = TypeVar("T", Branch, StaffMember)


@dataclass(frozen=True)
class BranchDetails:
    """What a branch is given."""

    name: str
    time_zone: str = ""
    country: str = ""


@dataclass(frozen=True)
class StaffDetails:
    """What a staff member is given."""

    name: str
    branch: Branch | None = None
    user_id: int | None = None


def create_branch(details: BranchDetails, *, organization: Organization, by: Actor) -> Branch:
    """Open a branch. Raises Refused (`name_missing`, `name_taken`)."""
    branch = Branch(organization=organization)
    return _write(branch, _branch_fields(details), by=by, action="branch.created")


def update_branch(branch: Branch, details: BranchDetails, *, by: Actor) -> Branch:
    """Rename it, move it to another time zone. Raises Refused (`name_missing`, `name_taken`)."""
    return _write(branch, _branch_fields(details), by=by, action="branch.updated")


@transaction.atomic
def change_branch(branch: Branch, details: BranchDetails, *, is_active: bool, by: Actor) -> Branch:
    """Rename and open or close in one go. Raises Refused (`name_missing`, `name_taken`)."""
    if is_active != branch.is_active:
        branch = reopen_branch(branch, by=by) if is_active else deactivate_branch(branch, by=by)
    return update_branch(branch, details, by=by)


def deactivate_branch(branch: Branch, *, by: Actor) -> Branch:
    """Close it: it takes no more visits, what happened there stays."""
    return _write(branch, {"is_active": False}, by=by, action="branch.closed")


def reopen_branch(branch: Branch, *, by: Actor) -> Branch:
    """Let it take visits again."""
    return _write(branch, {"is_active": True}, by=by, action="branch.reopened")


def create_staff_member(details: StaffDetails, *, organization: Organization, by: Actor) -> StaffMember:
    """Add somebody who serves customers. Raises Refused (`name_missing`, `name_taken`)."""
    person = StaffMember(organization=organization)
    return _write(person, _staff_fields(details), by=by, action="staff.created")


def update_staff_member(person: StaffMember, details: StaffDetails, *, by: Actor) -> StaffMember:
    """Rename, move to another branch, link to an account. Raises Refused (`name_missing`, `name_taken`)."""
    return _write(person, _staff_fields(details), by=by, action="staff.updated")


def deactivate_staff_member(person: StaffMember, *, by: Actor) -> StaffMember:
    """They serve nobody any more; their visits stay."""
    return _write(person, {"is_active": False}, by=by, action="staff.left")


def reopen_staff_member(person: StaffMember, *, by: Actor) -> StaffMember:
    """They are back."""
    return _write(person, {"is_active": True}, by=by, action="staff.returned")


def find_or_create_branch(
    organization: Organization, *, branch_id: int | None, name: str, by: Actor, may_create: bool
) -> Branch | None:
    """The branch with this id, else with this name in any case, else a new one; None when neither is given.

    Raises Refused (`no_such_branch`, `branch_closed`).
    """
    branches = Branch.objects.owned_by(organization)
    key = normalise.name_key(name)
    if branch_id is not None:
        branch = branches.filter(pk=branch_id).first()
    elif key:
        branch = branches.filter(name_key=key).first()
    else:
        return None
    if branch is None and branch_id is None and may_create:
        try:
            branch = create_branch(BranchDetails(name), organization=organization, by=by)
        except Refused as refused:
            # Somebody else opened it in the same moment.
            if refused.code != "name_taken":
                raise
            branch = branches.get(name_key=key)
    if branch is None:
        raise Refused(_("There is no such branch."), code="no_such_branch", field="branch")
    if not branch.is_active:
        raise Refused(_("This branch is closed."), code="branch_closed", field="branch")
    return branch


def find_or_create_staff_member(
    organization: Organization,
    *,
    staff_id: int | None,
    name: str,
    branch: Branch | None,
    by: Actor,
    may_create: bool,
) -> StaffMember | None:
    """The person with this id, else with this name in the branch or in none, else a new one; None when not given.

    Raises Refused (`no_such_staff_member`, `staff_member_left`).
    """
    people = StaffMember.objects.owned_by(organization)
    key = normalise.name_key(name)
    if staff_id is not None:
        person = people.filter(pk=staff_id).first()
    elif key:
        named = people.filter(name_key=key)
        person = (named.filter(branch=branch).first() if branch else None) or named.filter(branch=None).first()
    else:
        return None
    if person is None and staff_id is None and may_create:
        try:
            person = create_staff_member(StaffDetails(name, branch), organization=organization, by=by)
        except Refused as refused:
            if refused.code != "name_taken":
                raise
            person = people.get(name_key=key, branch=branch)
    if person is None:
        raise Refused(_("There is no such staff member."), code="no_such_staff_member", field="staff_member")
    if not person.is_active:
        raise Refused(_("This person no longer works here."), code="staff_member_left", field="staff_member")
    return person


def _branch_fields(details: BranchDetails) -> dict[str, object]:
    return {**_name_fields(details.name), "time_zone": details.time_zone, "country": details.country.upper()}


def _staff_fields(details: StaffDetails) -> dict[str, object]:
    return {**_name_fields(details.name), "branch": details.branch, "user_id": details.user_id}


def _name_fields(name: str) -> dict[str, object]:
    name = normalise.one_line(name)
    if not name:
        raise Refused(_("Give it a name."), code="name_missing", field="name")
    if len(name) > 100:
        raise Refused(_("This name is too long: at most 100 characters."), code="name_too_long", field="name")
    return {"name": name, "name_key": normalise.name_key(name)[:200]}


def _write(row: T, fields: dict[str, object], *, by: Actor, action: str) -> T:
    """Save the fields and the line of the audit log."""
    before = {name: getattr(row, name) for name in fields if name != "name_key"} if row.pk else {}
    for name, value in fields.items():
        setattr(row, name, value)
    try:
        with transaction.atomic():
            row.save(update_fields=list(fields) if row.pk else None)
            after = {name: value for name, value in fields.items() if name != "name_key"}
            audit.record(action, by=by, organization_id=row.organization_id, on=row, before=before, after=after)
    except IntegrityError as error:
        raise Refused(_("This name is already in use."), code="name_taken", field="name") from error
    return row
