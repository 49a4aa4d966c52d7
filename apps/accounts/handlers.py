"""What Django and allauth tell about signing in goes into the audit log.

These signals come from third parties: there is no other way to hear of them. Between our own apps there are none.
"""

from __future__ import annotations

from typing import Any

from allauth.account.signals import password_changed, password_reset, password_set
from allauth.mfa.signals import authentication_failed, authenticator_added, authenticator_removed, authenticator_reset
from allauth.socialaccount.signals import social_account_added
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.dispatch import Signal

from apps.accounts import actions
from apps.accounts.models import User


def _heard(signal: Signal, action: str) -> None:
    """Record `action` whenever the signal comes, with the kind of second factor where one is meant."""

    def write(sender: object, user: User | None = None, authenticator: Any = None, **_: Any) -> None:
        if user is not None:
            details = {"kind": authenticator.get_type_display()} if authenticator is not None else {}
            actions.record_sign_in_event(action, user=user, **details)

    signal.connect(write, weak=False, dispatch_uid=f"accounts.{action}")


for _signal, _action in [
    (user_logged_in, "sign_in.done"),
    (user_logged_out, "sign_in.ended"),
    (password_changed, "password.changed"),
    (password_set, "password.set"),
    (password_reset, "password.reset"),
    (authenticator_added, "second_factor.added"),
    (authenticator_removed, "second_factor.removed"),
    (authenticator_reset, "second_factor.reset"),
    (authentication_failed, "second_factor.failed"),
]:
    _heard(_signal, _action)


def _failed(sender: object, credentials: dict[str, Any], **_: Any) -> None:
    actions.record_sign_in_event(
        "sign_in.failed", user=None, email=str(credentials.get("email") or credentials.get("username") or "")
    )


def _connected(sender: object, sociallogin: Any, **_: Any) -> None:
    actions.record_sign_in_event(
        "sign_in.provider_connected", user=sociallogin.user, provider=sociallogin.account.provider
    )


user_login_failed.connect(_failed, dispatch_uid="accounts.sign_in.failed")
social_account_added.connect(_connected, dispatch_uid="accounts.sign_in.provider_connected")
