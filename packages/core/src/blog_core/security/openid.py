"""Signing in with OpenID Connect: the authorization code flow with PKCE, on Authlib.

    clients = OpenIdClients(settings.openid, settings.url)
    url = clients.authorization_url("example", handshake)
    proof = clients.prove("example", handshake, answer, now)

What a provider says is not trusted before it is checked, and no request waits for it longer than
`PATIENCE`.
"""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime
from threading import BoundedSemaphore, Thread
from typing import Any, TypeVar
from urllib.parse import quote, urlsplit

import httpx2
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.httpx_client import OAuth2Client
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import BadSignatureError, InvalidKeyIdError, JoseError
from joserfc.jwk import Key, KeySet, import_key
from joserfc.jws import JWSRegistry
from pydantic import BaseModel, ConfigDict

from blog_core import schemas
from blog_core.domain.errors import ProviderUnavailable, SignInRefused
from blog_core.domain.users import is_email, suggested_username
from blog_core.ports import Handshake, Proof
from blog_core.settings import OpenIdProvider

Result = TypeVar("Result")

PATIENCE = 10.0
"""Seconds a request waits for a provider, whatever it does."""

LARGEST = 256 * 1024
"""Bytes of one answer."""

KEPT_SECONDS = 600.0
"""For how long what a provider says about itself is taken to hold."""

DOWN_SECONDS = 5.0
"""For how long a provider that did not answer is not asked again."""

LEEWAY = 30
"""Seconds by which the clocks may differ."""

SCOPE = "openid email profile"

# Only ones with a public key to verify: with a shared secret, or none at all, anybody could sign.
_ALGORITHMS = frozenset(
    f"{kind}{bits}" for kind in ("RS", "PS", "ES") for bits in ("256", "384", "512")
)
_STEP_SECONDS = 5.0
_THREADS = 16
_LONGEST_SUBJECT = 255
# What reading something raises that is not what it should be.
_GARBAGE = (JoseError, ValueError, TypeError, KeyError, AttributeError, RecursionError)


class OpenIdClients:
    """The port `OpenId`, one client for each provider of the settings."""

    def __init__(self, providers: Sequence[OpenIdProvider], url: str) -> None:
        self.providers = [schemas.Provider(one.name, one.title) for one in providers]
        self._clients = {one.name: _Client(one, f"{url}/openid/{one.name}") for one in providers}
        self._slots = BoundedSemaphore(_THREADS)

    def issuer(self, provider: str) -> str:
        return self._clients[provider].known.issuer

    def authorization_url(self, provider: str, handshake: Handshake) -> str:
        client = self._clients[provider]
        return self._patiently(client, lambda: client.authorization_url(handshake))

    def prove(
        self, provider: str, handshake: Handshake, answer: schemas.ProviderAnswer, now: datetime
    ) -> Proof:
        client = self._clients[provider]
        return self._patiently(client, lambda: client.prove(handshake, answer, now))

    def close(self) -> None:
        """There is nothing to give back: connections end with what they were opened for."""

    def _patiently(self, client: "_Client", act: Callable[[], Result]) -> Result:
        """What `act` gives, or ProviderUnavailable once it has taken too long.

        In a thread of its own, because neither a name server nor a slow trickle of header bytes
        minds the timeouts of a connection.
        """
        answer: Future[Result] = Future()
        deadline = time.monotonic() + PATIENCE
        if not self._slots.acquire(timeout=PATIENCE):
            raise client.unavailable("too many others wait for providers")

        def work() -> None:
            try:
                answer.set_result(act())
            except BaseException as error:  # handed on to whoever asked
                answer.set_exception(error)
            finally:
                self._slots.release()

        Thread(target=work, name="openid", daemon=True).start()
        try:
            return answer.result(max(0.0, deadline - time.monotonic()))
        except TimeoutError as error:
            raise client.unavailable(f"nothing within {PATIENCE} s") from error


class Metadata(BaseModel):
    """What a provider says about itself (OpenID Connect Discovery 1.0, 3), as far as it matters."""

    model_config = ConfigDict(strict=True, extra="ignore", frozen=True)

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str | None = None
    id_token_signing_alg_values_supported: list[str] = ["RS256"]
    token_endpoint_auth_methods_supported: list[str] = ["client_secret_basic"]
    authorization_response_iss_parameter_supported: bool = False

    @property
    def endpoints(self) -> list[str]:
        ours = (self.authorization_endpoint, self.token_endpoint, self.jwks_uri)
        return [*ours, self.userinfo_endpoint] if self.userinfo_endpoint else [*ours]


@dataclass(frozen=True, slots=True)
class _Kept:
    """Something a provider said, until when it is taken to hold."""

    value: Any
    until: float

    @property
    def holds(self) -> bool:
        return time.monotonic() < self.until


_NOTHING = _Kept(None, 0.0)


