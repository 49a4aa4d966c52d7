"""A migrated SQLite database that later test runs begin with: migrating takes longer than a hundred tests.

It is named after what decides the schema, so a changed migration makes a new one; `migrate` runs in any case and finds
nothing to do. It lies in `var/`, and deleting it costs one slower start.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sqlite3
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "var" / "migrated-for-tests"
# Migrations, what they import, what adds rows and triggers after them, and the versions of the other applications.
DECIDING = (
    "apps/*/migrations/*.py",
    "apps/*/models.py",
    "apps/*/models/**/*.py",
    "apps/*/schedule.py",
    "apps/core/**/*.py",
    "requirements/base.txt",
)


def file() -> Path:
    """Where the database of today's schema is, or will be."""
    digest = hashlib.sha256()
    for path in sorted({path for pattern in DECIDING for path in ROOT.glob(pattern)}):
        digest.update(f"{path.relative_to(ROOT)}\0".encode() + path.read_bytes() + b"\0")
    return FOLDER / f"{digest.hexdigest()[:20]}.sqlite3"


def copy_to(place: Path) -> bool:
    """Put a copy of it there, if there is one."""
    try:
        shutil.copyfile(file(), place)
    except FileNotFoundError:
        return False
    return True


def begin_with_copy(creation: Any) -> None:
    """Let Django's test database begin as a copy instead of empty."""
    make_empty = creation._create_test_db

    def make(*args: Any, **options: Any) -> str:
        name: str = make_empty(*args, **options)
        copy_to(Path(name))
        return name

    creation._create_test_db = make


def keep(migrated: sqlite3.Connection) -> None:
    """Keep this freshly migrated database for the next run, in place of those of earlier schemas."""
    kept = file()
    if kept.exists():
        return
    FOLDER.mkdir(parents=True, exist_ok=True)
    unfinished = kept.with_suffix(f".{os.getpid()}")
    copy = sqlite3.connect(unfinished)
    migrated.backup(copy)
    copy.close()
    for former in FOLDER.glob("*.sqlite3"):
        former.unlink(missing_ok=True)
    # Two workers may come here at once: the name appears in one step, with a whole file behind it.
    unfinished.replace(kept)
