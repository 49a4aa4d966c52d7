"""SendGrid's v3 API: https://www.twilio.com/docs/sendgrid/api-reference/mail-send/mail-send"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.translation import gettext as _

from apps.core import http
from apps.messaging.providers.base import Mail, MaybeAccepted, NotAccepted, Receipt, RecipientRefused

OUR_ID = "compass_message"


class SendGrid:
    """Sends by API key; events come back to our webhook under the custom argument `compass_message`."""

    name = "sendgrid"

    @property
    def is_configured(self) -> bool:
        return bool(settings.SENDGRID_API_KEY)

    @property
    def place(self) -> str:
        return str(settings.SENDGRID_URL)

    @property
    def breaker_host(self) -> str:
        return urlsplit(settings.SENDGRID_URL).netloc

    def send(self, mail: Mail) -> Receipt:
        try:
            answer = self._client().request("POST", "/v3/mail/send", json=body_of(mail))
        except http.Unavailable as error:
            raise NotAccepted(str(error), retry_after_seconds=error.retry_after or 0) from error
        except http.Rejected as error:
            problems = _problems(error.body)
            text = "; ".join(problem["message"] for problem in problems) or str(error)
            if any(problem["field"].startswith("personalizations.0.to") for problem in problems):
                raise RecipientRefused("5.1.3", text) from error
            raise NotAccepted(f"sendgrid: {error.status} {text}") from error
        except http.OutgoingError as error:
            raise MaybeAccepted(str(error)) from error
        if answer.status != 202:
            # 202 is the only answer that means "accepted"; something in between may have spoken for SendGrid.
            raise MaybeAccepted(f"sendgrid: answered {answer.status} where 202 was due")
        return Receipt({name.lower(): value for name, value in answer.headers.items()}.get("x-message-id", ""))

    def check(self) -> str:
        try:
            scopes = self._client().request("GET", "/v3/scopes").json()["scopes"]
        except (http.OutgoingError, KeyError, TypeError) as error:
            raise NotAccepted(str(error)) from error
        if "mail.send" not in scopes:
            raise NotAccepted(_("The key works, but it may not send mail (scope mail.send)."))
        return _("The key works and may send mail.")

    def _client(self) -> http.Client:
        return http.Client(
            self.name, settings.SENDGRID_URL, headers={"Authorization": f"Bearer {settings.SENDGRID_API_KEY}"}
        )


def body_of(mail: Mail) -> dict[str, Any]:
    """The JSON of POST /v3/mail/send."""
    content = [
        {"type": kind, "value": value} for kind, value in (("text/plain", mail.text), ("text/html", mail.html)) if value
    ]
    body: dict[str, Any] = {
        "personalizations": [{"to": [_person(mail.to_address, mail.to_name)]}],
        "from": _person(mail.from_address, mail.from_name),
        "subject": mail.subject,
        "content": content,
        "headers": {**mail.headers, "Message-ID": mail.message_id},
        "custom_args": {OUR_ID: mail.id},
        "categories": [mail.kind],
        # One-time links must reach people as they are, and nobody is watched without being asked.
        "tracking_settings": {
            "click_tracking": {"enable": False, "enable_text": False},
            "open_tracking": {"enable": False},
            "subscription_tracking": {"enable": False},
        },
    }
    if mail.reply_to:
        body["reply_to"] = {"email": mail.reply_to}
    return body


def _person(address: str, name: str) -> dict[str, str]:
    return {"email": address, "name": name} if name else {"email": address}


def _problems(body: bytes) -> list[dict[str, str]]:
    try:
        errors = json.loads(body)["errors"]
        return [{"message": str(each["message"]), "field": str(each.get("field") or "")} for each in errors]
    except (ValueError, KeyError, TypeError, AttributeError):
        return []
