"""Microsoft Entra ID, as far as a service principal needs it: discovery and the client-credentials token.

azure-identity insists on https, so this fake always speaks TLS: give the credential `authority=entra.url`,
`disable_instance_discovery=True` and `connection_verify=str(entra.ca_file)`. Its `access_token` is what a
`DataLake(bearer_token=…)` is told to accept.
"""

import hmac
from typing import Final

from tests.fakes.exchange import Request, Response, json_response
from tests.fakes.server import FakeServer
from tests.fakes.trouble import Trouble

TENANT_ID: Final = "11111111-2222-3333-4444-555555555555"
CLIENT_ID: Final = "66666666-7777-8888-9999-000000000000"
CLIENT_SECRET: Final = "fake~service~principal~secret"
ACCESS_TOKEN: Final = "fake-entra-access-token"


class EntraId(FakeServer):
    """One tenant with one service principal."""

    def __init__(
        self,
        *,
        tenant_id: str = TENANT_ID,
        client_id: str = CLIENT_ID,
        client_secret: str = CLIENT_SECRET,
        access_token: str = ACCESS_TOKEN,
        expires_in_seconds: int = 3599,
        port: int = 0,
    ) -> None:
        """`access_token` is handed out to whoever knows id and secret."""
        super().__init__(port=port, tls=True)
        self.tenant_id, self.client_id, self.client_secret = tenant_id, client_id, client_secret
        self.access_token, self.expires_in_seconds = access_token, expires_in_seconds

    def failure(self, status: int, trouble: Trouble) -> Response:
        """OAuth's error object with Entra's code in front of the description."""
        return _error(status, trouble.code or "temporarily_unavailable", "AADSTS90033: A transient error has occurred.")

    def answer(self, request: Request) -> Response:
        """Discovery and the token endpoint of the one tenant."""
        tenant = f"{self.url}/{self.tenant_id}"
        if request.path == f"/{self.tenant_id}/v2.0/.well-known/openid-configuration":
            return json_response(
                {
                    "issuer": f"{tenant}/v2.0",
                    "authorization_endpoint": f"{tenant}/oauth2/v2.0/authorize",
                    "token_endpoint": f"{tenant}/oauth2/v2.0/token",
                    "jwks_uri": f"{tenant}/discovery/v2.0/keys",
                }
            )
        if (request.method, request.path) != ("POST", f"/{self.tenant_id}/oauth2/v2.0/token"):
            return _error(400, "invalid_tenant", "AADSTS90002: Tenant not found.")
        form = request.form
        sent = f"{form.get('client_id')}\0{form.get('client_secret')}".encode()
        if not hmac.compare_digest(sent, f"{self.client_id}\0{self.client_secret}".encode()):
            return _error(401, "invalid_client", "AADSTS7000215: Invalid client secret provided.")
        if form.get("grant_type") != "client_credentials" or not form.get("scope", "").endswith("/.default"):
            return _error(400, "invalid_request", "AADSTS1002012: The provided value for scope is not valid.")
        return json_response(
            {"token_type": "Bearer", "expires_in": self.expires_in_seconds, "access_token": self.access_token}
        )


def _error(status: int, code: str, description: str) -> Response:
    return json_response({"error": code, "error_description": description}, status)
