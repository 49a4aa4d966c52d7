"""What happens to organisations, people and keys. Call through the module: `actions.invite(…)`."""

from apps.accounts.actions.joining import (
    accept_as_newcomer,
    accept_invitation,
    create_person,
    invite,
    refuse_dead,
    revoke_invitation,
)
from apps.accounts.actions.keys import create_api_key, revoke_api_key
from apps.accounts.actions.organization import (
    OrganizationDetails,
    create_organization,
    update_organization,
    update_sender,
)
from apps.accounts.actions.people import end_session, switch_organization, update_profile
from apps.accounts.actions.signing_in import record_sign_in_event
from apps.accounts.actions.team import (
    add_member,
    change_role,
    deactivate_member,
    reactivate_member,
    update_member,
)

__all__ = [
    "OrganizationDetails",
    "accept_as_newcomer",
    "accept_invitation",
    "add_member",
    "change_role",
    "create_api_key",
    "create_organization",
    "create_person",
    "deactivate_member",
    "end_session",
    "invite",
    "reactivate_member",
    "record_sign_in_event",
    "refuse_dead",
    "revoke_api_key",
    "revoke_invitation",
    "switch_organization",
    "update_member",
    "update_organization",
    "update_profile",
    "update_sender",
]
