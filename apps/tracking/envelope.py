"""From the body of a request to the calls in it: unpacking, reading, limits."""

from __future__ import annotations

import json
import math
import zlib
from typing import Any

import orjson
from django.utils.translation import gettext as _

from apps.core.refused import Refused

LARGEST_BATCH = 500 * 1024


class TooLarge(Refused):
    """More than a batch may hold."""

    def __init__(self) -> None:
        text = _("A batch may have %(limit)d kB.") % {"limit": LARGEST_BATCH // 1024}
        super().__init__(text, code="batch_too_large")


class _NotStorable:
    """NaN or an infinity: nothing writes it as JSON again, so the call that holds it is refused."""

    def __init__(self, word: str) -> None:
        self.word = word


def _finite(word: str) -> float | _NotStorable:
    number = float(word)
    return number if math.isfinite(number) else _NotStorable(word)


def unpack(raw: bytes, encoding: str) -> bytes:
    """The body's text. Raises TooLarge (before more than the limit is in memory) or Refused (`bad_encoding`)."""
    if len(raw) > LARGEST_BATCH:
        raise TooLarge
    if encoding in ("", "identity"):
        return raw
    if encoding not in ("gzip", "deflate"):
        raise Refused(_("The content encoding must be gzip, deflate or none."), code="bad_encoding")
    # 47: gzip and zlib, told by their first bytes.
    unpacking = zlib.decompressobj(47)
    try:
        text = unpacking.decompress(raw, LARGEST_BATCH + 1)
    except zlib.error as error:
        raise Refused(_("The body is not what its content encoding says."), code="bad_encoding") from error
    if len(text) > LARGEST_BATCH:
        raise TooLarge
    if not unpacking.eof:
        raise Refused(_("The body ends in the middle."), code="bad_encoding")
    return text


def read(text: bytes) -> dict[str, Any]:
    """The JSON object in the body. Raises Refused (`bad_json`).

    What only the standard library reads (NaN, halves of surrogate pairs, as some senders write them) is let through
    here: the one call that holds it is refused, not the ninety-nine beside it.
    """
    try:
        found = orjson.loads(text)
    except orjson.JSONDecodeError:
        try:
            found = json.loads(text, parse_constant=_NotStorable, parse_float=_finite)
        except (ValueError, RecursionError) as error:
            raise Refused(_("The body is no JSON."), code="bad_json") from error
    if not isinstance(found, dict):
        raise Refused(_("Send a JSON object."), code="bad_json")
    return found


def calls_of(body: dict[str, Any], call: str) -> list[Any]:
    """The calls in a body sent to `/batch`, or the one call sent to its own address. Raises Refused (`no_batch`)."""
    if call:
        return [{**body, "type": call}]
    batch = body.get("batch")
    if not isinstance(batch, list):
        raise Refused(_("Send the calls as a list under “batch”."), code="no_batch")
    shared = body.get("context")
    if not isinstance(shared, dict) or not shared:
        return batch
    # The specification: the batch's context applies to all calls in it.
    return [_with_context(item, shared) for item in batch]


def _with_context(call: Any, shared: dict[str, Any]) -> Any:
    if not isinstance(call, dict):
        return call
    own = call.get("context") or {}
    return {**call, "context": {**shared, **own}} if isinstance(own, dict) else call
