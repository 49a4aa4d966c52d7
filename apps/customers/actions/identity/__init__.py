"""Who is who: noting names, joining and parting records. The rules are `customers.identity`."""

from apps.customers.actions.identity.decisions import (
    accept_duplicate,
    give_back,
    merge,
    reject_duplicate,
    retire,
    split,
    take_back,
)
from apps.customers.actions.identity.resolving import Resolution, resolve, resolve_recent, resolve_shared
from apps.customers.actions.identity.seen import head_of, lock, note, observe, observe_many
from apps.customers.actions.identity.suspecting import suspect, suspect_next

__all__ = [
    "Resolution",
    "accept_duplicate",
    "give_back",
    "head_of",
    "lock",
    "merge",
    "note",
    "observe",
    "observe_many",
    "reject_duplicate",
    "resolve",
    "resolve_recent",
    "resolve_shared",
    "retire",
    "split",
    "suspect",
    "suspect_next",
    "take_back",
]
