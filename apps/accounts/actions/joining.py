"""Invitations: one open letter per address; who opens it becomes a member."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.mail import EmailMultiAlternatives
from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from apps.accounts.actions import team
from apps.accounts.models import Invitation, Membership, Organization, User
from apps.accounts.models.invitation import digest, new_secret
from apps.accounts.permissions import Caller, Role
from apps.core import audit
from apps.core.audit import System
from apps.core.refused import Refused

WORKS_FOR = timedelta(days=7)


@transaction.atomic
def invite(organization: Organization, *, email: str, role: str, by: Caller, now: datetime) -> Invitation:
    """Send a letter. A second one to the same address replaces the first, whose link stops working.

    Raises Refused for members and for a role beyond the inviter's own.
    """
    team.refuse_role_beyond_own(role, by=by)
    email = email.strip().lower()
    if Membership.objects.owned_by(organization).active().filter(user__email=email).exists():
        raise team.already_member()
    secret = new_secret()
    invitation, is_new = Invitation.objects.waiting().update_or_create(
        organization=organization,
        email=email,
        defaults={
            "role": role,
            "secret_sha256": digest(secret),
            "expires_at": now + WORKS_FOR,
            "invited_by_id": by.audit_user_id,
        },
    )
    action = "invitation.sent" if is_new else "invitation.sent_again"
    audit.record(action, by=by, organization_id=organization.pk, on=invitation, after={"email": email, "role": role})
    _write_letter(invitation, organization, secret, inviter=by.audit_label)
    return invitation


@transaction.atomic
def revoke_invitation(invitation: Invitation, *, by: Caller, now: datetime) -> Invitation:
    """Take the letter back: its link stops working. Raises Refused when it was accepted."""
    invitation = Invitation.objects.select_for_update().get(pk=invitation.pk)
    if invitation.accepted_at is not None:
        raise Refused(_("This invitation was accepted."), code="invitation_used")
    if invitation.revoked_at is None:
        invitation.revoked_at = now
        invitation.save(update_fields=["revoked_at"])
        audit.record("invitation.revoked", by=by, organization_id=invitation.organization_id, on=invitation)
    return invitation


@transaction.atomic
def accept_invitation(invitation: Invitation, *, user: User, now: datetime) -> Membership:
    """Make this person, whose address the letter bears, a member. Raises Refused for a letter that no longer works."""
    invitation = Invitation.objects.select_for_update(of=("self",)).select_related("organization").get(pk=invitation.pk)
    refuse_dead(invitation, now=now)
    if user.email != invitation.email:
        raise Refused(_("This invitation is for somebody else."), code="invitation_for_other")
    invitation.accepted_at = now
    invitation.save(update_fields=["accepted_at"])
    return team.add_member(invitation.organization, user, role=invitation.role, by=System(f"{user} (invited)"))


@transaction.atomic
def accept_as_newcomer(invitation: Invitation, *, name: str, password: str, now: datetime) -> Membership:
    """The same for somebody who has no account yet. Raises Refused also for a password that is too weak."""
    invitation = Invitation.objects.select_for_update().get(pk=invitation.pk)
    refuse_dead(invitation, now=now)
    if User.objects.filter(email=invitation.email).exists():
        raise Refused(_("There is an account with this address. Sign in first."), code="account_exists")
    return accept_invitation(invitation, user=create_person(invitation.email, name, password), now=now)


def create_person(email: str, name: str, password: str) -> User:
    """An account with a password that is good enough; raises Refused otherwise, and for an address in use."""
    draft = User(email=email.strip().lower(), name=name.strip())
    try:
        validate_password(password, draft)
    except ValidationError as error:
        raise Refused(" ".join(error.messages), code="weak_password", field="password") from error
    if User.objects.filter(email=draft.email).exists():
        raise Refused(_("There is an account with this address."), code="account_exists", field="email")
    return User.objects.create_user(draft.email, password, name=draft.name)


def refuse_dead(invitation: Invitation, *, now: datetime) -> None:
    """Raises Refused for a letter that was used or taken back, or that is too old."""
    if invitation.accepted_at is not None:
        raise Refused(_("This invitation was used already. Sign in instead."), code="invitation_used")
    if invitation.revoked_at is not None:
        raise Refused(_("This invitation was taken back."), code="invitation_revoked")
    if invitation.expires_at <= now:
        raise Refused(_("This invitation is too old. Ask for a new one."), code="invitation_expired")


def _write_letter(invitation: Invitation, organization: Organization, secret: str, *, inviter: str) -> None:
    # The mail backend writes a row in this very transaction, so letter and invitation exist together.
    with translation.override(organization.language):
        context = {
            "organization": organization,
            "inviter": inviter,
            "role": Role(invitation.role).label,
            "link": settings.BASE_URL + reverse("accounts:invitation", args=[secret]),
            "days": WORKS_FOR.days,
        }
        letter = EmailMultiAlternatives(
            _("Join %(organization)s on Customer Compass") % {"organization": " ".join(organization.name.split())},
            render_to_string("accounts/mail/invitation.txt", context),
            to=[invitation.email],
            # The newcomer may be at home in another organisation: the letter is this one's.
            headers={"X-Compass-Organization": str(organization.pk)},
        )
        letter.attach_alternative(render_to_string("accounts/mail/invitation.html", context), "text/html")
    letter.send()
