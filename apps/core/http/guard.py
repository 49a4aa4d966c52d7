"""Against requests that a person's address would send into our own network."""

from __future__ import annotations

import ipaddress
import socket

from apps.core.http.errors import Rejected, Unavailable


def refuse_private(host: str, *, service: str) -> None:
    """Raises Rejected unless every address of the host is public; Unavailable when the name does not resolve.

    A name server that changes its answer between this look and the connection can still get past it (DNS rebinding);
    the network's own egress rules are the second wall.
    """
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except OSError as error:
        raise Unavailable(service, "the name does not resolve", before_sent=True) from error
    for *_, address in found:
        if not ipaddress.ip_address(str(address[0]).partition("%")[0]).is_global:
            raise Rejected(service, 403, b"private address")
