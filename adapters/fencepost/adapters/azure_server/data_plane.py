"""The data plane of one vault: which operation a request is, which permission it takes, and what it does."""

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from fencepost.adapters.azure_server.asked import Asked, path_pattern
from fencepost.adapters.azure_server.errors import Answer, refusal
from fencepost.adapters.azure_server.object_bodies import object_body
from fencepost.adapters.azure_server.objects import NAME, WORDS, Item, Objects, deletion
from fencepost.adapters.contract.protocol import JsonObject

_PAGE = 25


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """One request to the objects of one kind; `uri` is the prefix of their ids."""

    objects: Objects
    uri: str
    kind: str
    asked: Asked


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """An operation: its method and path, its name in the log, the permission that it takes, and what it does.

    `does` is called with the work and the parts that the path names.
    """

    method: str
    path: str
    kind: str
    name: str
    permission: str
    does: Callable[..., Answer]

    def answer(self, objects: Objects, uri: str, asked: Asked) -> Answer:
        """The answer to the request; a 400 where it names an object as none may be named."""
        parts = _found(self, asked.segments) or {}
        if "name" in parts and NAME.fullmatch(parts["name"]) is None:
            raise refusal(400, "BadParameter", f"The request URI contains an invalid name: {parts['name'][:80]}")
        return self.does(Work(objects=objects, uri=uri, kind=self.kind, asked=asked), **parts)


def operation_of(method: str, segments: Sequence[str]) -> Operation | None:
    """The operation that the request is; None where the data plane has none of this path and method."""
    return next((one for one in OPERATIONS if one.method == method and _found(one, segments) is not None), None)


def _found(operation: Operation, segments: Sequence[str]) -> Mapping[str, str] | None:
    """The parts that the operation's path names, if it is the path of the request."""
    found = path_pattern(operation.path).fullmatch("/" + "/".join(segments))
    return found.groupdict() if found is not None else None


def _list(work: Work) -> Answer:
    items = [
        {"attributes": _newest(item)[1]["attributes"], _id_name(work.kind): f"{work.uri}/{work.kind}/{item.name}"}
        for item in work.objects.live(work.kind)
    ]
    return _page(work, work.kind, items)


def _list_deleted(work: Work) -> Answer:
    items = [_shown_deleted(work, item, is_listed=True) for item in work.objects.deleted(work.kind)]
    return _page(work, f"deleted{work.kind}", items)


def _page(work: Work, path: str, items: Sequence[JsonObject]) -> Answer:
    query = work.asked.query
    begin, size = _number(query.get("$skiptoken", "0")), _number(query.get("maxresults", str(_PAGE)))
    if not 1 <= size <= _PAGE:
        raise refusal(400, "BadParameter", "maxresults must be between 1 and 25.")
    end = begin + size
    version = query.get("api-version", "")
    more = f"{work.uri}/{path}?api-version={version}&$skiptoken={end}&maxresults={size}" if end < len(items) else None
    return Answer(body={"value": list(items[begin:end]), "nextLink": more})


def _number(text: str) -> int:
    if not text.isdecimal() or len(text) > 9:
        raise refusal(400, "BadParameter", f"Expected a number, got {text[:40]!r}.")
    return int(text)


def _versions(work: Work, name: str) -> Answer:
    item = work.objects.get(work.kind, name)
    listed = [
        {"attributes": content["attributes"], _id_name(work.kind): f"{work.uri}/{work.kind}/{item.name}/{version}"}
        for version, content in item.versions.items()
    ]
    return Answer(body={"value": listed, "nextLink": None})


def _get(work: Work, name: str, version: str = "") -> Answer:
    found, content = work.objects.version(work.kind, name, version)
    return Answer(body=_shown(work, work.objects.get(work.kind, name).name, found, content))


def _part(work: Work, name: str) -> Answer:
    part = work.asked.segments[-1].lower()
    _, content = work.objects.version("certificates", name, "")
    uri = f"{work.uri}/certificates/{name}/{part}"
    if part == "policy":
        return Answer(body={**_object(content.get("policy")), "id": uri})
    return Answer(body={"id": uri, "status": "completed", "target": f"{work.uri}/certificates/{name}"})


def _put(work: Work, name: str) -> Answer:
    content = object_body(work.asked)
    if work.kind == "secrets" and not isinstance(content.get("value"), str):
        raise refusal(400, "BadParameter", "Property value: expected a string.")
    version = work.objects.put(work.kind, name, _made(work.kind, content))
    if work.asked.segments[-1].lower() == "create" and work.kind == "certificates":
        uri = f"{work.uri}/certificates/{name}/pending"
        return Answer(status=202, body={"id": uri, "status": "inProgress"}, headers={"location": uri})
    return _get(work, name, version)


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


def _update(work: Work, name: str, version: str = "") -> Answer:
    of = "" if version.lower() == "policy" else version
    found = work.objects.update(work.kind, name, of, object_body(work.asked))
    return _get(work, name, found)


def _delete(work: Work, name: str) -> Answer:
    return Answer(body=_shown_deleted(work, work.objects.delete(work.kind, name)))


def _get_deleted(work: Work, name: str) -> Answer:
    return Answer(body=_shown_deleted(work, work.objects.get_deleted(work.kind, name)))


