"""Beat entries of imports."""

from __future__ import annotations

from apps.core.schedule import Every, declare

declare(Every("imports.work", seconds=30), Every("imports.forget_old_files", seconds=6 * 3600))
