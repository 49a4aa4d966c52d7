"""Azure Data Lake Storage Gen2: the DFS protocol and the blob routes that Microsoft's SDK mixes in.

`DataLake().connection_string` goes straight into `DataLakeServiceClient.from_connection_string`.
As a command: `python -m tests.fakes.datalake PORT FOLDER`.
"""

import base64
import hashlib
import hmac
import re
import sys
import uuid
from pathlib import Path
from typing import Final
from urllib.parse import unquote
from xml.sax.saxutils import escape

from tests.fakes.datalake_answers import (
    CODES,
    RequestRefused,
    challenge,
    check_conditions,
    described,
    error,
    existing,
    listed,
    read,
    sent_metadata,
)
from tests.fakes.datalake_store import FileSystem, Mirror, Node
from tests.fakes.exchange import Request, Response, json_response
from tests.fakes.server import FakeServer, run_forever
from tests.fakes.signatures import azure_shared_key
from tests.fakes.trouble import Trouble

ACCOUNT: Final = "devstoreaccount1"
KEY: Final = base64.b64encode(hashlib.sha512(b"the fake data lake").digest()).decode()


class DataLake(FakeServer):
    """A storage account. Wrong key: 403 AuthenticationFailed; unknown bearer token: 401."""

    def __init__(
        self,
        *,
        account: str = ACCOUNT,
        key: str = KEY,
        bearer_token: str = "",
        folder: Path | None = None,
        page_size: int = 5000,
        port: int = 0,
        tls: bool = False,
    ) -> None:
        """`bearer_token` is accepted besides the key (the SDK sends it over TLS only); `folder` mirrors
        the files; `page_size` caps a listing page whatever the client asks for.
        """
        super().__init__(port=port, tls=tls)
        self.account, self.key, self.bearer_token, self.page_size = account, key, bearer_token, page_size
        self._mirror = Mirror(folder) if folder else None
        self._filesystems: dict[str, FileSystem] = self._mirror.load() if self._mirror else {}

    @property
    def account_url(self) -> str:
        """The account's address, for `DataLakeServiceClient(account_url, credential)`."""
        return f"{self.url}/{self.account}"

    @property
    def connection_string(self) -> str:
        """The connection string that Azure's portal would show."""
        return (
            f"DefaultEndpointsProtocol={self.url.partition(':')[0]};AccountName={self.account};AccountKey={self.key};"
            f"BlobEndpoint={self.account_url};DfsEndpoint={self.account_url};"
        )

    def files(self, filesystem: str) -> dict[str, bytes]:
        """Committed files by path; empty where the file system does not exist."""
        with self._lock:
            nodes = self._filesystems.get(filesystem, FileSystem())
            return {name: node.data for name, node in nodes.items() if not node.is_directory}

    def add_filesystem(self, filesystem: str) -> None:
        """Make a file system without going over the wire."""
        with self._lock:
            self._filesystems.setdefault(filesystem, FileSystem())
            if self._mirror:
                self._mirror.write(filesystem, "", Node(is_directory=True))

    def failure(self, status: int, trouble: Trouble) -> Response:
        """The service's error code in header and body."""
        return error(status, trouble.code or CODES.get(status, "InternalError"))

    def answer(self, request: Request) -> Response:
        """Authenticate and route one request; one at a time, so that the store needs no lock of its own."""
        try:
            self._authenticate(request)
            account, _, rest = request.path.strip("/").partition("/")
            if account != self.account or ".." in rest.split("/"):
                raise RequestRefused(400, "InvalidUri")
            filesystem, _, name = rest.partition("/")
            with self._lock:
                response = self._route(request, filesystem, name)
        except RequestRefused as refused:
            response = refused.response
        version = request.header("x-ms-version") or "2023-11-03"
        standard = {"x-ms-request-id": str(uuid.uuid4()), "x-ms-version": version}
        return Response(response.status, response.body, {**standard, **response.headers})

    def _authenticate(self, request: Request) -> None:
        scheme, _, credential = request.header("Authorization").partition(" ")
        if scheme == "SharedKey":
            expected = azure_shared_key(request, account=self.account, key=self.key)
            if not hmac.compare_digest(expected, f"{scheme} {credential}"):
                raise RequestRefused(403, "AuthenticationFailed")
        elif scheme == "Bearer":
            if not self.bearer_token or not hmac.compare_digest(self.bearer_token, credential):
                raise RequestRefused(401, "InvalidAuthenticationInfo", challenge(self.url))
        else:
            raise RequestRefused(401, "NoAuthenticationInformation", challenge(self.url))

    def _route(self, request: Request, filesystem: str, name: str) -> Response:
        query, method = request.query, request.method
        if not filesystem:
            if method == "GET" and query.get("comp") == "list":
                return self._list_filesystems(query)
            raise RequestRefused(400, "UnsupportedQueryParameter")
        if not name:
            return self._on_filesystem(request, filesystem)
        nodes = self._filesystem(filesystem)
        if method == "PUT":
            if request.header("x-ms-rename-source"):
                return self._rename(request, filesystem, name)
            if query.get("comp") in ("metadata", "properties"):
                return self._set_properties(request, nodes, name)
            return self._create(request, filesystem, name)
        if method == "PATCH":
            return self._update(request, filesystem, name)
        node = existing(nodes, name, "PathNotFound" if method == "DELETE" else "BlobNotFound")
        check_conditions(request, node)
        if method == "HEAD":
            return Response(200, b"", {**described(node), "Content-Length": str(len(node.data))})
        if method == "GET":
            return read(request, node)
        if method == "DELETE":
            if node.is_directory and query.get("recursive") != "true" and nodes.below(name):
                raise RequestRefused(409, "DirectoryNotEmpty")
            nodes.remove(name)
            if self._mirror:
                self._mirror.remove(filesystem, name)
            return Response(202 if "recursive" not in query else 200)
        raise RequestRefused(405, "UnsupportedHttpVerb")

    def _on_filesystem(self, request: Request, filesystem: str) -> Response:
        query, method = request.query, request.method
        if method == "PUT" and "comp" not in query:
            if filesystem in self._filesystems:
                dfs = query.get("resource") == "filesystem"
                raise RequestRefused(409, "FilesystemAlreadyExists" if dfs else "ContainerAlreadyExists")
            if not re.fullmatch(r"[a-z0-9](?!.*--)[-a-z0-9]{1,61}[a-z0-9]", filesystem):
                raise RequestRefused(400, "InvalidResourceName")
            self.add_filesystem(filesystem)
            return Response(201, b"", described(self._filesystems[filesystem].root))
        nodes = self._filesystem(filesystem)
        if method == "GET" and query.get("resource") == "filesystem":
            return self._list_paths(query, nodes)
        if method == "DELETE":
            del self._filesystems[filesystem]
            if self._mirror:
                self._mirror.remove(filesystem)
            return Response(202)
        if method == "PUT" and query.get("comp") == "metadata":
            nodes.root.metadata = sent_metadata(request)
            nodes.root.touch()
        return Response(200, b"", {**described(nodes.root), "x-ms-namespace-enabled": "true"})

    def _list_filesystems(self, query: dict[str, str]) -> Response:
        names = [name for name in sorted(self._filesystems) if name.startswith(query.get("prefix", ""))]
        names = [name for name in names if name >= query.get("marker", "")]
        size = min(int(query.get("maxresults") or 5000), self.page_size)
        entries = "".join(
            f"<Container><Name>{escape(name)}</Name><Properties><Last-Modified>{node.last_modified}</Last-Modified>"
            f"<Etag>{escape(node.etag)}</Etag></Properties></Container>"
            for name, node in ((name, self._filesystems[name].root) for name in names[:size])
        )
        marker = escape(names[size]) if len(names) > size else ""
        body = (
            f'<?xml version="1.0" encoding="utf-8"?><EnumerationResults><Containers>{entries}</Containers>'
            f"<NextMarker>{marker}</NextMarker></EnumerationResults>"
        )
        return Response(200, body.encode(), {"Content-Type": "application/xml"})

    def _list_paths(self, query: dict[str, str], nodes: FileSystem) -> Response:
        directory = query.get("directory", "").strip("/")
        if directory:
            existing(nodes, directory, "PathNotFound")
        names = nodes.below(directory)
        if query.get("recursive") != "true":
            depth = directory.count("/") + 1 if directory else 0
            names = [name for name in names if name.count("/") == depth]
        if query.get("continuation"):
            last = base64.urlsafe_b64decode(query["continuation"]).decode().split("/")
            names = [name for name in names if name.split("/") > last]
        size = min(int(query.get("maxResults") or 5000), self.page_size)
        page = names[:size]
        headers = {"ETag": nodes.root.etag, "Last-Modified": nodes.root.last_modified}
        if len(names) > size:
            headers["x-ms-continuation"] = base64.urlsafe_b64encode(page[-1].encode()).decode()
        return json_response({"paths": [listed(name, nodes[name]) for name in page]}, headers=headers)

    def _create(self, request: Request, filesystem: str, name: str) -> Response:
        nodes, resource = self._filesystem(filesystem), request.query.get("resource", "")
        blob = request.header("x-ms-blob-type") == "BlockBlob"
        if resource not in ("file", "directory") and not blob:
            raise RequestRefused(400, "InvalidQueryParameterValue")
        old = nodes.get(name)
        if old is not None:
            if request.header("If-None-Match") == "*":
                raise RequestRefused(409, "BlobAlreadyExists" if blob else "PathAlreadyExists")
            check_conditions(request, old)
            if old.is_directory != (resource == "directory"):
                raise RequestRefused(409, "PathAlreadyExists")
        node = Node(
            is_directory=resource == "directory",
            data=request.body if blob else b"",
            content_type=request.header("x-ms-content-type")
            or request.header("x-ms-blob-content-type")
            or "application/octet-stream",
            metadata=sent_metadata(request),
        )
        nodes.add(name, node)
        self._keep(filesystem, name, node)
        return Response(201, b"", described(node))

    def _update(self, request: Request, filesystem: str, name: str) -> Response:
        query, action = request.query, request.query.get("action")
        node = existing(self._filesystem(filesystem), name, "PathNotFound")
        if action == "append":
            digest = request.header("Content-MD5")
            if digest and digest != base64.b64encode(hashlib.md5(request.body).digest()).decode():
                raise RequestRefused(400, "Md5Mismatch")
            position = int(query["position"])
            if position < len(node.data):
                raise RequestRefused(400, "InvalidFlushPosition")
            node.pending[position] = request.body
            if query.get("flush") != "true":
                return Response(202)
        elif action == "setProperties":
            node.metadata = sent_metadata(request)
            node.touch()
            return Response(200, b"", described(node))
        elif action != "flush":
            # Access control is accepted and not modelled.
            return Response(200, b"", described(node))
        check_conditions(request, node)
        position = int(query["position"]) + (len(request.body) if action == "append" else 0)
        if not node.flush(position):
            raise RequestRefused(400, "InvalidFlushPosition")
        node.content_type = request.header("x-ms-content-type") or node.content_type
        self._keep(filesystem, name, node)
        return Response(200, b"", described(node))

    def _rename(self, request: Request, filesystem: str, name: str) -> Response:
        source = unquote(request.header("x-ms-rename-source").partition("?")[0]).strip("/")
        source_filesystem, _, source_name = source.partition("/")
        nodes = self._filesystem(filesystem)
        if source_filesystem != filesystem or source_name not in nodes:
            raise RequestRefused(404, "SourcePathNotFound")
        if name in nodes and request.header("If-None-Match") == "*":
            raise RequestRefused(409, "PathAlreadyExists")
        nodes.rename(source_name, name)
        if self._mirror:
            self._mirror.rename(filesystem, source_name, name)
        return Response(201, b"", described(nodes[name]))

    def _set_properties(self, request: Request, nodes: FileSystem, name: str) -> Response:
        node = existing(nodes, name, "BlobNotFound")
        check_conditions(request, node)
        if request.query["comp"] == "metadata":
            node.metadata = sent_metadata(request)
        else:
            node.content_type = request.header("x-ms-blob-content-type") or node.content_type
        node.touch()
        return Response(200, b"", described(node))

    def _filesystem(self, name: str) -> FileSystem:
        if name not in self._filesystems:
            raise RequestRefused(404, "FilesystemNotFound")
        return self._filesystems[name]

    def _keep(self, filesystem: str, name: str, node: Node) -> None:
        if self._mirror:
            self._mirror.write(filesystem, name, node)


if __name__ == "__main__":
    lake = DataLake(port=int(sys.argv[1]), folder=Path(sys.argv[2]))
    run_forever(lake, lambda: lake.connection_string)
