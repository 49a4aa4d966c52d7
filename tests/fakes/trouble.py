"""The bad days a fake can be told to have, shared by every fake whatever protocol it speaks."""

import re
import threading
from dataclasses import dataclass
from typing import Any, Final, Literal

# before      the request was read, nothing was done, the line goes dead
# during      the line goes dead halfway through the request's body
# after       the request was carried out, but the answer never arrives
# half_answer the answer breaks off in the middle of its body
DropMoment = Literal["before", "during", "after", "half_answer"]

GARBAGE: Final = b'\x00\xff<html>{"half": '


@dataclass(slots=True)
class Trouble:
    """One way to misbehave, for the next `times` matching requests (None: until `recover`)."""

    status: int | None = None
    code: str = ""
    retry_after: float | None = None
    delay: float = 0.0
    times: int | None = None
    garbage: bool = False
    drop: DropMoment | None = None
    wrong_schema: Any = None
    method: str = ""
    path: str = ""

    def matches(self, method: str, path: str) -> bool:
        """Whether this trouble is meant for that request; `path` is a regular expression searched in the path."""
        return (not self.method or self.method == method) and (not self.path or bool(re.search(self.path, path)))


class Troubles:
    """A thread-safe list of troubles; the oldest one that matches is used up first."""

    def __init__(self) -> None:
        """Start without any trouble."""
        self._lock = threading.Lock()
        self._waiting: list[Trouble] = []

    def add(self, trouble: Trouble) -> None:
        """Have this trouble from the next matching request on."""
        with self._lock:
            self._waiting.append(trouble)

    def clear(self) -> None:
        """Be well again."""
        with self._lock:
            self._waiting.clear()

    def take(self, method: str = "", path: str = "") -> Trouble | None:
        """The trouble for this request, counted down; None on a good day."""
        with self._lock:
            for trouble in self._waiting:
                if trouble.matches(method, path):
                    if trouble.times is not None:
                        trouble.times -= 1
                        if trouble.times <= 0:
                            self._waiting.remove(trouble)
                    return trouble
        return None


def make_trouble(
    *,
    status: int | None = None,
    code: str = "",
    retry_after: float | None = None,
    delay: float = 0.0,
    times: int | None = None,
    garbage: bool = False,
    drop_connection: bool | DropMoment = False,
    wrong_schema: Any = None,
    method: str = "",
    path: str = "",
) -> Trouble:
    """Turn the words of `behave(...)` into a trouble. `drop_connection=True` means "before"."""
    if times is not None and times < 1:
        raise ValueError("times must be at least 1, or None for until recover()")
    return Trouble(
        status=status,
        code=code,
        retry_after=retry_after,
        delay=delay,
        times=times,
        garbage=garbage,
        drop="before" if drop_connection is True else (drop_connection or None),
        wrong_schema=wrong_schema,
        method=method.upper(),
        path=path,
    )