def _purge(work: Work, name: str) -> Answer:
    work.objects.purge(work.kind, name)
    return Answer(status=204)


def _recover(work: Work, name: str) -> Answer:
    item = work.objects.recover(work.kind, name)
    version, content = _newest(item)
    return Answer(body=_shown(work, item.name, version, content))


def _backup(work: Work, name: str) -> Answer:
    return Answer(body={"value": work.objects.backup(work.kind, name)})


def _restore(work: Work) -> Answer:
    item = work.objects.restore(work.kind, object_body(work.asked).get("value"))
    version, content = _newest(item)
    return Answer(body=_shown(work, item.name, version, content))


def _use_key(work: Work, name: str, version: str = "") -> Answer:
    object_body(work.asked)
    found, _ = work.objects.version("keys", name, version)
    if work.asked.segments[-1].lower() == "verify":
        return Answer(body={"value": True})
    return Answer(body={"kid": f"{work.uri}/keys/{name}/{found}", "value": secrets.token_urlsafe(32)})


def _shown(work: Work, name: str, version: str, content: Mapping[str, object]) -> JsonObject:
    uri = f"{work.uri}/{work.kind}/{name}/{version}"
    if work.kind == "keys":
        return {**content, "key": {**_object(content.get("key")), "kid": uri}}
    return {**content, "id": uri}


def _shown_deleted(work: Work, item: Item, *, is_listed: bool = False) -> JsonObject:
    version, content = _newest(item)
    recovery = {"recoveryId": f"{work.uri}/deleted{work.kind}/{item.name}", **deletion(item)}
    if is_listed:
        uri = f"{work.uri}/{work.kind}/{item.name}"
        return {_id_name(work.kind): uri, "attributes": content["attributes"], **recovery}
    shown = {**_shown(work, item.name, version, content), **recovery}
    return {key: value for key, value in shown.items() if key != "value"}


def _newest(item: Item) -> tuple[str, dict[str, object]]:
    version = next(reversed(item.versions))
    return version, item.versions[version]


def _id_name(kind: str) -> str:
    return "kid" if kind == "keys" else "id"


def _object(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {}


_CRYPTOGRAPHY = (
    ("sign", "Sign", "sign"),
    ("verify", "Verify", "verify"),
    ("wrapkey", "Wrap", "wrapKey"),
    ("unwrapkey", "Unwrap", "unwrapKey"),
    ("encrypt", "Encrypt", "encrypt"),
    ("decrypt", "Decrypt", "decrypt"),
)
_ONE, _VERSION = "/{name}", "/{name}/{version}"
_Row = tuple[str, str, str, str, Callable[..., Answer]]
"""Method, path, name, permission, and what it does."""

_OF_KIND: Mapping[str, Sequence[_Row]] = {
    "secrets": (
        ("PUT", _ONE, "Set", "set", _put),
        *(("PATCH", path, "Update", "set", _update) for path in (_ONE, _VERSION)),
    ),
    "keys": (
        ("PUT", _ONE, "Import", "import", _put),
        ("POST", _ONE + "/create", "Create", "create", _put),
        *(("PATCH", path, "Update", "update", _update) for path in (_ONE, _VERSION)),
        *(
            ("POST", f"{path}/{verb}", name, permission, _use_key)
            for path in (_ONE, _VERSION)
            for verb, name, permission in _CRYPTOGRAPHY
        ),
    ),
    "certificates": (
        ("POST", _ONE + "/create", "Create", "create", _put),
        ("POST", _ONE + "/import", "Import", "import", _put),
        *(("PATCH", path, "Update", "update", _update) for path in (_ONE, _VERSION)),
        *(("GET", f"{_ONE}/{part}", "Get", "get", _part) for part in ("policy", "pending")),
    ),
}
_OF_EVERY_KIND: Sequence[_Row] = (
    ("GET", "", "List", "list", _list),
    ("GET", _ONE + "/versions", "ListVersions", "list", _versions),
    *(("GET", path, "Get", "get", _get) for path in (_ONE, _VERSION)),
    ("DELETE", _ONE, "Delete", "delete", _delete),
    ("POST", _ONE + "/backup", "Backup", "backup", _backup),
    ("POST", "/restore", "Restore", "restore", _restore),
)
_OF_DELETED: Sequence[_Row] = (
    ("GET", "", "ListDeleted", "list", _list_deleted),
    ("GET", _ONE, "GetDeleted", "get", _get_deleted),
    ("DELETE", _ONE, "Purge", "purge", _purge),
    ("POST", _ONE + "/recover", "Recover", "recover", _recover),
)
OPERATIONS = tuple(
    Operation(
        method=method,
        path=f"/{prefix}{kind}{path}",
        kind=kind,
        name=f"{word}{name}",
        permission=f"{kind} {permission}",
        does=does,
    )
    for kind, word in WORDS.items()
    for prefix, rows in (("", (*_OF_KIND[kind], *_OF_EVERY_KIND)), ("deleted", _OF_DELETED))
    for method, path, name, permission, does in rows
)
"""Every operation of a vault's data plane; of those whose paths fit, the first counts."""