class _Client:
    """This site as a client of one provider."""

    def __init__(self, known: OpenIdProvider, redirect_uri: str) -> None:
        self.known = known
        self._redirect_uri = redirect_uri
        self._metadata = self._keys = self._down = _NOTHING

    def unavailable(self, reason: str) -> ProviderUnavailable:
        return ProviderUnavailable(self.known.title, reason)

    def authorization_url(self, handshake: Handshake) -> str:
        metadata = self._described()
        with self._http(metadata) as http:
            url, _ = http.create_authorization_url(
                metadata.authorization_endpoint,
                state=handshake.state,
                code_verifier=handshake.verifier,
                nonce=handshake.nonce,
                redirect_uri=self._redirect_uri,
                scope=SCOPE,
            )
        return str(url)

    def prove(self, handshake: Handshake, answer: schemas.ProviderAnswer, now: datetime) -> Proof:
        metadata = self._described()
        self._check(metadata, answer)
        with self._http(metadata) as http:
            token = self._exchanged(http, metadata, f"{answer.code}", handshake)
            try:
                claims = self._claims(metadata, token, handshake, now)
                subject = _text(claims, "sub")
                if not 0 < len(subject) <= _LONGEST_SUBJECT:
                    raise ValueError("the subject is empty, or too long")
            except _GARBAGE as error:
                reason = f"the ID token is not good: {error}"
                raise self._refused(reason) from error
            about: dict[str, Any] = claims
            if "email" not in claims and metadata.userinfo_endpoint:
                about = claims | self._asked_about(http, metadata.userinfo_endpoint, token, subject)
        email = _text(about, "email")
        names = (_text(about, name) for name in ("preferred_username", "nickname", "email", "name"))
        return Proof(
            self.known.issuer,
            subject,
            suggested_username(*names),
            email if is_email(email) else "",
        )

    def _check(self, metadata: Metadata, answer: schemas.ProviderAnswer) -> None:
        """Whether the answer is this provider's (RFC 9207), and a code."""
        named = answer.issuer is not None or metadata.authorization_response_iss_parameter_supported
        if named and answer.issuer != self.known.issuer:
            raise self._refused(f"the answer names another issuer: {answer.issuer!r:.200}")
        if answer.error is not None:
            reason = f"the provider answered {answer.error!r:.200}"
            message = f"{self.known.title} did not sign you in."
            if answer.error == "access_denied":
                message = f"You did not let {self.known.title} sign you in here."
            raise SignInRefused("declined", message, reason)
        if not answer.code:
            raise self._refused("the answer holds no code")

    def _exchanged(
        self, http: "_Http", metadata: Metadata, code: str, handshake: Handshake
    ) -> dict[str, Any]:
        """What the code is worth."""
        try:
            token: dict[str, Any] = http.fetch_token(
                metadata.token_endpoint,
                grant_type="authorization_code",
                code=code,
                redirect_uri=self._redirect_uri,
                code_verifier=handshake.verifier,
                auth=http.basic,
            )
        except AuthlibBaseError as error:
            raise self._refused(f"the code was not accepted: {error!r:.200}") from error
        except (httpx2.HTTPError, httpx2.InvalidURL, *_GARBAGE) as error:
            raise self.unavailable(f"the token endpoint: {error!r:.200}") from error
        return token

    def _claims(
        self, metadata: Metadata, token: dict[str, Any], handshake: Handshake, now: datetime
    ) -> dict[str, Any]:
        """The claims of the ID token (OpenID Connect Core 1.0, 3.1.3.7)."""
        allowed = _ALGORITHMS & set(metadata.id_token_signing_alg_values_supported)
        if not allowed:
            raise ValueError("the provider signs with no algorithm that is taken here")
        signed = _text(token, "id_token")
        fresh = not self._keys.holds
        try:
            read = _verified(signed, self._key_set(metadata), allowed)
        except (InvalidKeyIdError, BadSignatureError):
            if fresh:
                raise
            # It may be signed with a key that is newer than what is kept.
            self._keys = _NOTHING
            read = _verified(signed, self._key_set(metadata), allowed)
        claims = CodeIDToken(
            read.claims,
            read.header,
            {
                "iss": {"essential": True, "value": self.known.issuer},
                "aud": {"essential": True, "value": self.known.client_id},
                "nonce": {"essential": True, "value": handshake.nonce},
            },
            {
                "nonce": handshake.nonce,
                "client_id": self.known.client_id,
                "access_token": token.get("access_token"),
            },
        )
        claims.validate(now=int(now.timestamp()), leeway=LEEWAY)
        return dict(claims)

    def _asked_about(
        self, http: "_Http", endpoint: str, token: dict[str, Any], subject: str
    ) -> dict[str, Any]:
        """What the provider says of whoever signed in besides the ID token."""
        about = self._fetched(http, endpoint, {"Authorization": f"Bearer {token['access_token']}"})
        if about.get("sub") != subject:
            raise self._refused("the user info is about somebody else")
        return about

    def _described(self) -> Metadata:
        """What the provider says about itself, which is asked seldom."""
        if self._metadata.holds:
            found: Metadata = self._metadata.value
            return found
        if self._down.holds:
            raise self.unavailable(f"still down: {self._down.value}")
        try:
            metadata = self._discovered()
        except ProviderUnavailable as error:
            self._down = _Kept(f"{error}", time.monotonic() + DOWN_SECONDS)
            raise
        self._metadata = _Kept(metadata, time.monotonic() + KEPT_SECONDS)
        return metadata

    def _discovered(self) -> Metadata:
        url = f"{self.known.issuer.rstrip('/')}/.well-known/openid-configuration"
        with self._http() as http:
            described = self._fetched(http, url)
        try:
            metadata = Metadata.model_validate(described)
        except ValueError as error:
            raise self.unavailable("its description is none") from error
        if metadata.issuer != self.known.issuer:
            raise self.unavailable(f"it calls itself {metadata.issuer!r:.200}")
        if not all(map(self._is_safe, metadata.endpoints)):
            raise self.unavailable("one of its addresses is not https")
        return metadata

    def _is_safe(self, url: str) -> bool:
        """Whether an address is as safe as the issuer's own: https, but on one machine."""
        try:
            parts, own = urlsplit(url), urlsplit(self.known.issuer)
            if parts.scheme == "http" and own.scheme == "http":
                return parts.hostname == own.hostname
            return parts.scheme == "https" and bool(parts.hostname)
        except ValueError:
            return False

    def _key_set(self, metadata: Metadata) -> KeySet:
        if not self._keys.holds:
            with self._http() as http:
                published = self._fetched(http, metadata.jwks_uri)
            keys = [key for one in published.get("keys") or () if (key := _key(one))]
            self._keys = _Kept(KeySet(keys), time.monotonic() + KEPT_SECONDS)
        found: KeySet = self._keys.value
        return found

    def _fetched(
        self, http: "_Http", url: str, headers: dict[str, str] | None = None
    ) -> dict[str, Any]:
        """The JSON object there. Raises ProviderUnavailable."""
        try:
            response = http.request("GET", url, withhold_token=True, headers=headers)
            response.raise_for_status()
            found = response.json()
        except (httpx2.HTTPError, httpx2.InvalidURL, *_GARBAGE) as error:
            raise self.unavailable(f"{url}: {error!r:.200}") from error
        if not isinstance(found, dict):
            raise self.unavailable(f"{url}: no JSON object")
        return found

    def _http(self, metadata: Metadata | None = None) -> "_Http":
        methods = metadata.token_endpoint_auth_methods_supported if metadata else ()
        posts = "client_secret_post" in methods and "client_secret_basic" not in methods
        return _Http(self.known, "client_secret_post" if posts else "client_secret_basic")

    def _refused(self, reason: str) -> SignInRefused:
        message = f"What {self.known.title} answered does not sign anybody in. Begin again."
        return SignInRefused("invalid", message, reason)


