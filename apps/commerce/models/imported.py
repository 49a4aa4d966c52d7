"""What every row carries that also comes from files, shops and programs."""

from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.core.models import OrganizationOwned
from apps.customers.models.key_field import KeyField


class Sourced(OrganizationOwned):
    """A row that another system may know: `external_id` is unique per organisation and source.

    `row_hash` is the hash of the row as it last came, so that the same row again changes nothing: any stable 64-bit
    hash. `import_run_id` names the import that made the row, so that the import can be taken back as a whole; it is
    no foreign key, because imports load these tables by COPY and outlive what they loaded.
    """

    source = KeyField(_("source"), max_length=50, blank=True, default="", db_default="")
    external_id = KeyField(_("id in the source"), max_length=100)
    row_hash = models.BigIntegerField(null=True, blank=True, editable=False)
    import_run_id = models.BigIntegerField(null=True, blank=True, editable=False)

    class Meta:
        abstract = True


class Versioned(models.Model):
    """A row that people and programs change: `version` grows with each change, and is its ETag."""

    created_at = models.DateTimeField(_("recorded"), default=timezone.now, editable=False)
    updated_at = models.DateTimeField(_("changed"), default=timezone.now, editable=False)
    version = models.PositiveIntegerField(default=1, db_default=1, editable=False)

    class Meta:
        abstract = True
