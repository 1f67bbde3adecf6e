"""A provider that answers whatever a test wants it to, with real keys.

with HostileProvider() as provider:
    provider.forge = lambda claims: claims | {"nonce": "another"}
    back = provider.come_back(authorization_url)
"""

import base64
import hmac
import json
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, Self
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey

Claims = dict[str, Any]


class HostileProvider:
    """Signs in whoever `subject` says, at once, for every code; the rest can be turned.

    `forge` changes the claims, `sign` makes the ID token of them, `answers` replaces what is said
    at a path, `iss` is what the browser is sent back with.
    """

    def __init__(self) -> None:
        self.key = RSAKey.generate_key(2048, {"kid": "1"}, auto_kid=False)
        self.published = [self.key]
        self.asked: list[str] = []
        self.reset()

    def reset(self) -> None:
        self.subject = "mallory"
        self.email: str | None = "mallory@login.example"
        self.nonce = ""
        self.forge: Callable[[Claims], Claims] = lambda claims: claims
        self.sign: Callable[[Claims], str] = self.signed
        self.answers: dict[str, Callable[[BaseHTTPRequestHandler], None]] = {}

    def __enter__(self) -> Self:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self.issuer = f"http://127.0.0.1:{self._server.server_port}"
        Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def come_back(self, url: str, **replaced: str | None) -> str:
        """The address a browser is sent back to that went to `url`, some parameters replaced."""
        query = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
        self.nonce = query["nonce"]
        fields = {"code": "any", "state": query["state"], "iss": self.issuer, **replaced}
        sent = {name: value for name, value in fields.items() if value is not None}
        return f"{query['redirect_uri']}?{urlencode(sent)}"

    def signed(self, claims: Claims, key: RSAKey | None = None, kid: str = "1") -> str:
        return jwt.encode({"alg": "RS256", "kid": kid}, claims, key or self.key)

    def unsigned(self, claims: Claims) -> str:
        head, body = ({"alg": "none"}, claims)
        return ".".join([*(_encoded(json.dumps(part).encode()) for part in (head, body)), ""])

    def signed_with_the_public_key(self, claims: Claims) -> str:
        """By HMAC, with what everybody can read as its key. By hand: no library does that."""
        head = {"alg": "HS256", "kid": "1"}
        signed = ".".join(_encoded(json.dumps(part).encode()) for part in (head, claims))
        code = hmac.digest(self.key.as_pem(private=False), signed.encode(), "sha256")
        return f"{signed}.{_encoded(code)}"

    def claims(self) -> Claims:
        now = int(time.time())
        said = {"iss": self.issuer, "sub": self.subject, "aud": "blog", "nonce": self.nonce}
        about = {} if self.email is None else {"email": self.email, "email_verified": True}
        return self.forge({**said, "iat": now, "exp": now + 300, **about})

    def said(self, path: str) -> Any:
        """What there is to read at a path."""
        if path == "/.well-known/openid-configuration":
            return {
                "issuer": self.issuer,
                "authorization_endpoint": f"{self.issuer}/authorize",
                "token_endpoint": f"{self.issuer}/token",
                "jwks_uri": f"{self.issuer}/keys",
                # What it would like to be believed, too.
                "id_token_signing_alg_values_supported": ["RS256", "HS256", "none"],
                "authorization_response_iss_parameter_supported": True,
            }
        if path == "/keys":
            return {"keys": [key.as_dict(private=False) for key in self.published]}
        if path == "/token":
            token = self.sign(self.claims())
            return {"access_token": "any", "token_type": "Bearer", "id_token": token}
        return None

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:  # the name that is called
                provider.asked.append(self.path)
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                answer = provider.answers.get(self.path)
                if answer is not None:
                    answer(self)
                    return
                send(self, json.dumps(provider.said(self.path)).encode())

            do_POST = do_GET  # noqa: N815 # same

            def log_message(self, *_: object) -> None:
                """Nobody reads it."""

        return Handler


def send(handler: BaseHTTPRequestHandler, body: bytes, status: int = 200, **headers: str) -> None:
    handler.send_response(status)
    for name, value in headers.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.send_header("Content-Length", f"{len(body)}")
    handler.end_headers()
    handler.wfile.write(body)


def _encoded(part: bytes) -> str:
    return base64.urlsafe_b64encode(part).rstrip(b"=").decode()
