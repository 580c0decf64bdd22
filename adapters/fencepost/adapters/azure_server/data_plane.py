"""The data plane of one vault: which operation a request is, which permission it takes, and what it does."""

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from fencepost.adapters.azure_server.asked import Asked
from fencepost.adapters.azure_server.errors import Answer, refusal
from fencepost.adapters.azure_server.object_bodies import object_body
from fencepost.adapters.azure_server.objects import NAME, WORDS, Item, Objects, deletion
from fencepost.adapters.azure_server.vaults import Vault
from fencepost.adapters.contract.protocol import JsonObject

_PAGE = 25
_UPDATE = {"secrets": "set", "keys": "update", "certificates": "update"}
_CRYPTOGRAPHY = {
    "sign": "Sign",
    "verify": "Verify",
    "wrapkey": "Wrap",
    "unwrapkey": "Unwrap",
    "encrypt": "Encrypt",
    "decrypt": "Decrypt",
}
_PERMISSIONS = {"wrapkey": "wrapKey", "unwrapkey": "unwrapKey"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One vault's objects, and where they are: the prefix of their ids."""

    objects: Objects
    uri: str
    vault: Vault


Work = Callable[[Place, Asked], Answer]


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """An operation: its name in the log, the permission that it takes, and its work."""

    name: str
    permission: str
    work: Work


def operation_of(method: str, segments: Sequence[str]) -> Operation | None:
    """The operation that the request is; None where the data plane has none of this path and method."""
    if not segments:
        return None
    head, *rest = (segments[0].lower(), *segments[1:])
    if head in WORDS:
        return _live(method, head, rest)
    kind = next((kind for kind in WORDS if head == f"deleted{kind}"), None)
    return _deleted(method, kind, rest) if kind else None


def _live(method: str, kind: str, rest: Sequence[str]) -> Operation | None:
    word, last = WORDS[kind], rest[-1].lower() if rest else ""
    match method, len(rest):
        case "GET", 0:
            return _operation(kind, f"{word}List", "list", lambda place, asked: _list(place, asked, kind))
        case "GET", 2 if last == "versions":
            return _operation(kind, f"{word}ListVersions", "list", lambda place, _: _versions(place, kind, rest[0]))
        case "GET", 2 if last in ("policy", "pending") and kind == "certificates":
            return _operation(kind, f"{word}Get", "get", lambda place, _: _part(place, rest[0], last))
        case "GET", 1 | 2:
            return _operation(kind, f"{word}Get", "get", lambda place, _: _get(place, kind, *rest))
        case "PATCH", 1 | 2:
            return _operation(
                kind, f"{word}Update", _UPDATE[kind], lambda place, asked: _update(place, asked, kind, *rest)
            )
        case "DELETE", 1:
            return _operation(kind, f"{word}Delete", "delete", lambda place, _: _delete(place, kind, rest[0]))
        case "POST", 1 if last == "restore":
            return _operation(kind, f"{word}Restore", "restore", lambda place, asked: _restore(place, asked, kind))
        case "POST", 2 if last == "backup":
            return _operation(kind, f"{word}Backup", "backup", lambda place, _: _backup(place, kind, rest[0]))
        case "POST", 2 if last == "create" and kind != "secrets":
            return _operation(kind, f"{word}Create", "create", lambda place, asked: _put(place, asked, kind, rest[0]))
        case "POST", 2 if last == "import" and kind == "certificates":
            return _operation(kind, f"{word}Import", "import", lambda place, asked: _put(place, asked, kind, rest[0]))
        case "PUT", 1 if kind == "secrets":
            return _operation(kind, "SecretSet", "set", lambda place, asked: _put(place, asked, kind, rest[0]))
        case "PUT", 1 if kind == "keys":
            return _operation(kind, "KeyImport", "import", lambda place, asked: _put(place, asked, kind, rest[0]))
        case "POST", 2 | 3 if kind == "keys" and last in _CRYPTOGRAPHY:
            version = rest[1] if len(rest) == 3 else ""
            return _operation(
                kind,
                f"Key{_CRYPTOGRAPHY[last]}",
                _PERMISSIONS.get(last, last),
                lambda place, asked: _use_key(place, asked, rest[0], version, last),
            )
    return None


def _deleted(method: str, kind: str, rest: Sequence[str]) -> Operation | None:
    word = WORDS[kind]
    match method, len(rest):
        case "GET", 0:
            return _operation(
                kind, f"{word}ListDeleted", "list", lambda place, asked: _list_deleted(place, asked, kind)
            )
        case "GET", 1:
            return _operation(kind, f"{word}GetDeleted", "get", lambda place, _: _get_deleted(place, kind, rest[0]))
        case "DELETE", 1:
            return _operation(kind, f"{word}Purge", "purge", lambda place, _: _purge(place, kind, rest[0]))
        case "POST", 2 if rest[1].lower() == "recover":
            return _operation(kind, f"{word}Recover", "recover", lambda place, _: _recover(place, kind, rest[0]))
    return None


def _operation(kind: str, name: str, verb: str, work: Work) -> Operation:
    return Operation(name=name, permission=f"{kind} {verb}", work=work)


def _list(place: Place, asked: Asked, kind: str) -> Answer:
    items = [
        {"attributes": _newest(item)[1]["attributes"], _id_name(kind): f"{place.uri}/{kind}/{item.name}"}
        for item in place.objects.live(kind)
    ]
    return _page(place, asked, kind, items)


def _list_deleted(place: Place, asked: Asked, kind: str) -> Answer:
    items = [_shown_deleted(place, kind, item, is_listed=True) for item in place.objects.deleted(kind)]
    return _page(place, asked, f"deleted{kind}", items)


def _page(place: Place, asked: Asked, path: str, items: Sequence[JsonObject]) -> Answer:
    begin, size = _number(asked.query.get("$skiptoken", "0")), _number(asked.query.get("maxresults", str(_PAGE)))
    if not 1 <= size <= _PAGE:
        raise refusal(400, "BadParameter", "maxresults must be between 1 and 25.")
    end = begin + size
    version = asked.query.get("api-version", "")
    more = f"{place.uri}/{path}?api-version={version}&$skiptoken={end}&maxresults={size}" if end < len(items) else None
    return Answer(body={"value": list(items[begin:end]), "nextLink": more})


def _number(text: str) -> int:
    if not text.isdecimal() or len(text) > 9:
        raise refusal(400, "BadParameter", f"Expected a number, got {text[:40]!r}.")
    return int(text)


def _versions(place: Place, kind: str, name: str) -> Answer:
    _check_name(name)
    item = place.objects.get(kind, name)
    listed = [
        {"attributes": content["attributes"], _id_name(kind): f"{place.uri}/{kind}/{item.name}/{version}"}
        for version, content in item.versions.items()
    ]
    return Answer(body={"value": listed, "nextLink": None})


def _get(place: Place, kind: str, name: str, version: str = "") -> Answer:
    _check_name(name)
    found, content = place.objects.version(kind, name, version)
    return Answer(body=_shown(place, kind, place.objects.get(kind, name).name, found, content))


def _part(place: Place, name: str, part: str) -> Answer:
    _check_name(name)
    _, content = place.objects.version("certificates", name, "")
    uri = f"{place.uri}/certificates/{name}/{part}"
    if part == "policy":
        return Answer(body={**_object(content.get("policy")), "id": uri})
    return Answer(body={"id": uri, "status": "completed", "target": f"{place.uri}/certificates/{name}"})


def _put(place: Place, asked: Asked, kind: str, name: str) -> Answer:
    _check_name(name)
    content = object_body(asked)
    if kind == "secrets" and not isinstance(content.get("value"), str):
        raise refusal(400, "BadParameter", "Property value: expected a string.")
    version = place.objects.put(kind, name, _made(kind, content))
    if asked.segments[-1].lower() == "create" and kind == "certificates":
        uri = f"{place.uri}/certificates/{name}/pending"
        return Answer(status=202, body={"id": uri, "status": "inProgress"}, headers={"location": uri})
    return _get(place, kind, name, version)


def _made(kind: str, content: Mapping[str, object]) -> JsonObject:
    kept = {
        key: value for key, value in content.items() if key in ("attributes", "tags", "contentType", "policy", "value")
    }
    if kind == "secrets":
        return kept
    kept.pop("value", None)
    if kind == "certificates":
        return {**kept, "cer": "", "x5t": secrets.token_urlsafe(20)}
    written = _object(content.get("key"))
    public = {part: value for part, value in written.items() if part in ("kty", "n", "e", "crv", "x", "y")}
    made = {"kty": content.get("kty", "RSA"), "n": secrets.token_urlsafe(256), "e": "AQAB"}
    return {**kept, "key": {**(public or made), "key_ops": content.get("key_ops") or written.get("key_ops") or []}}


def _update(place: Place, asked: Asked, kind: str, name: str, version: str = "") -> Answer:
    _check_name(name)
    found = place.objects.update(kind, name, "" if version.lower() == "policy" else version, object_body(asked))
    return _get(place, kind, name, found)


def _delete(place: Place, kind: str, name: str) -> Answer:
    _check_name(name)
    return Answer(body=_shown_deleted(place, kind, place.objects.delete(kind, name)))


def _get_deleted(place: Place, kind: str, name: str) -> Answer:
    _check_name(name)
    return Answer(body=_shown_deleted(place, kind, place.objects.get_deleted(kind, name)))


def _purge(place: Place, kind: str, name: str) -> Answer:
    _check_name(name)
    place.objects.purge(kind, name)
    return Answer(status=204)


def _recover(place: Place, kind: str, name: str) -> Answer:
    _check_name(name)
    item = place.objects.recover(kind, name)
    version, content = _newest(item)
    return Answer(body=_shown(place, kind, item.name, version, content))


def _backup(place: Place, kind: str, name: str) -> Answer:
    _check_name(name)
    return Answer(body={"value": place.objects.backup(kind, name)})


def _restore(place: Place, asked: Asked, kind: str) -> Answer:
    item = place.objects.restore(kind, object_body(asked).get("value"))
    version, content = _newest(item)
    return Answer(body=_shown(place, kind, item.name, version, content))


def _use_key(place: Place, asked: Asked, name: str, version: str, verb: str) -> Answer:
    _check_name(name)
    object_body(asked)
    found, _ = place.objects.version("keys", name, version)
    if verb == "verify":
        return Answer(body={"value": True})
    return Answer(body={"kid": f"{place.uri}/keys/{name}/{found}", "value": secrets.token_urlsafe(32)})


def _shown(place: Place, kind: str, name: str, version: str, content: Mapping[str, object]) -> JsonObject:
    uri = f"{place.uri}/{kind}/{name}/{version}"
    if kind == "keys":
        return {**content, "key": {**_object(content.get("key")), "kid": uri}}
    return {**content, "id": uri}


def _shown_deleted(place: Place, kind: str, item: Item, *, is_listed: bool = False) -> JsonObject:
    version, content = _newest(item)
    recovery = {"recoveryId": f"{place.uri}/deleted{kind}/{item.name}", **deletion(item)}
    if is_listed:
        uri = f"{place.uri}/{kind}/{item.name}"
        return {_id_name(kind): uri, "attributes": content["attributes"], **recovery}
    shown = {**_shown(place, kind, item.name, version, content), **recovery}
    return {key: value for key, value in shown.items() if key != "value"}


def _newest(item: Item) -> tuple[str, dict[str, object]]:
    version = next(reversed(item.versions))
    return version, item.versions[version]


def _id_name(kind: str) -> str:
    return "kid" if kind == "keys" else "id"


def _check_name(name: str) -> None:
    if NAME.fullmatch(name) is None:
        raise refusal(400, "BadParameter", f"The request URI contains an invalid name: {name[:80]}")


def _object(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {}
