"""Mail addresses: one spelling for each, and a hash that survives their erasure."""

from __future__ import annotations

import hashlib
import re

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

LONGEST = 254

# What must never stand in a header: line ends in every spelling that a mail program knows, and NUL.
_BREAKS_HEADERS = re.compile("[\x00-\x08\x0a-\x1f\x7f\x85\u2028\u2029\ud800-\udfff]")


def normalised(address: str) -> str:
    """The address in lower case, its domain in ASCII (IDNA 2003); "" when nothing can be sent there."""
    address = address.strip()
    local, at, domain = address.rpartition("@")
    if not at or len(address) > LONGEST:
        return ""
    try:
        address = f"{local}@{domain.encode('idna').decode()}".lower()
        validate_email(address)
    except (UnicodeError, ValidationError):
        return ""
    return address if len(address) <= LONGEST else ""


def address_sha256(address: str) -> str:
    """The hash under which a normalised address is remembered."""
    return hashlib.sha256(address.encode()).hexdigest()


def is_safe_header(value: str) -> bool:
    """Whether the text can stand in a header without starting a new one."""
    return _BREAKS_HEADERS.search(value) is None
