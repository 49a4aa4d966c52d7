"""Answering what customers ask about their data. Call through the module: `privacy.open_request(…)`."""

from apps.customers.actions.privacy.erased import forget, is_erased, remember
from apps.customers.actions.privacy.requests import (
    WORK_TASK,
    approve,
    carry_out,
    change_settings,
    extend,
    open_request,
    refuse,
    settings_of,
)
from apps.customers.actions.privacy.restriction import lift_restriction, restrict
from apps.customers.actions.privacy.work import erase, forget_exports, work_next

__all__ = [
    "WORK_TASK",
    "approve",
    "carry_out",
    "change_settings",
    "erase",
    "extend",
    "forget",
    "forget_exports",
    "is_erased",
    "lift_restriction",
    "open_request",
    "refuse",
    "remember",
    "restrict",
    "settings_of",
    "work_next",
]
