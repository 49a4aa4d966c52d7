"""A local folder as the lake. A file appears whole or not at all, and is never replaced."""

from __future__ import annotations

import contextlib
import os
import time
import uuid
from pathlib import Path

from apps.lake import paths
from apps.lake.stores.base import Conflict, Missing, Rejected, Unavailable

# No file of the lake can be in here: `paths.is_safe` knows no names that begin with a dot.
UPLOADING = ".uploading"
LEFTOVER_SECONDS = 3600


class FolderStore:
    """Files below one folder."""

    name = "folder"

    def __init__(self, root: Path) -> None:
        self._root = Path(root)

    @property
    def place(self) -> str:
        """The folder."""
        return str(self._root)

    def create(self, path: str, content: bytes) -> None:
        """Write beside, then link: the link fails where the name is taken, and a kill leaves no half file."""
        target = self._inside(path)
        try:
            folder = self._root / UPLOADING
            folder.mkdir(parents=True, exist_ok=True)
            _remove_leftovers(folder)
            _make_folder(target.parent)
            draft = folder / uuid.uuid4().hex
            try:
                _write(draft, content)
                os.link(draft, target)
                _sync(target.parent)
            except FileExistsError:
                if target.read_bytes() != content:
                    raise Conflict(f"Another file is stored as {path}.") from None
            finally:
                draft.unlink(missing_ok=True)
        except OSError as error:
            raise _typed(error) from error

    def read(self, path: str) -> bytes:
        """The file."""
        target = self._inside(path)
        try:
            return target.read_bytes()
        except FileNotFoundError:
            raise Missing(f"There is no {path}.") from None
        except OSError as error:
            raise _typed(error) from error

    def delete(self, path: str) -> None:
        """Unlink, and let the disk know."""
        target = self._inside(path)
        try:
            target.unlink()
            _sync(target.parent)
        except FileNotFoundError:
            return
        except OSError as error:
            raise _typed(error) from error

    def check(self) -> None:
        """Write, read and remove a small file."""
        path = f"check/{uuid.uuid4().hex}.txt"
        self.create(path, b"check")
        target = self._inside(path)
        if target.read_bytes() != b"check":
            raise Unavailable("The folder does not give back what was written.")
        target.unlink()

    def _inside(self, path: str) -> Path:
        target = self._root / path
        # The second half sees through links that lead out of the folder.
        if not paths.is_safe(path) or not target.parent.resolve().is_relative_to(self._root.resolve()):
            raise Rejected(f"{path!r} is not a name for a file in the lake.")
        return target


def _typed(error: OSError) -> Unavailable | Rejected:
    words = f"{error.strerror or error} ({error.filename})" if error.filename else str(error)
    return Rejected(words) if isinstance(error, PermissionError) else Unavailable(words)


def _write(path: Path, content: bytes) -> None:
    with path.open("xb") as file:
        file.write(content)
        file.flush()
        # The row forgets its copy once we say "stored", so the disk must really have it.
        os.fsync(file.fileno())


def _make_folder(folder: Path) -> None:
    if folder.is_dir():
        return
    _make_folder(folder.parent)
    with contextlib.suppress(FileExistsError):
        folder.mkdir()
    _sync(folder.parent)


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _remove_leftovers(folder: Path) -> None:
    """Drafts of writers that were killed."""
    for draft in folder.iterdir():
        with contextlib.suppress(FileNotFoundError):
            if time.time() - draft.stat().st_mtime > LEFTOVER_SECONDS:
                draft.unlink()
