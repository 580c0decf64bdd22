"""Signed tokens with an expiry: made for a principal and an audience, and read again."""

import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass

import jwt

LIFETIME = 3600
"""Seconds that a token is good for."""

_ALGORITHM = "HS256"
_KEPT = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """A service principal; `is_owner` has every role, on the control plane and in vaults that decide by roles."""

    client_id: str
    object_id: str
    is_owner: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """The claims of a valid token."""

    client_id: str
    object_id: str
    issuer: str
    audience: str
    expires: float


class Tokens:
    """Makes and reads the tokens of one tenant; the key is made anew with each server, unless one is given."""

    def __init__(self, *, tenant: str, key: str, now: Callable[[], float] = time.time) -> None:
        self._issuer = f"https://sts.windows.net/{tenant}/"
        self._tenant = tenant
        self._key = key
        self.now = now
        self._read: dict[str, Token] = {}

    def make(self, principal: Principal, audience: str) -> str:
        """A token for the audience, without a slash at its end."""
        now = int(self.now())
        claims = {
            "aud": audience.rstrip("/"),
            "iss": self._issuer,
            "tid": self._tenant,
            "oid": principal.object_id,
            "appid": principal.client_id,
            "iat": now,
            "nbf": now,
            "exp": now + LIFETIME,
            "jti": uuid.uuid4().hex,
        }
        return jwt.encode(claims, self._key, algorithm=_ALGORITHM)

    def read(self, text: str) -> Token | None:
        """The claims of the token; None if this server has not made it, or it has expired."""
        known = self.claims(text)
        return known if known is not None and self.now() < known.expires else None

    def claims(self, text: str) -> Token | None:
        """The claims of the token, expired or not; None if this server has not made it."""
        known = self._read.get(text)
        if known is None:
            try:
                claims = jwt.decode(
                    text,
                    self._key,
                    algorithms=[_ALGORITHM],
                    issuer=self._issuer,
                    options={
                        "verify_aud": False,
                        "verify_exp": False,
                        "verify_nbf": False,
                        "verify_iat": False,
                        "require": ["exp", "oid", "appid", "aud"],
                    },
                )
            except jwt.InvalidTokenError:
                return None
            known = Token(
                client_id=str(claims["appid"]),
                object_id=str(claims["oid"]),
                issuer=self._issuer,
                audience=str(claims["aud"]),
                expires=float(claims["exp"]),
            )
            if len(self._read) >= _KEPT:
                self._read.clear()
            self._read[text] = known
        return known
