"""An answer arrives: the link is used up, the answer stored and announced, all in one go.

On PostgreSQL that is one prepared statement, so one round trip and one commit; on SQLite three short statements in one
IMMEDIATE transaction. The event's row is part of it, and the waker publishes to the broker later and in another thread:
an answer neither waits for the broker nor gets lost without it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import OperationalError, connection, transaction

from apps.core import fastsql, outbox, request_context, waker
from apps.core.locks import one_writer
from apps.feedback.answers import Answer
from apps.feedback.events import ResponseSubmitted
from apps.feedback.models import Response
from apps.forms import redemption, tokens
from apps.forms.models import LinkPurpose
from apps.forms.refusals import UsedLink

STORE = """
INSERT INTO feedback_response (organization_id, request_id, customer_id, branch_id, staff_member_id,
                               stars, comment, language, submitted_at, form_key)
SELECT request.organization_id, request.id, request.customer_id, request.branch_id, request.staff_member_id,
       %(stars)s, %(comment)s, COALESCE(%(language)s, request.language), %(now)s, %(form_key)s
  FROM {source}
RETURNING id, organization_id, request_id, customer_id, stars, language
"""

ONE_STATEMENT = f"""
WITH link AS ({redemption.REDEEM}),
answer AS ({STORE.format(source="link JOIN feedback_surveyrequest request ON request.link_id = link.id")}),
event AS ({outbox.INSERT} SELECT organization_id, '{ResponseSubmitted.name}',
       jsonb_build_object('response_id', id, 'request_id', request_id, 'customer_id', customer_id, 'stars', stars),
       %(request_id)s, %(now)s, %(now)s, 0, '' FROM answer)
SELECT organization_id, language FROM answer
"""  # noqa: S608  the texts are constants of ours

ANNOUNCE_ON_SQLITE = (
    f"{outbox.INSERT} VALUES (%(organization_id)s, '{ResponseSubmitted.name}', %(payload)s, %(request_id)s,"
    " %(now)s, %(now)s, 0, '')"
)
STORE_ON_SQLITE = STORE.format(source="feedback_surveyrequest request WHERE request.link_id = %(link_id)s")


@dataclass(frozen=True)
class Answered:
    """The answer is ours. `is_repeat`: it already was, the same form came twice."""

    organization_id: int
    language: str
    is_repeat: bool = False


def answer(token: str, content: Answer, *, language: str | None, now: datetime) -> Answered:
    """Use the link of `token` up for this answer. `language` of the page, None where it was the request's own.

    Raises InvalidLink, ExpiredLink, UsedLink or RevokedLink. The same form sent twice (a double click, a retry after a
    lost connection) is told by its form key and counts as answered.
    """
    claim = tokens.read(token, purpose=LinkPurpose.SURVEY, now=now)
    values: dict[str, Any] = {
        "link_id": claim.link_id,
        "secret_sha256": claim.secret_sha256,
        "purpose": claim.purpose,
        "stars": content.stars,
        "comment": content.comment,
        "form_key": content.form_key,
        "language": language,
        "request_id": request_context.current().request_id,
        "now": now,
    }
    answered = _in_one_statement(values) if connection.vendor == "postgresql" else _in_one_transaction(values)
    if answered is not None:
        waker.wake()
        return answered
    link = redemption.find(claim)
    try:
        redemption.check(link, now=now)
    except UsedLink:
        earlier = Response.objects.filter(request__link=link).first()
        if earlier is None or not content.form_key or earlier.form_key != content.form_key:
            raise
        return Answered(earlier.organization_id, earlier.language, is_repeat=True)
    raise UsedLink


def _in_one_statement(values: dict[str, Any]) -> Answered | None:
    try:
        rows = fastsql.execute(ONE_STATEMENT, values)
    except OperationalError:
        # The server was restarted since this thread's last request. Once more: the statement itself tells a repeat.
        if connection.in_atomic_block:
            raise
        connection.close()
        rows = fastsql.execute(ONE_STATEMENT, values)
    return Answered(*rows[0]) if rows else None


@one_writer()
@transaction.atomic
def _in_one_transaction(values: dict[str, Any]) -> Answered | None:
    values = {**values, "now": connection.ops.adapt_datetimefield_value(values["now"])}
    with connection.cursor() as cursor:
        cursor.execute(redemption.REDEEM, values)
        if cursor.fetchone() is None:
            return None
        cursor.execute(STORE_ON_SQLITE, values)
        row = cursor.fetchone()
        if row is None:
            transaction.set_rollback(True)
            return None
        response_id, organization_id, request_id, customer_id, stars, language = row
        event = ResponseSubmitted(
            organization_id=organization_id,
            response_id=response_id,
            request_id=request_id,
            customer_id=customer_id,
            stars=stars,
        )
        payload = json.dumps(outbox.payload_of(event))
        cursor.execute(ANNOUNCE_ON_SQLITE, {**values, "organization_id": organization_id, "payload": payload})
    return Answered(organization_id, language)
