"""What SendGrid's mail send refuses with 400, and in which words."""

import base64
import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

_HELP: Final = "http://sendgrid.com/docs/API_Reference/Web_API_v3/Mail/errors.html#message."
_ADDRESS: Final = re.compile(r"[^@\s<>,;]+@[^@\s<>,;]+\.[^@\s<>,;]+")
_TOP_LEVEL: Final = frozenset(
    [
        "personalizations",
        "from",
        "reply_to",
        "reply_to_list",
        "subject",
        "content",
        "attachments",
        "template_id",
        "headers",
        "categories",
        "custom_args",
        "send_at",
        "batch_id",
        "asm",
        "ip_pool_name",
        "mail_settings",
        "tracking_settings",
    ]
)
_RESERVED_HEADERS: Final = frozenset(
    [
        "x-sg-id",
        "x-sg-eid",
        "received",
        "dkim-signature",
        "content-type",
        "content-transfer-encoding",
        "to",
        "from",
        "subject",
        "reply-to",
        "cc",
        "bcc",
    ]
)
_MAX_CUSTOM_ARGS_BYTES: Final = 10_000


@dataclass(frozen=True, slots=True)
class Problem:
    """One entry of errors[]."""

    message: str
    field: str | None = None

    @property
    def help(self) -> str | None:
        """The documentation link that comes with a field."""
        return _HELP + re.sub(r"[.]\d+", "", self.field) if self.field else None


def problems_of(payload: Any) -> list[Problem]:
    """Everything wrong with a mail send body; empty when SendGrid would accept it."""
    if not isinstance(payload, dict):
        return [Problem("Bad Request")]
    problems = [
        Problem(f"Additional property {name} is not allowed", name) for name in sorted(set(payload) - _TOP_LEVEL)
    ]
    problems += _personalizations(payload)
    problems += _address(payload.get("from"), "from", required="The from object must be provided for every email send.")
    if "reply_to" in payload:
        problems += _address(payload["reply_to"], "reply_to", required="The reply_to email is required.")
    problems += _content(payload)
    problems += _extras(payload, "")
    problems += _attachments(payload.get("attachments", []))
    if len(payload.get("categories", [])) > 10:
        problems.append(Problem("The categories array cannot have more than 10 entries.", "categories"))
    return problems


def _personalizations(payload: dict[str, Any]) -> Iterator[Problem]:
    blocks = payload.get("personalizations")
    if not isinstance(blocks, list) or not blocks:
        message = "The personalizations field is required and must have at least one personalization."
        yield Problem(message, "personalizations")
        return
    if len(blocks) > 1000:
        yield Problem("The personalizations array cannot have more than 1000 entries.", "personalizations")
    for index, block in enumerate(blocks):
        field = f"personalizations.{index}"
        if not isinstance(block, dict):
            yield Problem("Invalid type. Expected: object, given: string.", field)
            continue
        if not isinstance(block.get("to"), list) or not block["to"]:
            message = (
                "The to array is required for all personalization objects, and must have at least one email object"
            )
            yield Problem(f"{message} with a valid email address.", f"{field}.to")
        seen: set[str] = set()
        for kind in ("to", "cc", "bcc"):
            for number, person in enumerate(block.get(kind) or []):
                yield from _address(person, f"{field}.{kind}.{number}", required="The email parameter is required.")
                email = str(person.get("email")).lower() if isinstance(person, dict) else ""
                if email in seen:
                    message = (
                        "Each email address in the personalization block should be unique between to, cc, and bcc."
                    )
                    yield Problem(f"{message} We found the first duplicate instance of [{email}].", field)
                seen.add(email)
        if not payload.get("template_id") and not (block.get("subject") or payload.get("subject")):
            yield Problem("The subject is required. You can get around this requirement with a template.", "subject")
        yield from _extras(block, f"{field}.")


def _address(person: Any, field: str, *, required: str) -> Iterator[Problem]:
    if person is None:
        yield Problem(required, field)
    elif not isinstance(person, dict):
        yield Problem(f"Invalid type. Expected: object, given: {_type_of(person)}.", field)
    elif not person.get("email"):
        yield Problem(required, f"{field}.email")
    elif not isinstance(person["email"], str) or not _ADDRESS.fullmatch(person["email"]):
        yield Problem("Does not contain a valid address.", f"{field}.email")
    elif "name" in person and not isinstance(person["name"], str):
        yield Problem(f"Invalid type. Expected: string, given: {_type_of(person['name'])}.", f"{field}.name")


def _content(payload: dict[str, Any]) -> Iterator[Problem]:
    content = payload.get("content")
    if content is None and payload.get("template_id"):
        return
    if not isinstance(content, list) or not content:
        yield Problem("Unless a valid template_id is provided, the content parameter is required.", "content")
        return
    for index, part in enumerate(content):
        for name in ("type", "value"):
            value = part.get(name) if isinstance(part, dict) else None
            if not isinstance(value, str) or not value:
                message = f"The content {name} must be a string at least one character in length."
                yield Problem(message, f"content.{index}.{name}")
    types = [part.get("type") for part in content if isinstance(part, dict)]
    order = [types.index(kind) for kind in ("text/plain", "text/html") if kind in types]
    if order != list(range(len(order))):
        message = "If present, text/plain and text/html may only be provided once and must come first, in this order."
        yield Problem(message, "content")


def _extras(holder: dict[str, Any], prefix: str) -> Iterator[Problem]:
    """Headers and custom arguments, which exist for the whole mail and for each personalization."""
    for name, value in (holder.get("headers") or {}).items():
        field = f"{prefix}headers.{name}"
        if name.lower() in _RESERVED_HEADERS:
            yield Problem(f"The header {name} is reserved and cannot be set.", field)
        if not isinstance(value, str):
            yield Problem(f"Invalid type. Expected: string, given: {_type_of(value)}.", field)
        elif "\r" in value or "\n" in value or not name.isascii():
            yield Problem("Header names must be ASCII and values must not contain line breaks.", field)
    arguments = holder.get("custom_args") or {}
    for name, value in arguments.items():
        if not isinstance(value, str):
            yield Problem(f"Invalid type. Expected: string, given: {_type_of(value)}.", f"{prefix}custom_args.{name}")
    if sum(len(f"{name}{value}".encode()) for name, value in arguments.items()) > _MAX_CUSTOM_ARGS_BYTES:
        yield Problem("custom_args cannot exceed 10000 bytes.", f"{prefix}custom_args")


def _attachments(attachments: list[Any]) -> Iterator[Problem]:
    for index, attachment in enumerate(attachments):
        field = f"attachments.{index}"
        if not attachment.get("filename"):
            yield Problem("The attachment filename is required.", f"{field}.filename")
        try:
            base64.b64decode(attachment.get("content", ""), validate=True)
        except binascii.Error:
            yield Problem("The attachment content must be base64 encoded.", f"{field}.content")


def _type_of(value: Any) -> str:
    """The name that a JSON schema validator gives the type of `value`."""
    names = {str: "string", bool: "boolean", int: "integer", float: "number", list: "array", dict: "object"}
    return names.get(type(value), "null")
