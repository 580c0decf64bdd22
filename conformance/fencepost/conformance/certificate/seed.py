"""The seed of a certified run, drawn from what is certified and from a nonce, which the customer can give."""

import hashlib
import json
from collections.abc import Mapping, Sequence

FROM_DIGEST, FROM_SIGNER = "digest", "signer"
"""Who chose the seed of a certified run."""


def drawn_seed(
    *,
    name: str,
    version: str,
    profile: str,
    features: Sequence[str],
    choices: Mapping[str, object],
    artifacts: Mapping[str, str],
    nonce: str,
) -> int:
    """A seed of 32 bits from the SHA-256 of the statement, of the artifacts' digests and of the customer's nonce."""
    drawn = [name, version, profile, sorted(features), dict(choices), dict(artifacts), nonce]
    text = json.dumps(drawn, sort_keys=True, ensure_ascii=True)
    return int(hashlib.sha256(text.encode("ascii")).hexdigest()[:8], 16)
