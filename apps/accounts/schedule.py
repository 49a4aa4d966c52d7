"""When accounts work by themselves."""

from apps.core.schedule import Every, declare

declare(Every("accounts.forget_expired_sessions", seconds=24 * 3600))
