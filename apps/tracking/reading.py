"""From a call as it was sent to the row that is stored, or the reason why not."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any

import orjson

from apps.tracking.bots import is_robot, is_test_user
from apps.tracking.models.event import (
    DEVICE,
    LONGEST_ID,
    LONGEST_MESSAGE_ID,
    LONGEST_NAME,
    USER,
    CallType,
)

LARGEST_EVENT = 32 * 1024
FUTURE = timedelta(minutes=5)
EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
TYPES = frozenset(CallType.values)
TRANSPORT = ("sentAt", "receivedAt", "writeKey")
# A NUL in JSON, and not the six characters after an escaped backslash.
NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")

REASONS = {
    "not_an_object": "A call is a JSON object.",
    "bad_type": "The type must be track, identify, page, screen, group or alias.",
    "bad_message_id": f"A message id is a text of at most {LONGEST_MESSAGE_ID} characters.",
    "bad_id": f"User id, anonymous id, previous id and group id are texts of at most {LONGEST_ID} characters.",
    "no_person": "A call needs a userId or an anonymousId.",
    "no_previous_id": "An alias needs a previousId and a userId.",
    "no_group_id": "A group call needs a groupId.",
    "no_event": "A track call needs the name of its event.",
    "name_too_long": f"The name may have {LONGEST_NAME} characters.",
    "bad_properties": "Properties, traits and context are JSON objects.",
    "bad_timestamp": "A timestamp is a moment in ISO 8601.",
    "too_large": f"An event may have {LARGEST_EVENT // 1024} kB.",
    "not_storable": "The call holds a value that no database stores: NaN, a NUL, or half a character.",
    "too_old": "The event is older than this source accepts; it waits in the quarantine.",
    "blocked": "The tracking plan blocks it; it waits in the quarantine.",
}


class Unreadable(Exception):
    """A call that cannot be stored; `reason` is a key of REASONS."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(slots=True)
class Reading:
    """A call that can be stored."""

    call: dict[str, Any]
    type: str
    name: str
    message_id: str
    # Both as 32 hexadecimal digits: a UUID object would cost more than the hash.
    message_key: str
    fingerprint: str
    body: str
    person: str
    user_id: str
    anonymous_id: str
    email: str
    timestamp: datetime
    is_clamped: bool
    is_late: bool
    is_bot: bool
    is_test: bool
    violations: list[str] | None = None
    is_key_event: bool = field(default=False)

    @property
    def payload(self) -> Any:
        """What the tracking plan is about: the properties, or the traits of identify and group."""
        return self.call.get("traits" if self.type in ("identify", "group") else "properties") or {}


@dataclass(frozen=True)
class Frame:
    """What the calls of one request share."""

    received_at: datetime
    sent_at: datetime | None = None
    user_agent: str = ""
    test_users: Collection[str] = ()

    @cached_property
    def clock_difference(self) -> timedelta | None:
        """How far the sender's clock is behind ours; None when it does not say."""
        return self.received_at - self.sent_at if self.sent_at else None


def read(call: Any, frame: Frame) -> Reading:
    """The row of this call. Raises Unreadable."""
    if type(call) is not dict:
        raise Unreadable("not_an_object")
    kind = call.get("type")
    if kind not in TYPES:
        raise Unreadable("bad_type")
    user_id, anonymous_id = _id(call.get("userId")), _id(call.get("anonymousId"))
    _check_ids(call, kind, user_id, anonymous_id)
    name = _name(call, kind)
    traits, context = _objects(call, kind)
    email = _email(traits) if traits else ""
    canonical = _canonical(call)
    fingerprint = _digest(canonical)
    message_id = _message_id(call, fingerprint)
    timestamp, is_clamped = _moment(call, frame)
    agent = context.get("userAgent") or frame.user_agent
    return Reading(
        call=call,
        type=kind,
        name=name,
        message_id=message_id,
        message_key=_digest(message_id.encode()),
        fingerprint=fingerprint,
        body=canonical.decode(),
        person=USER + user_id if user_id else DEVICE + anonymous_id,
        user_id=user_id,
        anonymous_id=anonymous_id,
        email=email,
        timestamp=timestamp,
        is_clamped=is_clamped,
        is_late=False,
        is_bot=type(agent) is str and agent != "" and is_robot(agent),
        is_test=bool(frame.test_users) and is_test_user((user_id, email), frame.test_users),
    )


