"""Public keys that `verify` takes, and points that no private key has, for which anyone can make a signature."""

from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from fencepost.conformance.certificate.keys import KeyUnusable, make_keys, read_public_key

P = 2**255 - 19
D = -121665 * pow(121666, -1, P) % P
ROOT = pow(2, (P - 1) // 4, P)


def _x(y: int) -> int:
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    x = x if x * x % P == square else x * ROOT % P
    assert x * x % P == square
    return x


def _doubled(point: tuple[int, int]) -> tuple[int, int]:
    x, y = point
    part = D * x * x * y * y
    return 2 * x * y * pow(1 + part, -1, P) % P, (y * y + x * x) * pow(1 - part, -1, P) % P


SMALL = (
    0,
    1,
    P - 1,
    0x05FC536D880238B13933C6D305ACDFD5F098EFF289F4C345B027B2C28F95E826,
    0x7A03AC9277FDC74EC6CC392CFA53202A0F67100D760B3CBA4FD84D3D706A17C7,
)


@pytest.mark.parametrize("y", SMALL)
def test_eight_times_the_point_is_the_neutral_point(y: int) -> None:
    point = (_x(y), y)
    for _ in range(3):
        point = _doubled(point)
    assert point == (0, 1)


@pytest.mark.parametrize("sign", [0, 1 << 255])
@pytest.mark.parametrize("y", [*SMALL, P, P + 1])
def test_a_key_of_small_order_is_refused(tmp_path: Path, y: int, sign: int) -> None:
    path = tmp_path / "small.pub"
    key = Ed25519PublicKey.from_public_bytes((y | sign).to_bytes(32, "little"))
    path.write_bytes(key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo))
    with pytest.raises(KeyUnusable, match="small order, which no private key has"):
        read_public_key(path)


def test_a_key_of_a_pair_is_taken(tmp_path: Path) -> None:
    make_keys(tmp_path / "key")
    assert len(read_public_key(tmp_path / "key.pub").raw) == 32
