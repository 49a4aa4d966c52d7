"""A mail as bytes (RFC 5322, MIME)."""

from __future__ import annotations

from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import EmailPolicy
from email.utils import format_datetime

from django.utils import timezone

from apps.messaging.providers.base import Mail

# RFC 5322, 2.1.1, without the CRLF.
LONGEST_LINE = 998


class _Policy(EmailPolicy):
    """Python's, but headers that programs read (Message-ID, List-Unsubscribe) stay on one line: folded, a long address
    in them would become encoded words, and no mail program would find it."""

    def fold_binary(self, name: str, value: str) -> bytes:
        line = f"{name}: {value}"
        if name in _FOR_PEOPLE or not line.isascii() or len(line) > LONGEST_LINE:
            return super().fold_binary(name, value)
        return f"{line}\r\n".encode()


_FOR_PEOPLE = ("From", "To", "Reply-To", "Subject", "Content-Type", "Content-Disposition")
# 7-bit throughout: no receiving server has to be asked what it can do.
_POLICY = _Policy(linesep="\r\n", cte_type="7bit")


def as_bytes(mail: Mail) -> bytes:
    """The mail with CRLF line ends. Headers that another one of ours would double are left to us."""
    message = EmailMessage(policy=_POLICY)
    message["From"] = _person(mail.from_name, mail.from_address)
    message["To"] = _person(mail.to_name, mail.to_address)
    if mail.reply_to:
        message["Reply-To"] = Address(addr_spec=mail.reply_to)
    message["Subject"] = mail.subject
    message["Date"] = format_datetime(timezone.now())
    message["Message-ID"] = mail.message_id
    for name, value in mail.headers.items():
        if name not in message:
            message[name] = value
    message.set_content(mail.text)
    if mail.html:
        message.add_alternative(mail.html, subtype="html")
    return message.as_bytes()


def _person(name: str, address: str) -> Address:
    local, _, domain = address.rpartition("@")
    return Address(name, local, domain)
