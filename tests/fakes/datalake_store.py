"""What the data-lake fake holds: file systems with paths, in memory, mirrored into a folder if wanted."""

import itertools
import shutil
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path

_versions = itertools.count(0x8DE000000000000)


@dataclass(slots=True)
class Node:
    """A file or a directory. Every change gives it a new ETag."""

    is_directory: bool = False
    data: bytes = b""
    content_type: str = "application/octet-stream"
    metadata: dict[str, str] = field(default_factory=dict)
    pending: dict[int, bytes] = field(default_factory=dict)
    created_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    modified_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    version: int = field(default_factory=lambda: next(_versions))

    @property
    def etag(self) -> str:
        """The ETag, quoted as in the header."""
        return f'"0x{self.version:X}"'

    @property
    def last_modified(self) -> str:
        """The time of the last change as an HTTP date."""
        return format_datetime(self.modified_at, usegmt=True)

    def touch(self) -> None:
        """Note a change."""
        self.modified_at, self.version = datetime.now(UTC), next(_versions)

    def flush(self, position: int) -> bool:
        """Commit what was appended up to `position`; False where that leaves a hole."""
        data = self.data
        for start, piece in sorted(self.pending.items()):
            if start != len(data):
                return False
            data += piece
        if len(data) != position:
            return False
        self.data = data
        self.pending.clear()
        self.touch()
        return True


class FileSystem(dict[str, Node]):
    """Paths by name, without slashes at either end."""

    def __init__(self) -> None:
        """Start empty."""
        super().__init__()
        self.root = Node(is_directory=True)

    def add(self, name: str, node: Node) -> None:
        """Store a node and make its parent directories."""
        parents = name.split("/")[:-1]
        for depth in range(1, len(parents) + 1):
            self.setdefault("/".join(parents[:depth]), Node(is_directory=True))
        self[name] = node

    def below(self, name: str) -> list[str]:
        """Every path under a directory, in listing order; an empty name is the root."""
        prefix = f"{name}/" if name else ""
        return sorted((path for path in self if path.startswith(prefix)), key=lambda path: path.split("/"))

    def rename(self, source: str, target: str) -> None:
        """Move a path with everything under it."""
        self.remove(target)
        for path in [source, *self.below(source)]:
            node = self.pop(path)
            node.touch()
            self.add(target + path[len(source) :], node)

    def remove(self, name: str) -> None:
        """Delete a path with everything under it; nothing happens where there is none."""
        for path in [name, *self.below(name)]:
            self.pop(path, None)


class Mirror:
    """Copies committed files to a folder and reads them back at the next start; metadata is not kept."""

    def __init__(self, folder: Path) -> None:
        """Use `folder`, one directory per file system."""
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def load(self) -> dict[str, FileSystem]:
        """Everything the folder holds."""
        found: dict[str, FileSystem] = {}
        for top in sorted(path for path in self._folder.iterdir() if path.is_dir()):
            found[top.name] = FileSystem()
            for path in sorted(top.rglob("*")):
                data = b"" if path.is_dir() else path.read_bytes()
                found[top.name].add(path.relative_to(top).as_posix(), Node(is_directory=path.is_dir(), data=data))
        return found

    def write(self, filesystem: str, name: str, node: Node) -> None:
        """Write one node through."""
        path = self._folder / filesystem / name
        if node.is_directory:
            path.mkdir(parents=True, exist_ok=True)
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(node.data)

    def remove(self, filesystem: str, name: str = "") -> None:
        """Delete a path or, without a name, a whole file system."""
        path = self._folder / filesystem / name
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)

    def rename(self, filesystem: str, source: str, target: str) -> None:
        """Move a path."""
        self.remove(filesystem, target)
        (self._folder / filesystem / target).parent.mkdir(parents=True, exist_ok=True)
        (self._folder / filesystem / source).rename(self._folder / filesystem / target)
