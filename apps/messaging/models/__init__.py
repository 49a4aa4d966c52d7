"""Mails as rows, what happened to them, addresses that get none, and what providers told us."""

from apps.messaging.models.message import BounceClass, Message, MessageEvent, MessageState
from apps.messaging.models.suppression import Suppression, SuppressionReason, SuppressionScope
from apps.messaging.models.webhook import WebhookDelivery

__all__ = [
    "BounceClass",
    "Message",
    "MessageEvent",
    "MessageState",
    "Suppression",
    "SuppressionReason",
    "SuppressionScope",
    "WebhookDelivery",
]
