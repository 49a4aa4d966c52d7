"""Beat entries of customers."""

from __future__ import annotations

from apps.core.schedule import Every, declare

declare(
    Every("customers.carry_out_privacy_requests", seconds=60),
    Every("customers.forget_privacy_exports", seconds=600),
    Every("customers.resolve_recent", seconds=60),
    Every("customers.resolve_shared", seconds=24 * 3600),
    Every("customers.suspect_duplicates", seconds=300),
    Every("customers.tell_search_subscribers", seconds=300),
)
