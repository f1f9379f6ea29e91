"""An OpenID Connect provider, as a program of its own: python -m tests.oidc.provider PORT CLIENT_ID CLIENT_SECRET RETURN_TO

It is made of Authlib's server side. People are put in by PUT /people; /authorize signs in whoever `as` names.
A person's `fault` makes it lie about them in one of several ways.
"""

from __future__ import annotations

import secrets
import sys
import time
from dataclasses import dataclass
from typing import Any

from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.oauth2.rfc6749 import AuthorizationCodeMixin, ClientMixin
from authlib.oauth2.rfc6749.grants import AuthorizationCodeGrant
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oidc.core import OpenIDCode, UserInfo
from flask import Flask, Response, g, jsonify, request
from joserfc.jwk import RSAKey

KEY, FORGED = (RSAKey.generate_key(2048, {"kid": "one", "use": "sig", "alg": "RS256"}) for _ in range(2))
people: dict[str, dict[str, Any]] = {}
codes: dict[str, Code] = {}
tokens: dict[str, str] = {}


@dataclass
class Code(AuthorizationCodeMixin):
    code: str
    person: str
    redirect_uri: str
    scope: str
    nonce: str | None
    code_challenge: str | None
    code_challenge_method: str | None
    auth_time: int

    def get_redirect_uri(self) -> str:
        return self.redirect_uri

    def get_scope(self) -> str:
        return self.scope

    def get_nonce(self) -> str | None:
        return "another nonce" if people[self.person].get("fault") == "nonce" else self.nonce

    def get_auth_time(self) -> int:
        return self.auth_time

    def get_acr(self) -> None: ...
    def get_amr(self) -> None: ...


class Client(ClientMixin):
    """The one site that this provider knows."""

    def __init__(self, client_id: str, secret: str, return_to: str) -> None:
        self.client_id, self.secret, self.return_to = client_id, secret, return_to

    def get_client_id(self) -> str:
        return self.client_id

    def get_default_redirect_uri(self) -> str:
        return self.return_to

    def get_allowed_scope(self, scope: Any) -> str:
        return scope

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        return redirect_uri == self.return_to

    def check_client_secret(self, client_secret: str) -> bool:
        return secrets.compare_digest(self.secret, client_secret)

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        return method == "client_secret_basic"

    def check_response_type(self, response_type: str) -> bool:
        return response_type == "code"

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type == "authorization_code"


class Grant(AuthorizationCodeGrant):
    def save_authorization_code(self, code: str, request: Any) -> None:
        data = request.payload.data
        challenge, method = data.get("code_challenge"), data.get("code_challenge_method")
        at = int(time.time()) - (3600 if people[request.user].get("fault") == "did not ask" else 0)
        codes[code] = Code(
            code, request.user, data["redirect_uri"], request.payload.scope, data.get("nonce"), challenge, method, at
        )

    def query_authorization_code(self, code: str, client: ClientMixin) -> Code | None:
        return codes.get(code)

    def delete_authorization_code(self, authorization_code: Code) -> None:
        del codes[authorization_code.code]

    def authenticate_user(self, authorization_code: Code) -> str:
        g.person = authorization_code.person
        return authorization_code.person


class IdToken(OpenIDCode):
    def exists_nonce(self, nonce: str, request: Any) -> bool:
        return any(code.nonce == nonce for code in codes.values())

    def fault(self) -> str:
        return str(people[g.person].get("fault"))

    def resolve_client_private_key(self, client: Client) -> Any:
        return FORGED if self.fault() == "signature" else KEY

    def get_client_algorithm(self, client: Client) -> str:
        return "RS256"

    def get_encode_header(self, client: Client) -> dict[str, str]:
        return {"alg": "RS256", "kid": "one"}

    def get_client_claims(self, client: Client) -> dict[str, Any]:
        fault, now = self.fault(), int(time.time())
        return {
            "iss": "https://elsewhere.example" if fault == "issuer" else request.host_url.rstrip("/"),
            "aud": ["another site"] if fault == "audience" else [client.client_id],
            "exp": now - 3600 if fault == "expired" else now + 300,
        }

    def generate_user_info(self, user: str, scope: str) -> UserInfo:
        return UserInfo(claims_of(user))


def claims_of(person: str) -> dict[str, Any]:
    claims = {name: value for name, value in people[person].items() if name not in ("fault", "thin")}
    return {"sub": person} | ({} if people[person].get("thin") else claims)


def create_app(client: Client) -> Flask:
    app = Flask(__name__)

    def query_client(client_id: str) -> Client | None:
        return client if client_id == client.client_id else None

    def save_token(token: dict[str, Any], request: Any) -> None:
        tokens[token["access_token"]] = request.user

    server = AuthorizationServer(app, query_client=query_client, save_token=save_token)
    server.register_grant(Grant, [IdToken(require_nonce=True), CodeChallenge(required=True)])

    @app.get("/.well-known/openid-configuration")
    def metadata() -> Response:
        here = request.host_url.rstrip("/")
        return jsonify(
            issuer=here,
            authorization_endpoint=f"{here}/authorize",
            token_endpoint=f"{here}/token",
            userinfo_endpoint=f"{here}/userinfo",
            jwks_uri=f"{here}/keys",
            response_types_supported=["code"],
            subject_types_supported=["public"],
            id_token_signing_alg_values_supported=["RS256", "none"],
            code_challenge_methods_supported=["S256"],
        )

    @app.get("/keys")
    def keys() -> Response:
        return jsonify(keys=[KEY.as_dict(private=False)])

    @app.put("/people/<person>")
    def put_person(person: str) -> tuple[str, int]:
        people[person] = request.get_json()
        return "", 204

    @app.get("/authorize")
    def authorize() -> Any:
        if not request.args.get("code_challenge"):
            return Response("this provider takes no request without PKCE", 400)
        person = request.args.get("as")
        return server.create_authorization_response(grant_user=person, grant=server.get_consent_grant(end_user=person))

    @app.post("/token")
    def token() -> Any:
        return server.create_token_response()

    @app.get("/userinfo")
    def userinfo() -> Response:
        person = tokens.get(request.headers.get("Authorization", "").removeprefix("Bearer "))
        if person is None:
            return Response(status=401)
        sub = "somebody else" if people[person].get("fault") == "userinfo" else person
        return jsonify(people[person] | {"sub": sub})

    return app


if __name__ == "__main__":
    port, *site = sys.argv[1:]
    create_app(Client(*site)).run("127.0.0.1", int(port), threaded=True)
