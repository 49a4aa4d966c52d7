"""A text column that is compared byte by byte."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper

# The largest character: `key >= "ann"` and `key < "ann" + LAST` are exactly the keys that begin with "ann".
LAST = "\U0010ffff"


class KeyField(models.CharField[str, str]):
    """Normalised text for look-ups: byte order, so that one index serves equality, order and beginnings.

    With a language's order PostgreSQL could use the index for equality only.
    """

    def db_parameters(self, connection: BaseDatabaseWrapper) -> dict[str, Any]:
        """The column type with the database's byte order."""
        return {
            **super().db_parameters(connection),
            "collation": "C" if connection.vendor == "postgresql" else "BINARY",
        }
