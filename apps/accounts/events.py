"""What accounts announces."""

from __future__ import annotations

from dataclasses import dataclass

from apps.core.outbox import Event


@dataclass(frozen=True, kw_only=True)
class MemberJoined(Event):
    """Somebody became a member: by invitation, or by setting the installation up."""

    member_id: int
    user_id: int


@dataclass(frozen=True, kw_only=True)
class RoleChanged(Event):
    """A member holds another role now."""

    member_id: int
    before: str
    after: str


@dataclass(frozen=True, kw_only=True)
class MemberDeactivated(Event):
    """A member may no longer work in the organisation."""

    member_id: int
    user_id: int


@dataclass(frozen=True, kw_only=True)
class MemberReactivated(Event):
    """A member may work in the organisation again."""

    member_id: int
    user_id: int


@dataclass(frozen=True, kw_only=True)
class ApiKeyRevoked(Event):
    """A machine's key stopped working."""

    api_key_id: int
