"""What is served, in an SQLite file: one row a vault and a network, written with every change."""

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path

from fencepost.adapters.azure_server.network import Subnet, VirtualNetwork
from fencepost.adapters.azure_server.objects import Objects
from fencepost.adapters.azure_server.vaults import Vault

_SCHEMA = "CREATE TABLE IF NOT EXISTS state (kind TEXT, name TEXT, content TEXT, PRIMARY KEY (kind, name))"
_FIELDS = (
    *("name", "subscription", "group", "location", "tags", "properties", "sent", "created", "modified"),
    *("created_by", "modified_by", "is_provisioned", "deleted"),
)


class StateError(ValueError):
    """The file is no state of ours, or cannot be written."""


@contextmanager
def read_from(path: Path | None) -> Iterator[None]:
    """Turns the errors of values that no state has, as somebody's change in the file gives, into `StateError`."""
    try:
        yield
    except (AttributeError, AssertionError, LookupError, OverflowError, RecursionError, TypeError) as error:
        if path is None:
            raise
        raise StateError(f"{path}: no state of ours: {type(error).__name__}: {error}") from None


class State:
    """The file, open only while it is read or written.

    A change is written in one transaction: a process that is killed leaves the state before or after it.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._written: dict[tuple[str, str], str] = {}
        try:
            with closing(sqlite3.connect(path)) as file:
                file.execute(_SCHEMA)
                self._rows = [
                    (str(kind), str(name), str(content))
                    for kind, name, content in file.execute("SELECT kind, name, content FROM state ORDER BY rowid")
                ]
        except sqlite3.Error as error:
            raise StateError(f"{path}: {error}") from None
        self._written = {(kind, name): content for kind, name, content in self._rows}

    def read(self, kind: str) -> Mapping[str, dict[str, object]]:
        """Every row of this kind as it was when the file was opened."""
        try:
            return {name: dict(json.loads(content)) for of, name, content in self._rows if of == kind}
        except ValueError as error:
            raise StateError(f"{self._path}: {error}") from None

    def write(self, rows: Mapping[tuple[str, str], Mapping[str, object]]) -> None:
        """Make these the rows of the file; only what differs is written. `StateError` where the file takes nothing."""
        wanted = {key: json.dumps(content) for key, content in rows.items()}
        changed = [(*key, content) for key, content in wanted.items() if self._written.get(key) != content]
        gone = [key for key in self._written if key not in wanted]
        if not changed and not gone:
            return
        try:
            with closing(sqlite3.connect(self._path)) as file, file:
                file.executemany("INSERT OR REPLACE INTO state VALUES (?, ?, ?)", changed)
                file.executemany("DELETE FROM state WHERE kind = ? AND name = ?", gone)
        except sqlite3.Error as error:
            raise StateError(f"{self._path}: {error}") from None
        self._written = wanted


def rows_of(
    *,
    vaults: Iterable[tuple[str, int, Vault | None]],
    networks: Iterable[VirtualNetwork],
    settings: Mapping[str, object],
) -> dict[tuple[str, str], Mapping[str, object]]:
    """Everything as rows: the vaults by name, each with its port, the networks, and what stays over a restart."""
    rows: dict[tuple[str, str], Mapping[str, object]] = {("settings", "all"): settings}
    for name, port, vault in vaults:
        rows["vault", name] = {"port": port, "vault": None if vault is None else _vault_to_json(vault)}
    for network in networks:
        rows["network", network.id.lower()] = {
            "id": network.id,
            "location": network.location,
            "prefixes": list(network.prefixes),
            "tags": dict(network.tags),
            "subnets": [[subnet.id, list(subnet.endpoints), subnet.prefix] for subnet in network.subnets],
        }
    return rows


def network_from(row: Mapping[str, object]) -> VirtualNetwork:
    """The network of a row."""
    subnets = row["subnets"]
    assert isinstance(subnets, list)
    return VirtualNetwork(
        id=str(row["id"]),
        location=str(row["location"]),
        prefixes=tuple(row["prefixes"]),  # type: ignore[arg-type]
        tags=dict(row["tags"]),  # type: ignore[call-overload]
        subnets=tuple(
            Subnet(id=name, endpoints=tuple(endpoints), prefix=prefix) for name, endpoints, prefix in subnets
        ),
    )


def vault_from(row: Mapping[str, object]) -> Vault | None:
    """The vault of a row; None for a name that is kept without one."""
    stored = row["vault"]
    if not isinstance(stored, dict):
        return None
    return Vault(
        **{name: stored[name] for name in _FIELDS if name in stored}, objects=Objects.from_json(stored["objects"])
    )


def _vault_to_json(vault: Vault) -> Mapping[str, object]:
    return {**{name: getattr(vault, name) for name in _FIELDS}, "objects": vault.objects.to_json()}
