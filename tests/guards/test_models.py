"""Every row has an owner."""

from __future__ import annotations

from django.apps import apps
from django.db import models

from apps.core.fields import EncryptedTextField
from apps.core.models import OrganizationOwned, OwnedQuerySet

OWNED_BY_NOBODY = {
    "accounts.Organization": "It is the owner.",
    "accounts.User": "A person may work in several organisations; memberships are owned.",
    "accounts.Session": "Belongs to a person, before an organisation is chosen.",
    "core.AuditEntry": "Has an organisation, or none for what happens before one is known; answers `owned_by`.",
    "core.HandledEvent": "A receipt of an event, which is owned; nobody reads it alone.",
    "messaging.WebhookDelivery": "Comes in before the message, and with it the organisation, is found.",
}
SECRET_WORDS = ("secret", "password", "token", "api_key", "credential")


def ours() -> list[type[models.Model]]:
    return [model for model in apps.get_models() if model.__module__.startswith("apps.")]


def test_every_model_is_owned_by_an_organization() -> None:
    homeless = [
        model._meta.label
        for model in ours()
        if model._meta.label not in OWNED_BY_NOBODY
        and not (issubclass(model, OrganizationOwned) and isinstance(model._default_manager.all(), OwnedQuerySet))
    ]
    assert not homeless, f"neither owned nor explained: {homeless}"


def test_allow_list_holds_nothing_stale() -> None:
    known = {model._meta.label: model for model in ours()}
    stale = [label for label in OWNED_BY_NOBODY if label not in known or issubclass(known[label], OrganizationOwned)]
    assert not stale


def test_secrets_are_hashed_or_encrypted() -> None:
    """A plain column with a secret's name is a mistake; a hash says so in its name."""
    plain = [
        f"{model._meta.label}.{field.name}"
        for model in ours()
        for field in model._meta.local_concrete_fields
        if isinstance(field, models.CharField | models.TextField)
        and any(word in field.name for word in SECRET_WORDS)
        and not field.name.endswith(("_sha256", "_hash"))
        and not isinstance(field, EncryptedTextField)
        and field.name != "password"  # Django stores a hash there
    ]
    assert not plain
