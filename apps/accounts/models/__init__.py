"""Organisations, people, what they may do, and machines' keys."""

from apps.accounts.models.api_key import ApiKey
from apps.accounts.models.invitation import Invitation
from apps.accounts.models.membership import Membership
from apps.accounts.models.organization import Organization
from apps.accounts.models.session import Session
from apps.accounts.models.user import User

__all__ = ["ApiKey", "Invitation", "Membership", "Organization", "Session", "User"]