def fingerprint_of(call: Any) -> str:
    """A name for the content of anything that was sent, readable or not."""
    try:
        text = orjson.dumps(call, option=orjson.OPT_SORT_KEYS)
    except TypeError:
        text = words_of(call).encode(errors="replace")
    return _digest(text)


def words_of(call: Any) -> str:
    """What no JSON can hold again (NaN, half a character, too many levels), in the words of Python."""
    try:
        return repr(call)
    except RecursionError:
        return "Too many levels."


def _digest(text: bytes) -> str:
    return hashlib.sha256(text).hexdigest()[:32]


def _id(value: Any) -> str:
    if value is None or value == "":
        return ""
    if type(value) is int or type(value) is float:
        value = str(value)
    if type(value) is not str or len(value) > LONGEST_ID:
        raise Unreadable("bad_id")
    # As `customers.Identifier` has it, or nobody would be known by it.
    return value.strip()


def _check_ids(call: dict[str, Any], kind: str, user_id: str, anonymous_id: str) -> None:
    if kind == "alias":
        if not (user_id and _id(call.get("previousId"))):
            raise Unreadable("no_previous_id")
    elif not (user_id or anonymous_id):
        raise Unreadable("no_person")
    elif kind == "group" and not _id(call.get("groupId")):
        raise Unreadable("no_group_id")


def _name(call: dict[str, Any], kind: str) -> str:
    name = call.get("event" if kind == "track" else "name") if kind in ("track", "page", "screen") else None
    if name is None:
        name = ""
    if type(name) is not str or (kind == "track" and not name.strip()):
        raise Unreadable("no_event")
    if len(name) > LONGEST_NAME:
        raise Unreadable("name_too_long")
    return name


def _objects(call: dict[str, Any], kind: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """The traits (wherever the call has them) and the context."""
    traits, context = call.get("traits") or {}, call.get("context") or {}
    if type(traits) is not dict or type(context) is not dict or type(call.get("properties") or {}) is not dict:
        raise Unreadable("bad_properties")
    if kind == "group":
        # The traits of a group are the company's.
        return {}, context
    if kind != "identify":
        traits = context.get("traits") or {}
    return (traits if type(traits) is dict else {}), context


def _email(traits: dict[str, Any]) -> str:
    email = traits.get("email")
    return email.strip().lower() if type(email) is str and "@" in email and len(email) <= 254 else ""


def _canonical(call: dict[str, Any]) -> bytes:
    """The content without what changes from one sending to the next."""
    if "sentAt" in call or "receivedAt" in call or "writeKey" in call:
        call = {key: value for key, value in call.items() if key not in TRANSPORT}
    try:
        text = orjson.dumps(call, option=orjson.OPT_SORT_KEYS)
    except TypeError as error:
        raise Unreadable("not_storable") from error
    if len(text) > LARGEST_EVENT:
        raise Unreadable("too_large")
    if b"\\u0000" in text and NUL.search(text):
        raise Unreadable("not_storable")
    return text


def _message_id(call: dict[str, Any], fingerprint: str) -> str:
    found = call.get("messageId")
    if found is None or found == "":
        # The same content again is the same event, so that a batch may be sent twice.
        return f"content-{fingerprint}"
    if type(found) is int:
        found = str(found)
    if type(found) is not str or len(found) > LONGEST_MESSAGE_ID:
        raise Unreadable("bad_message_id")
    return found


def moment_of(value: Any) -> datetime | None:
    """A moment in ISO 8601; without a zone it is UTC. None for nothing. Raises Unreadable."""
    if value is None or value == "":
        return None
    try:
        moment = datetime.fromisoformat(value)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
    except (TypeError, ValueError) as error:
        raise Unreadable("bad_timestamp") from error


def _moment(call: dict[str, Any], frame: Frame) -> tuple[datetime, bool]:
    """When it happened by our clock: received_at − (sent_at − original), no later than in five minutes.

    Source: the Segment specification, "Common fields: timestamps". Without `sentAt` the sender's word is taken.
    """
    original = moment_of(call.get("originalTimestamp") or call.get("timestamp"))
    if original is None:
        return frame.received_at, False
    own = moment_of(call.get("sentAt"))
    difference = frame.received_at - own if own else frame.clock_difference
    try:
        moment = original if original.tzinfo is UTC else original.astimezone(UTC)
        if difference is not None:
            moment += difference
    except OverflowError as error:
        raise Unreadable("bad_timestamp") from error
    if moment > frame.received_at + FUTURE:
        return frame.received_at + FUTURE, True
    if moment < EARLIEST:
        raise Unreadable("bad_timestamp")
    return moment, False
