"""Request signatures as the providers check them: Azure Storage SharedKey and AWS Signature Version 4.

Sources: Microsoft "Authorize with Shared Key" (version 2015-02-21 and later); AWS "Create a signed AWS API request".
"""

import base64
import hashlib
import hmac
from collections.abc import Iterable
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from tests.fakes.exchange import Request

_AZURE_STANDARD_HEADERS = (
    "content-encoding",
    "content-language",
    "content-length",
    "content-md5",
    "content-type",
    "date",
    "if-modified-since",
    "if-match",
    "if-none-match",
    "if-unmodified-since",
    "range",
)


def azure_shared_key(request: Request, *, account: str, key: str) -> str:
    """The Authorization header that a holder of `key` (base64) would have sent with this request."""
    standard = [request.header(name) for name in _AZURE_STANDARD_HEADERS]
    if standard[2] == "0":
        standard[2] = ""
    own = {name.lower(): value.strip() for name, value in request.headers.items()}
    own = {name: value for name, value in own.items() if name.startswith("x-ms-")}
    # The service sorts as a dictionary does: a hyphen counts for nothing, an underscore comes before the digits.
    names = sorted(own, key=lambda name: name.replace("-", "").replace("_", "\x01"))
    query: dict[str, list[str]] = {}
    for name, value in _raw_query(request.target):
        query.setdefault(unquote(name).lower(), []).append(unquote(value))
    text = "\n".join(
        [
            request.method,
            *standard,
            *(f"{name}:{own[name]}" for name in names),
            f"/{account}{request.raw_path}",
            *(f"{name}:{','.join(sorted(values))}" for name, values in sorted(query.items())),
        ]
    )
    digest = hmac.new(base64.b64decode(key), text.encode(), hashlib.sha256).digest()
    return f"SharedKey {account}:{base64.b64encode(digest).decode()}"


def aws_v4(request: Request, *, secret: str, scope: str, signed_headers: Iterable[str]) -> str:
    """The hex signature over the named headers; `scope` is date/region/service/aws4_request."""
    date, region, service, _ = scope.split("/")
    query = sorted(
        (quote(name, safe="-_.~"), quote(value, safe="-_.~"))
        for name, value in parse_qsl(urlsplit(request.target).query, keep_blank_values=True)
    )
    names = list(signed_headers)
    canonical = "\n".join(
        [
            request.method,
            quote(request.raw_path, safe="/-_.~"),
            "&".join(f"{name}={value}" for name, value in query),
            *(f"{name}:{' '.join(','.join(request.headers.get_all(name, [])).split())}" for name in names),
            "",
            ";".join(names),
            hashlib.sha256(request.body).hexdigest(),
        ]
    )
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    text = "\n".join(["AWS4-HMAC-SHA256", request.header("x-amz-date"), scope, digest])
    key = f"AWS4{secret}".encode()
    for step in (date, region, service, "aws4_request"):
        key = hmac.new(key, step.encode(), hashlib.sha256).digest()
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


def _raw_query(target: str) -> list[tuple[str, str]]:
    pairs = [pair.partition("=") for pair in urlsplit(target).query.split("&") if pair]
    return [(name, value) for name, _, value in pairs]
