"""Who may do what: the one table. Pages, API and sockets ask it through `apps.accounts.guards`."""

from __future__ import annotations

from enum import StrEnum
from typing import Protocol

from django.db import models
from django.utils.translation import gettext_lazy as _


class Role(models.TextChoices):
    """What a person is in an organisation."""

    ADMIN = "admin", _("Administrator")
    MANAGER = "manager", _("Manager")
    CAMPAIGN_MANAGER = "campaign_manager", _("Campaign manager")
    AGENT = "agent", _("Agent")
    VIEWER = "viewer", _("Viewer")
    VENDOR = "vendor", _("Vendor")
    CUSTOMER = "customer", _("Customer")


class Can(StrEnum):
    """Permissions, named `area.verb`; the same words are the scopes of API keys."""

    USE_APP = "app.use"
    VIEW_CUSTOMERS = "customers.view"
    EDIT_CUSTOMERS = "customers.edit"
    EXPORT_CUSTOMERS = "customers.export"
    MERGE_CUSTOMERS = "customers.merge"
    MANAGE_FIELDS = "customer_fields.manage"
    RECORD_CONSENT = "consent.record"
    RECORD_VISITS = "visits.record"
    SEND_SURVEYS = "surveys.send"
    VIEW_RESPONSES = "responses.view"
    EXPORT_RESPONSES = "responses.export"
    VIEW_ORDERS = "orders.view"
    EDIT_ORDERS = "orders.edit"
    VIEW_EVENTS = "events.view"
    SEND_EVENTS = "events.send"
    MANAGE_TRACKING = "tracking.manage"
    IMPORT_DATA = "imports.run"
    HANDLE_PRIVACY = "privacy.handle"
    VIEW_DELIVERIES = "deliveries.view"
    MANAGE_BRANCHES = "branches.manage"
    MANAGE_SURVEYS = "surveys.manage"
    VIEW_TEAM = "team.view"
    MANAGE_TEAM = "team.manage"
    MANAGE_ORGANIZATION = "organization.manage"
    MANAGE_SUPPRESSIONS = "suppressions.manage"
    MANAGE_PROVIDERS = "providers.manage"
    MANAGE_API_KEYS = "api_keys.manage"
    VIEW_AUDIT_LOG = "audit.view"
    VIEW_OUTBOX = "outbox.view"

    @property
    def label(self) -> str:
        """What it allows, as a sentence without a subject."""
        return str(LABELS[self])


LABELS = {
    Can.USE_APP: _("Sign in and see Home"),
    Can.VIEW_CUSTOMERS: _("See customers"),
    Can.EDIT_CUSTOMERS: _("Change customers"),
    Can.EXPORT_CUSTOMERS: _("Export customers"),
    Can.MERGE_CUSTOMERS: _("Merge and split customers"),
    Can.MANAGE_FIELDS: _("Define fields and tags of customers"),
    Can.RECORD_CONSENT: _("Record consent"),
    Can.RECORD_VISITS: _("Record visits"),
    Can.SEND_SURVEYS: _("Send surveys"),
    Can.VIEW_RESPONSES: _("See responses"),
    Can.EXPORT_RESPONSES: _("Export responses"),
    Can.VIEW_ORDERS: _("See orders and products"),
    Can.EDIT_ORDERS: _("Change orders and products"),
    Can.VIEW_EVENTS: _("See what customers do on websites and in products"),
    Can.SEND_EVENTS: _("Send events of websites and products"),
    Can.MANAGE_TRACKING: _("Manage sources and the tracking plan"),
    Can.IMPORT_DATA: _("Import files, and take an import back"),
    Can.HANDLE_PRIVACY: _("Answer privacy requests"),
    Can.VIEW_DELIVERIES: _("See what happened to messages"),
    Can.MANAGE_BRANCHES: _("Manage branches and staff"),
    Can.MANAGE_SURVEYS: _("Change survey wording and expiry"),
    Can.VIEW_TEAM: _("See the team and the roles"),
    Can.MANAGE_TEAM: _("Invite people and change their roles"),
    Can.MANAGE_ORGANIZATION: _("Change the organisation and the sender"),
    Can.MANAGE_SUPPRESSIONS: _("Send to held-back addresses again"),
    Can.MANAGE_PROVIDERS: _("Connect and test providers"),
    Can.MANAGE_API_KEYS: _("Create and revoke API keys"),
    Can.VIEW_AUDIT_LOG: _("Read the audit log"),
    Can.VIEW_OUTBOX: _("Read outgoing mails"),
}


_VIEWER = {Can.USE_APP, Can.VIEW_CUSTOMERS, Can.VIEW_RESPONSES, Can.VIEW_ORDERS, Can.VIEW_EVENTS}
_AGENT = _VIEWER | {
    Can.EDIT_CUSTOMERS,
    Can.RECORD_CONSENT,
    Can.RECORD_VISITS,
    Can.SEND_SURVEYS,
    Can.VIEW_DELIVERIES,
}
_MANAGER = _AGENT | {
    Can.EXPORT_RESPONSES,
    Can.EXPORT_CUSTOMERS,
    Can.MERGE_CUSTOMERS,
    Can.MANAGE_FIELDS,
    Can.EDIT_ORDERS,
    Can.IMPORT_DATA,
    Can.HANDLE_PRIVACY,
    Can.MANAGE_BRANCHES,
    Can.MANAGE_SURVEYS,
    Can.MANAGE_SUPPRESSIONS,
    Can.VIEW_TEAM,
}

ROLES: dict[str, frozenset[Can]] = {
    Role.ADMIN: frozenset(Can),
    Role.MANAGER: frozenset(_MANAGER),
    Role.CAMPAIGN_MANAGER: frozenset(_VIEWER | {Can.EXPORT_RESPONSES, Can.VIEW_DELIVERIES}),
    Role.AGENT: frozenset(_AGENT),
    Role.VIEWER: frozenset(_VIEWER),
    Role.VENDOR: frozenset(),
    Role.CUSTOMER: frozenset(),
}


class Caller(Protocol):
    """Whoever asks for a change and can be named in the audit log: a membership, an API key, a command."""

    @property
    def audit_user_id(self) -> int | None: ...

    @property
    def audit_label(self) -> str: ...

    def can(self, permission: Can) -> bool:
        """Whether they hold this permission."""


def allowed(role: str, permission: Can) -> bool:
    """Whether people of this role may; an unknown role may nothing."""
    return permission in ROLES.get(role, frozenset())
