"""The seed of a certified run, drawn from what is certified and from a nonce, which the customer can give."""

import hashlib
import json
from collections.abc import Mapping

from fencepost.adapters.contract import Statement
from fencepost.reports.model import Subject

FROM_DIGEST, FROM_SIGNER = "digest", "signer"
"""Who chose the seed of a certified run."""


def seed_of(subject: Subject | Statement, artifacts: Mapping[str, str], nonce: str) -> int:
    """A seed of 32 bits from the SHA-256 of a subject's statement, of the artifacts' digests and of the nonce."""
    features = sorted((*subject.features, *getattr(subject, "unknown_features", ())))
    choices = dict(subject.choices)
    drawn = [subject.name, subject.version, subject.profile, features, choices, dict(artifacts), nonce]
    text = json.dumps(drawn, sort_keys=True, ensure_ascii=True)
    return int(hashlib.sha256(text.encode("ascii")).hexdigest()[:8], 16)
