"""SMTP (RFC 5321), step by step, because what may follow a failure depends on the step at which it came."""

from __future__ import annotations

import functools
import re
import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from urllib.parse import parse_qs, unquote, urlsplit

from django.conf import settings
from django.utils.translation import gettext as _

from apps.core.http.breaker import Breaker
from apps.messaging.providers import mime
from apps.messaging.providers.base import Mail, MaybeAccepted, NotAccepted, Receipt, RecipientRefused
from apps.messaging.providers.statuses import status_of

CONNECT_SECONDS = 10
# These say "sign in first" or "not with these words", whatever was asked (RFC 4954).
AUTH_REPLIES = frozenset({530, 534, 535, 538})


class Smtp:
    """A server named by `SMTP_URL`. One connection for each mail: nothing of one can spoil the next."""

    name = "smtp"

    def __init__(self) -> None:
        parts = urlsplit(settings.SMTP_URL)
        self._host = parts.hostname or ""
        asked = parse_qs(parts.query).get("tls", [""])[0]
        self._tls = asked or {465: "implicit", 587: "starttls"}.get(parts.port or 0, "none")
        self._port = parts.port or {"implicit": 465, "starttls": 587}.get(self._tls, 25)
        self._user, self._password = unquote(parts.username or ""), unquote(parts.password or "")

    @property
    def is_configured(self) -> bool:
        return bool(self._host)

    @property
    def place(self) -> str:
        return f"{self._host}:{self._port}"

    @property
    def breaker_host(self) -> str:
        return self.place

    def send(self, mail: Mail) -> Receipt:
        with self._session() as smtp:
            _expect(smtp.mail(mail.from_address), 250, about_recipient=False)
            _expect(smtp.rcpt(mail.to_address), 250, 251)
            _expect(smtp.docmd("DATA"), 354, about_recipient=False)
            # When this fails the closing dot never left, so the server cannot have taken the mail.
            smtp.send(_dotted(mime.as_bytes(mail)))
            try:
                reply = smtp.getreply()
            except (OSError, smtplib.SMTPException) as error:
                raise MaybeAccepted(f"smtp: no answer after the mail was sent ({type(error).__name__})") from error
            _expect(reply, 250, bare_status="5.6.0")
        return Receipt(mail.message_id.strip("<>"))

    def check(self) -> str:
        with self._session() as smtp:
            _expect(smtp.noop(), 250, about_recipient=False)
        return _("The server answers and takes our sign-in.") if self._user else _("The server answers.")

    @contextmanager
    def _session(self) -> Iterator[smtplib.SMTP]:
        breaker = Breaker(self.place, None)
        pause = breaker.pause()
        if pause is not None:
            raise NotAccepted("smtp: the circuit is open", retry_after_seconds=pause)
        try:
            with self._connected() as smtp:
                yield smtp
        except (NotAccepted, RecipientRefused):
            # The server spoke: it is well, it only did not want this mail now.
            breaker.succeeded()
            raise
        except MaybeAccepted:
            breaker.failed()
            raise
        except (OSError, smtplib.SMTPException) as error:
            breaker.failed()
            raise NotAccepted(f"smtp: {_words(error)}") from error
        breaker.succeeded()

    @contextmanager
    def _connected(self) -> Iterator[smtplib.SMTP]:
        # Without a name of ours smtplib asks the name server for one, which can take long.
        our_name = urlsplit(settings.BASE_URL).hostname or "localhost"
        our_name = f"[{our_name}]" if our_name.replace(".", "").isdecimal() else our_name
        smtp: smtplib.SMTP
        if self._tls == "implicit":
            smtp = smtplib.SMTP_SSL(self._host, self._port, our_name, timeout=CONNECT_SECONDS, context=_tls_context())
        else:
            smtp = smtplib.SMTP(self._host, self._port, our_name, timeout=CONNECT_SECONDS)
        try:
            if smtp.sock is not None:
                smtp.sock.settimeout(settings.SMTP_TIMEOUT_SECONDS)
            if self._tls == "starttls":
                smtp.starttls(context=_tls_context())
            if self._user:
                smtp.login(self._user, self._password)
            else:
                smtp.ehlo_or_helo_if_needed()
            yield smtp
        finally:
            # The mail's fate is settled by now; how the goodbye goes changes nothing.
            with suppress(OSError, smtplib.SMTPException):
                if smtp.sock is not None:
                    smtp.sock.settimeout(1)
                smtp.quit()
            smtp.close()


@functools.cache
def _tls_context() -> ssl.SSLContext:
    # Once per process: reading the trusted certificates takes longer than sending a mail.
    return ssl.create_default_context()


def _expect(reply: tuple[int, bytes], *good: int, about_recipient: bool = True, bare_status: str = "") -> None:
    """Raise what a bad reply means; `bare_status` is the status of one that names none (else: the reply's code)."""
    code, text = reply
    if code in good:
        return
    words = f"{code} {text.decode(errors='replace')}"
    if code == 421:
        raise smtplib.SMTPServerDisconnected(words)
    if about_recipient and code >= 500 and code not in AUTH_REPLIES:
        raise RecipientRefused(status_of(words) or bare_status or str(code), words)
    raise NotAccepted(f"smtp: {words}")


def _dotted(data: bytes) -> bytes:
    """The mail with leading dots doubled and the closing dot (RFC 5321, 4.5.2)."""
    ending = b"" if data.endswith(b"\r\n") else b"\r\n"
    return re.sub(rb"(?m)^\.", b"..", data) + ending + b".\r\n"


def _words(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        reply = error.smtp_error
        return f"{error.smtp_code} {reply.decode(errors='replace') if isinstance(reply, bytes) else reply}"
    return f"{type(error).__name__} {error}".strip()
