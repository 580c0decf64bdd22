"""Ed25519 keys in PEM files, and signing with them."""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from fencepost.reports.files import bytes_of

try:
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
except ModuleNotFoundError as error:
    raise ModuleNotFoundError(f"{error}; signing takes: pip install 'fencepost[certify]'") from error

_LARGEST = 64 * 1024

_PRIME = 2**255 - 19
_SMALL_ORDER = {
    0,
    1,
    _PRIME - 1,
    0x05FC536D880238B13933C6D305ACDFD5F098EFF289F4C345B027B2C28F95E826,
    0x7A03AC9277FDC74EC6CC392CFA53202A0F67100D760B3CBA4FD84D3D706A17C7,
}
"""The y of the eight points of Ed25519 whose order divides 8 (RFC 8032, section 5.1): 1, -1, 0, and the two of order 8.

A key that is such a point has a signature that holds for any message, and nobody has a private key for it.
"""


@dataclass(kw_only=True, eq=False)
class KeyUnusable(ValueError):
    """The file holds no key of the required kind."""

    path: Path
    reason: str

    def __str__(self) -> str:
        """The file and the reason, without any of the file's content."""
        return f"{self.path}: {self.reason}"


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicKey:
    """A key that verifies signatures."""

    raw: bytes

    @property
    def id(self) -> str:
        """The key's id in an envelope: the SHA-256 of its 32 bytes."""
        return hashlib.sha256(self.raw).hexdigest()

    def verifies(self, signature: bytes, message: bytes) -> bool:
        """Whether the signature is by this key over exactly this message."""
        try:
            Ed25519PublicKey.from_public_bytes(self.raw).verify(signature, message)
        except InvalidSignature:
            return False
        return True


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningKey:
    """A key that signs."""

    raw: bytes

    def __repr__(self) -> str:
        """A text without the key."""
        return f"SigningKey(public={self.public.id})"

    @property
    def public(self) -> PublicKey:
        """The public key of the pair."""
        made = Ed25519PrivateKey.from_private_bytes(self.raw).public_key()
        return PublicKey(raw=made.public_bytes_raw())

    def sign(self, message: bytes) -> bytes:
        """The signature over the message, 64 bytes."""
        return Ed25519PrivateKey.from_private_bytes(self.raw).sign(message)


def make_keys(name: Path) -> tuple[Path, Path]:
    """Write a new key pair into `name`, readable by its owner only, and `name.pub`.

    `FileExistsError` if either file exists: a key is never overwritten.
    """
    public_name = name.with_name(f"{name.name}.pub")
    if public_name.exists():
        raise FileExistsError(f"{public_name} is there already")
    key = Ed25519PrivateKey.generate()
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    for path, content, mode in ((name, private, 0o600), (public_name, public, 0o644)):
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
            file.write(content)
    return name, public_name


def read_signing_key(path: Path) -> SigningKey:
    """The private key in a PEM file (PKCS#8, not encrypted); `KeyUnusable` or `OSError` otherwise."""
    try:
        key = serialization.load_pem_private_key(_content(path), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise KeyUnusable(path=path, reason="expected an Ed25519 private key, PEM, PKCS#8, not encrypted") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise KeyUnusable(path=path, reason=f"expected an Ed25519 private key, got a {type(key).__name__}")
    return SigningKey(raw=key.private_bytes_raw())


def read_public_key(path: Path) -> PublicKey:
    """The public key in a PEM file; `KeyUnusable` or `OSError` otherwise."""
    try:
        key = serialization.load_pem_public_key(_content(path))
    except (ValueError, UnsupportedAlgorithm):
        raise KeyUnusable(path=path, reason="expected an Ed25519 public key, PEM") from None
    if not isinstance(key, Ed25519PublicKey):
        raise KeyUnusable(path=path, reason=f"expected an Ed25519 public key, got a {type(key).__name__}")
    raw = key.public_bytes_raw()
    if (int.from_bytes(raw, "little") & (2**255 - 1)) % _PRIME in _SMALL_ORDER:
        raise KeyUnusable(path=path, reason="a point of small order, which no private key has: anyone can sign with it")
    return PublicKey(raw=raw)


def _content(path: Path) -> bytes:
    content = bytes_of(path, most=_LARGEST)
    if len(content) > _LARGEST:
        raise KeyUnusable(path=path, reason="too large for a key")
    return content
