"""Commands and workers start lean: heavy libraries are imported where they are used."""

from __future__ import annotations

import subprocess
import sys

import pytest
from django.conf import settings

HEAVY = ["pandas", "plotly", "sklearn", "scipy", "openai", "duckdb", "polars", "azure", "boto3", "prometheus_client"]

STARTS = {
    "a command": "import django; django.setup()",
    "a worker": "import django; django.setup(); from config.celery import app; app.loader.import_default_modules()",
}


@pytest.mark.parametrize("start", STARTS.values(), ids=STARTS)
def test_heavy_libraries_are_not_loaded_at_the_start(start: str) -> None:
    code = f"{start}\nimport sys; print([name for name in {HEAVY!r} if name in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=settings.BASE_DIR
    )
    assert done.stdout.strip() == "[]"
