"""How the data-lake fake words its answers: headers, listings, ranges, conditions and error codes."""

import base64
import re
from typing import Final

from tests.fakes.datalake_store import FileSystem, Node
from tests.fakes.exchange import Request, Response, json_response

CODES: Final = {
    401: "InvalidAuthenticationInfo",
    403: "AuthorizationFailure",
    404: "PathNotFound",
    408: "OperationTimedOut",
    429: "TooManyRequests",
    500: "InternalError",
    503: "ServerBusy",
}


class RequestRefused(Exception):
    """An answer with one of the service's error codes."""

    def __init__(self, status: int, code: str, headers: dict[str, str] | None = None) -> None:
        """`code` is the service's word for it, such as PathNotFound."""
        super().__init__(code)
        self.response = error(status, code, headers)


def error(status: int, code: str, headers: dict[str, str] | None = None) -> Response:
    """The service's error, in the header (which HEAD needs) and in the body."""
    value = {"error": {"code": code, "message": f"{code} (said the fake)"}}
    return json_response(value, status, {"x-ms-error-code": code, **(headers or {})})


def challenge(url: str) -> dict[str, str]:
    """The header that tells a client where to get a token."""
    where = f"{url}/00000000-0000-0000-0000-000000000000/oauth2/authorize"
    return {"WWW-Authenticate": f"Bearer authorization_uri={where} resource_id=https://storage.azure.com"}


def existing(nodes: FileSystem, name: str, code: str) -> Node:
    """The node of that name, or 404 with `code`."""
    node = nodes.get(name)
    if node is None:
        raise RequestRefused(404, code)
    return node


def check_conditions(request: Request, node: Node) -> None:
    """412 where If-Match or If-None-Match says so."""
    wanted, unwanted = request.header("If-Match"), request.header("If-None-Match")
    if (wanted and wanted not in ("*", node.etag)) or unwanted in ("*", node.etag):
        raise RequestRefused(412, "ConditionNotMet")


def described(node: Node) -> dict[str, str]:
    """The headers that describe a node."""
    headers = {
        "ETag": node.etag,
        "Last-Modified": node.last_modified,
        "Content-Type": node.content_type,
        "Accept-Ranges": "bytes",
        "x-ms-blob-type": "BlockBlob",
        "x-ms-creation-time": node.last_modified,
        "x-ms-resource-type": "directory" if node.is_directory else "file",
        "x-ms-server-encrypted": "true",
    }
    if node.is_directory:
        headers["x-ms-meta-hdi_isfolder"] = "true"
    return headers | {f"x-ms-meta-{name}": value for name, value in node.metadata.items()}


def listed(name: str, node: Node) -> dict[str, str]:
    """One entry of a path listing; the service sends every value as a string."""
    entry = {
        "name": name,
        "contentLength": str(len(node.data)),
        "etag": node.etag.strip('"'),
        "lastModified": node.last_modified,
        "owner": "$superuser",
        "group": "$superuser",
        "permissions": "rwxr-x---" if node.is_directory else "rw-r-----",
    }
    return entry | ({"isDirectory": "true"} if node.is_directory else {})


def read(request: Request, node: Node) -> Response:
    """The file, or the range of it that was asked for."""
    total = len(node.data)
    asked = re.fullmatch(r"bytes=(\d+)-(\d*)", request.header("x-ms-range") or request.header("Range"))
    if asked is None:
        return Response(200, node.data, described(node))
    start, end = int(asked[1]), min(int(asked[2] or total), total - 1)
    if start >= total:
        raise RequestRefused(416, "InvalidRange", {"Content-Range": f"bytes */{total}"})
    headers = described(node) | {"Content-Range": f"bytes {start}-{end}/{total}"}
    return Response(206, node.data[start : end + 1], headers)


def sent_metadata(request: Request) -> dict[str, str]:
    """Metadata from x-ms-meta-* (blob routes) or from x-ms-properties (DFS: name=base64, …)."""
    found = {
        name.lower().removeprefix("x-ms-meta-"): value
        for name, value in request.headers.items()
        if name.lower().startswith("x-ms-meta-")
    }
    for pair in filter(None, request.header("x-ms-properties").split(",")):
        name, _, value = pair.strip().partition("=")
        found[name] = base64.b64decode(value).decode()
    return found
