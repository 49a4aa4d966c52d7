"""Using a link up: one conditional UPDATE, which the database lets exactly one caller win.

On PostgreSQL the caller chains its INSERTs to it in one statement (data-modifying CTEs): one round trip, one commit,
nothing in between that a crash could separate. A second caller waits for the first one's row lock, checks again
(READ COMMITTED) and gets no row. SQLite has no data-modifying CTEs: there the same text runs as the first statement of
an IMMEDIATE transaction. Either way no row means used, revoked, expired or never there: `find` and `check` say which.
"""

from __future__ import annotations

from datetime import datetime

from apps.forms.models import LinkState, OneTimeLink
from apps.forms.refusals import ExpiredLink, InvalidLink, RevokedLink, UsedLink
from apps.forms.tokens import Claim

# Parameters: link_id, secret_sha256, purpose, now. Returns the link's id and organisation.
REDEEM = """
UPDATE compass_forms_onetimelink SET used_at = %(now)s
 WHERE id = %(link_id)s AND secret_sha256 = %(secret_sha256)s AND purpose = %(purpose)s
   AND used_at IS NULL AND revoked_at IS NULL AND expires_at > %(now)s
RETURNING id, organization_id
"""


def find(claim: Claim) -> OneTimeLink:
    """The link of a genuine token. Raises InvalidLink when there is none (any more)."""
    link = OneTimeLink.objects.filter(
        pk=claim.link_id, secret_sha256=claim.secret_sha256, purpose=claim.purpose
    ).first()
    if link is None:
        raise InvalidLink
    return link


def check(link: OneTimeLink, *, now: datetime) -> None:
    """Raises UsedLink, RevokedLink or ExpiredLink unless the link can still be used."""
    state = link.state(now)
    if state is LinkState.USED:
        raise UsedLink
    if state is LinkState.REVOKED:
        raise RevokedLink
    if state is LinkState.EXPIRED:
        raise ExpiredLink
