"""Secrets at rest: unreadable in the database, shown nowhere, re-encrypted by a command."""

from __future__ import annotations

from collections.abc import Iterator
from io import StringIO

import pytest
from cryptography.fernet import Fernet
from django.core.exceptions import FieldError, ImproperlyConfigured
from django.core.management import call_command
from django.db import connection, models
from django.forms import modelform_factory
from django.test.utils import isolate_apps

from apps.accounts.models import Membership
from apps.core import audit, fields
from apps.core.fields import EncryptedTextField


@pytest.fixture
def locker(transactional_db: None) -> Iterator[type[models.Model]]:
    """A model with a secret, and its table."""
    with isolate_apps("apps.core"):

        class Locker(models.Model):
            label = models.CharField(max_length=20)
            combination = EncryptedTextField(blank=True, null=True)

            class Meta:
                app_label = "core"

            def __str__(self) -> str:
                return self.label

        with connection.schema_editor() as editor:
            editor.create_model(Locker)
        yield Locker
        with connection.schema_editor() as editor:
            editor.delete_model(Locker)


def stored(pk: int) -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT combination FROM core_locker WHERE id = %s", [pk])
        return str(cursor.fetchone()[0])


def test_text_is_encrypted_and_comes_back(locker) -> None:  # type: ignore[no-untyped-def]
    row = locker.objects.create(label="a", combination="ä 1234")
    assert "1234" not in stored(row.pk)
    assert locker.objects.get().combination == "ä 1234"
    locker.objects.update(combination="5678")
    assert "5678" not in stored(row.pk)
    assert locker.objects.get().combination == "5678"


@pytest.mark.parametrize("nothing", [None, ""])
def test_nothing_stays_nothing(locker, nothing) -> None:  # type: ignore[no-untyped-def]
    locker.objects.create(label="a", combination=nothing)
    assert locker.objects.get().combination == nothing


def test_secret_is_shown_nowhere(locker, member: Membership) -> None:  # type: ignore[no-untyped-def]
    row = locker(label="a", combination="1234")
    assert "1234" not in repr([row.combination])
    assert "1234" not in repr(row.__dict__)
    assert f"{row.combination}" == "1234"
    assert "combination" not in modelform_factory(locker, fields="__all__").base_fields
    entry = audit.record(
        "locker.changed", by=member, organization_id=member.organization_id, after={"harmless": row.combination}
    )
    assert "1234" not in str(entry.after)


def test_secret_cannot_be_searched(locker) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(FieldError):
        locker.objects.filter(combination="1234")
    assert not locker.objects.filter(combination__isnull=True).exists()


def test_rotation_lets_the_old_key_go(locker, settings, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    old, new = Fernet.generate_key().decode(), Fernet.generate_key().decode()
    settings.FIELD_ENCRYPTION_KEYS = [old]
    locker.objects.create(label="a", combination="1234")
    settings.FIELD_ENCRYPTION_KEYS = [new, old]
    monkeypatch.setattr(fields, "models_with_secrets", lambda: {locker: ["combination"]})
    said = StringIO()
    call_command("rotate_field_keys", stdout=said)
    assert said.getvalue().strip() == "core.Locker: 1 rows"
    settings.FIELD_ENCRYPTION_KEYS = [new]
    assert locker.objects.get().combination == "1234"
    settings.FIELD_ENCRYPTION_KEYS = [old]
    with pytest.raises(ImproperlyConfigured, match=r"core\.Locker\.combination"):
        locker.objects.get()
