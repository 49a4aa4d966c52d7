"""Committed files of what is true today, so that a change shows in the diff: `UPDATE_LEDGERS=1` writes them anew."""

from __future__ import annotations

import os
from pathlib import Path


def compare(name: str, lines: list[str]) -> None:
    """Fail where the file beside this one says something else."""
    file = Path(__file__).parent / name
    if os.environ.get("UPDATE_LEDGERS"):
        file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    known = file.read_text(encoding="utf-8").splitlines()
    new = [f"+ {line}" for line in lines if line not in known]
    gone = [f"- {line}" for line in known if line not in lines]
    assert not new + gone, "\n".join(
        [f"{name} says something else; if this is meant, run with UPDATE_LEDGERS=1 and commit it:", *gone, *new]
    )
