"""Environment variables, each declared once with its meaning.

`docs/configuration.md` is generated from these declarations, so a setting cannot exist undocumented.
"""

from __future__ import annotations

import os
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

BASE_DIR = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Variable:
    """One environment variable: its name, kind, default as shown to people, and meaning."""

    name: str
    kind: str
    default: str
    meaning: str
    section: str


DECLARED: dict[str, Variable] = {}
_section = "General"


def section(name: str) -> None:
    """Group the declarations that follow under a heading of the configuration reference."""
    global _section
    _section = name


def _declare(name: str, kind: str, default: object, meaning: str) -> str | None:
    DECLARED[name] = Variable(name, kind, "" if default is None else str(default), meaning, _section)
    value = os.environ.get(name)
    return value if value not in (None, "") else None


def text(name: str, default: str, meaning: str) -> str:
    """A string."""
    value = _declare(name, "text", default, meaning)
    return default if value is None else value


def flag(name: str, default: bool, meaning: str) -> bool:
    """A boolean: 1/true/yes/on or 0/false/no/off; anything else raises ValueError at start."""
    value = _declare(name, "flag", "on" if default else "off", meaning)
    if value is None:
        return default
    lowered = value.lower()
    if lowered in {"1", "true", "yes", "on"}:
        return True
    if lowered in {"0", "false", "no", "off"}:
        return False
    raise ValueError(f"{name}={value!r} is neither on nor off")


def number(name: str, default: int, meaning: str) -> int:
    """An integer; raises ValueError at start when it is not one."""
    value = _declare(name, "number", default, meaning)
    return default if value is None else int(value)


def words(name: str, default: list[str], meaning: str) -> list[str]:
    """A comma-separated list; empty words are left out."""
    value = _declare(name, "list", ",".join(default), meaning)
    return default if value is None else [word.strip() for word in value.split(",") if word.strip()]


def path(name: str, default: str, meaning: str) -> Path:
    """A folder or file; relative paths start at the project's folder."""
    value = _declare(name, "path", default, meaning)
    return BASE_DIR / (default if value is None else value)


def must_be_writable(folder: Path, name: str) -> None:
    """End the program with a plain sentence unless files can be made in this folder, which the variable names."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        # Permissions alone do not tell: the disk may be mounted read-only, or be full.
        with tempfile.TemporaryFile(dir=folder) as probe:
            probe.write(b"x")
    except OSError as error:
        sys.exit(
            f"Customer Compass cannot write to {folder}: {error.strerror}. It keeps its data there. "
            f"Make the folder writable for this user, or choose another one: {name}=/path/to/folder"
        )
