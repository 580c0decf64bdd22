"""The secrets, keys and certificates of one vault, as far as every data operation needs: no real cryptography."""

import base64
import json
import re
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from fencepost.adapters.azure_server.errors import Refusal, refusal
from fencepost.adapters.contract.protocol import JsonObject

Kind = Literal["secrets", "keys", "certificates"]
WORDS: Mapping[str, str] = {"secrets": "Secret", "keys": "Key", "certificates": "Certificate"}
"""The kinds, and how errors and operation names call them."""

NAME = re.compile(r"[0-9A-Za-z-]{1,127}", re.ASCII)
"""The names that an object may have."""

_RETENTION = 90 * 24 * 3600


@dataclass(slots=True, kw_only=True)
class Item:
    """One object: its versions, each a JSON object, the newest last."""

    name: str
    versions: dict[str, dict[str, object]] = field(default_factory=dict)
    deleted: int | None = None


class Objects:
    """The secrets, keys and certificates of a vault, by kind and name; names compare without regard to case."""

    def __init__(self) -> None:
        self._items: dict[tuple[str, str], Item] = {}

    def live(self, kind: str) -> list[Item]:
        """Every object of the kind that is not deleted."""
        return [item for (of, _), item in self._items.items() if of == kind and item.deleted is None]

    def deleted(self, kind: str) -> list[Item]:
        """Every deleted object of the kind."""
        return [item for (of, _), item in self._items.items() if of == kind and item.deleted is not None]

    def get(self, kind: str, name: str) -> Item:
        """The object; a 404 where it is not there."""
        item = self._items.get((kind, name.lower()))
        if item is None or item.deleted is not None:
            raise missing(kind, name)
        return item

    def version(self, kind: str, name: str, version: str) -> tuple[str, dict[str, object]]:
        """The version of that id, the newest where none is named; a 404 where it is not there."""
        versions = self.get(kind, name).versions
        found = version or next(reversed(versions))
        if found not in versions:
            raise missing(kind, name)
        return found, versions[found]

    def get_deleted(self, kind: str, name: str) -> Item:
        """The deleted object; a 404 where there is none."""
        item = self._items.get((kind, name.lower()))
        if item is None or item.deleted is None:
            raise refusal(404, f"{WORDS[kind]}NotFound", f"Deleted {WORDS[kind]} not found: {name}")
        return item

    def put(self, kind: str, name: str, content: JsonObject) -> str:
        """A new version, whose id is the answer; a 409 where a deleted object has the name."""
        item = self._items.get((kind, name.lower()))
        if item is not None and item.deleted is not None:
            raise refusal(
                409,
                "Conflict",
                f"{WORDS[kind]} {name} is currently in a deleted but recoverable state, and its name cannot be reused; "
                "in this state, the object can only be recovered or purged.",
                inner="ObjectIsDeletedButRecoverable",
            )
        if item is None:
            item = self._items[kind, name.lower()] = Item(name=name)
        version = secrets.token_hex(16)
        now = int(time.time())
        written = content.get("attributes")
        attributes = {
            "enabled": True,
            **(written if isinstance(written, Mapping) else {}),
            "created": now,
            "updated": now,
        }
        item.versions[version] = {
            **content,
            "attributes": {**attributes, "recoveryLevel": "Recoverable+Purgeable", "recoverableDays": 90},
        }
        return version

    def update(self, kind: str, name: str, version: str, changes: JsonObject) -> str:
        """The version with these members changed; its id."""
        found, content = self.version(kind, name, version)
        known = content["attributes"]
        changed = changes.get("attributes")
        content |= {key: value for key, value in changes.items() if key not in ("attributes", "value", "key", "cer")}
        content["attributes"] = {
            **(known if isinstance(known, dict) else {}),
            **(changed if isinstance(changed, Mapping) else {}),
        }
        return found

    def delete(self, kind: str, name: str) -> Item:
        """Delete the object; it can be recovered."""
        item = self.get(kind, name)
        item.deleted = int(time.time())
        return item

    def recover(self, kind: str, name: str) -> Item:
        """Take the deletion back."""
        item = self.get_deleted(kind, name)
        item.deleted = None
        return item

    def purge(self, kind: str, name: str) -> None:
        """Delete the deleted object for good."""
        self.get_deleted(kind, name)
        del self._items[kind, name.lower()]

    def backup(self, kind: str, name: str) -> str:
        """The object as a text that `restore` reads."""
        item = self.get(kind, name)
        content = json.dumps({"kind": kind, "name": item.name, "versions": item.versions})
        return base64.urlsafe_b64encode(content.encode()).decode().rstrip("=")

    def restore(self, kind: str, text: object) -> Item:
        """The object of a backup; a 400 where it is none, a 409 where the name is taken."""
        try:
            content = json.loads(base64.urlsafe_b64decode(str(text) + "=" * (-len(str(text)) % 4)))
            item = Item(name=str(content["name"]), versions=dict(content["versions"]))
            is_this_kind = content["kind"] == kind and all(
                isinstance(one, dict) and isinstance(one.get("attributes"), dict) for one in item.versions.values()
            )
        except (ValueError, KeyError, TypeError, RecursionError):
            is_this_kind = False
        if not is_this_kind or not item.versions or NAME.fullmatch(item.name) is None:
            raise refusal(400, "BadParameter", "The backup blob is not one of this kind of object.")
        if (kind, item.name.lower()) in self._items:
            raise refusal(409, "Conflict", f"A {WORDS[kind].lower()} of the name {item.name} is there already.")
        self._items[kind, item.name.lower()] = item
        return item

    def to_json(self) -> JsonObject:
        """Everything, for the state file."""
        return {
            f"{kind}/{name}": {"name": item.name, "versions": item.versions, "deleted": item.deleted}
            for (kind, name), item in self._items.items()
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, dict[str, object]]) -> "Objects":
        """The objects that `to_json` wrote."""
        objects = cls()
        for path, item in stored.items():
            kind, _, name = path.partition("/")
            objects._items[kind, name] = Item(**item)  # type: ignore[arg-type]
        return objects


def missing(kind: str, name: str) -> Refusal:
    """The 404 for an object that is not there."""
    return refusal(
        404,
        f"{WORDS[kind]}NotFound",
        f"A {WORDS[kind].lower()} with (name/id) {name} was not found in this key vault. If you recently deleted this "
        f"{WORDS[kind].lower()} you may be able to recover it using the correct recovery command.",
    )


def deletion(item: Item) -> JsonObject:
    """The members that a deleted object has beside its own."""
    at = item.deleted or 0
    return {"deletedDate": at, "scheduledPurgeDate": at + _RETENTION}
