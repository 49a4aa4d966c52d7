"""Somebody who was erased stands at the counter again.

The rule: a record with an e-mail address of an erased customer, or with nothing but their number, is refused. Staff may
state that the customer came back by themselves: then the hashes of what was typed are forgotten and the record begins
anew, without any consent. A number beside another e-mail address refuses nobody, because families share numbers.
Imports, events and syncs cannot state this; they skip and count.
"""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext as _

from apps.core import audit
from apps.core.audit import Actor
from apps.core.refused import Refused
from apps.customers.actions.privacy import erased
from apps.customers.actions.privacy.restriction import SOURCE
from apps.customers.models import IdentifierKind
from apps.customers.subject import Identity
from apps.messaging import actions as messaging
from apps.messaging.address import normalised
from apps.messaging.models import Suppression


def refuse_erased_id(organization_id: int, identity: Identity) -> None:
    """Raises Refused (`erased`) for the id of an erased customer in another system: no sync brings them back."""
    if erased.is_erased(organization_id, [identity]):
        raise Refused(
            _("This customer asked to be forgotten. Take them out of the other system too."),
            code="erased",
            field="external_id",
        )


def refuse_erased(
    organization_id: int, *, email: str, mobile: str, has_come_back: bool, by: Actor, now: datetime
) -> None:
    """Raises Refused (`erased`) where the rule above says so. Call it in the transaction that makes the record."""
    typed: list[Identity] = [(IdentifierKind.EMAIL.value, email, ""), (IdentifierKind.PHONE.value, mobile, "")]
    gone = erased.is_erased(organization_id, typed)
    if email and typed[0] not in gone:
        # Another person with the same number.
        return
    if not gone:
        return
    if not has_come_back:
        raise Refused(
            _(
                "This customer asked to be forgotten, and everything about them was erased. "
                "Record them again only when they came back by themselves and want it."
            ),
            code="erased",
            field="has_come_back",
        )
    erased.forget(organization_id, gone)
    held = Suppression.objects.owned_by(organization_id).active(now).filter(source=SOURCE)
    for row in held.against(normalised(email), is_transactional=True):
        messaging.release(row, by=by, now=now, reason=_("The customer came back by themselves."))
    audit.record("privacy.came_back", by=by, organization_id=organization_id)
