"""A local OpenID Connect provider: discovery, keys, authorize, token and userinfo, authorization-code flow with PKCE.

The authorize endpoint signs in the configured person at once and redirects, so that a test can follow the real flow
without a browser. It also serves its key the way Google does (`certs_url`), for allauth's `google` provider.
"""

import base64
import hashlib
import hmac
import json
import secrets
import time
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import unquote, urlencode

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.fakes.certificates import self_signed
from tests.fakes.exchange import Request, Response, json_response
from tests.fakes.server import FakeServer
from tests.fakes.trouble import Trouble

CLIENT_ID: Final = "compass-client"
CLIENT_SECRET: Final = "compass-client-secret"
KEY_ID: Final = "fake-key-1"
_ID_TOKEN_SECONDS: Final = 3600


@dataclass(frozen=True, slots=True)
class Person:
    """Who is signed in at the provider."""

    subject: str = "10001"
    email: str = "mia@example.com"
    email_verified: bool = True
    given_name: str = "Mia"
    family_name: str = "Meyer"

    def claims(self) -> dict[str, Any]:
        """What the provider tells about the person."""
        return {
            "sub": self.subject,
            "email": self.email,
            "email_verified": self.email_verified,
            "given_name": self.given_name,
            "family_name": self.family_name,
            "name": f"{self.given_name} {self.family_name}",
        }


@dataclass(frozen=True, slots=True)
class _Grant:
    """What a one-time code stands for."""

    person: Person
    redirect_uri: str
    challenge: str
    nonce: str


