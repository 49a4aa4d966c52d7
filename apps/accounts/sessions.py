"""Django's session engine over our own table: one SELECT brings session, person, membership and organisation.

Each process remembers what it found until the database tells of a change (`core/memory.py`), so a revoked session, a
changed role and a deactivated person count from the next request on.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, cast

from django.contrib.auth import SESSION_KEY as USER_KEY
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.utils import timezone

from apps.accounts import queries
from apps.accounts.models import Session
from apps.core.memory import Memory, copied
from apps.core.prepared import PreparedRow

ORGANIZATION_KEY = "organization_id"

# The first statement of every signed-in request.
LIVING = PreparedRow(
    lambda key, now: Session.objects.with_person().filter(session_key=key, expire_date__gt=now),
    key="key",
    now=datetime(2001, 1, 1, tzinfo=UTC),
)


@dataclass(frozen=True)
class Remembered:
    """A living session: its joined row, and as JSON the data whose signature was right."""

    row: Session
    data: str


REMEMBERED: Memory[Remembered] = Memory()


class SessionStore(DatabaseStore):
    """The store named by `SESSION_ENGINE`; `row` is what the last load found."""

    row: Session | None = None

    @classmethod
    def get_model_class(cls) -> type[Session]:
        """Our table."""
        return Session

    def load(self) -> dict[str, Any]:
        """What the session holds; remembers the joined row."""
        found = REMEMBERED.recall(self.session_key, self._look_up) if self.session_key else None
        if found is None or found.row.expire_date <= timezone.now():
            self.row = self._session_key = None
            return {}
        self.row = copied(found.row)
        data: dict[str, Any] = json.loads(found.data)
        return data

    def _look_up(self) -> Remembered | None:
        row = LIVING.first(key=str(self.session_key), now=timezone.now())
        return Remembered(row, json.dumps(self.decode(row.session_data))) if row else None

    def create_model_instance(self, data: dict[str, Any]) -> Session:
        """The row to be saved, with the person and the membership that the data speak of."""
        row = cast(Session, super().create_model_instance(data))
        if data.get(USER_KEY):
            row.user_id = int(data[USER_KEY])
            row.membership_id = queries.working_membership_id(row.user_id, data.get(ORGANIZATION_KEY))
        return row

    @classmethod
    def clear_expired(cls) -> None:
        """Delete sessions that nobody can use any more."""
        Session.objects.filter(expire_date__lt=timezone.now()).delete()
