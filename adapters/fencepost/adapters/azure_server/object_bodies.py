"""The body of a request to the data plane: the members that there are, each of the kind that it must be."""

from collections.abc import Mapping

from fencepost.adapters.azure_server.asked import Asked
from fencepost.adapters.azure_server.errors import Refusal, refusal

_KINDS: Mapping[str, tuple[type, str]] = {
    **dict.fromkeys(
        ("id", "value", "contentType", "kty", "crv", "alg", "digest", "iv", "aad", "tag", "pwd"), (str, "a string")
    ),
    **dict.fromkeys(("attributes", "tags", "policy", "key", "release_policy"), (dict, "an object")),
    **dict.fromkeys(("key_props", "secret_props", "x509_props", "issuer"), (dict, "an object")),
    **dict.fromkeys(("key_ops", "lifetime_actions"), (list, "a list")),
    **dict.fromkeys(("key_size", "public_exponent"), (int, "a number")),
    **dict.fromkeys(("hsm", "preserveCertOrder"), (bool, "true or false")),
}
_ATTRIBUTES: Mapping[str, tuple[type, str]] = {
    **dict.fromkeys(("enabled", "exportable"), (bool, "true or false")),
    **dict.fromkeys(("nbf", "exp", "created", "updated", "recoverableDays"), (int, "a number")),
    **dict.fromkeys(("recoveryLevel", "hsmPlatform"), (str, "a string")),
}


def object_body(asked: Asked) -> dict[str, object]:
    """The body; a 400 `BadParameter` for a member that is unknown or of another kind. A null is as an absent member."""
    body = {("hsm" if name == "Hsm" else name): value for name, value in asked.json().items() if value is not None}
    _check(body, _KINDS, "")
    attributes, tags, operations = (body.get(name, {}) for name in ("attributes", "tags", "key_ops"))
    assert isinstance(attributes, dict)
    _check({name: value for name, value in attributes.items() if value is not None}, _ATTRIBUTES, "attributes.")
    if isinstance(tags, dict) and not all(isinstance(tag, str) for tag in tags.values()):
        raise _bad("Property tags: expected an object of strings.")
    if isinstance(operations, list) and not all(isinstance(one, str) for one in operations):
        raise _bad("Property key_ops: expected a list of strings.")
    return body


def _check(members: Mapping[str, object], kinds: Mapping[str, tuple[type, str]], path: str) -> None:
    for name, value in members.items():
        if name not in kinds:
            raise _bad(f"Unexpected property {path}{name[:80]}.")
        kind, words = kinds[name]
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            raise _bad(f"Property {path}{name}: expected {words}.")


def _bad(message: str) -> Refusal:
    return refusal(400, "BadParameter", message)