class OpenIDProvider(FakeServer):
    """The issuer is `url`. Set `person` to choose who signs in, None for somebody who clicks "cancel"."""

    def __init__(
        self,
        *,
        client_id: str = CLIENT_ID,
        client_secret: str = CLIENT_SECRET,
        person: Person | None = None,
        redirect_uris: Collection[str] | None = None,
        require_pkce: bool = True,
        port: int = 0,
        tls: bool = False,
    ) -> None:
        """`redirect_uris` are the only ones registered (None: any); without PKCE the request is refused by default."""
        super().__init__(port=port, tls=tls)
        self.client_id, self.client_secret = client_id, client_secret
        self.person: Person | None = person or Person()
        self.redirect_uris, self.require_pkce = redirect_uris, require_pkce
        # Laid over the claims of the next id_tokens: {"aud": "other"}, {"exp": 0}, {"nonce": "x"} …
        self.claim_overrides: dict[str, Any] = {}
        # Sign id_tokens with a key that is not in the JWKS.
        self.sign_with_strange_key = False
        self._key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self._grants: dict[str, _Grant] = {}
        self._access_tokens: dict[str, Person] = {}

    @property
    def discovery_url(self) -> str:
        """Where the configuration is found."""
        return f"{self.url}/.well-known/openid-configuration"

    @property
    def authorize_url(self) -> str:
        """The authorization endpoint."""
        return f"{self.url}/authorize"

    @property
    def token_url(self) -> str:
        """The token endpoint."""
        return f"{self.url}/token"

    @property
    def userinfo_url(self) -> str:
        """The userinfo endpoint."""
        return f"{self.url}/userinfo"

    @property
    def certs_url(self) -> str:
        """The signing certificate as Google serves it: {key id: PEM}."""
        return f"{self.url}/certs"

    def failure(self, status: int, trouble: Trouble) -> Response:
        """OAuth's error object."""
        return _error(status, trouble.code or ("temporarily_unavailable" if status >= 500 else "invalid_request"))

    def answer(self, request: Request) -> Response:
        """Route by path."""
        match (request.method, request.path):
            case ("GET", "/.well-known/openid-configuration"):
                return json_response(self._configuration())
            case ("GET", "/jwks"):
                key = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self._key.public_key()))
                return json_response({"keys": [{**key, "kid": KEY_ID, "use": "sig", "alg": "RS256"}]})
            case ("GET", "/certs"):
                certificate = self_signed(self._key, common_name="fake openid provider")
                return json_response({KEY_ID: certificate.certificate_pem.decode()})
            case ("GET", "/authorize"):
                return self._authorize(request.query)
            case ("POST", "/token"):
                return self._token(request)
            case ("GET" | "POST", "/userinfo"):
                return self._userinfo(request)
            case _:
                return _error(404, "not_found")

    def _configuration(self) -> dict[str, Any]:
        return {
            "issuer": self.url,
            "authorization_endpoint": self.authorize_url,
            "token_endpoint": self.token_url,
            "userinfo_endpoint": self.userinfo_url,
            "jwks_uri": f"{self.url}/jwks",
            "response_types_supported": ["code"],
            "grant_types_supported": ["authorization_code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "scopes_supported": ["openid", "email", "profile"],
            "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
            "code_challenge_methods_supported": ["S256"],
        }

    def _authorize(self, query: dict[str, str]) -> Response:
        # Until the client and its address are known, an error must not be redirected anywhere (RFC 6749, 4.1.2.1).
        if query.get("client_id") != self.client_id:
            return _error(400, "invalid_client")
        redirect_uri = query.get("redirect_uri", "")
        if not redirect_uri or (self.redirect_uris is not None and redirect_uri not in self.redirect_uris):
            return _error(400, "redirect_uri_mismatch")
        answer = {"state": query["state"]} if "state" in query else {}
        challenge = query.get("code_challenge", "")
        if query.get("response_type") != "code":
            answer["error"] = "unsupported_response_type"
        elif "openid" not in query.get("scope", "").split():
            answer["error"] = "invalid_scope"
        elif (self.require_pkce or challenge) and (not challenge or query.get("code_challenge_method") != "S256"):
            answer["error"] = "invalid_request"
        elif self.person is None:
            answer["error"] = "access_denied"
        else:
            answer["code"] = secrets.token_urlsafe(24)
            with self._lock:
                self._grants[answer["code"]] = _Grant(self.person, redirect_uri, challenge, query.get("nonce", ""))
        joint = "&" if "?" in redirect_uri else "?"
        return Response(302, b"", {"Location": f"{redirect_uri}{joint}{urlencode(answer)}"})

    def _token(self, request: Request) -> Response:
        form = request.form
        if not self._knows_client(request, form):
            return _error(401, "invalid_client")
        if form.get("grant_type") != "authorization_code":
            return _error(400, "unsupported_grant_type")
        with self._lock:
            grant = self._grants.pop(form.get("code", ""), None)
        if grant is None or grant.redirect_uri != form.get("redirect_uri"):
            return _error(400, "invalid_grant")
        verifier = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        if grant.challenge and base64.urlsafe_b64encode(verifier).decode().rstrip("=") != grant.challenge:
            return _error(400, "invalid_grant")
        access_token = secrets.token_urlsafe(24)
        with self._lock:
            self._access_tokens[access_token] = grant.person
        value = {
            "access_token": access_token,
            "token_type": "Bearer",
            "expires_in": _ID_TOKEN_SECONDS,
            "scope": "openid email profile",
            "id_token": self.id_token(grant.person, nonce=grant.nonce),
        }
        return json_response(value, headers={"Cache-Control": "no-store"})

    def id_token(self, person: Person, *, nonce: str = "") -> str:
        """A signed id_token about `person`, with `claim_overrides` laid over it."""
        now = int(time.time())
        claims = {
            "iss": self.url,
            "aud": self.client_id,
            "azp": self.client_id,
            "iat": now,
            "exp": now + _ID_TOKEN_SECONDS,
            **person.claims(),
            **({"nonce": nonce} if nonce else {}),
            **self.claim_overrides,
        }
        strange = self.sign_with_strange_key
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048) if strange else self._key
        return jwt.encode(claims, key, algorithm="RS256", headers={"kid": KEY_ID})

    def _knows_client(self, request: Request, form: dict[str, str]) -> bool:
        name, secret = form.get("client_id", ""), form.get("client_secret", "")
        scheme, _, credential = request.header("Authorization").partition(" ")
        if scheme == "Basic":
            name, _, secret = base64.b64decode(credential).decode().partition(":")
            name, secret = unquote(name), unquote(secret)
        return hmac.compare_digest(f"{name}\0{secret}".encode(), f"{self.client_id}\0{self.client_secret}".encode())

    def _userinfo(self, request: Request) -> Response:
        scheme, _, token = request.header("Authorization").partition(" ")
        with self._lock:
            person = self._access_tokens.get(token) if scheme == "Bearer" else None
        return json_response(person.claims()) if person is not None else _error(401, "invalid_token")


def _error(status: int, code: str) -> Response:
    return json_response({"error": code, "error_description": f"{code} (said the fake)"}, status)
