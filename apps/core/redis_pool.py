"""Redis connections that a page does not wait for.

What the cache holds (rate limits, breakers) helps the product and must not stop it. A Redis that is away costs one
short time-out; then the whole process leaves it alone for a few seconds, so that no request pays for each of its calls.
"""

from __future__ import annotations

import time
from typing import Any

from redis.backoff import NoBackoff
from redis.connection import AbstractConnection, Connection, ConnectionPool
from redis.exceptions import ConnectionError as Away
from redis.exceptions import TimeoutError as Silent
from redis.retry import Retry

TIMEOUT_SECONDS = 0.5
REST_SECONDS = 5.0

# Address → when it may be asked again (monotonic). Django makes a pool for each thread; what one learned holds for all.
_resting: dict[str, float] = {}


class ImpatientPool(ConnectionPool):
    """Asks once, waits half a second, and after a failure refuses at once for five."""

    def __init__(self, connection_class: type[AbstractConnection] = Connection, **options: Any) -> None:
        self.address = f"{options.get('host', '')}:{options.get('port', '')}{options.get('path', '')}"
        own = {"socket_timeout": TIMEOUT_SECONDS, "socket_connect_timeout": TIMEOUT_SECONDS}
        options = {**own, "retry": Retry(NoBackoff(), 0), **options}
        noticing = type(connection_class.__name__, (_Noticing, connection_class), {"address": self.address})
        super().__init__(connection_class=noticing, **options)

    def get_connection(self, *args: Any, **options: Any) -> Any:
        """A connection that works. Raises redis' ConnectionError, at once while the server is left alone."""
        if time.monotonic() < _resting.get(self.address, 0.0):
            raise Away("Redis did not answer a moment ago; it is left alone for some seconds.")
        return super().get_connection(*args, **options)


class _Noticing:
    """Remembers for the whole process that the server cannot be reached or does not answer."""

    address: str

    def connect(self, *args: Any, **options: Any) -> Any:
        return self._noticing("connect", *args, **options)

    def read_response(self, *args: Any, **options: Any) -> Any:
        return self._noticing("read_response", *args, **options)

    def _noticing(self, name: str, *args: Any, **options: Any) -> Any:
        try:
            return getattr(super(), name)(*args, **options)
        except (Away, Silent, OSError):
            _resting[self.address] = time.monotonic() + REST_SECONDS
            raise
