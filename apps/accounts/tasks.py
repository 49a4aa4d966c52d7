"""Background work of accounts."""

from __future__ import annotations

from allauth.usersessions.models import UserSession
from celery import shared_task

from apps.accounts.models import Session
from apps.accounts.sessions import SessionStore


@shared_task(name="accounts.forget_expired_sessions")
def forget_expired_sessions() -> None:
    """Drop sessions that nobody can use any more, and their lines on people's profiles."""
    SessionStore.clear_expired()
    UserSession.objects.exclude(session_key__in=Session.objects.values("session_key")).delete()
