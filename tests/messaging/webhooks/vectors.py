"""Signatures published by the providers, from the data beside the checkout."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

SHARED = Path(os.environ.get("COMPASS_SHARED") or Path(__file__).parents[4] / "shared")
FILE = SHARED / "exam" / "validators_vectors.json"


def vectors(scheme: str, kind: str = "signature") -> list[Any]:
    """The vectors of one scheme; without the file one test that is skipped and says why."""
    if not FILE.exists():
        reason = f"no published vectors: {FILE} is not there (set COMPASS_SHARED)"
        return [pytest.param({"id": "absent"}, marks=pytest.mark.skip(reason=reason))]
    found = json.loads(FILE.read_text())["vectors"]
    return [each for each in found if each["scheme"] == scheme and each["kind"] == kind]
