"""What tests of imports share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone

from apps.accounts.models import Organization
from apps.core.audit import System
from apps.imports import actions
from apps.imports.models import ImportRun

Bring = Callable[..., ImportRun]


@pytest.fixture
def bring(organization: Organization) -> Bring:
    """Import a file's content to its end: `bring("customers", "email\\nann@example.com\\n")`."""

    def brought(
        target: str, content: str | bytes, *, name: str = "file.csv", dry: bool = False, **said: Any
    ) -> ImportRun:
        now, by = timezone.now(), System("test")
        content = content.encode() if isinstance(content, str) else content
        columns = said.pop("columns", {})
        constants = said.pop("constants", {})
        run = actions.upload([content], name, organization=organization, by=by, now=now, target_key=target, **said)
        if columns or constants:
            run = actions.describe(
                run,
                columns={**run.mapping, **columns},
                constants={**run.constants, **constants},
                settings={},
                source=run.source,
                by=by,
            )
        run = (actions.start_check if dry else actions.start)(run, by=by, now=now)
        actions.work_on(run, now=timezone.now())
        run.refresh_from_db()
        return run

    return brought
