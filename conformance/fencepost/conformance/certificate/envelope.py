"""The signed in-toto statement of a test result, and the DSSE envelope with the statement and its signature.

Statement: https://github.com/in-toto/attestation/blob/main/spec/v1/statement.md and, for the predicate,
https://github.com/in-toto/attestation/blob/main/spec/predicates/test-result.md. Envelope:
https://github.com/secure-systems-lab/dsse/blob/master/envelope.md.
"""

import base64
import binascii
import json
from collections.abc import Mapping

from fencepost.conformance.certificate.certificate import part
from fencepost.conformance.certificate.digests import sha256
from fencepost.conformance.certificate.keys import PublicKey, SigningKey
from fencepost.reports.model import Report

PAYLOAD_TYPE = "application/vnd.in-toto+json"
STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
PREDICATE_TYPE = "https://in-toto.io/attestation/test-result/v0.1"


class NotSigned(ValueError):
    """The envelope does not hold a statement that this key has signed; `reason` says why."""


def statement(members: Mapping[str, bytes], report: Report, claims: Mapping[str, object]) -> dict[str, object]:
    """The in-toto statement that these members of a bundle are the result of this run.

    Its subjects are the members and the artifacts of the implementation that the certificate names.
    """
    implementation, suite, known = (part(claims, name) for name in ("implementation", "suite", "catalogue"))
    subjects = [_resource(name, sha256(content)) for name, content in sorted(members.items())]
    subjects += [_resource(name, digest) for name, digest in sorted(implementation["artifacts"].items())]
    passed = [row.id for row in report.clauses if row.verdict == "pass"]
    absent = [row.id for row in report.clauses if row.verdict == "not applicable"]
    others = [row.id for row in report.clauses if row.verdict not in ("pass", "not applicable")]
    return {
        "_type": STATEMENT_TYPE,
        "subject": subjects,
        "predicateType": PREDICATE_TYPE,
        "predicate": {
            "result": "FAILED" if others else "WARNED" if absent else "PASSED",
            "configuration": [
                _resource(f"fencepost {suite['version']}", str(suite["sha256"])),
                _resource(f"clause catalogue {known['version']}", str(known["sha256"])),
            ],
            "passedTests": passed,
            "warnedTests": absent,
            "failedTests": others,
        },
    }


def _resource(name: str, digest: str) -> dict[str, object]:
    return {"name": name, "digest": {"sha256": digest}}


def seal(content: Mapping[str, object], key: SigningKey) -> bytes:
    """The envelope of a statement, as the bytes of its file."""
    payload = _canonical(content)
    signature = key.sign(pre_authentication(PAYLOAD_TYPE, payload))
    return _file(payload, key.public.id, signature)


def pre_authentication(payload_type: str, payload: bytes) -> bytes:
    """The bytes that a DSSE signature covers.

    >>> pre_authentication("http://example.com/HelloWorld", b"hello world")
    b'DSSEv1 29 http://example.com/HelloWorld 11 hello world'
    """
    kind = payload_type.encode("utf-8")
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


def unseal(file: bytes, key: PublicKey) -> dict[str, object]:
    """The statement in an envelope; `NotSigned` unless the key has signed it and the file has its canonical form."""
    try:
        envelope = json.loads(file)
        payload = base64.b64decode(envelope["payload"], validate=True)
        (one,) = envelope["signatures"]
        signature, key_id, kind = base64.b64decode(one["sig"], validate=True), one["keyid"], envelope["payloadType"]
    except (ValueError, KeyError, TypeError, RecursionError, binascii.Error):
        raise NotSigned("no DSSE envelope with one signature") from None
    if kind != PAYLOAD_TYPE:
        raise NotSigned(f"the payload is of the type {kind!r}, not {PAYLOAD_TYPE!r}")
    if key_id != key.id:
        raise NotSigned(f"the key is called {key_id!r}, the one given is {key.id}")
    if not key.verifies(signature, pre_authentication(PAYLOAD_TYPE, payload)):
        raise NotSigned("the signature is not this key's over this statement")
    if _file(payload, key.id, signature) != file:
        raise NotSigned("the envelope was written anew: the same statement and signature, other bytes around them")
    return _statement_in(payload)


def payload_of(file: bytes) -> dict[str, object]:
    """The statement in an envelope with any signature; `NotSigned` if there is none in the canonical form."""
    try:
        payload = base64.b64decode(json.loads(file)["payload"], validate=True)
    except (ValueError, KeyError, TypeError, RecursionError):
        raise NotSigned("no DSSE envelope") from None
    return _statement_in(payload)


def _statement_in(payload: bytes) -> dict[str, object]:
    try:
        content = json.loads(payload)
        is_canonical = _canonical(content) == payload
    except (ValueError, RecursionError):  # no UTF-8, no JSON, an integer that Python does not read, or nested too deep
        raise NotSigned("what is signed is no JSON that can be read") from None
    if (
        not isinstance(content, dict)
        or content.get("_type") != STATEMENT_TYPE
        or content.get("predicateType") != PREDICATE_TYPE
    ):
        raise NotSigned(f"what is signed is no {STATEMENT_TYPE} of a {PREDICATE_TYPE}")
    if not is_canonical:
        raise NotSigned("the statement is not in the form that fencepost writes: sorted members, no blanks, ASCII")
    return content


def _canonical(content: object) -> bytes:
    return json.dumps(content, sort_keys=True, separators=(",", ":"), allow_nan=False).encode("ascii")


def _file(payload: bytes, key_id: str, signature: bytes) -> bytes:
    envelope = {
        "payloadType": PAYLOAD_TYPE,
        "payload": base64.b64encode(payload).decode("ascii"),
        "signatures": [{"keyid": key_id, "sig": base64.b64encode(signature).decode("ascii")}],
    }
    return (json.dumps(envelope, indent=2) + "\n").encode("ascii")


def signed_digests(content: Mapping[str, object]) -> dict[str, str]:
    """The digests in a statement, by name; `NotSigned` if a name occurs twice or a digest is missing."""
    found: dict[str, str] = {}
    subjects = content.get("subject")
    for one in subjects if isinstance(subjects, list) else ():
        name, digest = (one.get("name"), one.get("digest")) if isinstance(one, dict) else (None, None)
        if not isinstance(name, str) or name in found or not isinstance(digest, dict):
            raise NotSigned("the statement names a subject twice, or without a digest")
        found[name] = str(digest.get("sha256"))
    return found