class _Http(OAuth2Client):  # type: ignore[misc] # Authlib has no types
    """Authlib's client, for answers of a limited size and from nowhere else than was asked."""

    basic: httpx2.BasicAuth | None

    def __init__(self, known: OpenIdProvider, method: str) -> None:
        super().__init__(
            known.client_id,
            known.client_secret,
            token_endpoint_auth_method=method,
            code_challenge_method="S256",
            timeout=_STEP_SECONDS,
            follow_redirects=False,
            # Nothing that is small on the way and large in memory.
            headers={"Accept": "application/json", "Accept-Encoding": "identity"},
        )
        # Escaped, as RFC 6749, 2.3.1 says, which Authlib does not do.
        pair = (quote(known.client_id, safe=""), quote(known.client_secret, safe=""))
        self.basic = httpx2.BasicAuth(*pair) if method == "client_secret_basic" else None

    def send(self, request: httpx2.Request, **options: Any) -> httpx2.Response:
        """The whole answer. Raises httpx2.HTTPError for one that is too large, or packed."""
        response: httpx2.Response = super().send(request, **(options | {"stream": True}))
        try:
            body = b""
            if response.headers.get("Content-Encoding", "identity") != "identity":
                raise httpx2.DecodingError("the answer is packed", request=request)
            for part in response.iter_raw():
                body += part
                if len(body) > LARGEST:
                    raise httpx2.DecodingError("the answer is too large", request=request)
        finally:
            response.close()
        return httpx2.Response(
            response.status_code, headers=response.headers, content=body, request=request
        )


def _verified(signed: str, keys: KeySet, allowed: frozenset[str]) -> jwt.Token:
    return jwt.decode(
        signed, keys, registry=JWSRegistry(algorithms=allowed, strict_check_header=False)
    )


def _key(published: object) -> Key | None:
    """A key that ID tokens may be signed with; others are none of ours."""
    if not isinstance(published, dict) or published.get("kty") not in ("RSA", "EC"):
        return None
    if published.get("use", "sig") != "sig":
        return None
    try:
        return import_key(published)
    except _GARBAGE:
        return None


def _text(claims: dict[str, Any], name: str) -> str:
    """A claim that is text, or ""."""
    value = claims.get(name)
    return value if isinstance(value, str) else ""
