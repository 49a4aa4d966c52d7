"""Structured logs: JSON for machines, with the request id, without secrets and personal data."""

from __future__ import annotations

import functools
import logging
import re
from typing import Any

import structlog
from structlog.typing import EventDict, Processor

from apps.core import request_context

SECRET_NAMES = re.compile(r"password|secret|token|authorization|api_?key|cookie|credential", re.I)
PERSONAL_NAMES = re.compile(
    r"^(e?mail|email_address|phone|mobile|name|full_name|comment|text|body|to|recipient)$", re.I
)
# What secrets and people look like inside a text: a message, a path, a traceback.
IN_TEXT: list[tuple[re.Pattern[str], str]] = [
    (re.compile(r"://[^/\s@]+@"), "://[redacted]@"),
    (re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]+"), "[address]"),
    (re.compile(r"\bBearer\s+[^\s'\"]+", re.I), "Bearer [redacted]"),
    (re.compile(r"([?&](?:token|key|code|secret|signature|sig)=)[^&\s'\"]+", re.I), r"\1[redacted]"),
    # A long word between slashes is the secret of a link. Files of Python in a traceback are none.
    (re.compile(r"/(?![\w.-]*\.py\b)[A-Za-z0-9_.-]{32,}"), "/[redacted]"),
    (re.compile(r"(?<![\w.:+-])\+\d[\d ()-]{7,16}\d"), "[phone]"),
]
# One look instead of six: most texts hold none of these.
SUSPICIOUS = re.compile(r"[@?&+]|://|bearer|/[A-Za-z0-9_.-]{32}", re.I)
OUR_STAMPS = frozenset({"timestamp", "level", "logger", "request_id"})


def _add_trace(_: Any, __: str, event: EventDict) -> EventDict:
    request_id = request_context.current().request_id
    if request_id:
        event.setdefault("request_id", request_id)
    return event


def redact(_: Any, __: str, event: EventDict) -> EventDict:
    """Replace secrets and personal data, whatever their depth."""
    return {key: value if key in OUR_STAMPS else _redacted(key, value) for key, value in event.items()}


@functools.lru_cache(1000)
def _names_a_secret(key: str) -> bool:
    return bool(SECRET_NAMES.search(key) or PERSONAL_NAMES.match(key))


def _redacted(key: str, value: Any) -> Any:
    if _names_a_secret(key):
        return "[redacted]" if value else value
    if isinstance(value, dict):
        return {inner: _redacted(str(inner), content) for inner, content in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_redacted("", item) for item in value]
    if value is None or isinstance(value, bool | int | float):
        return value
    # Objects print themselves (a request with its path, a lazy translation): what they print is looked through as well.
    text = str(value)
    if not SUSPICIOUS.search(text):
        return text
    for pattern, replacement in IN_TEXT:
        text = pattern.sub(replacement, text)
    return text


STAMPS: list[Processor] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    _add_trace,
]

structlog.configure(
    processors=[
        structlog.stdlib.filter_by_level,
        *STAMPS,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
    ],
    logger_factory=structlog.stdlib.LoggerFactory(),
    wrapper_class=structlog.stdlib.BoundLogger,
    cache_logger_on_first_use=True,
)


def formatter(style: str) -> logging.Formatter:
    """The formatter that settings name: `json` or `console`.

    Lines of structlog come here with their stamps, those of other libraries get them here; then both are redacted, once
    and last, so that nothing is added behind the redaction's back.
    """
    renderer: Processor = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if style == "json"
        else structlog.dev.ConsoleRenderer(colors=False)
    )
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[*STAMPS, structlog.stdlib.ExtraAdder()],
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            redact,
            renderer,
        ],
    )
