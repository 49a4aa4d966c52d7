"""What people type: forms about organisations, people and keys."""

from apps.accounts.forms.audit import AuditFilterForm
from apps.accounts.forms.keys import ApiKeyForm
from apps.accounts.forms.organization import OrganizationFields, OrganizationForm, SenderForm
from apps.accounts.forms.people import AcceptForm, InviteForm, NewcomerForm, ProfileForm, RoleForm

__all__ = [
    "AcceptForm",
    "ApiKeyForm",
    "AuditFilterForm",
    "InviteForm",
    "NewcomerForm",
    "OrganizationFields",
    "OrganizationForm",
    "ProfileForm",
    "RoleForm",
    "SenderForm",
]
