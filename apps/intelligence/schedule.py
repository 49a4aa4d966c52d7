"""Beat entries of intelligence."""

from __future__ import annotations

from apps.core.schedule import Every, declare

declare(Every("intelligence.forget_fallbacks", seconds=24 * 3600))
