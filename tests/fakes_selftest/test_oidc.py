"""The OpenID Connect fake: the whole code flow, checked with PyJWT, and what it refuses."""

import base64
import hashlib
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import jwt
import pytest
from cryptography import x509

from tests.fakes.oidc import CLIENT_ID, CLIENT_SECRET, KEY_ID, OpenIDProvider, Person

CALLBACK = "http://testserver/callback/"
VERIFIER = "v" * 64
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode().rstrip("=")
AUTHORIZE = {
    "client_id": CLIENT_ID,
    "redirect_uri": CALLBACK,
    "response_type": "code",
    "scope": "openid email profile",
    "state": "s1",
    "nonce": "n1",
    "code_challenge": CHALLENGE,
    "code_challenge_method": "S256",
}
TOKEN = {
    "grant_type": "authorization_code",
    "client_id": CLIENT_ID,
    "client_secret": CLIENT_SECRET,
    "redirect_uri": CALLBACK,
    "code_verifier": VERIFIER,
}


@pytest.fixture
def provider() -> Iterator[OpenIDProvider]:
    with OpenIDProvider() as server:
        yield server


def authorize(provider: OpenIDProvider, **changes: str) -> dict[str, str]:
    response = httpx2.get(provider.authorize_url, params=AUTHORIZE | changes)
    assert response.status_code == 302
    assert response.headers["Location"].startswith(CALLBACK + "?")
    return {name: values[0] for name, values in parse_qs(urlsplit(response.headers["Location"]).query).items()}


def redeem(provider: OpenIDProvider, code: str, **changes: str) -> httpx2.Response:
    return httpx2.post(provider.token_url, data=TOKEN | {"code": code} | changes)


def decode(provider: OpenIDProvider, token: str) -> dict[str, Any]:
    keys = httpx2.get(httpx2.get(provider.discovery_url).json()["jwks_uri"]).json()
    (key,) = jwt.PyJWKSet.from_dict(keys).keys
    return jwt.decode(token, key, algorithms=["RS256"], audience=CLIENT_ID, issuer=provider.url)


def test_the_code_flow(provider: OpenIDProvider) -> None:
    provider.person = Person(subject="7", email="tom@example.com")
    answer = authorize(provider)
    assert answer["state"] == "s1"
    tokens = redeem(provider, answer["code"]).json()
    claims = decode(provider, tokens["id_token"])
    assert (claims["sub"], claims["email"], claims["nonce"]) == ("7", "tom@example.com", "n1")
    headers = {"Authorization": f"Bearer {tokens['access_token']}"}
    assert httpx2.get(provider.userinfo_url, headers=headers).json()["email"] == "tom@example.com"
    assert redeem(provider, answer["code"]).json()["error"] == "invalid_grant"


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"client_secret": "wrong"}, "invalid_client"),
        ({"code_verifier": "wrong"}, "invalid_grant"),
        ({"redirect_uri": "http://evil.test/"}, "invalid_grant"),
        ({"code": "guessed"}, "invalid_grant"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
    ],
)
def test_the_token_endpoint_refuses(provider: OpenIDProvider, change: dict[str, str], error: str) -> None:
    code = authorize(provider)["code"]
    assert redeem(provider, **{"code": code} | change).json()["error"] == error


def test_client_credentials_in_the_basic_header(provider: OpenIDProvider) -> None:
    form = {name: value for name, value in TOKEN.items() if not name.startswith("client")}
    form["code"] = authorize(provider)["code"]
    assert httpx2.post(provider.token_url, data=form, auth=(CLIENT_ID, CLIENT_SECRET)).status_code == 200


def test_the_authorize_endpoint_refuses(provider: OpenIDProvider) -> None:
    assert authorize(provider, scope="email")["error"] == "invalid_scope"
    assert authorize(provider, code_challenge="")["error"] == "invalid_request"
    provider.person = None
    assert authorize(provider)["error"] == "access_denied"
    provider.redirect_uris = {"http://other.test/"}
    assert httpx2.get(provider.authorize_url, params=AUTHORIZE).status_code == 400
    assert httpx2.get(provider.userinfo_url, headers={"Authorization": "Bearer x"}).status_code == 401


def test_tampered_tokens_do_not_verify(provider: OpenIDProvider) -> None:
    provider.claim_overrides = {"aud": "other"}
    with pytest.raises(jwt.InvalidAudienceError):
        decode(provider, provider.id_token(Person()))
    provider.claim_overrides = {}
    provider.sign_with_strange_key = True
    with pytest.raises(jwt.InvalidSignatureError):
        decode(provider, provider.id_token(Person()))


def test_the_certificate_google_style_verifies_too(provider: OpenIDProvider) -> None:
    certificate = x509.load_pem_x509_certificate(httpx2.get(provider.certs_url).json()[KEY_ID].encode())
    token = provider.id_token(Person())
    key: Any = certificate.public_key()
    assert jwt.decode(token, key, algorithms=["RS256"], audience=CLIENT_ID)["email"] == "mia@example.com"
