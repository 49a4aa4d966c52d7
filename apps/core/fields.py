"""Secrets at rest: a text field that the database, its backups and its administrators see encrypted only.

Keys are `FIELD_ENCRYPTION_KEYS`, newest first: the newest encrypts, all of them decrypt. After adding a key, run
`manage.py rotate_field_keys`; then the old one can go.
"""

from __future__ import annotations

import functools
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.apps import apps
from django.conf import settings
from django.core.exceptions import FieldError, ImproperlyConfigured
from django.db import models, transaction
from django.db.models.query_utils import DeferredAttribute

from apps.core.secret import Secret

ALLOWED_LOOKUPS = frozenset({"isnull"})


@functools.lru_cache(8)
def _box(keys: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(key) for key in keys])


def _current_box() -> MultiFernet:
    return _box(tuple(settings.FIELD_ENCRYPTION_KEYS))


class _SecretAttribute(DeferredAttribute):
    """What is assigned to the field turns into a `Secret` at once, saved or not."""

    def __set__(self, instance: models.Model, value: Any) -> None:
        instance.__dict__[self.field.attname] = Secret(value) if isinstance(value, str) else value


class EncryptedTextField(models.TextField[str, Secret]):
    """Text that is stored encrypted.

    It is not in admin and model forms (not editable), not in `repr` and not in the audit log, and cannot be searched
    for: the same text is another one each time it is encrypted.
    """

    descriptor_class = _SecretAttribute

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("editable", False)
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> tuple[str, str, list[Any], dict[str, Any]]:
        """`editable` says something only when it is switched on."""
        name, path, args, kwargs = super().deconstruct()
        if kwargs.pop("editable", True):
            kwargs["editable"] = True
        return name, path, list(args), kwargs

    def get_prep_value(self, value: Any) -> Any:
        """Encrypt; nothing stays nothing."""
        if value in (None, ""):
            return value
        return _current_box().encrypt(str(value).encode()).decode()

    def from_db_value(self, value: str | None, *_: Any) -> Secret | None:
        """Decrypt. Raises ImproperlyConfigured when no key fits."""
        if value in (None, ""):
            return None if value is None else Secret()
        try:
            return Secret(_current_box().decrypt(value.encode()).decode())
        except InvalidToken as error:
            raise ImproperlyConfigured(
                f"{self.model._meta.label}.{self.name} was encrypted with a key that is not in FIELD_ENCRYPTION_KEYS"
            ) from error

    def get_lookup(self, lookup_name: str) -> Any:
        """Only `isnull`; raises FieldError for anything else, which could never match."""
        if lookup_name not in ALLOWED_LOOKUPS:
            raise FieldError(f"{self.name} is encrypted: it cannot be searched")
        return super().get_lookup(lookup_name)


def models_with_secrets() -> dict[type[models.Model], list[str]]:
    """Model → names of its encrypted fields."""
    found = {
        model: [field.name for field in model._meta.local_concrete_fields if isinstance(field, EncryptedTextField)]
        for model in apps.get_models()
    }
    return {model: names for model, names in found.items() if names}


def rotate(model: type[models.Model], names: list[str]) -> int:
    """Encrypt these fields of every row with the newest key; returns how many rows. Safe while the product runs."""
    count = 0
    for pk in model._base_manager.order_by("pk").values_list("pk", flat=True).iterator():
        with transaction.atomic():
            # The lock: a secret that somebody saves in between must not be overwritten by the old one.
            row = model._base_manager.select_for_update().filter(pk=pk).first()
            if row is not None:
                row.save(update_fields=names)
                count += 1
    return count
