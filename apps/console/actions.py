"""Setting an installation up: the one thing that happens before anybody may be asked for permission."""

from __future__ import annotations

import smtplib
from collections.abc import Sequence

from django.core.mail import EmailMessage
from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts import actions as accounts
from apps.accounts import queries
from apps.accounts.actions import OrganizationDetails
from apps.accounts.models import Membership, Organization
from apps.accounts.permissions import Role
from apps.core import audit
from apps.core.audit import System
from apps.core.http import OutgoingError
from apps.core.locks import advisory_lock
from apps.core.refused import Refused
from apps.customers import actions as customers
from apps.customers.actions import BranchDetails

SET_UP = System("set-up")


def set_up(details: OrganizationDetails, *, name: str, email: str, password: str) -> Membership:
    """The first organisation and its administrator, who may also use Django admin.

    Raises Refused when the installation is set up already or is being set up at this moment.
    """
    with advisory_lock("console.set_up") as alone, transaction.atomic():
        if not alone or queries.is_set_up():
            raise Refused(_("Somebody else has just set this installation up. Sign in."), code="already_set_up")
        organization = accounts.create_organization(details, by=SET_UP)
        user = accounts.create_person(email, name, password)
        user.is_staff = user.is_superuser = True
        user.save(update_fields=["is_staff", "is_superuser"])
        return accounts.add_member(organization, user, role=Role.ADMIN, by=SET_UP)


@transaction.atomic
def open_branches(names: Sequence[str], *, organization: Organization, by: Membership) -> int:
    """Open all these branches or, when one is refused, none; returns how many."""
    for name in names:
        customers.create_branch(BranchDetails(name=name, time_zone="", country=""), organization=organization, by=by)
    return len(names)


def send_test_mail(*, by: Membership) -> str:
    """Send the member a mail from the organisation; returns the address. Raises Refused with what went wrong."""
    organization = by.organization
    sender = f'"{organization.sender_name}" <{organization.sender_email}>' if organization.sender_email else None
    mail = EmailMessage(
        _("A test from Customer Compass"),
        _("This mail arrived, so your customers' mails will, too."),
        from_email=sender,
        to=[by.user.email],
    )
    try:
        mail.send()
    except (OSError, smtplib.SMTPException, OutgoingError) as error:
        raise Refused(_("The mail could not be sent: %(why)s") % {"why": error}, code="mail_failed") from error
    audit.record("mail.tested", by=by, organization_id=organization.pk, after={"to": by.user.email})
    return by.user.email
