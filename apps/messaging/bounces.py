"""What a refusal says about the address: hard, soft or a matter of rules (status codes of RFC 3463)."""

from __future__ import annotations

from apps.messaging.models import BounceClass

# 5.1.x speaks of the recipient's address, but these two of the sender's.
_SENDER_AT_FAULT = ("5.1.7", "5.1.8")
_DEAD = ("5.0.0", "5.1.", "5.2.1", "5.4.4")


def class_of(status: str, *, otherwise: BounceClass = BounceClass.SOFT) -> BounceClass:
    """The class of an RFC 3463 status or of a three-digit reply; `otherwise` where it says nothing.

    A full mailbox (5.2.2) can be emptied, and 5.7.x speaks of rules and reputation: neither means a dead address.
    """
    if status.startswith("5.7.") or status in _SENDER_AT_FAULT or status == "554":
        return BounceClass.POLICY
    if status.startswith(_DEAD) or status in ("550", "551", "553"):
        return BounceClass.HARD
    if status.startswith(("4", "5.")) or status == "552":
        return BounceClass.SOFT
    return otherwise
