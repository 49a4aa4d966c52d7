"""What happens to mails."""

from apps.messaging.actions.delivery import mark_abandoned, send_directly, send_due
from apps.messaging.actions.message import Draft, resend, send
from apps.messaging.actions.outcome import News, record
from apps.messaging.actions.suppression import release, release_run_out, suppress
from apps.messaging.actions.trial import send_test, trial_reference
from apps.messaging.actions.unsubscribe import unsubscribe
from apps.messaging.actions.webhook import forget_old, receive, refuse, work_through

__all__ = [
    "Draft",
    "News",
    "forget_old",
    "mark_abandoned",
    "receive",
    "record",
    "refuse",
    "release",
    "release_run_out",
    "resend",
    "send",
    "send_directly",
    "send_due",
    "send_test",
    "suppress",
    "trial_reference",
    "unsubscribe",
    "work_through",
]
