"""Amazon SES, API v2: https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendEmail.html"""

from __future__ import annotations

import base64
import json
import re
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.core import http
from apps.messaging.providers import mime
from apps.messaging.providers.base import Mail, MaybeAccepted, NotAccepted, Receipt
from apps.messaging.providers.sigv4 import Credentials, signed_headers

OUR_TAG = "message"
_NOT_IN_TAGS = re.compile(r"[^A-Za-z0-9_.@-]")


class Ses:
    """Sends the finished bytes, so that our Message-ID header and the unsubscribe headers stay; SES adds its own id."""

    name = "ses"

    @property
    def is_configured(self) -> bool:
        return bool(settings.SES_ACCESS_KEY_ID and settings.SES_SECRET_ACCESS_KEY)

    @property
    def place(self) -> str:
        return settings.SES_URL or f"https://email.{settings.SES_REGION}.amazonaws.com"

    @property
    def breaker_host(self) -> str:
        return urlsplit(self.place).netloc

    def send(self, mail: Mail) -> Receipt:
        try:
            answer = self._request("POST", "/v2/email/outbound-emails", body_of(mail))
            return Receipt(str(answer["MessageId"]))
        except http.Unavailable as error:
            raise NotAccepted(str(error), retry_after_seconds=error.retry_after or 0) from error
        except http.Rejected as error:
            # SES refuses senders, quotas and shapes here; about recipients it only speaks later, by notification.
            raise NotAccepted(f"ses: {error.status} {_message(error.body)}") from error
        except (http.OutgoingError, KeyError, TypeError) as error:
            raise MaybeAccepted(f"ses: {error}") from error

    def check(self) -> str:
        try:
            account = self._request("GET", "/v2/email/account")
            enabled, quota = account["SendingEnabled"], account["SendQuota"]["Max24HourSend"]
        except http.Rejected as error:
            raise NotAccepted(f"ses: {error.status} {_message(error.body)}") from error
        except (http.OutgoingError, KeyError, TypeError) as error:
            raise NotAccepted(str(error)) from error
        if not enabled:
            raise NotAccepted(_("The key works, but sending is switched off for the account."))
        return _("The key works; up to %(count)d mails a day.") % {"count": quota}

    def _request(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        content = b"" if body is None else json.dumps(body).encode()
        credentials = Credentials(
            settings.SES_ACCESS_KEY_ID, settings.SES_SECRET_ACCESS_KEY, settings.SES_REGION, "ses"
        )
        headers = signed_headers(method, self.place + path, content, credentials, now=timezone.now())
        if content:
            headers["Content-Type"] = "application/json"
        return http.Client(self.name, self.place).request(method, path, content=content, headers=headers).json()


def body_of(mail: Mail) -> dict[str, Any]:
    """The JSON of SendEmail. Tags come back in the events of the configuration set."""
    body: dict[str, Any] = {
        "Destination": {"ToAddresses": [mail.to_address]},
        "Content": {"Raw": {"Data": base64.b64encode(mime.as_bytes(mail)).decode()}},
        "EmailTags": [
            {"Name": OUR_TAG, "Value": mail.id},
            {"Name": "kind", "Value": _NOT_IN_TAGS.sub("_", mail.kind)},
        ],
    }
    if settings.SES_CONFIGURATION_SET:
        body["ConfigurationSetName"] = settings.SES_CONFIGURATION_SET
    return body


def _message(body: bytes) -> str:
    try:
        return str(json.loads(body)["message"])
    except (ValueError, KeyError, TypeError):
        return ""
