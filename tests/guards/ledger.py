"""Committed files of what is true today, so that a change shows in the diff: `UPDATE_LEDGERS=1` writes them anew."""

from __future__ import annotations

import os
from pathlib import Path


def compare(name: str, lines: list[str]) -> None:
    """Fail where the file beside this one says something else."""
    file = _file(name)
    if os.environ.get("UPDATE_LEDGERS"):
        _write(file, lines)
    known = _read(file)
    new = [line for line in lines if line not in known]
    _fail(name, new, [line for line in known if line not in lines])


def compare_part(name: str, lines: list[str], *, keys: list[str]) -> None:
    """The same for some lines of the file, so that several processes may share the work.

    Args:
        keys: the first two words of every line that the file should have, in their order; a line of another key is
            one too many, whichever part is compared.
    """
    file, mine = _file(name), {_key(line): line for line in lines}
    if os.environ.get("UPDATE_LEDGERS"):
        rows = {_key(line): line for line in _read(file)} | mine
        _write(file, [rows[key] for key in keys if key in rows])
    known = _read(file)
    new = [line for line in lines if line not in known]
    _fail(name, new, [line for line in known if line != mine.get(_key(line), line) or _key(line) not in keys])


def _key(line: str) -> str:
    return " ".join(line.split()[:2])


def _file(name: str) -> Path:
    return Path(__file__).parent / name


def _read(file: Path) -> list[str]:
    return file.read_text(encoding="utf-8").splitlines()


def _write(file: Path, lines: list[str]) -> None:
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _fail(name: str, new: list[str], gone: list[str]) -> None:
    what = [*(f"- {line}" for line in gone), *(f"+ {line}" for line in new)]
    assert not what, "\n".join(
        [f"{name} says something else; if this is meant, run with UPDATE_LEDGERS=1 and commit it:", *what]
    )
