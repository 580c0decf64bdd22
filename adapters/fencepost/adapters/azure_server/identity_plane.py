"""Where tokens come from: the OAuth token endpoint of the tenant, its discovery documents, and a managed identity's."""

from urllib.parse import parse_qsl

from fencepost.adapters.azure_server.asked import Asked
from fencepost.adapters.azure_server.errors import Answer, Refusal, not_found, refusal
from fencepost.adapters.azure_server.tokens import LIFETIME
from fencepost.adapters.azure_server.world import World, now

HEADER = "x-identity-header"


class IdentityPlane:
    """Gives a token to whoever names a principal: secrets are not checked, principals without roles may do nothing."""

    def __init__(self, world: World) -> None:
        self._world = world

    def login(self, asked: Asked) -> Answer:
        """The endpoints of the tenant, over HTTPS."""
        if not asked.segments or asked.segments[0].lower() not in (self._world.tenant, "organizations", "common"):
            raise _refused(f"AADSTS90002: Tenant not found. Timestamp: {now()}")
        tail = "/".join(asked.segments[1:]).lower()
        base = f"{self._world.login_url}/{self._world.tenant}"
        if asked.method == "GET" and tail.endswith(".well-known/openid-configuration"):
            return Answer(
                body={
                    "token_endpoint": f"{base}/oauth2/v2.0/token",
                    "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
                    "device_authorization_endpoint": f"{base}/oauth2/v2.0/devicecode",
                    "issuer": f"{base}/v2.0",
                    "jwks_uri": f"{base}/discovery/v2.0/keys",
                    "tenant_region_scope": None,
                    "cloud_instance_name": "localhost",
                }
            )
        if asked.method == "POST" and tail in ("oauth2/v2.0/token", "oauth2/token"):
            return self._token(asked)
        raise not_found(asked.path)

    def managed(self, asked: Asked) -> Answer:
        """The managed identity's endpoint, as App Service has it, over plain HTTP on loopback."""
        if asked.method != "GET" or asked.segments != ("msi", "token"):
            raise not_found(asked.path)
        if HEADER not in asked.headers and asked.headers.get("metadata", "").lower() != "true":
            raise refusal(401, "Unauthorized", f"Expected the header {HEADER}.")
        resource = asked.query.get("resource")
        if not resource:
            raise refusal(400, "BadRequest", "Expected the query member resource.")
        principal = self._world.principal(asked.query.get("client_id") or asked.query.get("clientid"))
        expires = int(self._world.tokens.now() + LIFETIME)
        return Answer(
            body={
                "access_token": self._world.tokens.make(principal, resource.removesuffix("/.default")),
                "expires_on": str(expires),
                "resource": resource,
                "token_type": "Bearer",
                "client_id": principal.client_id,
            }
        )

    def _token(self, asked: Asked) -> Answer:
        form = dict(parse_qsl(asked.body.decode("utf-8", errors="replace")))
        audience = form.get("scope", "").split(" ")[0].removesuffix("/.default") or form.get("resource", "")
        client = form.get("client_id")
        if form.get("grant_type") != "client_credentials" or not audience or not client:
            raise _refused(f"Expected grant_type client_credentials, client_id and scope. Timestamp: {now()}")
        return Answer(
            body={
                "token_type": "Bearer",
                "expires_in": LIFETIME,
                "ext_expires_in": LIFETIME,
                "access_token": self._world.tokens.make(self._world.principal(client), audience),
            }
        )


def _refused(description: str) -> Refusal:
    """A refusal in the words of OAuth."""
    return Refusal(answer=Answer(status=400, body={"error": "invalid_request", "error_description": description}))
