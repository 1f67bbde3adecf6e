"""Tokens, cursors and authentication codes under the site's one secret key."""

import hashlib
import hmac
import json
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from collections.abc import Sequence

_CODE_BYTES = 12


class SecretKey:
    """The port `Secrets` over HMAC-SHA-256 (RFC 2104) and the system's random numbers."""

    def __init__(self, key: str) -> None:
        self._key = key.encode()

    def new_token(self) -> str:
        return secrets.token_urlsafe(32)

    def digest(self, token: str) -> str:
        # Tokens are 32 random bytes: a plain hash keeps them, and none is guessed.
        return hashlib.sha256(token.encode()).hexdigest()

    def keyed(self, *parts: str) -> str:
        return self._code(json.dumps(parts).encode()).hex()

    def seal_cursor(self, listing: str, backward: bool, key: Sequence[str | int]) -> str:
        content = json.dumps([int(backward), *key], separators=(",", ":")).encode()
        code = self._cursor_code(listing, content)
        return urlsafe_b64encode(code + content).rstrip(b"=").decode()

    def open_cursor(self, listing: str, cursor: str) -> tuple[bool, tuple[str | int, ...]]:
        try:
            sealed = urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4))
        except (Base64Error, UnicodeEncodeError) as error:
            raise ValueError("not a cursor") from error
        code, content = sealed[:_CODE_BYTES], sealed[_CODE_BYTES:]
        right = self._cursor_code(listing, content)
        # Base64 has several spellings of the same bytes: only the one that was made counts.
        spelling = urlsafe_b64encode(sealed).rstrip(b"=").decode()
        if not hmac.compare_digest(code, right) or spelling != cursor:
            raise ValueError("not a cursor of this list")
        backward, *key = json.loads(content)
        return bool(backward), tuple(key)

    def _cursor_code(self, listing: str, content: bytes) -> bytes:
        return self._code(b"cursor\0" + listing.encode() + b"\0" + content)[:_CODE_BYTES]

    def _code(self, message: bytes) -> bytes:
        return hmac.digest(self._key, message, "sha256")
